"""Where things are: coordinates, matrices, lens, displacement fields, parallax.

>>> from focusstack.geometry import Rect, scaling, transform
>>> transform(scaling(0.5), Rect(0, 0, 4, 2).corners())[0]  # pixel centres are at integers
array([-0.25, -0.25])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from focusstack.geometry.coordinates import Rect, at_scale, scaling, transform, translation
    from focusstack.geometry.field import Field
    from focusstack.geometry.placement import Placement

__all__ = [
    "Field",
    "Placement",
    "Rect",
    "at_scale",
    "scaling",
    "transform",
    "translation",
]

# Loaded on first use, so that one name does not load what the others need.
_HOMES = {
    "focusstack.geometry.coordinates": {"Rect", "at_scale", "scaling", "transform", "translation"},
    "focusstack.geometry.field": {"Field"},
    "focusstack.geometry.placement": {"Placement"},
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
