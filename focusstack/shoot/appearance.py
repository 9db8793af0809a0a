"""How a picture looks, small: enough to tell another subject, and a focus sweep that starts over.

Two things are kept of each: a picture of some hundred pixels, evened out in light, which blur
hardly changes; and how much fine detail there is in each part, which is what focusing changes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.images.colour import to_float
from focusstack.images.read import Reading, read_picture
from focusstack.images.suffixes import RAW
from focusstack.numeric.arrays import Float32, Image
from focusstack.shoot.shots import Shot

WIDE, HIGH = 384, 288
"""Pixels of the picture in which detail is looked for. Chosen: what JPEG decoders give of most
cameras at an eighth, and more than detail survives in thumbnails."""

SCENE = (24, 18)
"""Columns and rows of the evened picture. Chosen: a hand's shake and breathing move it by less
than one of them."""

PARTS = (12, 9)
"""Columns and rows of parts in which detail is weighed: as many as can differ in depth."""

REACH = 1
"""Columns and rows by which two evened pictures are shifted against each other at most."""

FLOOR = 2e-4
"""Mean square of detail, where white is 1, that noise and JPEG leave everywhere: below it nothing
is told apart. Chosen: a contrast of a hundredth, twice."""


@dataclass(frozen=True)
class Look:
    """How a picture looks.

    Attributes
    ----------
    scene : (18, 24) float32 ndarray
        Light, evened out: mean 0, mean square 1.
    detail : (9, 12) float32 ndarray
        Logarithm of the energy of fine detail in each part.
    """

    scene: Float32
    detail: Float32


def see(shots: Sequence[Shot], threads: int = 2) -> list[Look | None]:
    """Return how each of the shots looks; None where its pixels cannot be read."""
    with ThreadPoolExecutor(threads, thread_name_prefix="looks") as pool:
        return list(pool.map(_seen, shots))


def _seen(shot: Shot) -> Look | None:
    try:
        return look_of(_small(shot))
    except (InputError, OSError, ValueError, cv2.error):
        return None


def _small(shot: Shot) -> Image:
    """The picture, or the preview that a RAW file holds, smaller where that reads faster."""
    if shot.path.suffix.lower() in RAW:
        return _preview(shot.path)
    longest = max(shot.size or (0, 0))
    reduction = next((r for r in (8, 4, 2) if longest >= r * WIDE), 1)
    return read_picture(shot.path, 0, Reading(reduction=reduction)).pixels


def _preview(path: Path) -> Image:
    with suppress(ImportError):
        import rawpy

        try:
            with rawpy.imread(str(path)) as raw:
                preview = raw.extract_thumb()
        except rawpy.LibRawError as error:
            raise ValueError(str(error)) from error
        if isinstance(preview.data, bytes):
            with Pillow.open(io.BytesIO(preview.data)) as opened:
                opened.draft("RGB", (2 * WIDE, 2 * HIGH))
                return np.array(opened.convert("RGB"))
        return np.asarray(preview.data)
    raise ValueError("there is no reader")


def look_of(pixels: Image) -> Look:
    """Return how a picture looks.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) ndarray
        uint8, uint16 or float32.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> picture = rng.integers(0, 255, (90, 120), dtype=np.uint8)
    >>> look = look_of(picture)
    >>> look.scene.shape, look.detail.shape
    ((18, 24), (9, 12))
    >>> difference(look, look), blur_difference(look, look)
    (0.0, 0.0)
    """
    small = _resized(pixels, WIDE, HIGH)
    grey = to_float(np.ascontiguousarray(small))
    if grey.ndim == 3:
        grey = np.ascontiguousarray(grey @ np.array([0.3, 0.6, 0.1], np.float32))
    blurred = cv2.GaussianBlur(grey, (0, 0), 6)
    scene = cv2.resize(blurred, SCENE, interpolation=cv2.INTER_AREA)
    fine = (grey - cv2.GaussianBlur(grey, (0, 0), 1.5)) ** 2
    detail = cv2.resize(fine, PARTS, interpolation=cv2.INTER_AREA)
    return Look(_evened(np.asarray(scene)), np.log2(np.asarray(detail) + np.float32(FLOOR)))


def _resized(pixels: Image, width: int, height: int) -> Image:
    """The picture at most so large; smaller ones stay as they are."""
    rows, columns = pixels.shape[:2]
    scale = max(rows / height, columns / width)
    if scale <= 1:
        return pixels
    size = (max(1, round(columns / scale)), max(1, round(rows / scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _evened(picture: Float32) -> Float32:
    flat = picture - picture.mean()
    spread = float(np.sqrt((flat**2).mean()))
    return np.asarray(flat / max(spread, 1e-3), np.float32)


def difference(a: Look, b: Look) -> float:
    """Return how far two scenes differ: 0 the same, 1 nothing in common.

    One less their correlation, where they agree best when shifted by a column or row.
    """
    rows, columns = a.scene.shape
    inner = a.scene[REACH : rows - REACH, REACH : columns - REACH]
    best = -1.0
    for dy in range(2 * REACH + 1):
        for dx in range(2 * REACH + 1):
            other = b.scene[dy : dy + inner.shape[0], dx : dx + inner.shape[1]]
            best = max(best, _correlation(inner, other))
    return round(1 - best, 6) + 0.0


def _correlation(a: Float32, b: Float32) -> float:
    """Correlation of two pictures; 1 where neither shows anything."""
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / norm if norm > 1e-6 else 1.0


def blur_difference(a: Look, b: Look) -> float:
    """Return by how much detail went from some parts to others, in stops, on the mean."""
    return float(np.abs(a.detail - b.detail).mean())
