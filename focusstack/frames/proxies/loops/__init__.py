"""Compiled loops that reduce a frame and filter its proxy."""
