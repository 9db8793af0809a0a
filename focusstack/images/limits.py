"""What is taken for a picture: beyond these, a file is damaged or wants to do harm."""

from __future__ import annotations

MOST_MEGAPIXELS = 537
"""Larger pictures are refused unless asked for: a damaged or malicious header, no photograph."""
