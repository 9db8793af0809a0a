"""Whole frames: what is close enough to be registered, and how much must agree."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.alignment.features.correlation import (
    AGREEING,
    LEAST_ENERGY,
    WINDOW,
    correlate,
    correlate_all,
)
from focusstack.frames.proxies.proxy import Proxy
from focusstack.geometry.coordinates import normalised, transform
from focusstack.numeric.arrays import Float32, Image, Matrix

SIZE = (420, 320)
USABLE = np.ones(SIZE[::-1], np.uint8)


def texture(seed: int) -> Float32:
    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.random((440, 540)).astype(np.float32), (0, 0), 1.5)
    wide = cv2.GaussianBlur(rng.random((440, 540)).astype(np.float32), (0, 0), 30)
    return np.asarray(0.3 + 0.5 * (fine - 0.5) + 6 * (wide - 0.5), np.float32)


def seen(light: Float32, H: Matrix) -> tuple[Float32, Image]:
    """What a frame shows of a scene, by the matrix from frame to scene."""
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(light, H, SIZE, flags=flags), np.float32), USABLE


def turned(zoom: float, turn: float, x: float, y: float) -> Matrix:
    H = np.eye(3)
    H[:2] = cv2.getRotationMatrix2D((210, 160), turn, zoom)
    H[:2, 2] += x, y
    return H


START = turned(1, 0, 60, 60)


@pytest.mark.parametrize(
    "move",
    [turned(1, 0, 4, -3), turned(1.03, 0, 0, 0), turned(1, 1.5, 9, 9), turned(0.97, -1, 15, 0)],
)
@pytest.mark.parametrize("gain", [1.0, 0.4])
def test_zoom_turn_and_shift_are_found_whatever_the_exposure(move: Matrix, gain: float) -> None:
    light = texture(1)
    one, other = seen(light, START), seen(light * np.float32(gain), START @ move)
    fit = correlate(3, 5, one, other)
    assert fit is not None
    assert (fit.first, fit.second) == (3, 5)
    truth = normalised(np.asarray(np.linalg.inv(move), float))
    places = np.array([[60, 60], [360, 60], [60, 260], [360, 260.0]])
    assert np.abs(transform(fit.matrix, places) - transform(truth, places)).max() < 0.3
    assert np.abs(transform(truth, fit.p) - fit.q).max() < 0.5


def test_places_are_in_proxy_pixels() -> None:
    light = texture(1)
    one, other = seen(light, START), seen(light, START @ turned(1, 0, 6, 0))
    plain, scaled = (correlate(0, 1, one, other, scale) for scale in (1.0, 0.5))
    assert plain is not None
    assert scaled is not None
    assert np.allclose(scaled.p, 2 * (plain.p + 0.5) - 0.5)
    assert scaled.matrix[0, 2] == pytest.approx(2 * plain.matrix[0, 2], abs=0.02)


@pytest.mark.parametrize(("share", "linked"), [(0.6, True), (0.1, False)])
def test_a_quarter_of_the_detail_must_agree(share: float, linked: bool) -> None:
    """Of the second frame, a part shows something else."""
    assert LEAST_ENERGY == 0.25
    one, other = seen(texture(1), START)[0], seen(texture(1), START)[0].copy()
    column = round(share * SIZE[0])
    other[:, column:] = seen(texture(2), START)[0][:, column:]
    assert (correlate(0, 1, (one, USABLE), (other, USABLE)) is not None) == linked


@pytest.mark.parametrize(("noise", "linked"), [(0.04, True), (0.2, False)])
def test_detail_must_agree_more_than_noise_lets_it(noise: float, linked: bool) -> None:
    assert AGREEING == 0.6
    assert WINDOW == 33
    rng = np.random.default_rng(3)
    frames = [
        (seen(texture(1), START)[0] + noise * rng.standard_normal(SIZE[::-1])).astype(np.float32)
        for _ in range(2)
    ]
    fit = correlate(0, 1, (frames[0], USABLE), (frames[1], USABLE))
    assert (fit is not None) == linked


def test_pairs_are_compared_whatever_the_number_of_threads() -> None:
    light = np.square(np.maximum(texture(1), 0))
    proxies = [
        Proxy(seen(light, START @ turned(1, 0, 3 * k, 0))[0], np.zeros(SIZE[::-1], np.uint8))
        for k in range(3)
    ]
    found = [
        correlate_all(proxies.__getitem__, [(0, 1), (1, 2)], 1.0, threads)[0] for threads in (1, 2)
    ]
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one.p, other.p)
        assert np.array_equal(one.matrix, other.matrix)
    assert [round(f.matrix[0, 2]) for f in found[0]] == [-3, -3]


def test_nothing_is_registered_with_nothing() -> None:
    black = np.zeros(SIZE[::-1], np.float32)
    assert correlate(0, 1, (black, USABLE), (black, USABLE)) is None
    none = np.zeros(SIZE[::-1], np.uint8)
    full = seen(texture(1), START)[0]
    assert correlate(0, 1, (full, none), (full, none)) is None
