"""Shading and exponents: recovered where they are, not found where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.exposure.fit import gathered
from focusstack.exposure.gains import RegisteredBlocks
from focusstack.exposure.shading import EVEN, Shading
from focusstack.exposure.terms import Terms, choose_terms, terms_of_frames
from focusstack.frames.proxies.proxy import BLOCK
from focusstack.images.colour import encode, linearise, to_dtype
from focusstack.scene.stack import RenderedStack, render_stack
from tests.support.areas import THETA, exact
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


# Decisions ------------------------------------------------------------------------------------

GRID = (60, 80)
EDGES = (BLOCK * GRID[1], BLOCK * GRID[0])


def seen(tones: float, noise: float, shading: Shading = EVEN, exponent: float = 0.0) -> Terms:
    """What is said of four frames of blocks whose tones span so many stops."""
    rng = np.random.default_rng(0)
    scene = rng.uniform(-1 - 1.25 * tones * np.log(2), -1, GRID)
    places = (grid((GRID[1], GRID[0])) + 0.5) * BLOCK - 0.5
    frames = []
    for t in (0.0, 1.0, -1.0, 2.0):
        lit = scene / (1 + exponent * t) - t * shading.logarithm(places, EDGES).reshape(GRID)
        light = np.exp(lit + rng.normal(0, noise, GRID)).astype(np.float32)
        frames.append(RegisteredBlocks(light[..., None], np.ones(GRID, bool)))
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    return choose_terms(frames, np.stack([np.eye(3)] * 4), pairs, 0, EDGES)


@pytest.mark.parametrize(("tones", "told"), [(1.4, True), (0.7, False)])
def test_an_exponent_is_told_from_a_gain_over_more_than_a_stop(tones: float, told: bool) -> None:
    assert ("exponent" in seen(tones, 0.003, exponent=0.1).choice.terms) == told


@pytest.mark.parametrize(("strength", "tried"), [(0.06, True), (0.0, False)])
def test_only_what_some_terms_explain_is_tried(strength: float, tried: bool) -> None:
    found = seen(1.0, 0.05, Shading(across=strength))
    left = found.choice.left_by_all
    assert left is not None
    assert (0.6 < left < 0.9) if tried else (left > 0.97)
    assert bool(found.choice.trials) == tried


@pytest.mark.parametrize(("stops", "kept"), [(0.0028, True), (0.0014, False)])
def test_what_changes_nothing_to_speak_of_is_left_out(stops: float, kept: bool) -> None:
    fit = gathered(exact(THETA), [(0, 1), (1, 2), (2, 3)], 1)
    assert fit is not None
    theta = np.zeros((4, 6))
    # From one corner to the other a plane changes by twice its term in half diagonals.
    theta[0, 3] = stops * np.log(2) * np.hypot(*SIZE) / 2 / (SIZE[0] - 1)
    theta[2, 5] = stops * np.log(2) / fit.tones
    shadings, exponents = terms_of_frames(fit, theta, SIZE)
    assert (not shadings[0].is_even) == kept
    assert (exponents[2] != 1) == kept
