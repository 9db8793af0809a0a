"""The parts that fusers are made of: pyramid, noise, running means, trust, range."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.fusion.evidence import CHROMA_QUIET, QUIET, ChromaEvidence, FocusEvidence
from focusstack.fusion.laplacian import LaplacianPyramid, collapse, level_shapes
from focusstack.fusion.luma_range import LumaRange
from focusstack.fusion.luminance import join, luma_of, split
from focusstack.fusion.noise import LEAST_VARIANCE, level_noise, noise_variance
from focusstack.fusion.running_mean import row_strips
from focusstack.fusion.soft_selection import SoftSelection
from focusstack.fusion.validity import filled, validity_levels
from focusstack.typing import Float32


def white(shape: tuple[int, ...], sigma: float, seed: int = 0) -> Float32:
    rng = np.random.default_rng(seed)
    return (sigma * rng.standard_normal(shape)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(8, 70), st.integers(8, 70), st.sampled_from([(), (2,), (3,)]), st.integers(0, 99)
)
def test_pyramid_collapses_to_the_image(
    height: int, width: int, channels: tuple[int, ...], seed: int
) -> None:
    image = white((height, width, *channels), 1.0, seed)
    pyramid = LaplacianPyramid(image.shape)
    pyramid.decompose(image)
    np.testing.assert_allclose(collapse(pyramid.bands, pyramid.base), image, atol=1e-5)


def test_pyramid_decomposes_in_its_own_memory() -> None:
    image = white((50, 61, 2), 1.0)
    apart, inside = LaplacianPyramid(image.shape), LaplacianPyramid(image.shape)
    apart.decompose(image)
    np.copyto(inside.bands[0], image)
    inside.decompose(inside.bands[0], np.empty_like(image))
    for a, b in zip([*apart.bands, apart.base], [*inside.bands, inside.base], strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_image_has_a_band_and_a_base() -> None:
    assert level_shapes(8, 9) == [(8, 9), (4, 5)]
    assert min(min(s) for s in level_shapes(4000, 6000)) >= 8


def test_noise_of_every_level_is_what_the_pyramid_makes_of_it() -> None:
    pyramid = LaplacianPyramid((1024, 1024))
    pyramid.decompose(white((1024, 1024), 1.0))
    measured = [float(np.mean(band * band)) for band in pyramid.bands]
    for gain, energy in zip(level_noise(6), measured, strict=False):
        assert energy == pytest.approx(gain, rel=0.15)


@pytest.mark.parametrize("sigma", [0.5 / 255, 2 / 255, 6 / 255])
def test_noise_is_found_beside_texture(sigma: float) -> None:
    image = np.full((256, 256, 3), 0.5, np.float32)
    image[:, 80:] += white((256, 176, 3), 0.1, seed=1)
    image += white(image.shape, sigma, seed=2)
    luma, chroma = np.empty((256, 256), np.float32), np.empty((256, 256, 2), np.float32)
    split(image, luma, chroma)
    pyramid, colour = LaplacianPyramid(luma.shape), LaplacianPyramid(chroma.shape)
    pyramid.decompose(luma)
    colour.decompose(chroma)
    evidence = FocusEvidence(pyramid.shapes)
    evidence.measure(pyramid.bands)
    apart = ChromaEvidence(pyramid.shapes, np.empty((2, 256, 256), np.float32))
    apart.measure(colour.bands, evidence)
    luma_share = float(np.sum(np.array([0.2126, 0.7152, 0.0722]) ** 2)) ** 0.5
    assert np.sqrt(evidence.variance) == pytest.approx(luma_share * sigma, rel=0.35)
    rows = np.array([[0.7874, -0.7152, -0.0722], [-0.2126, -0.7152, 0.9278]])
    assert np.sqrt(apart.variance) == pytest.approx(np.sqrt(np.sum(rows**2)) * sigma, rel=0.35)


def test_quiet_quantiles_belong_to_the_windows() -> None:
    luma, chroma = white((1024, 1024), 1.0, 3), white((1024, 1024, 2), 1.0, 4)
    for image, variance in ((luma, 1.0), (chroma, 2.0)):
        pyramid = LaplacianPyramid(image.shape)
        pyramid.decompose(image)
        evidence = FocusEvidence(pyramid.shapes)
        if image.ndim == 2:
            evidence.measure(pyramid.bands)
            assert evidence.variance == pytest.approx(variance, rel=0.05), QUIET
        else:
            apart = ChromaEvidence(pyramid.shapes, np.empty((2, 1024, 1024), np.float32))
            apart.measure(pyramid.bands, evidence)
            assert apart.variance == pytest.approx(variance, rel=0.05), CHROMA_QUIET


def test_noiseless_places_do_not_count_as_quiet() -> None:
    energy = np.zeros((64, 64), np.float32)
    energy[:, 32:] = 1e-4
    assert noise_variance(energy, 1.0) == pytest.approx(1e-4 / level_noise(1)[0], rel=1e-3)
    assert noise_variance(np.zeros((8, 8), np.float32), 1.0) == LEAST_VARIANCE


def test_pure_noise_is_hardly_evidence() -> None:
    pyramid = LaplacianPyramid((512, 512))
    pyramid.decompose(white((512, 512), 0.02))
    evidence = FocusEvidence(pyramid.shapes)
    evidence.measure(pyramid.bands)
    for level, gain in zip(evidence.levels[:2], level_noise(2), strict=True):
        assert level.mean() < 0.5 * gain * evidence.variance


def test_soft_selection_is_the_weighted_mean_in_any_order() -> None:
    rng = np.random.default_rng(0)
    bands = [white((13, 17, 3), 1.0, seed) for seed in range(5)]
    evidences = [rng.uniform(0, 3, (13, 17)).astype(np.float32) for _ in bands]
    weights = [(1 + np.sqrt(1e-3 * e.astype(float))) ** 64 for e in evidences]
    truth = sum(w[..., None] * b for w, b in zip(weights, bands, strict=True)) / sum(
        w[..., None] for w in weights
    )
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        selection = SoftSelection((13, 17, 3), (13, 17))
        for index in order:
            selection.add(bands[index], evidences[index], 1.0)
        np.testing.assert_allclose(selection.mean, truth, atol=1e-4)


def test_soft_selection_takes_any_range_of_evidence() -> None:
    bands = [np.full((8, 8), v, np.float32) for v in (1.0, 2.0, 3.0)]
    selection = SoftSelection((8, 8), (8, 8))
    for band, evidence in zip(bands, (1e-30, 1e12, 1e5), strict=True):
        selection.add(band, np.full((8, 8), evidence, np.float32), 1e-12)
    np.testing.assert_allclose(selection.mean, 2.0, rtol=1e-6)


def test_strips_cover_every_row_once() -> None:
    for height, width in ((1, 10), (100, 100), (4000, 6000), (3, 1 << 20)):
        rows = [y for s in row_strips(height, width) for y in range(s.start, s.stop)]
        assert rows == list(range(height))


def test_luma_and_chroma_join_to_the_picture() -> None:
    image = white((37, 41, 3), 1.0)
    luma, chroma = np.empty((37, 41), np.float32), np.empty((37, 41, 2), np.float32)
    split(image, luma, chroma)
    np.testing.assert_allclose(luma, luma_of(image), atol=1e-6)
    np.testing.assert_allclose(join(luma, chroma), image, atol=1e-5)


def test_untrusted_places_continue_their_surroundings() -> None:
    ramp = np.tile(np.linspace(0.2, 0.8, 64, dtype=np.float32), (64, 1))
    validity = np.ones((64, 64), np.float32)
    validity[20:40, 20:40] = 0
    spoilt = np.where(validity > 0, ramp, np.float32(9))
    np.testing.assert_allclose(filled(spoilt, validity), ramp, atol=0.1)
    assert filled(ramp, np.ones_like(ramp)) is ramp
    levels = validity_levels(validity, level_shapes(64, 64))
    assert [plane.shape for plane in levels] == level_shapes(64, 64)
    assert all(plane.min() >= 0 and plane.max() <= 1 + 1e-6 for plane in levels)


@pytest.mark.parametrize("shape", [(31, 44), (32, 45)])
def test_frames_are_within_their_own_range(shape: tuple[int, int]) -> None:
    frames = [white(shape, 1.0, seed) for seed in range(3)]
    bounds = LumaRange(shape)
    for frame in frames:
        bounds.add(frame)
    mean = np.asarray(cv2.addWeighted(frames[0], 0.5, frames[1], 0.5, 0), np.float32)
    limited = mean.copy()
    bounds.limit(limited)
    np.testing.assert_array_equal(limited, mean)
    wild = np.full(shape, 99, np.float32)
    bounds.limit(wild)
    assert wild.max() < 1.2 * max(float(f.max()) for f in frames) + 1
