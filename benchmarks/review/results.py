"""A result of many large frames, as a run would leave it, without the run."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from focusstack.geometry.coordinates import Rect, translation
from focusstack.images.write import write_image
from focusstack.plan.file import plan_to_json
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.scene import render_stack

DIFFERENT = 4
"""Pictures that are rendered; the others are these with a mark."""

BORDER = 40
"""Pixels between the frames' edge and the crop."""


def write_result(place: Path, megapixels: float, frames: int, *, deep: bool = False) -> Path:
    """Write frames and a result of them, of 8 or 16 bits; return the folder of the result."""
    width = round((1.5 * megapixels * 1e6) ** 0.5)
    height = round(width / 1.5)
    photos, result = place / "photos", place / "photos-stacked"
    photos.mkdir()
    result.mkdir()
    seen = render_stack("steps", width=width // 4, height=height // 4, frames=DIFFERENT).frames
    large = [cv2.resize(f, (width, height), interpolation=cv2.INTER_CUBIC) for f in seen]
    names = [f"IMG_{k:04d}.jpg" for k in range(frames)]
    for k, name in enumerate(names):
        pixels = np.asarray(large[k % DIFFERENT])
        pixels[:8, 8 * k : 8 * k + 8] = k  # no two files may hold the same
        write_image(photos / name, pixels)
    crop = Rect(BORDER, BORDER, width - 2 * BORDER, height - 2 * BORDER)
    told = tuple(
        FramePlan(name, True, None, translation(k % 7 * 0.3, k % 5 * 0.4), np.ones(3), None, 0, 1)
        for k, name in enumerate(names)
    )
    plan = StackPlan(names[0], (width, height), crop, told, tuple(names))
    (result / "report.json").write_text(plan_to_json(plan), encoding="utf-8")
    inner = large[0][BORDER : BORDER + crop.height, BORDER : BORDER + crop.width]
    if deep:
        noise = np.random.default_rng(1).integers(0, 128, inner.shape, np.uint16)
        write_image(result / "fused.tif", inner.astype(np.uint16) * 256 + noise)
    else:
        write_image(result / "fused.jpg", np.ascontiguousarray(inner))
    return result
