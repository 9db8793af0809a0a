"""Marks read from a shot of a white or a dark surface, which shows the sensor alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from focusstack.errors import InputError
from focusstack.images.colour import linearise
from focusstack.images.read import Reading, read_picture
from focusstack.numeric.arrays import Float32, Image
from focusstack.plan.marks import Marks

BLACK = 0.02
"""Linear light below which a shot is one in the dark, in which what shines is a mark. Chosen, not
measured."""

FAINTEST = 0.03
"""Share of the light that the faintest mark in a white shot takes or adds. Fainter ones do not show
(``pytest tests/first_pass/marks/test_shot.py``)."""

SHINING = 0.004
"""Linear light of the faintest mark in a dark shot: one code of 255 above black is less. Chosen,
not measured."""

SURE = 6.0
"""Standard deviations of the shot's own noise from which on a difference is a mark."""

AROUND = 12
"""The surroundings that a mark is compared with reach so many times into the shorter side. Chosen,
not measured: wider than any speck, narrower than what a lens shades."""

GUARD = 2
"""Pixels around a mark that are given up with it. Chosen, not measured."""


def read_shot(path: Path, size: tuple[int, int], max_megapixels: float) -> Marks:
    """Read marks from a picture of an even surface.

    Parameters
    ----------
    path : path
        The picture.
    size : tuple of int
        Width and height of the frames, which it must have.
    max_megapixels : float
        Pictures that claim more are refused.

    Raises
    ------
    InputError
        If it cannot be read, or has another size.
    """
    picture = read_picture(path, reading=Reading(max_megapixels))
    width, height = picture.pixels.shape[1::-1]
    if (width, height) != size:
        raise InputError(
            f"{path} has {width} x {height} pixels, the frames have {size[0]} x {size[1]}",
            "Give --dust a shot by the same camera at the same size.",
        )
    light = linearise(picture.pixels, picture.transfer)
    return Marks(marks_in(light if light.ndim == 3 else light[..., None]))


def marks_in(light: Float32) -> Image:
    """Return the mask ``(H, W)`` of what differs from its surroundings in an even picture.

    Parameters
    ----------
    light : (H, W, C) float32 ndarray
        Linear light.
    """
    reach = max(3, min(light.shape[:2]) // AROUND) | 1
    found = np.zeros(light.shape[:2], np.uint8)
    dark = float(np.median(light)) < BLACK
    for channel in cv2.split(light):
        plane = channel if dark else _without_shading(np.asarray(channel, np.float32))
        mask = np.zeros(plane.shape, np.uint8)
        for _ in range(3):  # marks themselves are not to be surroundings
            clean = (mask == 0).astype(np.float32)
            share = np.maximum(cv2.blur(clean, (reach, reach)), np.float32(1e-3))
            even = cv2.blur(plane * clean, (reach, reach)) / share
            off = plane - even if dark else plane / np.maximum(even, np.float32(1e-3)) - 1
            noise = 1.4826 * float(np.median(np.abs(off)))
            least = max(SHINING if dark else FAINTEST, SURE * noise)
            mask = ((off if dark else np.abs(off)) > least).astype(np.uint8)
        found |= mask
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * GUARD + 1, 2 * GUARD + 1))
    return np.asarray(cv2.dilate(found, kernel), np.uint8)


def _without_shading(plane: Float32) -> Float32:
    """Light divided by how a lens and a lamp shade it: a smooth surface of the second degree."""
    y, x = np.meshgrid(
        *(np.linspace(-1, 1, n, dtype=np.float32) for n in plane.shape), indexing="ij"
    )
    terms = [np.ones_like(x), x, y, x * x, x * y, y * y]
    every = max(1, plane.shape[0] // 64), max(1, plane.shape[1] // 64)
    some = np.stack([t[:: every[0], :: every[1]].ravel() for t in terms], 1)
    known = plane[:: every[0], :: every[1]].ravel()
    found = np.linalg.lstsq(some, known, rcond=None)[0]
    smooth = sum(np.float32(f) * t for f, t in zip(found, terms, strict=True))
    return np.asarray(plane / np.maximum(smooth, np.float32(1e-3)), np.float32)
