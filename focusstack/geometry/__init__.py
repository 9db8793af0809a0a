"""Where things are: coordinates, matrices, lens, displacement fields, parallax.

>>> from focusstack.geometry import Rect, scaling, transform
>>> transform(scaling(0.5), Rect(0, 0, 4, 2).corners())[0]  # pixel centres are at integers
array([-0.25, -0.25])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from focusstack.runtime.faces import open_face

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

__getattr__, __dir__ = open_face(__name__, __all__, _HOMES)
