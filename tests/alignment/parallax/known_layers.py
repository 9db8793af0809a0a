"""A wall and a stripe before it, focused through, seen from places that are known."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from focusstack.alignment.parallax.search import Parallax
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.frames.proxies.proxy import Proxy
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Float32

WIDTH, HEIGHT = 560, 400
SIZE = (WIDTH, HEIGHT)
FAR, NEAR = -0.5, 0.5
COUNT = 6
REFERENCE = 3
PAIRS = [(i, i + o) for o in (1, 2, 4) for i in range(COUNT - o)]
STILL = Field(np.zeros((2, 2, 2), np.float32), WIDTH, HEIGHT)


def texture(seed: int) -> Float32:
    noise = np.random.default_rng(seed).uniform(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.3)
    return np.asarray(0.4 + 2 * (smooth - smooth.mean()), np.float32)


def shifted(layer: Float32, by: np.ndarray) -> Float32:
    M = np.array([[1, 0, by[0]], [0, 1, by[1]]], float)
    moved = cv2.warpAffine(
        layer, M, (WIDTH, HEIGHT), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved, np.float32)


def blurred(layer: Float32, sigma: float) -> Float32:
    return layer if sigma < 0.2 else np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma), np.float32)


def frames(travel: np.ndarray) -> list[Proxy]:
    """A wall and a broad near stripe, focused from far to near, seen from several places."""
    wall, stripe = texture(1), texture(2)
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[:, 200:330] = 1
    made = []
    for k, by in enumerate(travel):
        focus = FAR + (NEAR - FAR) * k / (COUNT - 1)
        back = blurred(shifted(wall, by * FAR), 5 * abs(focus - FAR))
        cover = blurred(shifted(mask, by * NEAR), 5 * abs(focus - NEAR))
        front = blurred(shifted(stripe, by * NEAR), 5 * abs(focus - NEAR))
        luma = np.clip(cover * front + (1 - cover) * back, 0.01, 0.99)
        made.append(Proxy(luma.astype(np.float32), np.zeros((HEIGHT, WIDTH), np.uint8)))
    return made


def still(proxies: list[Proxy]) -> tuple[Series, Poses]:
    """Frames that nothing has moved yet."""
    series = Series(proxies.__getitem__, SIZE, REFERENCE, PAIRS, [1.0] * COUNT)
    return series, Poses.unbent(np.stack([np.eye(3)] * COUNT), REFERENCE, SIZE)


def errors(found: Parallax, travel: np.ndarray) -> Iterator[tuple[int, float, np.ndarray]]:
    """Yield frame, depth, and by how much what lies in that layer is misplaced, place by place."""
    wall = np.array([[90.0, 100.0], [90.0, 300.0], [450.0, 200.0]])
    stripe = np.array([[265.0, 100.0], [265.0, 200.0], [265.0, 300.0]])
    for k in range(COUNT):
        field = found.added_to(k, STILL)
        assert field is not None
        # The reference's place on the canvas, found in the frame where its layer has moved to.
        inverse = np.linalg.inv(found.poses.matrices[k])
        for places, depth in ((wall, FAR), (stripe, NEAR)):
            there = places + field.at(places)
            there = there @ inverse[:2, :2].T + inverse[:2, 2]
            yield k, depth, np.linalg.norm(there - places - travel[k] * depth, axis=1)
