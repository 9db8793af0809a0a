"""Focus fusion: frames that are aligned and equally exposed become one sharp image.

>>> import numpy as np
>>> from focusstack.fusion import FusionOptions, fuse
>>> near, far = np.full((2, 32, 48), 0.5, np.float32)
>>> fused = fuse([near, far], FusionOptions(method="pyramid"))
>>> fused.image.shape, fused.depth.shape
((32, 48), (32, 48))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from focusstack.runtime.faces import open_face

if TYPE_CHECKING:
    from focusstack.fusion.base import Fused, Fuser
    from focusstack.fusion.passes import fuse, run_passes
    from focusstack.fusion.registry import FUSERS, check_method, make_fuser
    from focusstack.options import FusionOptions

__all__ = [
    "FUSERS",
    "Fused",
    "Fuser",
    "FusionOptions",
    "check_method",
    "fuse",
    "make_fuser",
    "run_passes",
]

# Loaded on first use: importing the package alone costs nothing.
_HOMES = {
    "focusstack.fusion.base": {"Fused", "Fuser"},
    "focusstack.fusion.passes": {"fuse", "run_passes"},
    "focusstack.fusion.registry": {"FUSERS", "check_method", "make_fuser"},
    "focusstack.options": {"FusionOptions"},
}

__getattr__, __dir__ = open_face(__name__, __all__, _HOMES)
