"""Retouching: strokes kept as what was done, and carried out at full depth."""
