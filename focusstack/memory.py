"""Memory between the passes."""

from __future__ import annotations

import ctypes


def release_freed() -> None:
    """Give memory that has been freed back to the system.

    The C library keeps what the first pass freed in many small pieces; the second pass, which
    needs few large ones, would come on top of it. Where the library has no such call, nothing
    happens.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return
    trim(0)
