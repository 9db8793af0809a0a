"""How much memory there is, and amounts of it in words."""

from __future__ import annotations

import os
import re
from pathlib import Path

UNKNOWN = 4 << 30
"""Taken to be free where the system does not say."""

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def memory_bound(wanted: int | None) -> int:
    """Bytes that a run may take: those wanted, or half of what is free."""
    return free_memory() // 2 if wanted is None else wanted


def free_memory() -> int:
    """Bytes that can be had without anything being swapped out or killed."""
    found = [_meminfo(), *_control_groups()]
    known = [value for value in found if value is not None]
    return max(0, min(known)) if known else UNKNOWN


def _meminfo() -> int | None:
    try:
        match = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        match = None
    if match:
        return int(match[1]) << 10
    try:  # half of all there is, where no one says what is free
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    except (AttributeError, OSError, ValueError):
        return None


def _control_groups() -> list[int | None]:
    """What the limits of containers leave."""
    root = Path("/sys/fs/cgroup")
    files = [
        (root / "memory.max", root / "memory.current"),
        (root / "memory/memory.limit_in_bytes", root / "memory/memory.usage_in_bytes"),
    ]
    left: list[int | None] = []
    for limit, used in files:
        try:
            left.append(int(limit.read_text()) - int(used.read_text()))
        except (OSError, ValueError):  # no such group, or "max"
            left.append(None)
    return left


def parse_bytes(text: str) -> int:
    """Bytes from a number with a unit: ``600M``, ``1.5G`` (of 1024).

    Raises
    ------
    ValueError
        If it is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match:
        raise ValueError(f"'{text}' is not an amount of memory such as 600M or 4G")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def in_gigabytes(amount: int) -> str:
    """Return `amount` of bytes for people."""
    return f"{amount / (1 << 30):.1f} GB"
