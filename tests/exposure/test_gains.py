"""Exposure: gains from registered blocks, one solve over all pairs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.exposure.gains import (
    GainRatio,
    RegisteredBlocks,
    compare_gains,
    register_blocks,
    solve_gains,
)
from focusstack.frames.proxies.proxy import BLOCK, make_proxy
from focusstack.geometry.coordinates import translation
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats
from focusstack.scene.stack import RenderedStack

GRID = (45, 60)


def blocks(seed: int = 0, gain: Floats | float = 1.0, spread: float = 0.0) -> RegisteredBlocks:
    """A scene of smooth light seen at some exposure; `spread` is each area's own deviation."""
    light = np.random.default_rng(0).uniform(0.02, 0.6, (*GRID, 3))
    own = np.exp(np.random.default_rng(seed).normal(0, spread, light.shape)) if spread else 1
    mean = (light * own * gain).astype(np.float32)
    return RegisteredBlocks(mean, np.ones(GRID, bool))


def ratio(first: int, second: int, log: float, sigma: float = 0.001) -> GainRatio:
    return GainRatio(first, second, np.full(3, log), np.full(3, sigma))


# One pair -------------------------------------------------------------------------------------


def test_ratio_of_two_exposures_with_outliers() -> None:
    truth = np.array([1.25, 1.2, 1.3])
    a, b = blocks(1, spread=0.01), blocks(2, truth, spread=0.01)
    # Focus moves light about in a tenth of the areas, always to the brighter.
    moved = np.random.default_rng(3).random(GRID) < 0.1
    b.mean[moved] *= 1.6
    found = compare_gains(4, 7, a, b)
    assert found is not None
    assert (found.first, found.second) == (4, 7)
    assert np.exp(found.log_ratio) == pytest.approx(truth, rel=3e-3)
    # The claimed error is about the real one: areas of 1 % noise on both sides, many of them.
    assert (found.sigma < 0.003).all()
    off = np.abs(found.log_ratio - np.log(truth))
    assert (off < 4 * found.sigma).all()


def test_clipped_areas_take_no_part() -> None:
    truth = 1.5
    a, b = blocks(1), blocks(2, truth)
    clipped = b.mean.max(axis=2) > 0.6
    assert 0.3 < clipped.mean() < 0.9
    np.minimum(b.mean, 0.6, out=b.mean)
    usable = RegisteredBlocks(b.mean, ~clipped)
    found = compare_gains(0, 1, a, usable)
    assert found is not None
    assert np.exp(found.log_ratio) == pytest.approx([truth] * 3, rel=1e-4)


def test_too_little_in_common_is_no_ratio() -> None:
    a, b = blocks(), blocks()
    nowhere = RegisteredBlocks(b.mean, np.zeros(GRID, bool))
    dark = RegisteredBlocks(b.mean * np.float32(1e-3), b.usable)
    assert compare_gains(0, 1, a, nowhere) is None
    assert compare_gains(0, 1, a, dark) is None
    corner = np.zeros(GRID, bool)
    corner[:6, :6] = True
    assert compare_gains(0, 1, a, RegisteredBlocks(b.mean, corner)) is None


@pytest.mark.parametrize(("light", "told"), [(0.0028, True), (0.0014, False)])
def test_dark_areas_take_no_part(light: float, told: bool) -> None:
    dark = RegisteredBlocks(np.full((*GRID, 3), light, np.float32), np.ones(GRID, bool))
    assert (compare_gains(0, 1, dark, dark) is not None) == told


@pytest.mark.parametrize(("count", "told"), [(28, True), (14, False)])
def test_a_few_areas_are_enough(count: int, told: bool) -> None:
    few = np.zeros(GRID, bool)
    few.flat[:count] = True
    seen = RegisteredBlocks(blocks().mean, few)
    assert (compare_gains(0, 1, seen, seen, step=1) is not None) == told


def test_no_comparison_is_surer_than_a_ten_thousandth() -> None:
    found = compare_gains(0, 1, blocks(), blocks())
    assert found is not None
    assert found.sigma == pytest.approx([1e-4] * 3, rel=0.3)


def test_the_claimed_error_is_that_of_overlapping_windows() -> None:
    # Noise block by block, averaged over windows as frames' blocks are.
    rng = np.random.default_rng(0)
    off = []
    for _ in range(60):
        noise = rng.normal(1, 0.05, (2, *GRID, 3))
        a, b = (
            RegisteredBlocks(cv2.blur(n, (5, 5)).astype(np.float32), np.ones(GRID, bool))
            for n in noise
        )
        found = compare_gains(0, 1, a, b)
        assert found is not None
        off.append(found.log_ratio / found.sigma)
    assert 0.75 < np.sqrt(np.square(off).mean()) < 1.2


def test_registration_moves_blocks_to_the_canvas() -> None:
    rng = np.random.default_rng(0)
    scene = rng.integers(20, 200, (320 // BLOCK, 480 // BLOCK, 3)).astype(np.uint8)
    frame = np.kron(scene, np.ones((BLOCK, BLOCK, 1), np.uint8))
    _, facts = make_proxy(frame, 1.0)
    shift = translation(3 * BLOCK, -2 * BLOCK)
    still, moved = register_blocks(facts, np.eye(3)), register_blocks(facts, shift)
    assert still.usable[2:-2, 2:-2].all()
    assert not still.usable[:2].any()
    both = np.zeros_like(moved.usable)
    both[4:-6, 7:-4] = True
    assert moved.usable[both].all()
    assert moved.mean[4:-6, 7:-4] == pytest.approx(still.mean[6:-4, 4:-7], rel=1e-3)
    # Where the frame has nothing, nothing is compared.
    assert not moved.usable[:, :3].any()
    assert not moved.usable[-2:].any()


def test_blocks_follow_what_is_displaced() -> None:
    rng = np.random.default_rng(0)
    facts = make_proxy(rng.integers(20, 200, (320, 480, 3)).astype(np.uint8), 1.0)[1]
    x, y = 3 * BLOCK, -2 * BLOCK
    grid = np.broadcast_to(np.array([-x, -y], np.float32), (4, 5, 2))
    moved = register_blocks(facts, translation(x, y))
    displaced = register_blocks(facts, np.eye(3), Field(np.array(grid), 480, 320))
    assert np.array_equal(moved.usable, displaced.usable)
    assert displaced.mean[moved.usable] == pytest.approx(moved.mean[moved.usable], rel=1e-4)


def test_a_clipped_pixel_spoils_every_window_that_sees_it() -> None:
    frame = np.full((320, 480, 3), 90, np.uint8)
    frame[160, 240, 1] = 255
    _, facts = make_proxy(frame, 1.0)
    usable = register_blocks(facts, np.eye(3)).usable
    y, x = 160 // BLOCK, 240 // BLOCK
    assert not usable[y - 2 : y + 3, x - 2 : x + 3].any()
    assert usable[y - 5, x]
    assert usable[y, x + 5]


@pytest.mark.parametrize("name", ["plane_stack", "steps_stack"])
def test_gains_of_rendered_frames(name: str, request: pytest.FixtureRequest) -> None:
    stack: RenderedStack = request.getfixturevalue(name)
    facts = [make_proxy(frame, 1.0)[1] for frame in stack.frames]
    seen = [register_blocks(f, H) for f, H in zip(facts, stack.matrices, strict=True)]
    pairs = [(i, j) for i in range(6) for j in range(i + 1, 6) if j - i in (1, 2, 4)]
    ratios = [r for i, j in pairs if (r := compare_gains(i, j, seen[i], seen[j]))]
    assert len(ratios) == len(pairs)
    gains = solve_gains(ratios, 6, 3, stack.reference)
    assert gains == pytest.approx(stack.gains, rel=3e-3)


# All pairs ------------------------------------------------------------------------------------


@given(gains=st.lists(st.floats(0.25, 4), min_size=2, max_size=8), data=st.data())
@settings(max_examples=50)
def test_consistent_ratios_are_solved_exactly(gains: list[float], data: st.DataObject) -> None:
    count = len(gains)
    reference = data.draw(st.integers(0, count - 1))
    extra = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))))
    pairs = [(k, k + 1) for k in range(count - 1)] + [(i, j) for i, j in extra if i != j]
    # A frame that needs the gain g is 1 / g as bright.
    logs = -np.log(gains)
    found = solve_gains([ratio(i, j, logs[j] - logs[i]) for i, j in pairs], count, 3, reference)
    expected = np.array(gains) / gains[reference]
    assert found[:, 0] == pytest.approx(expected, rel=1e-6)
    assert np.array_equal(found[reference], [1, 1, 1])


def test_inconsistent_pairs_are_averaged_by_their_errors() -> None:
    # Two ways from 0 to 2 disagree; the surer one decides.
    ratios = [ratio(0, 1, 0.1, 0.001), ratio(1, 2, 0.1, 0.001), ratio(0, 2, 0.23, 0.1)]
    gains = solve_gains(ratios, 3, 3, 0)
    assert gains[2] == pytest.approx(np.full(3, np.exp(-0.2)), rel=1e-3)
    # Alike sure, they meet in between.
    gains = solve_gains([*ratios[:2], ratio(0, 2, 0.21, 0.001)], 3, 3, 0)
    assert 0.2 < -np.log(gains[2, 0]) < 0.21


def test_one_wrong_pair_is_outvoted() -> None:
    truth = np.linspace(0, 0.6, 7)
    pairs = [(i, j) for i in range(7) for j in range(i + 1, 7) if j - i in (1, 2, 4)]
    ratios = [ratio(i, j, truth[j] - truth[i]) for i, j in pairs]
    ratios[3] = ratio(*pairs[3], 0.5 + truth[pairs[3][1]] - truth[pairs[3][0]])
    gains = solve_gains(ratios, 7, 3, 3)
    assert gains[:, 0] == pytest.approx(np.exp(truth[3] - truth), rel=3e-3)


def test_channels_are_solved_each_by_itself() -> None:
    one = GainRatio(0, 1, np.log([1.1, 1.2, 1.3]), np.full(3, 0.001))
    assert solve_gains([one], 2, 3, 0)[1] == pytest.approx(1 / np.array([1.1, 1.2, 1.3]))
    grey = GainRatio(0, 1, np.log([2.0]), np.full(1, 0.001))
    assert solve_gains([grey], 2, 1, 1) == pytest.approx(np.array([[2.0], [1.0]]))


def test_frames_without_a_link_have_no_gain() -> None:
    gains = solve_gains([ratio(0, 1, 0.1), ratio(3, 4, 0.2)], 5, 3, 0)
    assert np.isfinite(gains[:2]).all()
    assert np.isnan(gains[2:]).all()
    alone = solve_gains([], 3, 3, 1)
    assert np.array_equal(alone[1], [1, 1, 1])
    assert np.isnan(alone[[0, 2]]).all()
