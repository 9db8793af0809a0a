"""The one warp: where pixels land, what stays, what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.geometry.coordinates import Rect, scaling, translation
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Image, Matrix
from focusstack.resample.kernel import REACH_AFTER, REACH_BEFORE
from focusstack.resample.warp import resample
from tests.support.waves import (
    SIZE,
    grid,
    moved_by,
    perspective,
    positions,
    rotation,
    waves,
)

INNER = Rect(40, 30, 200, 130)


def noise(dtype: type[np.generic], shape: tuple[int, ...], below: float = 0.99) -> Image:
    """Noise that stays below full code."""
    values = np.random.default_rng(1).uniform(0, below, shape)
    if dtype is np.float32:
        return values.astype(np.float32)
    return (values * np.iinfo(np.dtype(dtype).name).max).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [SIZE, (*SIZE, 3)])
def test_whole_pixel_shift_is_exact(dtype: type[np.generic], shape: tuple[int, ...]) -> None:
    image = noise(dtype, shape, below=1.0)
    result = resample(image, translation(13, -7), INNER)
    top = 1.0 if dtype is np.float32 else float(np.iinfo(np.dtype(dtype).name).max)
    expected = image[37:167, 27:227].astype(np.float32) / np.float32(top)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)


@settings(max_examples=25, deadline=None)
@given(
    degrees=st.floats(-180, 180),
    zoom=st.floats(0.8, 1.3),
    level=st.floats(0.01, 0.9),
)
def test_constants_stay(degrees: float, zoom: float, level: float) -> None:
    image = np.full(SIZE, level, np.float32)
    result = resample(image, rotation(degrees, zoom), Rect(110, 60, 80, 80))
    np.testing.assert_allclose(result, level, rtol=1e-6)


def test_ramps_stay() -> None:
    x, y = grid()
    image = (0.1 + 0.001 * x + 0.002 * y).astype(np.float32)
    sx, sy = positions(perspective(), INNER)
    result = resample(image, perspective(), INNER)
    np.testing.assert_allclose(result, 0.1 + 0.001 * sx + 0.002 * sy, atol=1e-5)


@pytest.mark.parametrize(
    "H",
    [
        translation(0.25, 0.6),
        translation(-0.017, 0.48),
        rotation(0.3, 1.01),
        perspective(),
        rotation(35),
        rotation(90.5),
        rotation(180),
    ],
)
def test_waves_land_where_the_matrix_says(H: Matrix) -> None:
    image = waves(*grid()).astype(np.float32)
    rect = Rect(100, 50, 100, 100)
    truth = waves(*positions(H, rect))
    result = resample(image, H, rect)
    assert np.abs(moved_by(result, truth)).max() < 0.002
    assert np.abs(result - truth).max() < 0.004


def test_position_is_right_at_every_phase() -> None:
    # A table of 32 phases is up to 0.016 px off.
    image = waves(*grid()).astype(np.float32)
    worst = 0.0
    for shift in np.linspace(0, 1, 41):
        H = translation(shift, -shift / 3)
        worst = max(
            worst, np.abs(moved_by(resample(image, H, INNER), waves(*positions(H, INNER)))).max()
        )
    assert worst < 0.004


def test_quarter_turn_is_exact() -> None:
    image = noise(np.uint8, (60, 60, 3))
    result = resample(image, rotation(90, 1, (29.5, 29.5)), Rect(0, 0, 60, 60))
    np.testing.assert_array_equal(result, np.rot90(image, -1).astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_table_is_applied_before_resampling(dtype: type[np.generic]) -> None:
    image = noise(dtype, (*SIZE, 3))
    codes = np.linspace(0, 1, int(np.iinfo(np.dtype(dtype).name).max) + 1, dtype=np.float32)
    table = np.stack([codes**2.2, 0.9 * codes, 0.3 * np.sqrt(codes)])
    applied = np.stack([table[c][image[..., c]] for c in range(3)], axis=-1)
    np.testing.assert_array_equal(
        resample(image, perspective(), INNER, table), resample(applied, perspective(), INNER)
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_grey_is_a_channel_of_rgb(dtype: type[np.generic]) -> None:
    image = noise(dtype, (*SIZE, 3), below=1.01 if dtype is np.float32 else 1.0)
    colour = resample(image, perspective(), INNER)
    for c in range(3):
        grey = resample(image[..., c], perspective(), INNER)
        np.testing.assert_allclose(colour[..., c], grey, atol=1e-6)


def test_sixteen_bits_stay_sixteen_bits() -> None:
    x, y = grid()
    image = (20000 + x + 0 * y).astype(np.uint16)
    result = resample(image, translation(0.5, 0), INNER) * 65535
    expected = np.broadcast_to(20000 + np.arange(40, 240) - 0.5, result.shape)
    np.testing.assert_allclose(result, expected, atol=0.02)


def test_beyond_the_frame_the_border_repeats_then_nothing() -> None:
    image = noise(np.float32, SIZE)
    result = resample(image, np.eye(3), Rect(-3, -2, SIZE[1] + 6, SIZE[0] + 4))
    np.testing.assert_array_equal(result[2:-2, 3:-3], image)
    frame = np.ones(result.shape, bool)
    frame[2:-2, 3:-3] = False
    assert not result[frame].any()
    half = resample(
        np.full(SIZE, 0.5, np.float32), translation(-0.4, 0.4), Rect(0, 0, SIZE[1], SIZE[0])
    )
    np.testing.assert_allclose(half, 0.5, rtol=1e-6)
    assert not resample(image, translation(1e4, 0), INNER).any()


def test_reach_tells_which_pixels_matter() -> None:
    image = np.zeros((21, 21), np.float32)
    image[10, 10] = 0.5
    seen = np.flatnonzero(resample(image, translation(-0.4, -0.4), Rect(0, 0, 21, 21)).any(axis=0))
    # A sample at x = u + 0.4 sees floor(x) - REACH_BEFORE .. floor(x) + REACH_AFTER.
    assert (seen[0], seen[-1]) == (10 - REACH_AFTER, 10 + REACH_BEFORE)


def test_horizon_gives_nothing() -> None:
    H = np.linalg.inv(np.array([[1, 0, 0], [0, 1, 0], [-0.01, 0, 1.0]]))
    result = resample(np.full(SIZE, 0.5, np.float32), H, Rect(0, 0, 300, 50))
    np.testing.assert_allclose(result[:, :70], 0.5, rtol=1e-6)
    assert not result[:, 100:].any()


@pytest.mark.parametrize("H", [perspective(), rotation(35)])
def test_threads_give_the_same_bytes(H: Matrix) -> None:
    image = noise(np.uint8, (*SIZE, 3), below=1.0)
    rect = Rect(-10, -20, 310, 230)
    field = Field(np.random.default_rng(2).normal(0, 1, (4, 5, 2)).astype(np.float32), 300, 200)
    alone = resample(image, H, rect, field=field)
    for threads in (2, 3, 16):
        together = resample(image, H, rect, field=field, threads=threads)
        assert together.tobytes() == alone.tobytes()


def test_input_stays_and_may_be_read_only_or_strided() -> None:
    image = noise(np.uint8, (*SIZE, 3))
    before = image.copy()
    expected = resample(image, perspective(), INNER)
    np.testing.assert_array_equal(image, before)
    image.flags.writeable = False
    np.testing.assert_array_equal(resample(image, perspective(), INNER), expected)
    bgr = np.ascontiguousarray(image[..., ::-1])
    np.testing.assert_array_equal(resample(bgr[..., ::-1], perspective(), INNER), expected)


def test_out_is_filled_and_returned() -> None:
    image = noise(np.uint8, SIZE)
    out = np.full((INNER.height, INNER.width), np.nan, np.float32)
    assert resample(image, scaling(1.1), INNER, out=out) is out
    np.testing.assert_array_equal(out, resample(image, scaling(1.1), INNER))


def test_what_does_not_fit_is_refused() -> None:
    image = noise(np.uint8, (*SIZE, 3))
    with pytest.raises(ValueError, match="out must be"):
        resample(image, np.eye(3), INNER, out=np.empty((2, 2, 3), np.float32))
    with pytest.raises(ValueError, match="the table must be"):
        resample(image, np.eye(3), INNER, np.zeros((1, 256), np.float32))
    with pytest.raises(ValueError, match="integer frames"):
        resample(noise(np.float32, SIZE), np.eye(3), INNER, np.zeros((1, 256), np.float32))
    with pytest.raises(ValueError, match="inverted"):
        resample(image, np.zeros((3, 3)), INNER)
    with pytest.raises(TypeError, match="float64"):
        resample(image.astype(float), np.eye(3), INNER)
    with pytest.raises(ValueError, match="grid"):
        Field(np.zeros((1, 5, 2), np.float32), 10, 10)


def test_the_compiler_is_loaded_only_on_use() -> None:
    code = "import sys, focusstack.resample.warp; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_works_without_any_writable_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import numba

    from focusstack.resample.loops.fill import filling

    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(blocked))
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    assert callable(filling.__wrapped__())  # type: ignore[attr-defined]
