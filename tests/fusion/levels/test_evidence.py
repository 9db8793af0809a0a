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
