"""Depth and source maps as pictures beside the composite.

Always PNG: maps are numbers, and JPEG would change them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from focusstack.fusion.base import Edges, Fused
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.options import MapOptions
from focusstack.runtime.strips import row_strips

DEEPEST = 65535
"""Value of the last frame in a depth picture; the first one's is 0."""

NOTEWORTHY = 0.01
"""Share of the picture from which on the user is told that something moved.

Chosen, not measured: less is seldom seen in the whole picture, and the report lists it anyway.
"""

LEAST_SPOT = 1e-4
"""Share of the picture from which on a spot is listed: at 24 megapixels a square of 49 pixels.

Chosen, not measured: smaller ones are not seen in a picture as a whole.
"""


def depth_picture(fused: Fused, frames: int) -> Image:
    """Depth as 16-bit grey: 0 the first frame, 65535 the last, between them interpolated.

    Parameters
    ----------
    fused : Fused
        With depth in frames, (H, W) float32.
    frames : int
        How many frames were fused.
    """
    scale = np.float32(DEEPEST / max(frames - 1, 1))
    picture = np.empty(fused.depth.shape, np.uint16)
    for rows in row_strips(*fused.depth.shape[:2]):
        picture[rows] = np.rint(np.clip(fused.depth[rows] * scale, 0, DEEPEST))
    return picture


def confidence_picture(fused: Fused) -> Image:
    """How sure the depth is as 8-bit grey: 0 not at all, 255 fully."""
    picture = np.empty(fused.confidence.shape, np.uint8)
    for rows in row_strips(*fused.depth.shape[:2]):
        picture[rows] = np.rint(fused.confidence[rows] * np.float32(255))
    return picture


def source_picture(fused: Fused, frames: int) -> Image:
    """Index of each pixel's frame, 8-bit up to 256 frames, else 16-bit."""
    return fused.source.astype(np.uint8) if frames <= 256 else fused.source


def write_maps(fused: Fused, frames: int, options: MapOptions, paths: Sequence[Path]) -> None:
    """Write the maps that are wanted.

    Parameters
    ----------
    fused : Fused
        The composite.
    frames : int
        How many frames were fused.
    options : MapOptions
        Which maps.
    paths : sequence of path
        One for each of :meth:`MapOptions.names`.

    Raises
    ------
    OutputError
        If one cannot be written.
    """
    for path, picture in zip(paths, _pictures(fused, frames, options), strict=True):
        write_image(path, picture)


def _pictures(fused: Fused, frames: int, options: MapOptions) -> Iterator[Image]:
    if options.depth:
        yield depth_picture(fused, frames)
        yield confidence_picture(fused)
    if options.source:
        yield source_picture(fused, frames)


ACTED_CELL, ACTED_LEAST, MOST_ACTED = 16, 25, 24
"""Pixels across a cell in which layers acted, the mean of what they replace there in 255ths, at
least, and how many places are listed at most. Chosen, not measured: they are told, and nothing
hangs on it."""


def fusion_entry(fused: Fused, method: str, maps: list[str]) -> dict[str, Any]:
    """Return what report.json says about the fusion.

    Parameters
    ----------
    fused : Fused
        The composite.
    method : str
        How it was made.
    maps : list of str
        File names of the maps beside it.

    Returns
    -------
    dict
        ``moved_share`` is the part of the picture in which something moved between frames, so
        that one of them was chosen; ``moved`` lists the larger spots as x, y, width and height
        in pixels of the composite, and the number, in focus order from 0, of the frame that
        shows most of it. Both are None if the method does not look for motion. ``edges``, if layers
        were asked for, tells what they found near steps in depth.
    """
    entry: dict[str, Any] = {"method": method, "maps": maps, "moved_share": None, "moved": None}
    if fused.moved is not None:
        entry["moved_share"] = round(float(fused.moved.mean()), 5)
        entry["moved"] = _spots(fused)
    if fused.edges is not None:
        entry["edges"] = _edges_entry(fused.edges)
    return entry


def _edges_entry(edges: Edges) -> dict[str, Any]:
    """What report.json says of steps in depth: blur, which end is near, and where layers acted."""
    rows, columns = (-(-length // ACTED_CELL) for length in edges.adopted.shape)
    whole = cv2.resize(edges.adopted, (columns, rows), interpolation=cv2.INTER_AREA)
    _, _, spots, _ = cv2.connectedComponentsWithStats((whole > ACTED_LEAST).view(np.uint8))
    largest = sorted(spots[1:].tolist(), key=lambda spot: (-spot[4], spot[1], spot[0]))
    return {
        "step_px": None if edges.step_px is None else round(edges.step_px, 4),
        "softness": edges.softness,
        "near": {1: "first", -1: "last"}.get(edges.near),
        "squares": edges.squares,
        "left": edges.left,
        "share": round(edges.share, 5),
        "outside": round(edges.outside, 6),
        "acted": [
            dict(
                zip(("x", "y", "width", "height"), (ACTED_CELL * v for v in spot[:4]), strict=True)
            )
            for spot in largest[:MOST_ACTED]
        ],
    }


def _spots(fused: Fused) -> list[dict[str, int]]:
    assert fused.moved is not None
    height, width = fused.image.shape[:2]
    rows, columns = fused.moved.shape
    across, down = width / columns, height / rows
    _, labels, spots, _ = cv2.connectedComponentsWithStats(fused.moved.view(np.uint8))
    source = cv2.resize(fused.source, (columns, rows), interpolation=cv2.INTER_NEAREST)
    return [
        {
            "x": round(x * across),
            "y": round(y * down),
            "width": round(w * across),
            "height": round(h * down),
            "frame": int(np.bincount(source[labels == number]).argmax()),
        }
        for number, (x, y, w, h, size) in enumerate(spots[1:].tolist(), start=1)
        if size >= LEAST_SPOT * rows * columns
    ]


def motion_warning(entry: dict[str, Any]) -> list[str]:
    """Return a sentence for the user if much moved."""
    share = entry["moved_share"]
    if share is None or share < NOTEWORTHY:
        return []
    return [
        f"in {100 * share:.0f} % of the picture something moved between frames; "
        "it is taken from one frame there, which may not be sharp throughout"
    ]
