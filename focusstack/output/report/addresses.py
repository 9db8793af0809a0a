"""Addresses that the page refers to: files beside it, and pictures inside it."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote


def file_address(path: str) -> str:
    """Return a path as an address; bytes of a name that are not UTF-8 stay as they are."""
    return quote(path, errors="surrogateescape")


def picture_address(data: bytes) -> str:
    """Return a WebP picture as a ``data:`` address."""
    return f"data:image/webp;base64,{b64encode(data).decode('ascii')}"
