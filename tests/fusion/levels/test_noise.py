"""How much noise a frame has, and what pyramids make of it."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.levels.laplacian import LaplacianPyramid
from focusstack.fusion.levels.noise import LEAST_VARIANCE, level_noise, noise_variance
from focusstack.fusion.loops.codes import coded
from tests.fusion.pictures import white


def test_noise_of_every_level_is_what_the_pyramid_makes_of_it() -> None:
    pyramid = LaplacianPyramid((1024, 1024))
    pyramid.decompose(white((1024, 1024), 1.0))
    measured = [float(np.mean(band * band)) for band in pyramid.bands]
    for gain, energy in zip(level_noise(6), measured, strict=False):
        assert energy == pytest.approx(gain, rel=0.15)


def test_noiseless_places_do_not_count_as_quiet() -> None:
    energy = np.zeros((64, 64), np.float32)
    energy[:, 32:] = 1e-4
    assert noise_variance(energy, 1.0) == pytest.approx(1e-4 / level_noise(1)[0], rel=1e-3)
    assert noise_variance(np.zeros((8, 8), np.float32), 1.0) == LEAST_VARIANCE
    assert noise_variance(coded(energy), 1.0) == pytest.approx(
        noise_variance(energy, 1.0), rel=4e-3
    )


def test_noise_is_read_from_the_plainest_tenth() -> None:
    energy = np.linspace(1e-4, 1e-3, 256 * 256, dtype=np.float32).reshape(256, 256)
    found = noise_variance(energy, 1.0) * level_noise(1)[0]
    assert found == pytest.approx(1e-4 + 0.1 * 9e-4, rel=0.05)
    assert noise_variance(coded(energy), 1.0) == pytest.approx(found / level_noise(1)[0], rel=0.01)


def test_noise_is_no_less_than_a_fifth_of_an_8_bit_step() -> None:
    gain, least = level_noise(1)[0], (0.2 / 255) ** 2
    for times, found in ((1.4, 1.4), (0.7, 1.0)):
        energy = np.full((64, 64), times * least * gain, np.float32)
        assert noise_variance(energy, 1.0) == pytest.approx(found * least, rel=1e-3)
