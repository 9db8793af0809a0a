"""The parts that fusers are made of: pyramid, noise, running means, validity, range."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.fusion.levels.evidence import (
    CHROMA_QUIET,
    FINEST_RADIUS,
    QUIET,
    RADIUS,
    ChromaEvidence,
    FocusEvidence,
)
from focusstack.fusion.levels.finest import FinestLevel, window
from focusstack.fusion.levels.implicit_band import Unstored
from focusstack.fusion.levels.laplacian import LaplacianPyramid, collapse, down, level_shapes, up
from focusstack.fusion.levels.luminance import join, luma_of, split
from focusstack.fusion.levels.noise import LEAST_VARIANCE, level_noise, noise_variance
from focusstack.fusion.levels.soft_selection import SoftSelection
from focusstack.fusion.levels.validity import (
    ValidityLevels,
    as_bytes,
    as_shares,
    filled,
    validity_levels,
)
from focusstack.fusion.loops.arguments import Weight
from focusstack.fusion.loops.codes import coded, decoded
from focusstack.fusion.loops.soft_selection import weigh
from focusstack.fusion.motion.observation import window_mean
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import Planes
from focusstack.runtime.strips import Crew, beside, row_strips, strips


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


def test_every_image_has_a_band_and_a_base() -> None:
    assert level_shapes(8, 9) == [(8, 9), (4, 5)]
    assert min(min(s) for s in level_shapes(4000, 6000)) >= 8


def test_noise_of_every_level_is_what_the_pyramid_makes_of_it() -> None:
    pyramid = LaplacianPyramid((1024, 1024))
    pyramid.decompose(white((1024, 1024), 1.0))
    measured = [float(np.mean(band * band)) for band in pyramid.bands]
    for gain, energy in zip(level_noise(6), measured, strict=False):
        assert energy == pytest.approx(gain, rel=0.15)


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


def test_noiseless_places_do_not_count_as_quiet() -> None:
    energy = np.zeros((64, 64), np.float32)
    energy[:, 32:] = 1e-4
    assert noise_variance(energy, 1.0) == pytest.approx(1e-4 / level_noise(1)[0], rel=1e-3)
    assert noise_variance(np.zeros((8, 8), np.float32), 1.0) == LEAST_VARIANCE
    assert noise_variance(coded(energy), 1.0) == pytest.approx(
        noise_variance(energy, 1.0), rel=4e-3
    )


def test_pure_noise_is_hardly_evidence() -> None:
    evidence, _ = measured(white((512, 512), 0.02), apart=False)
    above = np.maximum(decoded(evidence.finest) - evidence.floor, 0)
    assert above.mean() < 0.5 * level_noise(1)[0] * evidence.variance
    assert evidence.second is not None
    assert evidence.second.mean() < 0.5 * level_noise(2)[1] * evidence.variance


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
    for pixels, workers in ((75 * 50, 1), (75 * 50, 3), (1, 2), (10**9, 1)):
        monkeypatch.setattr("focusstack.runtime.strips.PIXELS", pixels)
        finest = FinestLevel(image.shape, 1.2, workers, apart=True)
        energy, colour = np.zeros((210, 75), np.uint16), np.zeros((105, 38), np.float32)
        for _ in range(2):
            finest.measure(Planes.of(image), energy, colour)
            finest.add(Planes.of(image), energy, 1e-4, None, colour, (1e-4, 1e-4), None)
        made.append([finest.image(finest.reduced, finest.reduced_chroma), energy, colour])
    for one, three, cut, whole in zip(*made, strict=True):
        np.testing.assert_array_equal(one, three)
        np.testing.assert_allclose(one, cut, atol=1e-6)
        np.testing.assert_allclose(one, whole, atol=1e-6)


def planar(picture: Float32) -> Float32:
    """A picture ``(H, W, C)`` as planes ``(C, H, W)``."""
    return picture if picture.ndim == 2 else np.ascontiguousarray(picture.transpose(2, 0, 1))


def unstored(band: Float32) -> Unstored:
    """A band as the difference of a picture and nothing."""
    *channels, height, width = band.shape
    half = np.zeros((*channels, (height + 1) // 2, (width + 1) // 2))
    return Unstored(band, half.astype(np.float32), Crew(1))


def test_soft_selection_is_the_weighted_mean_in_any_order() -> None:
    rng = np.random.default_rng(0)
    bands = [white((3, 13, 17), 1.0, seed) for seed in range(5)]
    evidences = [rng.uniform(0, 3, (13, 17)).astype(np.float32) for _ in bands]
    weights = [(1 + np.sqrt(1e-3 * e.astype(float))) ** 64 for e in evidences]
    truth = sum(w * b for w, b in zip(weights, bands, strict=True)) / sum(weights)
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        selection = SoftSelection((3, 13, 17))
        for index in order:
            selection.add(unstored(bands[index]), evidences[index], 1.0)
        np.testing.assert_allclose(selection.mean, truth, atol=1e-4)


def test_soft_selection_takes_any_range_of_evidence() -> None:
    bands = [np.full((8, 8), v, np.float32) for v in (1.0, 2.0, 3.0)]
    selection = SoftSelection((8, 8))
    for band, evidence in zip(bands, (1e-30, 1e12, 1e5), strict=True):
        selection.add(unstored(band), np.full((8, 8), evidence, np.float32), 1e-12)
    np.testing.assert_allclose(selection.mean, 2.0, rtol=1e-6)


def test_strips_cover_every_row_once() -> None:
    for height, width in ((1, 10), (100, 100), (4000, 6000), (3, 1 << 20)):
        rows = [y for s in row_strips(height, width) for y in range(s.start, s.stop)]
        assert rows == list(range(height))
        parts = strips(height, width, 5)
        assert [y for s in parts for y in range(s.rows.start, s.rows.stop)] == rows
        halves = [y for s in parts for y in range(s.half.start, s.half.stop)]
        assert halves == list(range((height + 1) // 2))
        for part in parts:
            assert part.wide.start % 2 == 0
            assert part.wide.start == max(0, part.rows.start - 6)
            assert part.wide.stop == min(height, part.rows.stop + 6)


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
def test_range_is_that_of_all_frames(shape: tuple[int, int]) -> None:
    frames = [white(shape, 1.0, seed) for seed in range(3)]
    finest = FinestLevel(shape, 1.0)
    for frame in frames:
        finest.measure(Planes.of(frame), np.empty(shape, np.uint16), None)
    bounds = finest._range
    beside = np.ones((3, 3), np.uint8)
    low = np.min([cv2.erode(frame, beside)[::2, ::2] for frame in frames], axis=0)
    high = np.max([cv2.dilate(frame, beside)[::2, ::2] for frame in frames], axis=0)
    np.testing.assert_array_equal(bounds.low, low)
    np.testing.assert_array_equal(bounds.high, high)
    mean = np.asarray(cv2.addWeighted(frames[0], 0.5, frames[1], 0.5, 0), np.float32)
    limited = mean.copy()
    bounds.limit(slice(None), limited)
    np.testing.assert_array_equal(limited, mean)
    wild = np.full(shape, 99, np.float32)
    bounds.limit(slice(None), wild)
    assert wild.max() < 1.2 * max(float(f.max()) for f in frames) + 1


@pytest.mark.parametrize("channels", [(), (2,), (3,)])
@pytest.mark.parametrize("shape", [(37, 61), (64, 90), (9, 8)])
def test_a_band_that_is_not_stored_has_the_energy_of_one_that_is(
    shape: tuple[int, int], channels: tuple[int, ...]
) -> None:
    picture = white((*shape, *channels), 0.2)
    half = down(picture)
    band = picture - up(half, shape)
    taps = window(2.0)
    squares = luma_of(band) ** 2 if channels != (2,) else (band**2).sum(axis=2)
    expected = np.maximum(cv2.sepFilter2D(squares, -1, taps, taps) - np.float32(0.01), 0)
    made = []
    for workers in (1, 3):
        energy = np.ones(shape, np.float32)
        Unstored(planar(picture), planar(half), Crew(workers)).add_energy(taps, 0.01, energy)
        made.append(energy)
    np.testing.assert_allclose(made[0], 1 + expected, atol=1e-5)
    np.testing.assert_array_equal(made[0], made[1])


@given(st.floats(0, 1e6, width=32))
def test_codes_of_energies_keep_their_order_and_half_a_percent(value: float) -> None:
    values = np.array([value, value * np.float32(1.01)], np.float32)
    found = decoded(coded(values))
    np.testing.assert_allclose(found, values, rtol=1 / 256, atol=1e-38)
    assert found[0] <= found[1]


def test_trust_is_that_of_its_validity_in_either_form() -> None:
    shapes = level_shapes(64, 96)
    validity = np.ones((64, 96), np.float32)
    validity[:30] = 0.2
    validity[50:] = 0
    plain, codes = (
        ValidityLevels.of(validity, shapes),
        ValidityLevels.of(as_bytes(validity), shapes),
    )
    np.testing.assert_array_equal(plain.finest, codes.finest)
    np.testing.assert_allclose(as_shares(codes.finest), validity, atol=1e-6)
    for one, other, exact in zip(
        plain.coarse, codes.coarse, validity_levels(validity, shapes)[1:], strict=True
    ):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(one, exact, atol=2 / 255)
    assert as_bytes(np.full((2, 2), 1e-9, np.float32)).min() == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_two_things_done_at_once_return_both_and_raise(workers: int) -> None:
    crew, rows, seen = Crew(workers), strips(200, 300, 0), list[int]()

    def count() -> int:
        crew.do(lambda strip: seen.append(strip.rows.start), rows)
        return len(rows)

    assert crew.both(count, lambda: "done") == (len(rows), "done")
    assert sorted(seen) == [strip.rows.start for strip in rows]
    with pytest.raises(ZeroDivisionError):
        crew.both(lambda: 0, lambda: 1 // 0)
    crew.close()


@pytest.mark.parametrize("sigma", [3.0, 6.0, 12.0])
def test_wide_windows_are_gaussian(sigma: float) -> None:
    spot = np.zeros((181, 203), np.float32)
    spot[90, 101] = 1e4
    found, true = window_mean(spot, sigma), cv2.GaussianBlur(spot, (0, 0), sigma)
    assert found.sum() == pytest.approx(1e4, rel=1e-2)
    assert np.abs(found - true).max() < 0.12 * true.max()


@settings(deadline=None)
@given(ratio=st.floats(0.5, 2), frames=st.integers(1, 5))
def test_amplitudes_add_up_as_weights_do(ratio: float, frames: int) -> None:
    scale, evidence = np.float32(0.7), np.full((1, 1), (0.02 * ratio) ** 2, np.float32)
    amplitude = np.full((1, 1), 0.02, np.float32)
    total = (1 + 0.7 * 0.02) ** 64
    for _ in range(frames):
        share = evidence.copy()
        weigh()(share, np.empty((0, 0), np.float32), Weight(amplitude, scale), 0, 1)
        own = (1 + 0.7 * 0.02 * ratio) ** 64
        total += own
        assert share[0, 0] == pytest.approx(own / total, rel=1e-3)
    assert (1 + 0.7 * float(amplitude[0, 0])) ** 64 == pytest.approx(total, rel=1e-3)
