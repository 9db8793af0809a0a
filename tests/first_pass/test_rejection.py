"""A frame that does not belong is named, and harms none of the others."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.frames.in_memory import ArrayFrames
from focusstack.geometry.coordinates import normalised, transform
from focusstack.images.colour import encode, linearise, to_dtype
from focusstack.numeric.arrays import Image
from focusstack.pipeline import plan_stack
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.scene.stack import RenderedStack, render_stack

SIZE = (360, 270)
COUNT = 7
BAD = 3
UNHARMED_PX = 0.03
NAMES = [f"frame_{k}" for k in range(COUNT)]


@pytest.fixture(scope="module")
def good() -> RenderedStack:
    return render_stack("plane", width=SIZE[0], height=SIZE[1], frames=COUNT, seed=21, noise=0.006)


@pytest.fixture(scope="module")
def without(good: RenderedStack) -> StackPlan:
    """The plan of the good frames alone."""
    return planned(
        [f for k, f in enumerate(good.frames) if k != BAD], NAMES[:BAD] + NAMES[BAD + 1 :]
    )


def planned(frames: list[Image], names: list[str] = NAMES) -> StackPlan:
    return plan_stack(ArrayFrames(frames, names))


def spoilt(frame: Image, how: str) -> Image:
    rng = np.random.default_rng(4)
    if how == "other scene":
        return render_stack("plane", width=SIZE[0], height=SIZE[1], frames=1, seed=4).frames[0]
    light = linearise(frame)
    if how == "motion blur":
        taps = np.full((1, 41), 1 / 41, np.float32)
        light = np.asarray(cv2.filter2D(light, -1, taps), np.float32)
    elif how == "defocused":
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), 14), np.float32)
    elif how == "black":
        light = light * np.float32(2.0**-11)
    elif how == "white":
        light = light * np.float32(2.0**7)
    elif how == "moved subject":
        light[75:195, 110:250] = light[75:195, 122:262].copy()
    noise = rng.normal(0, 0.0005, light.shape).astype(np.float32)
    return to_dtype(encode(light + noise), np.dtype(np.uint8))


def frame(plan: StackPlan, name: str) -> FramePlan:
    return next(f for f in plan.frames if f.file == name)


def apart(a: StackPlan, b: StackPlan) -> float:
    """Largest root mean square distance of the frames that both plans use, on one canvas."""
    x, y = np.meshgrid(np.linspace(0, SIZE[0] - 1, 9), np.linspace(0, SIZE[1] - 1, 9))
    p = np.stack([x.ravel(), y.ravel()], 1)
    shared = [f.file for f in a.frames if f.used and any(f.file == g.file for g in b.frames)]
    found, other = ([transform(_matrix(plan, name), p) for name in shared] for plan in (a, b))
    # Another reference frame is another canvas, and no error.
    C = np.asarray(cv2.findHomography(np.concatenate(found), np.concatenate(other), 0)[0], float)
    return max(
        float(np.sqrt(np.square(transform(normalised(C), u) - v).sum(1).mean()))
        for u, v in zip(found, other, strict=True)
    )


def _matrix(plan: StackPlan, name: str) -> np.ndarray:
    H = frame(plan, name).matrix
    assert H is not None
    return H


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("other scene", "another scene"),
        ("motion blur", "moved during the exposure"),
        ("defocused", "focused beyond|another scene"),
        ("black", "exposed beyond repair"),
        ("white", "exposed beyond repair"),
    ],
)
def test_a_frame_that_does_not_belong_is_left_out(
    good: RenderedStack, without: StackPlan, how: str, reason: str
) -> None:
    frames = list(good.frames)
    frames[BAD] = spoilt(frames[BAD], how)
    plan = planned(frames)
    bad = frame(plan, NAMES[BAD])
    assert not bad.used
    assert bad.matrix is None
    assert any(part in (bad.reason or "") for part in reason.split("|")), bad.reason
    assert [f.used for f in plan.frames].count(False) == 1
    assert apart(plan, without) < UNHARMED_PX
    assert plan.verdict is not None
    assert plan.verdict.grade == "look"
    assert NAMES[BAD] in plan.verdict.words
    assert any(NAMES[BAD] in warning for warning in plan.warnings)


def test_a_subject_that_moves_is_told(good: RenderedStack, without: StackPlan) -> None:
    frames = list(good.frames)
    frames[BAD] = spoilt(frames[BAD], "moved subject")
    plan = planned(frames)
    assert apart(plan, without) < UNHARMED_PX
    bad = frame(plan, NAMES[BAD])
    if bad.used:
        assert bad.verdict is not None
        assert bad.verdict.grade != "pass"
        assert "moved" in bad.verdict.words or "movement" in bad.verdict.words
    others = [f for f in plan.frames if f.file != NAMES[BAD]]
    assert all(f.verdict is not None and f.verdict.grade == "pass" for f in others)


def test_a_duplicate_is_harmless_and_told(good: RenderedStack, without: StackPlan) -> None:
    again = spoilt(good.frames[BAD - 1], "duplicate")
    frames = [*good.frames[:BAD], again, *good.frames[BAD + 1 :]]
    plan = planned(frames)
    assert all(f.used for f in plan.frames)
    assert apart(plan, without) < UNHARMED_PX
    told = {
        f.file: f.verdict.words
        for f in plan.frames
        if f.verdict and "focused like" in f.verdict.words
    }
    assert set(told) & {NAMES[BAD], NAMES[BAD - 1]}
    assert plan.verdict is not None
    assert plan.verdict.grade == "pass"
