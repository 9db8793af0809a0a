"""Compiled loops of the numerics that several stages share."""
