"""The one resampling of a full-size frame: position, gain and linearisation at once.

>>> import numpy as np
>>> from focusstack.geometry.coordinates import Rect, translation
>>> from focusstack.resample import resample
>>> frame = np.arange(256, dtype=np.uint8).reshape(16, 16)
>>> moved = resample(frame, translation(2, 1), Rect(4, 4, 3, 2))
>>> (255 * moved).astype(int)  # of a frame that lies two to the right and one down
array([[50, 51, 52],
       [66, 67, 68]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from focusstack.runtime.faces import open_face

if TYPE_CHECKING:
    from focusstack.geometry.placement import Placement
    from focusstack.resample.planes import Planes
    from focusstack.resample.warp import Clipping, Destination, resample, resample_planes

__all__ = [
    "Clipping",
    "Destination",
    "Placement",
    "Planes",
    "resample",
    "resample_planes",
]

# Loaded on first use, so that one name does not load what the others need.
_HOMES = {
    "focusstack.geometry.placement": {"Placement"},
    "focusstack.resample.planes": {"Planes"},
    "focusstack.resample.warp": {"Clipping", "Destination", "resample", "resample_planes"},
}

__getattr__, __dir__ = open_face(__name__, __all__, _HOMES)
