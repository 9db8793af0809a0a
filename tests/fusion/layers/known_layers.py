"""A near strip before a far wall, photographed as the model says, and a composite that errs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.rendering import Layers, View
from focusstack.fusion.layers.tile import Tile, weighed
from focusstack.images.colour import decode, encode, to_dtype, to_float
from focusstack.numeric.arrays import Float32

SIDE, FRAMES, NEAR, FAR = 64, 8, 1, 6

LENS = Blur(0.8)

NOISE = 1 / 255
"""Encoded, of a frame; in the square root of light it is about as much."""


@dataclass(frozen=True, eq=False)
class Known:
    """What was photographed, and what it looks like.

    Attributes
    ----------
    tile : Tile
        The frames, and a composite that takes each pixel from the frame in which it is sharp.
    truth : (3, H, W) float32 ndarray
        All in focus, encoded.
    layers : Layers
        The strip and the wall.
    """

    tile: Tile
    truth: Float32
    layers: Layers


def texture(rng: np.random.Generator, tint: tuple[float, float, float]) -> Float32:
    """Light ``(3, SIDE, SIDE)`` that is never plain."""
    grain = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE), np.float32), (0, 0), 1.2)
    grain = np.clip(0.5 + 0.5 * grain / (3 * grain.std()), 0, 1)
    light = np.array(tint, np.float32)[:, None, None] * (0.3 + 0.7 * grain)
    return np.asarray(light, np.float32)


def photographed(near_first: bool = True, noise: float = NOISE, seed: int = 0) -> Known:
    """Photograph the strip from the near to the far end of the focus order, or the other way."""
    rng = np.random.default_rng(seed)
    strip = np.zeros((SIDE, SIDE), np.float32)
    strip[:, SIDE // 2 - 5 : SIDE // 2 + 5] = 1
    cover = np.stack([strip, np.ones_like(strip)])
    colour = np.stack([texture(rng, (0.7, 0.6, 0.3)), texture(rng, (0.1, 0.2, 0.4))])
    layers = Layers(cover, colour)
    places = (NEAR, FAR) if near_first else (FAR, NEAR)
    depths = np.stack([np.full((SIDE, SIDE), place, np.float32) for place in places])
    light = View(depths, range(FRAMES), LENS).render(layers).light
    encoded = encode(light)
    encoded += np.float32(noise) * rng.standard_normal(encoded.shape, np.float32)
    encoded = to_float(to_dtype(encoded, np.dtype(np.uint8)))
    whole = np.full((FRAMES, SIDE, SIDE), 255, np.uint8)
    light, weight = weighed(encoded, whole, max(noise, NOISE))
    depth = np.where(strip > 0, depths[0], depths[1]).astype(np.float32)
    today = np.where(strip > 0, encoded[places[0]], encoded[places[1]])
    tile = Tile(light, weight, np.arange(FRAMES), depth, np.ones(strip.shape, bool), decode(today))
    return Known(tile, encode(layers.sharp()), layers)
