"""Depth, confidence and source of every method, and the depth map's own parts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from focusstack.fusion.levels.depth_map import completed, enlarged, regularised, source_map
from focusstack.fusion.levels.laplacian import up
from focusstack.fusion.registry import FUSERS
from focusstack.numeric.arrays import Float32
from focusstack.runtime.scratch import Room
from tests.fusion.pictures import blurred, fuse, textured

FRAMES = 9


def tilted(shape: tuple[int, int]) -> tuple[Float32, list[Float32]]:
    """Focus index (0 left .. 8 right) and frames of a plane that leans away."""
    truth = textured(shape)
    depth = np.tile(np.linspace(0, FRAMES - 1, shape[1], dtype=np.float32), (shape[0], 1))
    sigmas = np.linspace(0, 8, 33)
    levels = np.stack([truth if s == 0 else blurred(truth, 0.8 * s) for s in sigmas])
    frames = []
    y, x = np.mgrid[: shape[0], : shape[1]]
    for index in range(FRAMES):
        nearest = np.rint(np.abs(depth - index) / (sigmas[1] - sigmas[0])).astype(int)
        frames.append(levels[nearest, y, x])
    return depth, frames


@pytest.mark.parametrize("method", sorted(FUSERS))
def test_depth_of_a_tilted_plane(method: str) -> None:
    depth, frames = tilted((160, 360))
    fused = fuse(method, frames)
    sure = fused.confidence > 0.3
    assert sure.mean() > 0.8
    assert spearmanr(fused.depth[sure], depth[sure]).statistic > 0.97
    assert np.median(np.abs(fused.depth - depth)[sure]) < 0.25
    assert np.abs(fused.source.astype(float) - depth)[sure].mean() < 0.6


@pytest.mark.parametrize("method", sorted(FUSERS))
def test_confidence_is_low_where_nothing_is_textured(method: str) -> None:
    _, frames = tilted((128, 256))
    for frame in frames:
        frame[:, 128:] = 0.5
    confidence = fuse(method, frames).confidence
    assert np.median(confidence[:, :100]) > 0.4
    assert confidence[:, 160:].max() < 0.1


def test_holes_are_filled_from_their_surroundings() -> None:
    depth = np.full((64, 64), 5.0, np.float32)
    confidence = np.ones((64, 64), np.float32)
    depth[20:40, 20:40] = 0
    confidence[20:40, 20:40] = 0
    np.testing.assert_allclose(completed(depth, confidence), 5, atol=0.05)


def test_smoothing_takes_outliers_away() -> None:
    depth = np.tile(np.linspace(0, 7, 96, dtype=np.float32), (96, 1))
    spoilt = depth.copy()
    spoilt[::7, ::5] = 0
    sure = np.ones_like(depth)
    np.testing.assert_array_equal(regularised(spoilt, sure), spoilt)
    smooth = regularised(spoilt, sure, smoothing=1.5)
    assert np.abs(smooth - depth)[8:-8, 8:-8].max() < 0.3


def test_what_is_sure_is_not_blended_with_its_surroundings() -> None:
    depth = np.zeros((60, 80), np.float32)
    depth[:, 40:] = 7
    confidence = np.full(depth.shape, 0.5, np.float32)
    np.testing.assert_array_equal(completed(depth, confidence), depth)
    confidence[20:40, 30:50] = 0.1
    blended = completed(depth, confidence)[25:35, 35:45]
    assert 0.05 < np.abs(blended - depth[25:35, 35:45]).max() < 5


def test_depth_that_is_not_quite_sure_is_blended() -> None:
    depth = np.zeros((60, 80), np.float32)
    depth[:, 40:] = 7
    confidence = np.full(depth.shape, 0.3, np.float32)
    assert np.abs(completed(depth, confidence) - depth)[:, 35:45].max() > 0.05


def test_confidence_of_next_to_nothing_is_none() -> None:
    depth = np.zeros((64, 64), np.float32)
    depth[:, 32:] = 6
    for total, known in ((1.4e-6, True), (0.7e-6, False)):
        confidence = np.zeros_like(depth)
        confidence[:, :32] = 0.4 * total / 32  # the coarsest level has 8 x 8 cells
        mean = float(completed(depth, confidence).mean())
        assert (mean < 0.5) == known
        assert known or mean == pytest.approx(3)


def test_source_is_the_sharpest_frame_only_where_that_is_sure() -> None:
    depth, index = np.full((16, 16), 2.2, np.float32), np.full((8, 8), 5, np.uint16)
    confidence = np.full((16, 16), 0.14, np.float32)
    confidence[:, 8:] = 0.07
    source = source_map(index, depth, confidence)
    assert (source[:, :8] == 5).all()
    assert (source[:, 8:] == 2).all()


def test_a_map_is_enlarged_alike_however_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    plane = np.random.default_rng(0).random((80, 30)).astype(np.float32)
    whole = enlarged(plane, (160, 60), 1, Room())
    monkeypatch.setattr("focusstack.runtime.strips.PIXELS", 1)
    np.testing.assert_array_equal(enlarged(plane, (160, 60), 1, Room()), whole)
    np.testing.assert_allclose(whole, np.clip(up(plane, (160, 60)), 0, 1), atol=1e-6)
