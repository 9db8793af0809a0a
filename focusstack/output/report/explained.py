"""What layers did near steps in depth: where, how it looks, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from focusstack.fusion.base import Edges, Fused
from focusstack.numeric.arrays import Image
from focusstack.output.report.pictures import eight_bit, part, reduce_picture, webp

MAP_SIDE, MAP_BYTES = 480, 60_000
"""Pixels along the longer side of the map, and the most bytes it takes."""

PAIR_BYTES = 12_000
"""Of a picture before or after, at most."""

COLOUR = (230, 90, 20)
"""Of places that were changed, 8-bit sRGB: told from grey by those who are colour-blind, too."""


@dataclass(frozen=True)
class Explained:
    """Pictures of what layers did.

    Attributes
    ----------
    where : bytes
        The composite in grey, and in colour where it was changed; WebP.
    pairs : list of (bytes, bytes)
        The largest changes, before and after, a pixel of the picture for one of these; WebP.
    """

    where: bytes
    pairs: list[tuple[bytes, bytes]]


def explained(fused: Fused, icc: bytes | None) -> Explained | None:
    """Draw what layers did; None if they did nothing.

    Parameters
    ----------
    fused : Fused
        The composite.
    icc : bytes or None
        Its colour profile.
    """
    edges = fused.edges
    if edges is None or not edges.changes:
        return None
    pairs = []
    for change in edges.changes:
        height, width = change.before.shape[:2]
        rows, columns = slice(change.y, change.y + height), slice(change.x, change.x + width)
        both = change.before, part(fused.image, rows, columns)
        before, after = (webp(eight_bit(picture, icc), PAIR_BYTES) for picture in both)
        pairs.append((before, after))
    return Explained(webp(_where(fused, edges), MAP_BYTES), pairs)


def edges_words(entry: dict[str, Any] | None) -> str:
    """Tell in words what report.json tells of steps in depth; nothing if layers were not asked for.

    Parameters
    ----------
    entry : dict or None
        ``edges`` of what fusion has found.

    Examples
    --------
    >>> edges_words({"squares": 3, "left": 0, "step_px": None, "near": None, "share": 0.0})
    'Nothing was changed: the frames do not tell how blur grows from one to the next.'
    """
    if entry is None:
        return ""
    if not entry.get("squares"):
        return "Nothing was changed: depth makes no steps."
    if entry.get("step_px") is None:
        return "Nothing was changed: the frames do not tell how blur grows from one to the next."
    if entry.get("near") is None:
        return "Nothing was changed: it is not certain which end of the focus order is near."
    left = entry.get("left", 0)
    rest = f", and {left} with less to win were left out to save time" if left else ""
    return (
        f"{100 * entry['share']:.1f} % of the picture was changed where layers foretell frames "
        f"better than the composite does. {entry['squares']} squares were looked at{rest}. The "
        f"{entry['near']} frames are focused nearest, and a focus step blurs by "
        f"{entry['step_px']:.2g} px. {100 * entry.get('outside', 0):.2g} % of the pixels are "
        "brighter or darker than all frames by more than 8 of 255 steps."
    )


def _where(fused: Fused, edges: Edges) -> Image:
    """The composite in grey, and in colour where it was changed."""
    small = eight_bit(reduce_picture(fused.image, MAP_SIDE))
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    size = (grey.shape[1], grey.shape[0])
    share = cv2.resize(edges.adopted, size, interpolation=cv2.INTER_AREA)
    much = np.minimum(share[..., None] / np.float32(128), 1)
    colour = np.array(COLOUR, np.float32) * (0.4 + 0.6 * grey[..., None] / np.float32(255))
    found = (1 - much) * (0.8 * grey[..., None]) + much * colour
    return np.asarray(np.rint(found), np.uint8)
