"""Compiles the loops of the resampling, once per dtype and machine.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from focusstack.resample.loops import fill
from focusstack.runtime.compiler import compiled as compiled_for
from focusstack.runtime.compiler import read_only, writable


def compiled(dtype: np.dtype[Any], into: np.dtype[Any]) -> Callable[..., None]:
    """Return `fill` for frames of `dtype` and results of `into`, from the cache or compiled now."""
    t = numba.types
    return compiled_for(
        fill,
        read_only(dtype, 3),
        t.none if dtype == np.float32 else read_only(np.float32, 2),
        read_only(np.float32, 1),
        read_only(np.float64, 2),
        read_only(np.int64, 1),
        read_only(np.float64, 3),
        read_only(np.float64, 1),
        read_only(np.float32, 2),
        t.float64,
        writable(into, 3),
        read_only(np.float32, 1),
        writable(np.uint8, 2),
        t.int64,
        t.int64,
    )
