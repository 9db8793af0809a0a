"""A frame that does not belong is named, and harms none of the others."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from focusstack.alignment.features.sift import Features
from focusstack.first_pass.effort import QUICK
from focusstack.first_pass.rejection import (
    find_alike,
    find_spoilt,
    find_unlinked,
    find_unsupported,
    streakiness,
    tell_blur,
)
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.proxies.proxy import Proxy
from focusstack.geometry.coordinates import normalised, transform
from focusstack.images.colour import encode, linearise, to_dtype
from focusstack.numeric.arrays import Image
from focusstack.pipeline import plan_stack
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.scene.stack import RenderedStack, render_stack
from tests.support.findings import Stack, statistics

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
        assert plan.verdict is not None
        assert plan.verdict.grade != "pass"
        assert "different places" in plan.verdict.words  # it is the reference, which is never off
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


# Where the decisions lie --------------------------------------------------------------------------


@pytest.mark.parametrize(("light", "spoilt"), [(0.0007, True), (0.0014, False)])
def test_what_is_darker_than_a_thousandth_of_white_is_noise(light: float, spoilt: bool) -> None:
    found = find_spoilt([statistics(), statistics(light), statistics()])
    assert found == ({1: "exposed beyond repair: nearly all black"} if spoilt else {})


@pytest.mark.parametrize(("rows", "spoilt"), [(3, True), (6, False)])
def test_a_frame_must_be_exposed_in_a_fifth_of_what_others_are(rows: int, spoilt: bool) -> None:
    # Of 20 rows of blocks, so many are not blown out.
    clean = np.zeros((20, 6), np.float32)
    clean[:rows] = 1
    light, whole = np.full((20, 6, 3), 0.2, np.float32), np.ones((20, 6), np.float32)
    good = replace(statistics(), blocks=light, clean=whole)
    found = find_spoilt([good, replace(good, clean=clean), good])
    assert found == ({1: "exposed beyond repair: nearly all white"} if spoilt else {})


@pytest.mark.parametrize(("times", "found"), [(1.15, False), (1.45, True)])
def test_a_frame_without_tiles_is_left_out_if_its_detail_is_a_quarter_weaker(
    times: float, found: bool
) -> None:
    details = dict.fromkeys(range(5), 0.0) | {2: -float(np.log(times))}
    stack = Stack(details=details, without_tiles=[2])
    reasons = find_unsupported(stack.measured(), stack.coarse(), stack.refined())
    assert reasons.keys() == ({2} if found else set())


@pytest.mark.parametrize(("error", "strayed"), [(0.7, False), (1.4, True)])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_frame_off_by_a_five_hundredth_of_the_diagonal_has_strayed(
    error: float, strayed: bool, scale: float
) -> None:
    # The diagonal is 500 proxy pixels long.
    stack = Stack(precision={2: error}, scale=scale)
    reasons = find_unsupported(stack.measured(), stack.coarse(), stack.refined())
    told = {2: f"cannot be placed: it may be off by {error / scale:.1f} px"}
    assert reasons == (told if strayed else {})


def test_the_reference_has_not_strayed_and_a_difficult_stack_keeps_its_frames() -> None:
    for errors in ({0: 9.0}, {1: 9.0, 2: 9.0}):
        stack = Stack(precision=errors)
        assert not find_unsupported(stack.measured(), stack.coarse(), stack.refined())


@pytest.mark.parametrize(("points", "reason"), [(30, "too little detail"), (60, "another scene")])
def test_a_frame_with_few_features_could_not_be_matched(points: int, reason: str) -> None:
    stack = Stack(details=dict.fromkeys(range(5), 0.0))
    coarse = replace(stack.coarse(), used=(True, True, False, True, True))
    features = [Features(np.zeros((points, 2)), np.zeros((points, 128), np.float32))] * 5
    assert reason in find_unlinked(stack.measured(), coarse, features)[2]


def streaked(sigma: float) -> Proxy:
    """Noise, blurred alike all ways and then along x."""
    noise = np.random.default_rng(3).standard_normal((300, 400)).astype(np.float32)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5), np.float32)
    if sigma:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma, sigmaY=0.01), np.float32)
    return Proxy(noise, np.zeros((300, 400), np.uint8))


@pytest.mark.parametrize(
    ("sigma", "times", "reason"),
    [(0.9, 1.15, "focused beyond the subject"), (3.0, 2.1, "moved during the exposure")],
)
def test_detail_half_as_much_again_directed_is_a_streak(
    sigma: float, times: float, reason: str
) -> None:
    assert streakiness(streaked(sigma)) / streakiness(streaked(0)) == pytest.approx(times, rel=0.2)
    stack = replace(Stack().measured(), load=lambda index: streaked(sigma if index == 2 else 0.0))
    assert reason in tell_blur(stack, 2)


@pytest.mark.parametrize(("step", "twins"), [(0.2, {3: 2}), (0.45, {})])
def test_frames_a_third_of_a_step_apart_are_focused_alike(
    step: float, twins: dict[int, int]
) -> None:
    details = [0.0, 1.0, 2.0, 2.0 + step, 3.2, 4.2]
    assert find_alike([statistics(detail=d) for d in details]) == twins


def test_three_foreign_pictures_among_eleven_are_left_out() -> None:
    stack = render_stack("plane", width=SIZE[0], height=SIZE[1], frames=8, seed=21)
    others = [
        render_stack("plane", width=SIZE[0], height=SIZE[1], frames=1, seed=seed).frames[0]
        for seed in (4, 5, 6)
    ]
    plan = plan_stack(ArrayFrames([*stack.frames[:5], *others, *stack.frames[5:]]), effort=QUICK)
    assert [f.used for f in plan.frames] == [True] * 5 + [False] * 3 + [True] * 3
    left = [f for f in plan.frames if not f.used]
    assert all(f.reason and "another scene" in f.reason for f in left)
    assert all(any(f.file in warning for warning in plan.warnings) for f in left)
    assert plan.verdict is not None
    assert plan.verdict.grade == "look"


def test_where_a_group_stands_for_the_stack_its_own_frames_count() -> None:
    """A quarter of eight may be given up for being off, whatever was left out before."""
    lost = dict.fromkeys(range(8, 11), "another scene")
    for strayed, given_up in ((2, True), (3, False)):
        found = Stack(count=11, lost=lost, precision=dict.fromkeys(range(1, 1 + strayed), 9.0))
        reasons = find_unsupported(found.measured(), found.coarse(), found.refined())
        assert bool(reasons) == given_up
