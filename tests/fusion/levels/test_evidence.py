"""Evidence for sharpness is what exceeds the noise."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.levels.evidence import (
    CHROMA_QUIET,
    FINEST_RADIUS,
    QUIET,
    RADIUS,
    ChromaEvidence,
    FocusEvidence,
)
from focusstack.fusion.levels.finest import FinestLevel
from focusstack.fusion.levels.laplacian import LaplacianPyramid, level_shapes
from focusstack.fusion.levels.luminance import join
from focusstack.fusion.levels.noise import level_noise
from focusstack.fusion.loops.codes import decoded
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import Planes
from focusstack.runtime.strips import beside
from tests.fusion.pictures import white


def measured(image: Float32, apart: bool = True) -> tuple[FocusEvidence, ChromaEvidence | None]:
    """Evidence of an image at all levels."""
    shapes = level_shapes(*image.shape[:2])
    evidence, colour = FocusEvidence(shapes), ChromaEvidence(shapes) if apart else None
    finest = FinestLevel(image.shape, FINEST_RADIUS * RADIUS, apart=apart)
    finest.measure(Planes.of(image), evidence.finest, None if colour is None else colour.finest)
    evidence.find_noise()
    finest.reduce_energy(evidence.finest, evidence.floor, evidence.focus)
    halved = beside(finest.reduced)
    pyramid = LaplacianPyramid(halved.shape, shapes=shapes[1:])
    pyramid.decompose(halved)
    evidence.measure(pyramid.bands)
    if colour is not None and finest.reduced_chroma is not None:
        halved = beside(finest.reduced_chroma)
        apart_pyramid = LaplacianPyramid(halved.shape, shapes=shapes[1:])
        apart_pyramid.decompose(halved)
        colour.measure(apart_pyramid.bands)
        colour.follow(evidence)
    return evidence, colour


@pytest.mark.parametrize("sigma", [0.5 / 255, 2 / 255, 6 / 255])
def test_noise_is_found_beside_texture(sigma: float) -> None:
    image = np.full((256, 256, 3), 0.5, np.float32)
    image[:, 80:] += white((256, 176, 3), 0.1, seed=1)
    image += white(image.shape, sigma, seed=2)
    evidence, colour = measured(image)
    luma_share = float(np.sum(np.array([0.2126, 0.7152, 0.0722]) ** 2)) ** 0.5
    assert np.sqrt(evidence.variance) == pytest.approx(luma_share * sigma, rel=0.35)
    rows = np.array([[0.7874, -0.7152, -0.0722], [-0.2126, -0.7152, 0.9278]])
    assert colour is not None
    assert np.sqrt(colour.variance) == pytest.approx(np.sqrt(np.sum(rows**2)) * sigma, rel=0.35)


def test_quiet_quantiles_belong_to_the_windows() -> None:
    evidence, _ = measured(white((1024, 1024), 1.0, 3), apart=False)
    assert evidence.variance == pytest.approx(1, rel=0.05), QUIET
    luma, chroma = white((1024, 1024), 1.0, 3), white((1024, 1024, 2), 1.0, 4)
    _, colour = measured(join(luma, chroma))
    assert colour is not None
    assert colour.variance == pytest.approx(2, rel=0.05), CHROMA_QUIET


def test_pure_noise_is_hardly_evidence() -> None:
    evidence, _ = measured(white((512, 512), 0.02), apart=False)
    above = np.maximum(decoded(evidence.finest) - evidence.floor, 0)
    assert above.mean() < 0.5 * level_noise(1)[0] * evidence.variance
    assert evidence.second is not None
    assert evidence.second.mean() < 0.5 * level_noise(2)[1] * evidence.variance


def spread(plane: Float32, floor: float = 0) -> float:
    """Standard deviation of a spot, along rows."""
    above = np.maximum(plane - floor, 0)
    x = np.arange(plane.shape[1]) - plane.shape[1] // 2
    return float(np.sqrt((above.sum(axis=0) * x**2).sum() / above.sum()))


def spots(shapes: list[tuple[int, int]], level: int, *channels: int) -> list[Float32]:
    """Bands from the second level on, with one coefficient on one of them."""
    bands = [np.zeros((*shape, *channels), np.float32) for shape in shapes[1:-1]]
    height, width = shapes[level]
    bands[level - 1][height // 2, width // 2] = 1
    return bands


def test_energy_is_averaged_over_windows_of_each_level() -> None:
    shapes = level_shapes(256, 256)
    evidence = FocusEvidence(shapes)
    evidence.measure(spots(shapes, 1))
    assert evidence.second is not None
    assert spread(evidence.second) == pytest.approx(2, rel=0.1)
    coarser = FocusEvidence(shapes)
    coarser.measure(spots(shapes, 2))
    assert spread(coarser.levels[1]) == pytest.approx(3, rel=0.1)
    colour = ChromaEvidence(shapes)
    colour.measure(spots(shapes, 2, 2))
    assert spread(colour.levels[1]) == pytest.approx(1.5, rel=0.1)


def test_noise_seldom_exceeds_two_standard_deviations_of_its_energy() -> None:
    evidence, _ = measured(white((1024, 1024), 0.02), apart=False)
    finest = decoded(evidence.finest) > evidence.floor
    assert 0.01 < finest.mean() < 0.12
    assert evidence.second is not None
    assert 0.01 < (evidence.second > 0).mean() < 0.12


def test_little_of_the_lumas_evidence_counts_for_colour() -> None:
    shapes = level_shapes(64, 64)
    evidence, colour = FocusEvidence(shapes), ChromaEvidence(shapes)
    for plane in evidence.levels:
        plane += 1
    colour.follow(evidence)
    np.testing.assert_allclose(colour.finest, 0.03, rtol=1e-5)
