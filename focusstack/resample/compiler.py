"""Compiles the loops, once per dtype and machine.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from focusstack.resample.loops import fill


def compiled(dtype: np.dtype[np.generic]) -> Callable[..., None]:
    """Return `fill` for frames of `dtype`, from the cache on disk or compiled now."""
    t = numba.types
    code = numba.from_dtype(dtype)
    is_float = isinstance(code, t.Float)
    signature = t.void(
        t.Array(code, 3, "C", readonly=True),
        t.none if is_float else t.Array(t.float32, 2, "C", readonly=True),
        t.Array(t.float32, 1, "C", readonly=True),
        t.Array(t.float64, 2, "C", readonly=True),
        t.Array(t.int64, 1, "C", readonly=True),
        t.Array(t.float64, 3, "C", readonly=True),
        t.Array(t.float64, 1, "C", readonly=True),
        t.Array(t.float32, 2, "C", readonly=True),
        t.Array(t.float32, 3, "C"),
        t.int64,
        t.int64,
    )
    compile_now = numba.njit(
        signature, nogil=True, cache=True, fastmath={"contract"}, error_model="numpy"
    )
    function: Callable[..., None] = compile_now(fill)
    return function
