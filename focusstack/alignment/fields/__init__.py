"""Smooth displacement that no matrix explains."""
