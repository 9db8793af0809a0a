"""Rendered stacks with marks fixed to the sensor, and where they are."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.geometry.coordinates import transform
from focusstack.images.colour import encode
from focusstack.numeric.arrays import Image, Matrix

SIZE = (360, 270)


def soft_stack(
    frames: int = 7, step: tuple[float, float] = (1.7, -1.1), zoom: float = 0.0, seed: int = 0
) -> tuple[list[Image], Matrix]:
    """Frames of a soft scene that moves by `step` pixels and zooms from frame to frame, and truth.

    Matrices lead from each frame's pixels to those of the middle frame.
    """
    rng = np.random.default_rng(seed)
    width, height = SIZE
    noise = rng.standard_normal((height + 200, width + 200, 3)).astype(np.float32)
    sizes = ((4.0, 0.25), (8.0, 0.4), (16.0, 0.6))
    scene = np.sum([s * w * cv2.GaussianBlur(noise, (0, 0), s) for s, w in sizes], axis=0)
    light = 0.3 * np.exp(0.35 * scene / scene.std())
    pictures, places = [], []
    for k in range(frames):
        t = k - frames // 2
        s = 1 + zoom * t
        cx, cy = (width - 1) / 2, (height - 1) / 2
        M = np.array([[s, 0, cx * (1 - s) + t * step[0]], [0, s, cy * (1 - s) + t * step[1]],
                      [0, 0, 1]])  # fmt: skip
        places.append(M)
        to_scene = np.array([[1, 0, 100], [0, 1, 100], [0, 0, 1]]) @ M
        seen = cv2.warpPerspective(
            light, to_scene, SIZE, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        )
        blur = 0.6 + 0.5 * abs(t)
        pictures.append(cv2.GaussianBlur(seen, (0, 0), blur))
    return pictures, np.stack(places)


def specks(
    count: int, seed: int = 1, strength: tuple[float, float] = (0.1, 0.5)
) -> tuple[Image, Image]:
    """Share of light ``(H, W)`` that random specks let through, and the mask of their pixels."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    through = np.ones((height, width), np.float32)
    y, x = np.mgrid[:height, :width]
    for _ in range(count):
        cx, cy, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(1.5, 4.5)
        cover = 0.5 - 0.5 * np.tanh((np.hypot(x - cx, y - cy) - radius) / 0.8)
        through *= (1 - rng.uniform(*strength) * cover).astype(np.float32)
    return through, (through < 0.96).astype(np.uint8)


def recorded(light: Image, through: Image, seed: int) -> Image:
    """8-bit frame of linear light behind what lets part of it through."""
    rng = np.random.default_rng(seed)
    noisy = light * through[..., None] + 0.002 * rng.standard_normal(light.shape)
    codes = np.clip(encode(np.clip(noisy, 0, 1).astype(np.float32)) * 255, 0, 255)
    return np.rint(codes).astype(np.uint8)


def position_error(matrices: list[Matrix], places: Matrix) -> float:
    """Root mean square distance in pixels, corners and middle, between matrices and the truth.

    Both between frames: the reference may be another.
    """
    width, height = SIZE
    points = np.array([[0, 0], [width, 0], [0, height], [width, height], [width / 2, height / 2]])
    first = 0
    square = []
    for k in range(len(matrices)):
        found = np.linalg.inv(matrices[first]) @ matrices[k]
        true = np.linalg.inv(places[first]) @ places[k]
        off = transform(found, points) - transform(true, points)
        square.append((off**2).sum(1))
    return float(np.sqrt(np.mean(square)))
