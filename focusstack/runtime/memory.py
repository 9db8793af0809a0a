"""How much memory there is and is held, and amounts of it in words."""

from __future__ import annotations

import math
import os
import re
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType

from focusstack.runtime.containers import memory_left

UNKNOWN = 4 << 30
"""Bytes taken to be free where the system does not say."""

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
"""Bytes by the letter after a number."""


def memory_bound(wanted: int | None) -> int:
    """Bytes that a run may take: those wanted, or half of what is free."""
    return free_memory() // 2 if wanted is None else wanted


def free_memory() -> int:
    """Bytes that can be had without anything being swapped out or killed."""
    known = [value for value in (_free_on_machine(), memory_left()) if value is not None]
    return max(0, min(known)) if known else UNKNOWN


def _free_on_machine() -> int | None:
    try:
        match = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:  # not Linux
        match = None
    if match:
        return int(match[1]) << 10
    with suppress(OSError):
        return int(psutil().virtual_memory().available)
    return None


def in_use() -> int | None:
    """Bytes of memory that this process holds now; None where the system does not say."""
    try:  # asked after every strip of a picture: this is the quickest answer
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):  # not Linux
        with suppress(OSError):
            return int(psutil().Process().memory_info().rss)
    return None


def psutil() -> ModuleType:
    """Return the library that knows other systems than Linux, loaded only where it is needed."""
    return import_module("psutil")


def parse_bytes(text: str) -> int:
    """Bytes from a number with a unit: ``600M``, ``1.5G`` (of 1024).

    Raises
    ------
    ValueError
        If it is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    amount = float(match[1]) * _UNITS[match[2].upper()] if match else math.inf
    if not math.isfinite(amount):
        raise ValueError(f"'{text:.40}' is not an amount of memory such as 600M or 4G")
    return int(amount)


def in_gigabytes(amount: int) -> str:
    """Return `amount` of bytes for people.

    Examples
    --------
    >>> in_gigabytes(3 << 29), in_gigabytes(20 << 20), in_gigabytes(1000)
    ('1.5 GB', '20 MB', '1000 bytes')
    """
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20)):
        if amount >= 0.05 * size:
            return f"{amount / size:.{0 if unit == 'MB' else 1}f} {unit}"
    return f"{amount} bytes"
