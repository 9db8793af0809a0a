"""Shading and exponents: recovered where they are, not found where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.exposure.areas import MOST_AREAS, Areas, areas_of
from focusstack.exposure.fit import (
    CELLS,
    EXPONENT,
    FEWEST,
    coefficients,
    from_reference,
    gathered,
    residuals,
    robust_weights,
    summed,
)
from focusstack.exposure.gains import RegisteredBlocks
from focusstack.exposure.shading import EVEN, Shading
from focusstack.exposure.trial import HALVES, TONES, held_out
from focusstack.frames.proxies.proxy import BLOCK
from focusstack.images.colour import encode, linearise, to_dtype
from focusstack.numeric.arrays import Points
from focusstack.scene.stack import RenderedStack, render_stack
from tests.support.uneven_light import Fault, grid, terms_of, with_faults

SIZE = (640, 480)
FRAMES = 6
FROM_REFERENCE = (-1.0, -0.7, -0.3, 0.0, 0.4, 0.8)
"""How far each frame's fault goes; the reference has none."""


@pytest.fixture(scope="module")
def plain() -> RenderedStack:
    """Layers at several depths, out of focus by up to 7 pixels, noise and exposure included."""
    return render_stack("steps", width=640, height=480, frames=FRAMES, blur=7, seed=4, bits=16)


@pytest.fixture(scope="module")
def toned() -> RenderedStack:
    """A still life of more than two stops."""
    return render_stack("desk", width=640, height=480, frames=FRAMES, blur=6, seed=4)


def faults(shading: Shading = EVEN, exponent: float = 0.0) -> list[Fault]:
    """Faults that grow with focus."""
    a, b, x, y = shading.square, shading.fourth, shading.across, shading.down
    return [
        Fault(Shading(a * t, b * t, x * t, y * t * t), 1 + exponent * t) for t in FROM_REFERENCE
    ]


@pytest.mark.parametrize(
    ("terms", "given"),
    [
        ("radial", faults(Shading(square=0.15))),
        ("steep radial", faults(Shading(square=0.1, fourth=0.4))),
        ("planar", faults(Shading(across=0.1, down=0.06))),
        ("radial, planar", faults(Shading(square=0.12, across=-0.1))),
        ("exponent", faults(exponent=0.06)),
        ("radial, exponent", faults(Shading(square=0.2), 0.06)),
    ],
)
def test_what_frames_differ_by_is_recovered(
    plain: RenderedStack, toned: RenderedStack, terms: str, given: list[Fault]
) -> None:
    found = terms_of(with_faults(toned if "exponent" in terms else plain, given))
    assert found.choice.terms == terms
    points = grid(SIZE, 20)
    for fault, shading, exponent in zip(given, found.shadings, found.exponents, strict=True):
        off = (shading.logarithm(points, SIZE) - fault.shading.logarithm(points, SIZE)) / np.log(2)
        assert np.percentile(np.abs(off - np.median(off)), 95) < 0.01  # stops
        assert exponent == pytest.approx(fault.exponent, abs=0.01)
    assert found.shadings[3] == EVEN
    assert found.exponents[3] == 1
    assert terms in [t.terms for t in found.choice.trials if t.earned]


def test_one_frame_may_differ_alone(plain: RenderedStack) -> None:
    given = [Fault()] * FRAMES
    given[1] = Fault(Shading(across=0.1))
    found = terms_of(with_faults(plain, given))
    assert found.choice.terms == "planar"
    strength = [s.strength for s in found.shadings]
    assert strength[1] == pytest.approx(0.1, abs=0.01)
    assert max(strength[:1] + strength[2:]) < 0.01


@pytest.mark.parametrize("scene", ["plane", "steps", "stems"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_stack_that_gains_explain_earns_nothing(scene: str, seed: int) -> None:
    blur, noise, ev = (4.0, 9.0, 14.0)[seed], (0.004, 0.02, 0.01)[seed], (0.2, 2.0, 0.5)[seed]
    stack = render_stack(
        scene, width=400, height=300, frames=5, blur=blur, noise=noise, ev=ev, seed=seed
    )
    found = terms_of(stack)
    assert found.choice.terms == "gain"
    assert not found.any
    assert found.choice.left_by_all is not None


def test_a_veil_over_a_part_is_no_shading(plain: RenderedStack) -> None:
    # A bright patch on one side of one frame, as of a defocused leaf: smooth, but no plane.
    frames = [f.copy() for f in plain.frames]
    x, y = np.meshgrid(np.arange(640), np.arange(480))
    patch = 1 + 0.2 * np.exp(-((x - 160) ** 2 + (y - 150) ** 2) / 2 / 60**2)
    frames[1] = np.minimum(frames[1] * patch[..., None] ** (1 / 2.2), 65535).astype(np.uint16)
    assert terms_of(replace(plain, frames=frames)).choice.terms == "gain"


def test_stray_light_is_no_exponent(toned: RenderedStack) -> None:
    # Added light brightens the shadows, as an exponent would, but not in proportion.
    frames = [
        to_dtype(encode(linearise(f) + np.float32(0.01 * max(t, 0))), f.dtype)
        for f, t in zip(toned.frames, FROM_REFERENCE, strict=True)
    ]
    found = terms_of(replace(toned, frames=frames))
    assert "exponent" not in found.choice.terms


def test_a_scene_of_one_tone_tells_no_exponent(plain: RenderedStack) -> None:
    assert "exponent" not in terms_of(with_faults(plain, faults(exponent=0.06))).choice.terms


def test_nothing_in_common_is_no_choice() -> None:
    stack = render_stack("plane", width=96, height=72, frames=2, seed=0)
    found = terms_of(stack)
    assert not found.any
    assert found.choice.left_by_all is None


# The fit --------------------------------------------------------------------------------------

AREAS = 300


def areas(rng: np.random.Generator, log: Points, places: Points) -> Areas:
    u, v = places.T
    r2 = u * u + v * v
    return Areas(
        log,
        np.stack([r2, r2 * r2, u, v, log], 1),
        np.ones(len(log), bool),
        np.zeros(len(log)),
        np.exp(log),
        u > 0,
        v > 0,
    )


def exact(theta: Points) -> list[Areas]:
    """Areas of frames that differ by levels and terms and nothing else."""
    rng = np.random.default_rng(0)
    scene = rng.uniform(-3, -0.5, AREAS)
    found = []
    for level, a, b, x, y, e in theta:
        places = rng.uniform(-0.7, 0.7, (AREAS, 2))
        u, v = places.T
        r2 = u * u + v * v
        log = (scene - level - a * r2 - b * r2 * r2 - x * u - y * v) / (1 + e)
        found.append(areas(rng, log, places))
    return found


THETA = np.array(
    [
        [0.3, 0.1, -0.05, 0.02, 0.03, 0.1],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [-0.5, -0.2, 0.1, 0.0, -0.1, -0.05],
        [0.1, 0.05, 0.0, 0.1, 0.0, 0.02],
    ]
)


def test_exact_differences_are_solved_exactly() -> None:
    fit = gathered(exact(THETA), [(0, 1), (1, 2), (2, 3), (0, 3)], 1)
    assert fit is not None
    every = (0, 1, 2, 3, 4)
    found = coefficients(summed(fit), fit, every, CELLS)
    assert from_reference(found, fit) == pytest.approx(THETA, abs=1e-3)  # terms are expected small
    assert np.abs(residuals(fit, found, every)[0]).max() < 1e-3


def test_frames_without_a_link_are_left_alone() -> None:
    fit = gathered(exact(THETA), [(0, 1), (2, 3)], 1)
    assert fit is not None
    found = coefficients(summed(fit), fit, (4,), CELLS)
    assert not found[2:].any()
    assert gathered(exact(THETA), [(2, 3)], 1) is None


def test_exponents_of_many_frames_do_not_shrink_together() -> None:
    # Each frame's areas have noise of their own, which is less the smaller its exponent.
    rng = np.random.default_rng(7)
    scene, places = rng.uniform(-3, -0.5, AREAS), rng.uniform(-0.7, 0.7, (AREAS, 2))
    count, true = 150, 1 + 0.05 * np.sin(np.arange(150))
    frames = [areas(rng, scene / e + rng.normal(0, 0.02, AREAS), places) for e in true]
    pairs = [(i, j) for i in range(count) for j in (i + 1, i + 2, i + 4) if j < count]
    fit = gathered(frames, pairs, count // 2)
    assert fit is not None
    fit = replace(fit, weight=robust_weights(fit))
    found = from_reference(coefficients(summed(fit), fit, (EXPONENT,), CELLS), fit)
    assert 1 + found[:, 1 + EXPONENT] == pytest.approx(true / true[count // 2], abs=0.02)


@pytest.mark.parametrize("pairs", [1, 100, 5000])
def test_each_pair_has_areas_enough_for_terms(pairs: int) -> None:
    blocks = RegisteredBlocks(np.full((150, 200, 3), 0.2, np.float32), np.ones((150, 200), bool))
    found = areas_of(blocks, np.eye(3), (200 * BLOCK, 150 * BLOCK), pairs)
    assert 4 * FEWEST <= len(found.log) <= 2 * MOST_AREAS


def test_folds_are_halves() -> None:
    for folds in (HALVES, TONES):
        assert all(len(f) == 4 for f in folds)
        for first, second in zip(folds[::2], folds[1::2], strict=True):
            assert sorted(first + second) == list(CELLS)


def test_a_trial_of_what_is_not_there_is_not_earned() -> None:
    theta = THETA.copy()
    theta[:, 1:] = 0
    fit = gathered(exact(theta), [(0, 1), (1, 2), (2, 3)], 1)
    assert fit is not None
    for folds, columns in ((HALVES, (0,)), (TONES, (4,))):
        trial = held_out(fit, summed(fit), (), columns, folds)
        assert not trial.earned
