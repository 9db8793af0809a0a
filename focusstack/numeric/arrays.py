"""Names for the arrays that the stages pass to each other."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[Any]
"""RGB ``(H, W, 3)`` or grey ``(H, W)``; uint8, uint16 or float32 0..1, encoded (see `colour`)."""

Float32: TypeAlias = NDArray[np.float32]
"""A float32 array: an image whose values may exceed 0..1, or a map."""

Matrix: TypeAlias = NDArray[np.float64]
"""``(3, 3)``, or ``(n, 3, 3)`` for n frames: frame pixel to reference pixel, ``H[2, 2] = 1``."""

Floats: TypeAlias = NDArray[np.float64]
"""A float64 array of any other shape, which its docstring tells."""

Indices: TypeAlias = NDArray[np.int64]
"""Whole numbers: columns, rows, indices."""

Points: TypeAlias = NDArray[np.float64]
"""``(N, 2)`` pixel coordinates ``(x, y)``, pixel centres at integers."""

Mask: TypeAlias = NDArray[np.bool_]
"""``(H, W)``, True where a pixel carries information."""
