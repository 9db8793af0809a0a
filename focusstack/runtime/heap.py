"""How the C library keeps memory: what is freed is used again, or goes back to the system.

Left alone, glibc gives every thread a heap of its own and keeps freed arrays of up to 32 MB there,
where pictures of ever different sizes leave gaps; the peak of a 12 MP stack is then 0.2 GB higher.
Giving every large array pages of its own instead costs a fifth of the first pass's time, as the
system clears all pages: there, arrays are of few sizes, and one heap for all threads serves best.
"""

from __future__ import annotations

import ctypes
import gc

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
