"""Compiled loops of the alignment."""
