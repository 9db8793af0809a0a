"""The contract that every fuser keeps."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.errors import UsageError
from focusstack.fusion.registry import FUSERS, make_fuser
from focusstack.images.colour import to_dtype, to_float
from focusstack.options import FusionOptions
from tests.fusion.pictures import blurred, fuse, rms, textured, two_layers

METHODS = sorted(FUSERS)


def test_default_is_among_the_methods() -> None:
    assert FusionOptions().method in FUSERS
    assert {"auto", "pyramid", "weighted", "depth"} <= set(FUSERS)


def test_unknown_method_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no fusion method 'magic'"):
        make_fuser((32, 32), 2, FusionOptions(method="magic"))


@pytest.mark.parametrize("method", METHODS)
class TestContract:
    @pytest.mark.parametrize("value", [0.0, 0.37, 1.0, 1.4])
    def test_constant_frames_stay_constant(self, method: str, value: float) -> None:
        frames = [np.full((40, 50, 3), value, np.float32)] * 3
        fused = fuse(method, frames)
        np.testing.assert_allclose(fused.image, value, atol=1e-5)
        assert np.all(fused.confidence < 0.05)

    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    def test_identical_frames_come_out_to_the_bit(self, method: str, dtype: str) -> None:
        kind = np.dtype(dtype)
        code = to_dtype(textured((75, 90, 3)), kind)
        frame = to_float(code)
        options = FusionOptions(method=method, deep=dtype == "uint16")
        fused = fuse(method, [frame] * 9, options=options)
        np.testing.assert_array_equal(to_dtype(fused.image, kind), code)

    @pytest.mark.parametrize("shape", [(8, 8), (9, 64, 3), (33, 47), (101, 67, 3), (65, 130)])
    def test_any_size(self, method: str, shape: tuple[int, ...]) -> None:
        truth, frames = two_layers(shape)
        fused = fuse(method, frames)
        assert fused.image.shape == shape
        assert fused.image.dtype == np.float32
        for plane in (fused.depth, fused.confidence, fused.source):
            assert plane.shape == shape[:2]
        assert fused.source.dtype == np.uint16
        assert np.isfinite(fused.image).all()
        assert 0 <= fused.confidence.min() <= fused.confidence.max() <= 1
        assert 0 <= fused.depth.min() <= fused.depth.max() <= 1
        assert fused.source.max() <= 1
        assert np.abs(fused.image - truth).max() < 0.5

    @pytest.mark.parametrize("shape", [(120, 160), (120, 160, 3)])
    def test_two_layers_come_closer_than_either_frame(
        self, method: str, shape: tuple[int, ...]
    ) -> None:
        truth, frames = two_layers(shape)
        fused = fuse(method, frames)
        best_frame = min(rms(frame, truth) for frame in frames)
        assert rms(fused.image, truth) < 0.3 * best_frame

    def test_grey_is_rgb_of_equal_channels(self, method: str) -> None:
        _, frames = two_layers((90, 110))
        grey = fuse(method, frames).image
        rgb = fuse(method, [np.repeat(f[..., None], 3, axis=2) for f in frames]).image
        for channel in range(3):
            np.testing.assert_allclose(rgb[..., channel], grey, atol=2e-3)

    def test_input_is_not_modified(self, method: str) -> None:
        _, frames = two_layers((64, 80, 3))
        validity = [np.ones((64, 80), np.float32), np.full((64, 80), 0.5, np.float32)]
        before = [f.copy() for f in frames], [v.copy() for v in validity]
        for array in frames + validity:
            array.flags.writeable = False
        fuse(method, frames, validity)
        for then, now in zip(before[0] + before[1], frames + validity, strict=True):
            np.testing.assert_array_equal(then, now)

    def test_same_bytes_every_time_and_for_any_thread_count(self, method: str) -> None:
        _, frames = two_layers((150, 170, 3))
        threads = cv2.getNumThreads()
        try:
            cv2.setNumThreads(1)
            one = fuse(method, frames)
            cv2.setNumThreads(4)
            four = fuse(method, frames)
        finally:
            cv2.setNumThreads(threads)
        np.testing.assert_array_equal(one.image, four.image)
        np.testing.assert_array_equal(one.depth, four.depth)

    def test_invalid_pixels_never_contribute(self, method: str) -> None:
        _, frames = two_layers((96, 128, 3))
        validity = [np.ones((96, 128), np.float32) for _ in frames]
        validity[0][20:50, :40] = 0
        validity[1][:, 100:] = 0
        wild = [f.copy() for f in frames]
        for index, value in ((0, 50.0), (1, -3.0)):
            wild[index][validity[index] == 0] = value
        tame, odd = fuse(method, frames, validity), fuse(method, wild, validity)
        np.testing.assert_array_equal(tame.image, odd.image)
        np.testing.assert_array_equal(tame.depth, odd.depth)

    def test_one_frame_alone_is_followed_where_the_other_is_invalid(self, method: str) -> None:
        truth = textured((128, 160, 3))
        frames = [blurred(truth, 2.0), truth]
        validity = [np.ones((128, 160), np.float32) for _ in frames]
        validity[1][:, 80:] = 0
        image = fuse(method, frames, validity).image
        inside = np.s_[8:-8, 110:-8]
        assert np.abs(image[inside] - frames[0][inside]).max() < 0.02

    def test_less_valid_frames_give_way(self, method: str) -> None:
        bright, dim = np.full((64, 64), 0.8, np.float32), np.full((64, 64), 0.4, np.float32)
        validity = [np.ones((64, 64), np.float32), np.full((64, 64), 0.02, np.float32)]
        image = fuse(method, [dim, bright], validity).image
        assert np.abs(image - 0.4).max() < 0.02

    def test_range_is_kept_but_for_small_ringing(self, method: str) -> None:
        edge = np.full((96, 96), 0.1, np.float32)
        edge[:, 48:] = 0.9
        image = fuse(method, [blurred(edge, 1.0), blurred(edge, 4.0), blurred(edge, 8.0)]).image
        assert image.min() > 0.1 - 0.04
        assert image.max() < 0.9 + 0.04

    def test_colour_does_not_shift(self, method: str) -> None:
        truth, frames = two_layers((120, 160, 3))
        tint = np.array([0.9, 0.5, 0.2], np.float32)
        image = fuse(method, [f * tint for f in frames]).image
        np.testing.assert_allclose(
            image.mean(axis=(0, 1)), (truth * tint).mean(axis=(0, 1)), atol=1e-3
        )

    def test_very_bright_contrast_does_not_overflow(self, method: str) -> None:
        truth, frames = two_layers((80, 96, 3))
        for factor in (1e3, 1e-6):
            fused = fuse(method, [f * np.float32(factor) for f in frames])
            assert np.isfinite(fused.image).all()
            assert rms(fused.image, truth * np.float32(factor)) < 0.2 * factor


def test_flat_noise_falls_with_the_number_of_frames() -> None:
    rng = np.random.default_rng(3)
    sigma = 3 / 255
    stack = [(0.5 + sigma * rng.standard_normal((128, 128))).astype(np.float32) for _ in range(32)]
    for method in ("auto", "weighted"):
        four, all_of_them = (float(fuse(method, stack[:n]).image.std()) for n in (4, 32))
        assert four < 0.7 * sigma
        assert all_of_them < 0.35 * sigma


def test_weights_gain_on_the_plain_pyramid_where_there_is_noise() -> None:
    rng = np.random.default_rng(4)
    truth, frames = two_layers((160, 200))
    noisy = [
        (f + 3 / 255 * rng.standard_normal(f.shape)).astype(np.float32)
        for f in [*frames, blurred(truth, 4.0), blurred(truth, 5.0)]
    ]
    plain, soft = (rms(fuse(m, noisy).image, truth) for m in ("pyramid", "auto"))
    assert soft < plain
