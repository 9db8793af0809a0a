"""Compiled loops of the fusion."""
