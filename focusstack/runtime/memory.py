"""How the C library keeps memory: what is freed is used again, or goes back to the system.

Left alone, glibc gives every thread a heap of its own and keeps freed arrays of up to 32 MB there,
where pictures of ever different sizes leave gaps; the peak of a 12 MP stack is then 0.2 GB higher.
Giving every large array pages of its own instead costs a fifth of the first pass's time, as the
system clears all pages: there, arrays are of few sizes, and one heap for all threads serves best.
"""

from __future__ import annotations

import ctypes
import gc
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


APART = 4 << 20
"""Arrays from this size in bytes on live in pages of their own."""


SHARED = 32 << 20
"""Smaller arrays are taken from the one heap while freed memory is used again."""


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def reuse_freed_memory() -> None:
    """Take arrays from one heap for all threads, which keeps what is freed; for the whole process.

    Where the C library is not glibc, nothing happens.
    """
    _call("mallopt", _M_ARENA_MAX, 1)
    _call("mallopt", _M_MMAP_THRESHOLD, SHARED)
    _call("mallopt", _M_TRIM_THRESHOLD, 8 * SHARED)


def keep_large_arrays_apart() -> None:
    """Give large arrays pages of their own, which vanish with them; for the whole process.

    Where the C library is not glibc, nothing happens.
    """
    _call("mallopt", _M_MMAP_THRESHOLD, APART)
    _call("mallopt", _M_TRIM_THRESHOLD, 4 * APART)


def release_freed() -> None:
    """Give what small arrays left behind back to the system, cycles included."""
    gc.collect()
    return_freed()


def return_freed() -> None:
    """Give back what lies free between arrays in the heap, where large ones may lie too."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return
    function(*arguments)


def in_use() -> int | None:
    """Bytes of memory that this process holds now; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
