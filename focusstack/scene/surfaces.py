"""Procedural surfaces: noise, wood, paper, print.

Colours are linear reflectances. Noise comes from fixed seeds, so that a scene looks the same
whatever the seed of the camera's hand.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from focusstack.images.colour import linearise
from focusstack.scene.solids import Values

GRAIN = 4
"""Texels per feature of the noise tile."""

TILE = 1024
"""Texels per side of the noise tile; it repeats."""


def colour(*rgb: float) -> Values:
    """Return one linear RGB colour."""
    return np.array(rgb, np.float32)


def mix(a: Values, b: Values, share: Values) -> Values:
    """Blend colours: `share` 0 is `a`, 1 is `b`; `share` lacks the colour axis."""
    return np.asarray(a + (b - a) * share[..., None], np.float32)


def smoothstep(low: float, high: float, v: Values) -> Values:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((v - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


@lru_cache(maxsize=1)
def _tile() -> Values:
    """Return a tile of smooth noise of unit variance that repeats without seams."""
    white = np.random.default_rng(20).standard_normal((TILE, TILE)).astype(np.float32)
    wide = cv2.GaussianBlur(np.tile(white, (2, 2)), (0, 0), GRAIN / 2)
    tile = wide[TILE // 2 : -TILE // 2, TILE // 2 : -TILE // 2]
    return np.asarray(tile / tile.std(), np.float32)


def sample(picture: Values, x: Values, y: Values, border: int) -> Values:
    """Interpolate `picture` at texels ``(x, y)`` of any equal shapes."""
    x, y = np.broadcast_arrays(x, y)
    row = 4096
    pad = -x.size % row
    u = np.pad(x.ravel(), (0, pad)).reshape(-1, row).astype(np.float32)
    v = np.pad(y.ravel(), (0, pad)).reshape(-1, row).astype(np.float32)
    values = cv2.remap(picture, u, v, cv2.INTER_LINEAR, borderMode=border)
    values = values.reshape(-1, *picture.shape[2:])[: x.size]
    return np.asarray(values.reshape(x.shape + picture.shape[2:]), np.float32)


def noise(u: Values, v: Values) -> Values:
    """Smooth noise of unit variance with about one feature per unit of `u` and `v`."""
    x, y = np.broadcast_arrays(u, v)
    return sample(_tile(), (x * GRAIN) % TILE, (y * GRAIN) % TILE, cv2.BORDER_WRAP)


def wood(along: Values, across: Values) -> Values:
    """Oiled planks: colour at ground coordinates in world units, ``(..., 3)``."""
    width = 0.5
    plank = np.floor(across / width)
    offset = (plank * 37.3) % 101
    q, p = along + offset, across + offset * 0.31
    bend = noise(q * 0.9, p * 2.2)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (p * 16 + 1.3 * bend + 0.15 * noise(q * 2, p * 22)))
    tone = 0.52 + 0.20 * (rings**2 - 0.4) + 0.05 * noise(q * 0.8, p * 40) + 0.06 * bend
    tone = tone + 0.075 * noise(q * 4, p * 130) + 0.075 * noise(q * 12, p * 280)
    tone = tone + 0.16 * (((plank * 0.618) % 1) - 0.5)
    light = mix(colour(0.085, 0.034, 0.014), colour(0.46, 0.25, 0.115), np.clip(tone, 0, 1))
    pores = smoothstep(1.5, 2.3, noise(q * 13 + 5, p * 210))
    gap = np.abs(across / width - np.round(across / width)) * width
    dark = (1 - 0.55 * pores) * (0.15 + 0.85 * smoothstep(0.001, 0.006, gap))
    return np.asarray(light * dark[..., None], np.float32)


def printed(lines: list[tuple[str, float]], size: tuple[int, int], margin: int) -> Values:
    """Print text on white paper.

    Parameters
    ----------
    lines : list of (str, float)
        Text and its height in texels; a line is drawn below the one before.
    size : tuple of int
        Width and height of the paper in texels.
    margin : int
        White border in texels.

    Returns
    -------
    (H, W, 3) float32 ndarray
        Linear reflectance.
    """
    page = Pillow.new("L", size, 255)
    pen = ImageDraw.Draw(page)
    y = float(margin)
    for text, height in lines:
        pen.text((margin, y), text, fill=28, font=ImageFont.load_default(height))
        y += 1.45 * height
    ink = linearise(np.asarray(page))
    return np.asarray(ink[..., None] * colour(0.86, 0.84, 0.78), np.float32)


def lettering(text: str, height: int) -> Values:
    """Return the cover ``(H, W)`` of one line of text, cropped to it."""
    font = ImageFont.load_default(height)
    left, top, right, bottom = (round(v) for v in font.getbbox(text))
    page = Pillow.new("L", (right - left + 8, bottom - top + 8), 0)
    ImageDraw.Draw(page).text((4 - left, 4 - top), text, fill=255, font=font)
    return np.asarray(page, np.float32) / np.float32(255)


def picture_at(picture: Values, u: Values, v: Values) -> Values:
    """Colour of `picture` at ``(u, v)`` from 0 to 1, right and down; edges extend."""
    h, w = picture.shape[:2]
    return sample(picture, u * w - 0.5, v * h - 0.5, cv2.BORDER_REPLICATE)


def inside(u: Values, v: Values, softness: float = 0.002) -> Values:
    """Cover of the unit square at ``(u, v)``, soft at the edge."""
    edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
    return np.asarray(np.clip(edge / softness + 0.5, 0, 1), np.float32)
