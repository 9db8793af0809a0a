"""Compiles the loops, once per dtype and machine.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from focusstack.resample.loops import OPTIONS, fill


def compiled(dtype: np.dtype[Any]) -> Callable[..., None]:
    """Return `fill` for frames of `dtype`, from the cache on disk or compiled now."""
    t = numba.types
    is_float = dtype == np.float32
    signature = t.void(
        t.Array(numba.from_dtype(dtype), 3, "C", readonly=True),
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
    function: Callable[..., None]
    try:
        function = numba.njit(signature, cache=True, **OPTIONS)(fill)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        # Neither the package's folder nor the user's cache can be written to.
        function = numba.njit(signature, **OPTIONS)(fill)
    return function
