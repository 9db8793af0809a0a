"""Dim stacks are judged by their own peak; bright ones stay as they are."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from focusstack.alignment.coarse import Coarse
from focusstack.exposure.shading import EVEN
from focusstack.exposure.terms import Terms
from focusstack.exposure.trial import LightChoice
from focusstack.first_pass.light import find_common_exposure, find_light
from focusstack.first_pass.measure import Measured
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.proxies.lift import (
    DIM,
    LIFTED,
    MOST_OF_8_BITS,
    find_lift,
    lift_proxy,
    lift_statistics,
)
from focusstack.frames.proxies.proxy import Statistics, make_proxy
from focusstack.images.colour import encode
from focusstack.numeric.arrays import Image
from focusstack.options import OutputOptions
from focusstack.pipeline import stack
from focusstack.runtime.spool import Spool
from tests.support.findings import statistics


def with_peak(peak: float) -> Statistics:
    return replace(statistics(), peak=np.full(3, peak))


def beads(
    white: int, noise: float, count: int = 90, size: tuple[int, int] = (400, 320)
) -> list[Image]:
    """Points of light in the dark at several depths, as counts in 16 bits; a hand that wavers."""
    rng = np.random.default_rng(3)
    places = rng.uniform(0.04, 0.96, (count, 2)) * size
    depths, power = rng.integers(0, 5, count), rng.uniform(0.2, 1, count)
    frames = []
    for k in range(5):
        light = np.zeros((size[1], size[0]), np.float32)
        moved = places + rng.uniform(-3, 3, 2)
        for depth in range(5):
            layer = np.zeros_like(light)
            for (x, y), p in zip(moved[depths == depth], power[depths == depth], strict=True):
                cv2.circle(layer, (round(x * 16), round(y * 16)), 48, float(p), -1, cv2.LINE_AA, 4)
            light += cv2.GaussianBlur(layer, (0, 0), 0.7 + 1.2 * abs(depth - k))
        codes = 100 + light * white + rng.normal(0, noise, light.shape)
        frames.append(np.rint(np.clip(codes, 0, 65535)).astype(np.uint16))
    return frames


@pytest.mark.parametrize("white", [4000, 500])
def test_counts_of_a_camera_are_aligned_without_a_warning(white: int, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = stack(ArrayFrames(beads(white, 3.0)), OutputOptions(tmp_path, aligned=False))
    assert all(f.used for f in done.plan.frames)
    assert done.plan.verdict is not None
    assert done.plan.verdict.grade == "pass"
    # Nothing is brighter in the result than it was.
    assert done.image is not None
    assert int(done.image.max()) < 1.1 * max(int(f.max()) for f in beads(white, 3.0))


def test_only_a_dim_stack_is_lifted_and_by_whole_stops() -> None:
    deep = np.dtype(np.uint16)
    for peak in (1.0, 0.3, 1.01 * DIM):
        assert find_lift([with_peak(peak)], deep) == 1
    assert DIM == 0.125
    assert LIFTED == 0.5
    for peak in (0.99 * DIM, 0.01, 3e-4):
        factor = find_lift([with_peak(peak), with_peak(peak / 9)], deep)
        assert np.log2(factor) % 1 == 0
        assert LIFTED / 2 < factor * peak <= LIFTED
    assert find_lift([with_peak(0.0)], deep) == 1


def test_codes_of_8_bits_are_lifted_little() -> None:
    assert MOST_OF_8_BITS == 4
    assert find_lift([with_peak(0.003)], np.dtype(np.uint8)) == 4
    assert find_lift([with_peak(0.1)], np.dtype(np.uint8)) == 4


def test_what_is_lifted_is_as_if_it_had_been_exposed_longer() -> None:
    rng = np.random.default_rng(1)
    light = cv2.GaussianBlur(rng.random((96, 128, 3), np.float32), (0, 0), 1.5)
    dim, bright = (np.asarray(encode(light * k), np.float32) for k in (1 / 64, 1.0))
    (proxy, facts), (_, wanted) = make_proxy(dim, 1.0), make_proxy(bright, 1.0)
    lifted = lift_proxy(proxy, 64)
    found = lift_statistics(facts, lifted, 64)
    for name in ("blocks", "signature", "sharpness", "peak"):
        assert np.allclose(getattr(found, name), getattr(wanted, name), rtol=2e-3), name
    assert lift_proxy(proxy, 1) is proxy
    assert lift_statistics(facts, proxy, 1) is facts


def test_a_tone_curve_is_that_of_the_frames_own_light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a frame x that is the reference's light to the power of 1 / e, ``g xᵉ`` is that light."""
    exponents, size = [1.0, 0.8], (400, 320)
    rng = np.random.default_rng(2)
    light = cv2.GaussianBlur(rng.uniform(0.2, 0.9, size[::-1]).astype(np.float32), (0, 0), 9) / 64
    frames = [encode(np.asarray(light ** (1 / e), np.float32)) for e in exponents]
    facts = [make_proxy(f, 1.0) for f in frames]
    terms = Terms([EVEN, EVEN], exponents, LightChoice())
    monkeypatch.setattr("focusstack.first_pass.light.choose_terms", lambda *_: terms)
    coarse = Coarse(np.stack([np.eye(3)] * 2), (True, True), 0, (), ((0, 1),))
    for lift in (1.0, find_lift([s for _, s in facts], np.dtype(np.float32))):
        seen = [lift_statistics(s, lift_proxy(p, lift), lift) for p, s in facts]
        stack = Measured(
            [0, 1],
            ["a", "b"],
            seen,
            lambda k: facts[k][0],
            Spool(),
            1.0,
            size,
            (),
            [None] * 2,
            lift,
        )
        found = find_light(stack, coarse.matrices, coarse, 1)
        assert found.gains[1] == pytest.approx(1, rel=0.02), lift
        common = find_common_exposure(stack, coarse, found, coarse.matrices, deep=True)
        assert common.common == 1
    assert lift == 32
    # Highlights are held against white as they are, not as they are measured.
    bright = replace(found, gains=found.gains * 300)
    peak = float(max(light.max(), 1e-9))
    wanted = 1 / (300 * peak)
    common = find_common_exposure(stack, coarse, bright, coarse.matrices, deep=True)
    assert common.common == pytest.approx(wanted, rel=0.03)
