"""The finest band, which is never stored."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.levels.evidence import (
    FINEST_RADIUS,
    RADIUS,
)
from focusstack.fusion.levels.finest import FinestLevel, window
from focusstack.fusion.levels.laplacian import LaplacianPyramid
from focusstack.fusion.levels.luminance import split
from focusstack.fusion.loops.codes import decoded
from focusstack.resample.planes import Planes
from tests.fusion.levels.test_evidence import measured
from tests.fusion.pictures import white


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("shape", [(37, 61), (64, 90), (9, 8)])
def test_finest_band_is_that_of_the_pyramid(shape: tuple[int, int], deep: bool) -> None:
    image = white((*shape, 3), 0.2)
    evidence, colour = measured(image)
    luma, chroma = np.empty(shape, np.float32), np.empty((*shape, 2), np.float32)
    split(image, luma, chroma)
    bands = []
    for plane in (luma, chroma):
        pyramid = LaplacianPyramid(plane.shape)
        pyramid.decompose(plane)
        bands.append(pyramid.bands[0])
    taps = window(FINEST_RADIUS * RADIUS)
    np.testing.assert_allclose(
        decoded(evidence.finest),
        cv2.sepFilter2D(bands[0] ** 2, -1, taps, taps),
        rtol=4e-3,
        atol=1e-5,
    )
    finest = FinestLevel(image.shape, FINEST_RADIUS * RADIUS, apart=True, deep=deep)
    energy, focus = np.empty(shape, np.uint16), np.zeros(finest.reduced.shape, np.float32)
    finest.measure(Planes.of(image), energy, focus)
    finest.add(Planes.of(image), energy, 0.0, None, focus, (1.0, 1.0), None)
    np.testing.assert_allclose(finest.band(slice(None)), bands[0], atol=1e-5 if deep else 4e-5)
    np.testing.assert_allclose(
        finest.chroma_band(slice(None)), bands[1], atol=1e-5 if deep else 4e-5
    )
    assert colour is not None


def test_nothing_depends_on_how_the_work_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    image = white((210, 75, 3), 0.1)
    made = []
    for pixels, threads in ((75 * 50, 1), (75 * 50, 3), (1, 2), (10**9, 1)):
        monkeypatch.setattr("focusstack.runtime.strips.PIXELS", pixels)
        finest = FinestLevel(image.shape, 1.2, threads, apart=True)
        energy, colour = np.zeros((210, 75), np.uint16), np.zeros((105, 38), np.float32)
        for _ in range(2):
            finest.measure(Planes.of(image), energy, colour)
            finest.add(Planes.of(image), energy, 1e-4, None, colour, (1e-4, 1e-4), None)
        made.append([finest.image(finest.reduced, finest.reduced_chroma), energy, colour])
    for one, three, cut, whole in zip(*made, strict=True):
        np.testing.assert_array_equal(one, three)
        np.testing.assert_allclose(one, cut, atol=1e-6)
        np.testing.assert_allclose(one, whole, atol=1e-6)


def test_a_third_of_the_second_level_counts_for_the_finest() -> None:
    shape = (32, 40)
    finest, energy = FinestLevel(shape, 1.2), np.zeros(shape, np.uint16)
    frame = Planes.of(white(shape, 0.1))
    finest.measure(frame, energy, None)
    second = np.full((16, 20), 4.0, np.float32)
    finest.add(frame, np.zeros_like(energy), 0.0, second, None, (1.0, 1.0), None)
    np.testing.assert_allclose(finest.signal.amplitude**2, 0.3 * 4, rtol=1e-3)
