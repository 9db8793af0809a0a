"""Alignment: features for a start, tiles for precision, one solve over all frames."""
