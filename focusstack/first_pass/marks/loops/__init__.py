"""Compiled loops of the search for marks."""
