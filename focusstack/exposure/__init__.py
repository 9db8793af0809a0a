"""Exposure: what brings every frame to the reference's light, found and applied.

`measure_gains` compares registered frames, `apply_gain` and `apply_shading` change one. All work
on arrays: RGB ``(H, W, 3)`` or grey ``(H, W)``, uint8, uint16 or float32, encoded.

>>> import numpy as np
>>> from focusstack.exposure import apply_gain, measure_gains
>>> frame = np.random.default_rng(0).integers(20, 170, (160, 240, 3)).astype(np.uint8)
>>> measure_gains([frame, apply_gain(frame, np.array([0.5, 1.0, 2.0]))]).round(2)
array([[1. , 1. , 1. ],
       [2. , 1. , 0.5]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from focusstack.runtime.faces import open_face

if TYPE_CHECKING:
    from focusstack.exposure.apply import apply_gain, tone_table
    from focusstack.exposure.gains import GainRatio, solve_gains
    from focusstack.exposure.registered import measure_gains
    from focusstack.exposure.shading import Shading, apply_shading

__all__ = [
    "GainRatio",
    "Shading",
    "apply_gain",
    "apply_shading",
    "measure_gains",
    "solve_gains",
    "tone_table",
]

# Loaded on first use, so that one name does not load what the others need.
_HOMES = {
    "focusstack.exposure.apply": {"apply_gain", "tone_table"},
    "focusstack.exposure.gains": {"GainRatio", "solve_gains"},
    "focusstack.exposure.registered": {"measure_gains"},
    "focusstack.exposure.shading": {"Shading", "apply_shading"},
}

__getattr__, __dir__ = open_face(__name__, __all__, _HOMES)
