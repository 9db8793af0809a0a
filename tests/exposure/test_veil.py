"""A veil of light is told from gains and tone curves, and gains are right in spite of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.exposure.gains import RegisteredBlocks, compare_gains
from focusstack.exposure.veil import (
    FEWEST,
    LEAVES,
    RANGE,
    SIGMAS,
    VEILED,
    find_veils,
    without_veil,
)
from focusstack.first_pass.effort import QUICK
from focusstack.frames.in_memory import ArrayFrames
from focusstack.images.colour import encode, linearise, to_dtype
from focusstack.numeric.arrays import Float32
from focusstack.pipeline import plan_stack
from focusstack.scene import render_stack
from tests.support.findings import statistics

PAIRS = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)]


def scene(low: float = 0.03, high: float = 0.6, side: int = 48) -> Float32:
    """Light of areas: wide patches between two values."""
    rng = np.random.default_rng(4)
    wide = cv2.resize(rng.random((9, 12)).astype(np.float32), (64, side))
    light = low * (high / low) ** ((wide - wide.min()) / np.ptp(wide))
    return np.asarray(np.repeat(light[..., None], 3, 2), np.float32)


def stack(
    light: Float32,
    veils: tuple[float, ...] = (0, 0, 0, 0),
    gains: tuple[float, ...] = (1, 1, 1, 1),
    powers: tuple[float, ...] = (1, 1, 1, 1),
    noise: float = 0.01,
) -> list[RegisteredBlocks]:
    rng = np.random.default_rng(7)
    frames = []
    for veil, gain, power in zip(veils, gains, powers, strict=True):
        seen = (light**power / gain + veil) * (1 + noise * rng.standard_normal(light.shape))
        frames.append(RegisteredBlocks(seen.astype(np.float32), np.ones(light.shape[:2], bool)))
    return frames


@pytest.mark.parametrize("reference", [0, 1])
@pytest.mark.parametrize("gains", [(1.0, 1, 1, 1), (1.0, 2, 1, 0.6)])
def test_a_veil_is_measured_whichever_frame_is_the_reference(
    reference: int, gains: tuple[float, ...]
) -> None:
    found = find_veils(stack(scene(), (0, 0.06, 0, 0), gains), PAIRS, reference)
    assert found is not None
    assert found[1] == pytest.approx(0.06, abs=0.004)
    assert not found[[0, 2, 3]].any()


def test_the_gain_is_right_without_the_veil_and_half_a_stop_off_with_it() -> None:
    frames = stack(scene(), (0, 0.06, 0, 0))
    with_it = compare_gains(0, 1, frames[0], frames[1])
    assert with_it is not None
    assert with_it.log_ratio.mean() > 0.4 * np.log(2)
    veils = find_veils(frames, PAIRS, 0)
    assert veils is not None
    bare = RegisteredBlocks(frames[1].mean - veils[1].astype(np.float32), frames[1].usable)
    without = compare_gains(0, 1, frames[0], bare)
    assert without is not None
    assert without.log_ratio == pytest.approx(0, abs=0.02)


def test_gains_tone_curves_and_noise_are_no_veil() -> None:
    light = scene()
    assert find_veils(stack(light), PAIRS, 0) is None
    assert find_veils(stack(light, gains=(1, 3, 0.4, 1)), PAIRS, 0) is None
    for power in (0.8, 1.25):
        assert find_veils(stack(light, powers=(1, power, 1, 1)), PAIRS, 0) is None
    assert find_veils(stack(light, (0, 0.06, 0, 0), noise=0.4), PAIRS, 0) is None


def test_thresholds() -> None:
    assert (VEILED, RANGE, SIGMAS, LEAVES, FEWEST) == (0.1, 2.0, 6.0, 0.7, 60)
    light = scene()
    usual = float(np.median(light))
    assert find_veils(stack(light, (0, 0.06 * usual, 0, 0), noise=0.002), PAIRS, 0) is None
    assert find_veils(stack(light, (0, 0.16 * usual, 0, 0), noise=0.002), PAIRS, 0) is not None
    # In an evenly lit picture it cannot be told from a gain.
    assert find_veils(stack(scene(0.2, 0.32), (0, 0.05, 0, 0), noise=0.001), PAIRS, 0) is None
    assert find_veils(stack(scene(0.1, 0.9), (0, 0.06, 0, 0), noise=0.001), PAIRS, 0) is not None
    for rows, found in ((2, False), (3, True)):  # 32 areas, and 64
        assert (find_veils(stack(scene(side=rows), (0, 0.06, 0, 0)), PAIRS, 0) is not None) == found


def test_nothing_to_compare_has_no_veil() -> None:
    assert find_veils([None, *stack(scene())[1:]], [(0, 1)], 0) is None


def test_a_veil_is_taken_off_statistics() -> None:
    facts = statistics(light=0.2)
    assert without_veil(facts, np.zeros(3)) is facts
    assert without_veil(facts, np.full(3, 0.05)).blocks == pytest.approx(0.15)
    assert without_veil(facts, np.full(3, 0.5)).blocks.min() > 0


def test_a_stack_with_glare_keeps_its_gains_and_says_so() -> None:
    frames = render_stack(
        "plane", width=480, height=360, frames=4, noise=0.003, ev=0.0, wb=0.0, seed=2
    ).frames
    dark = np.linspace(0.05, 1.0, 480, dtype=np.float32)[None, :, None]
    veiled = []
    for k, frame in enumerate(frames):
        light = linearise(frame) * dark + np.float32(0.06 if k == 1 else 0)
        veiled.append(to_dtype(encode(np.minimum(light, 1)), np.dtype(np.uint8)))
    plan = plan_stack(ArrayFrames(veiled), effort=QUICK)
    for planned in plan.frames:
        assert np.log2(planned.gain) == pytest.approx(0, abs=0.06)
        assert planned.exponent == 1
    told = [w for w in plan.warnings if "veil" in w]
    assert len(told) == 1
    assert "frame_0002" in told[0]
    assert "frame_0001" not in told[0]
