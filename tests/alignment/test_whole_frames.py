"""Scenes that features cannot link: detail that repeats, and a subject that is small."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.alignment.features.correlation import correlate
from focusstack.alignment.whole_frames import complete_fits
from focusstack.errors import AlignmentError
from focusstack.first_pass.effort import QUICK
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.proxies.proxy import Proxy
from focusstack.geometry.coordinates import normalised, transform
from focusstack.images.colour import encode, to_dtype
from focusstack.numeric.arrays import Float32, Image, Matrix
from focusstack.pipeline import plan_stack

SIZE = (540, 400)
AROUND = 60


def shades(rng: np.random.Generator, shape: tuple[int, int]) -> Float32:
    coarse = rng.standard_normal((5, 7)).astype(np.float32)
    wide = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide / np.abs(wide).max(), np.float32)


def scene(name: str, seed: int = 0) -> Float32:
    """Linear light of a scene, with room around it."""
    rng = np.random.default_rng(seed)
    shape = SIZE[1] + 2 * AROUND, SIZE[0] + 2 * AROUND
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    if name in ("fabric", "even fabric"):
        weave = 0.3 + 0.1 * np.sin(2 * np.pi * x / 9) + 0.1 * np.sin(2 * np.pi * y / 9)
        if name == "even fabric":
            return np.asarray(weave, np.float32)
        return np.asarray(weave * (1 + 0.25 * shades(rng, shape)), np.float32)
    if name == "grid":
        lines = np.where((x % 24 < 2) | (y % 24 < 2), 0.1, 0.6).astype(np.float32)
        return cv2.GaussianBlur(lines, (0, 0), 0.8) * (1 + 0.2 * shades(rng, shape))
    if name == "bricks":
        row = np.floor(y / 28)
        mortar = (y % 28 < 3) | ((x + 32 * (row % 2)) % 64 < 3)
        bricks = cv2.GaussianBlur(np.where(mortar, 0.45, 0.22).astype(np.float32), (0, 0), 0.8)
        return bricks * (1 + 0.25 * shades(rng, shape))
    velvet, r = np.full(shape, 0.0015, np.float32), round(0.035 * SIZE[0])
    inside = (x - shape[1] / 2) ** 2 + 2 * (y - shape[0] / 2) ** 2 < r**2
    grain = cv2.GaussianBlur(rng.random(shape, np.float32), (0, 0), 1.5)
    return np.asarray(np.where(inside, 0.05 + 2 * np.abs(grain - 0.4), velvet), np.float32)


def photographed(
    light: Float32, count: int = 4, seed: int = 1, shake: float = 4
) -> tuple[list[Image], list[Matrix]]:
    """Frames of a plane that is sharp further right in each, and frame to scene."""
    rng = np.random.default_rng(seed)
    blurred = np.stack([cv2.GaussianBlur(light, (0, 0), s) if s else light for s in (0, 1, 2, 4)])
    frames, matrices = [], []
    for k in range(count):
        zoom, (dx, dy) = 1 + 0.01 * k, rng.uniform(-shake, shake, 2)
        middle = np.array([(SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2])
        H = np.diag([zoom, zoom, 1.0])
        H[:2, 2] = middle * (1 - zoom) - zoom * AROUND + (dx, dy)
        layers = [cv2.warpPerspective(b, H, SIZE, flags=cv2.INTER_AREA) for b in blurred]
        off = np.clip(np.abs(np.linspace(0, count - 1, SIZE[0]) - k), 0, 2.999)
        below, part = off.astype(int), (off % 1).astype(np.float32)
        stacked, column = np.stack(layers), np.arange(SIZE[0])
        seen = stacked[below, :, column].T * (1 - part) + stacked[below + 1, :, column].T * part
        noise = 0.006 * np.sqrt(np.maximum(seen, 0) + 0.01) * rng.standard_normal(seen.shape)
        grey = encode(np.asarray(seen + noise, np.float32))
        frames.append(to_dtype(np.repeat(grey[..., None], 3, 2), np.dtype(np.uint8)))
        matrices.append(np.asarray(np.linalg.inv(H), float))
    return frames, matrices


def furthest(plan_of: list[Image], truth: list[Matrix], around: float = 0.45) -> float:
    """Largest distance of any frame from where it belongs, in pixels; all are used."""
    plan = plan_stack(ArrayFrames(plan_of), effort=QUICK)
    assert all(f.used for f in plan.frames)
    back = np.linalg.inv(truth[[f.file for f in plan.frames].index(plan.reference)])
    middle = np.array(SIZE) / 2
    corners = middle + np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]]) * around * np.array(SIZE)
    found = 0.0
    for frame, H in zip(plan.frames, truth, strict=True):
        assert frame.matrix is not None
        wanted = transform(normalised(back @ H), corners)
        off = np.linalg.norm(transform(frame.matrix, corners) - wanted, axis=1)
        found = max(found, float(off.max()))
    return found


@pytest.mark.parametrize("name", ["fabric", "grid", "bricks"])
def test_detail_that_repeats(name: str) -> None:
    assert furthest(*photographed(scene(name))) < 0.3


def test_detail_that_repeats_and_nothing_else_is_told() -> None:
    plan = plan_stack(ArrayFrames(photographed(scene("even fabric"), shake=1)[0]), effort=QUICK)
    assert any("a whole repeat off" in warning for warning in plan.warnings)
    guided = plan_stack(ArrayFrames(photographed(scene("fabric"))[0]), effort=QUICK)
    assert not guided.warnings


def test_a_small_subject_on_black() -> None:
    assert furthest(*photographed(scene("insect")), around=0.03) < 1.5


def test_another_scene_is_not_linked() -> None:
    frames = photographed(scene("fabric"), 2)[0] + photographed(scene("bricks", seed=5), 2)[0]
    with pytest.raises(AlignmentError):
        plan_stack(ArrayFrames(frames), effort=QUICK)
    usable = np.ones(SIZE[::-1], np.uint8)
    one, other = (
        np.ascontiguousarray(scene(n, s)[: SIZE[1], : SIZE[0]])
        for n, s in (("fabric", 0), ("bricks", 5))
    )
    assert correlate(0, 1, (one, usable), (other, usable)) is None


def test_where_features_link_all_frames_nothing_is_added() -> None:
    def load(_: int) -> Proxy:
        raise AssertionError("no frame is to be looked at")

    assert complete_fits([], load, SIZE, [2], 1, 0.35) == ([], True)
