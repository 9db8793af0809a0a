"""Frames of a wished size and number: a small rendered stack, enlarged and repeated."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.scene.stack import render_stack

RENDERED = 10
RENDERED_MEGAPIXELS = 1.5
GRAIN = 1.2
"""Noise of every frame, in 8-bit codes: it makes each one a file of its own, as large as a photo's
and with something to find at every level."""

GRAIN_STEP = (389, 631)
"""Pixels down and across by which a frame's grain lies elsewhere than that of the one before."""

SHAKE = 0.0008
"""Largest extra movement of a frame, as part of its width."""


def size_of(megapixels: float) -> tuple[int, int]:
    """Width and height, three to two, both even."""
    unit = round((megapixels * 1e6 / 24) ** 0.5)
    return 6 * unit, 4 * unit


def write_frames(folder: Path, megapixels: float, count: int, bits: int, suffix: str) -> None:
    """Write `count` frames named ``frame_0001`` and so on into `folder`."""
    folder.mkdir(parents=True)
    width, height = size_of(megapixels)
    small = size_of(min(megapixels, RENDERED_MEGAPIXELS))
    frames = render_stack(
        "steps", width=small[0], height=small[1], frames=min(count, RENDERED), bits=bits, seed=5
    ).frames
    rng = np.random.default_rng(1)
    top = 255 if bits == 8 else 65535
    grain = rng.normal(0, GRAIN * top / 255, (1024, 1024, 3)).astype(np.float32)
    for k in range(count):
        frame = frames[k * len(frames) // count].astype(np.float32)
        moved = _enlarged(frame, (width, height), rng.uniform(-SHAKE, SHAKE, 3))
        grained = moved + _tiled(np.roll(grain, k * np.array(GRAIN_STEP), (0, 1)), moved)
        pixels = np.clip(np.rint(grained), 0, top).astype(np.uint8 if bits == 8 else np.uint16)
        write_image(folder / f"frame_{k + 1:04d}{suffix}", pixels)


def _enlarged(frame: Image, size: tuple[int, int], shake: Image) -> Image:
    width = frame.shape[1]
    s = size[0] / width
    turn, x, y = shake[0], shake[1] * size[0], shake[2] * size[0]
    # Pixel centres are at integers.
    M = np.array([[s, -turn * s, x + (s - 1) / 2], [turn * s, s, y + (s - 1) / 2]])
    flags = cv2.INTER_CUBIC
    return np.asarray(cv2.warpAffine(frame, M, size, flags=flags, borderMode=cv2.BORDER_REFLECT))


def _tiled(grain: Image, image: Image) -> Image:
    height, width = image.shape[:2]
    across, down = -(-width // grain.shape[1]), -(-height // grain.shape[0])
    return np.tile(grain, (down, across, 1))[:height, :width]
