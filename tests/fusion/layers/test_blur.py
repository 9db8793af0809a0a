"""Blur by Fourier transform is blur by a disc."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.layers.blur import Blur, picture, spectrum
from focusstack.numeric.arrays import Float32
from focusstack.numeric.disc import disc


def planes() -> Float32:
    return np.random.default_rng(0).random((2, 3, 48, 64), np.float32)


def test_picture_undoes_spectrum() -> None:
    assert np.abs(picture(spectrum(planes())) - planes()).max() < 1e-6


@pytest.mark.parametrize("steps", [0.0, 1.5, -4.0])
def test_transfer_blurs_by_a_disc(steps: float) -> None:
    blurred = picture(spectrum(planes()) * Blur(1.2).transfer(steps, (48, 64)))
    wide = np.pad(planes()[1, 2], 16, mode="wrap")
    expected = cv2.filter2D(wide, -1, disc(abs(steps) * 1.2))[16:-16, 16:-16]
    assert np.abs(blurred[1, 2] - expected).max() < 1e-5


def test_soft_disc_is_wider_by_its_softness() -> None:
    point = np.zeros((64, 64), np.float32)
    point[32, 32] = 1
    y, _ = np.mgrid[-32:32, -32:32]

    def variance(blur: Blur) -> float:
        seen = picture(spectrum(point) * blur.transfer(4, (64, 64)))
        return float((seen * y * y).sum())

    assert variance(Blur(1.0, 0.5)) - variance(Blur(1.0)) == pytest.approx(2.0**2, rel=0.02)


def test_wide_disc_keeps_all_light_in_a_small_square() -> None:
    assert Blur(10.0).transfer(9, (32, 32))[0, 0] == pytest.approx(1, abs=1e-5)
