"""Focus sweeps of rendered subjects, tiny, each subject always the same."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from focusstack.numeric.arrays import Image
from focusstack.scene.stack import render_stack

WIDTH, HEIGHT = 240, 180
"""Pixels of a picture."""


@lru_cache(maxsize=64)
def _rendered(subject: int, frames: int) -> tuple[Image, ...]:
    scene = ("plane", "steps")[subject % 2]
    made = render_stack(
        scene, width=WIDTH, height=HEIGHT, frames=frames, seed=subject, blur=4, shake=0.004
    )
    return tuple(made.frames)


def sweep(subject: int, frames: int, hand: int = 0) -> list[Image]:
    """Return the frames of a sweep; another `hand` holds the camera otherwise each time."""
    rng = np.random.default_rng([subject, hand])
    taken = []
    for frame in _rendered(subject, frames):
        move = np.array([[1, 0, rng.normal(0, 2.5)], [0, 1, rng.normal(0, 2.5)]])
        moved = cv2.warpAffine(
            frame, move, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
        taken.append(np.asarray(moved) if hand else frame)
    return taken


def specimen(subject: int, frames: int) -> list[Image]:
    """Return a sweep of a small subject on a table that is the same for all of them."""
    rng = np.random.default_rng(subject)
    table = sweep(0, frames)
    there = sweep(subject + 100, frames)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    centre = (WIDTH / 2 + rng.normal(0, 6), HEIGHT / 2 + rng.normal(0, 6))
    wide, high = rng.uniform(0.12, 0.2) * WIDTH, rng.uniform(0.15, 0.3) * HEIGHT
    inside = ((columns - centre[0]) / wide) ** 2 + ((rows - centre[1]) / high) ** 2 < 1
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.5)[..., None]
    grey = [0.25 * t.astype(np.float32) + 130 for t in table]
    return [
        (g + (s - g) * soft).clip(0, 255).astype(np.uint8) for g, s in zip(grey, there, strict=True)
    ]
