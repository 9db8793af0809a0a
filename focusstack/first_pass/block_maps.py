"""Mean values of blocks, as all frames see them: what frames are held against each other by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np

from focusstack.frames.proxies.proxy import BLOCK, Statistics
from focusstack.images.colour import encode
from focusstack.numeric.arrays import Float32, Floats, Mask, Matrix

DARK = 4.0
"""Codes, of 255, below which there may be a border that another program has drawn."""

AGREEING = 2
"""Other frames that must show a place for one to be told off from them. Follows from what is asked:
one alone may be the odd one."""

Seen: TypeAlias = Sequence[tuple[Float32, Mask]]
"""Codes ``(h, w, C)`` that others show on a frame's blocks, and where they do ``(h, w)``."""


class BlockMap(NamedTuple):
    """A frame's blocks.

    Attributes
    ----------
    codes : (h, w, C) float32 ndarray
        Mean values, exposed as the reference, encoded, in codes of 255.
    usable : (h, w) float32 ndarray
        1 where they are neither clipped nor black; else 0.
    """

    codes: Float32
    usable: Float32


def map_blocks(statistics: Sequence[Statistics], gains: Floats) -> list[BlockMap]:
    """Return the block maps of frames, equally exposed as far as gains are known."""
    known = np.where(np.isfinite(gains), gains, 1.0)
    found = []
    for facts, gain in zip(statistics, known, strict=True):
        codes = encode(np.maximum(facts.blocks * gain.astype(np.float32), 0)) * np.float32(255)
        dark = cv2.dilate((codes.max(axis=2) < DARK).astype(np.uint8), np.ones((3, 3), np.uint8))
        usable = (facts.clean > 0.5) & (dark == 0)
        found.append(BlockMap(np.asarray(codes, np.float32), usable.astype(np.float32)))
    return found


def as_seen_from(
    maps: Sequence[BlockMap], matrices: Matrix, k: int, j: int
) -> tuple[Float32, Mask]:
    """Return frame `j`'s codes on the blocks of frame `k`, and where both can be used.

    Parameters
    ----------
    maps : sequence of BlockMap
        Of all frames.
    matrices : (n, 3, 3) ndarray
        Proxy pixel to reference proxy pixel.
    k, j : int
        Two frames that have matrices.
    """
    shape = maps[k].codes.shape
    centre = (BLOCK - 1) / 2
    to_pixels = np.array([[BLOCK, 0, centre], [0, BLOCK, centre], [0, 0, 1.0]])
    back = np.linalg.inv(matrices[j] @ to_pixels) @ matrices[k] @ to_pixels
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen, known = (cv2.warpPerspective(m, back, shape[1::-1], flags=flags) for m in maps[j])
    usable = (np.asarray(known) > 0.99) & (maps[k].usable > 0.5)
    return np.asarray(seen, np.float32).reshape(shape), usable
