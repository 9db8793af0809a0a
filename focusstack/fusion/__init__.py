"""Focus fusion: frames that are aligned and equally exposed become one sharp image.

>>> import numpy as np
>>> from focusstack.fusion import FusionOptions, fuse
>>> near, far = np.full((2, 32, 48), 0.5, np.float32)
>>> fused = fuse([near, far], FusionOptions(method="pyramid"))
>>> fused.image.shape, fused.depth.shape
((32, 48), (32, 48))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
