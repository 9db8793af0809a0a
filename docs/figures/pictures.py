"""Pictures of the README: the frames as they are and aligned, the composite, the depth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from docs.figures.desk import Desk
from focusstack.images.colour import to_dtype, to_float
from focusstack.numeric.arrays import Image
from focusstack.pipeline import aligned_frames

EIGHT = np.dtype(np.uint8)


def _small(pixels: Image, width: int) -> Image:
    height = round(pixels.shape[0] * width / pixels.shape[1])
    shown = cv2.resize(to_float(pixels), (width, height), interpolation=cv2.INTER_AREA)
    return to_dtype(np.asarray(shown), EIGHT)


def handheld(desk: Desk, folder: Path) -> Path:
    """A film: a part of every frame as it was taken, beside the same part aligned."""
    plan = desk.result.plan
    c = plan.crop
    part = (slice(300, 620), slice(430, 910))
    raw = [desk.frames.read(k).pixels for k in range(len(desk.frames))]
    raw = [frame[c.y : c.y + c.height, c.x : c.x + c.width][part] for frame in raw]
    aligned = {f.name: f.pixels[part] for f in aligned_frames(desk.frames, plan, desk.options)}
    gap = np.full((320, 8, 3), 255, np.uint8)
    shown = [
        np.concatenate([one, gap, to_dtype(aligned[name], EIGHT)], 1)
        for one, name in zip(raw, desk.frames.names, strict=True)
    ]
    film = [Pillow.fromarray(_small(one, 760)) for one in shown]
    path = folder / "handheld.webp"
    film[0].save(path, save_all=True, append_images=film[1:], duration=250, loop=0, quality=62)
    return path


def composite(desk: Desk, folder: Path) -> Path:
    """The composite above its nearest and its farthest frame and the depth."""
    result = desk.result
    assert result.image is not None
    assert result.fused is not None
    used = [f.pixels for f in aligned_frames(desk.frames, result.plan, desk.options)]
    steps = result.fused.depth / max(len(used) - 1, 1)
    depth = cv2.applyColorMap(to_dtype(steps, EIGHT), cv2.COLORMAP_VIRIDIS)[..., ::-1]
    third = [_small(one, 360) for one in (used[0], used[-1], np.ascontiguousarray(depth))]
    gap = np.full((third[0].shape[0], 10, 3), 255, np.uint8)
    row = np.concatenate([third[0], gap, third[1], gap, third[2]], 1)
    top = _small(result.image, row.shape[1])
    between = np.full((10, row.shape[1], 3), 255, np.uint8)
    path = folder / "desk.webp"
    Pillow.fromarray(np.concatenate([top, between, row])).save(path, quality=80, method=6)
    return path
