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
