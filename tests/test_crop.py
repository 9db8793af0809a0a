"""The common area: as large as can be, inside every frame, to the pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.crop import common_area, half_planes, largest_rectangle
from focusstack.errors import AlignmentError
from focusstack.geometry.coordinates import Rect, normalised, outline, transform, translation
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats, Mask, Matrix
from focusstack.resample.warp import resample
from focusstack.scene.stack import RenderedStack

WIDTH, HEIGHT = 44, 33


def inverse(H: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(H), float)


def movement(zoom: float, turn: float, x: float, y: float, u: float = 0, v: float = 0) -> Matrix:
    """A hand's movement about the middle of a small frame, with a little perspective."""
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    H = np.array([[c, -s, x], [s, c, y], [u, v, 1]])
    cx, cy = (WIDTH - 1) / 2, (HEIGHT - 1) / 2
    return normalised(translation(cx, cy) @ H @ translation(-cx, -cy))


movements = st.builds(
    movement,
    st.floats(0.85, 1.2),
    st.floats(-0.3, 0.3),
    st.floats(-8, 8),
    st.floats(-8, 8),
    st.floats(-0.003, 0.003),
    st.floats(-0.003, 0.003),
)

resampled = movements.filter(lambda H: not np.allclose(H, np.round(H)))
"""Those that need a margin: whole pixels are copied."""


def inside(planes: Floats, canvas: Rect) -> Mask:
    """Pixels of the canvas that lie inside all half planes."""
    x, y = np.meshgrid(np.arange(canvas.width) + canvas.x, np.arange(canvas.height) + canvas.y)
    values = planes[:, 0, None, None] * x + planes[:, 1, None, None] * y + planes[:, 2, None, None]
    return np.asarray((values >= -1e-9).all(0))


def most_pixels(mask: Mask) -> int:
    """Area of the largest rectangle of True, by trying all pairs of rows."""
    best = 0
    for top in range(mask.shape[0]):
        common = np.ones(mask.shape[1], bool)
        for bottom in range(top, mask.shape[0]):
            common &= mask[bottom]
            run = longest = 0
            for filled in common.tolist():
                run = run + 1 if filled else 0
                longest = max(longest, run)
            best = max(best, longest * (bottom - top + 1))
    return best


def margins(H: Matrix, rect: Rect, width: int, height: int) -> Floats:
    """How far inside a frame's outer pixel centres the rectangle's corners lie, in its pixels."""
    x, y = transform(inverse(H), rect.corners()).T
    return np.stack([x, y, width - 1 - x, height - 1 - y])


# The largest rectangle ------------------------------------------------------------------------


@given(frames=st.lists(movements, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_nothing_larger_exists(frames: list[Matrix]) -> None:
    canvas = Rect(0, 0, WIDTH, HEIGHT)
    planes = np.concatenate([half_planes(H, WIDTH, HEIGHT) for H in frames])
    mask = inside(planes, canvas)
    found = largest_rectangle(planes, canvas)
    if found is None:
        assert not mask.any()
        return
    assert mask[found.y : found.y + found.height, found.x : found.x + found.width].all()
    assert found.area == most_pixels(mask)


@given(
    frames=st.lists(movements, min_size=1, max_size=3), x=st.integers(-9, 9), y=st.integers(-9, 9)
)
@settings(max_examples=20, deadline=None)
def test_the_canvas_may_begin_anywhere(frames: list[Matrix], x: int, y: int) -> None:
    here = np.concatenate([half_planes(H, WIDTH, HEIGHT) for H in frames])
    there = np.concatenate([half_planes(translation(x, y) @ H, WIDTH, HEIGHT) for H in frames])
    a = largest_rectangle(here, Rect(0, 0, WIDTH, HEIGHT))
    b = largest_rectangle(there, Rect(x, y, WIDTH, HEIGHT))
    assert (a is None) == (b is None)
    if a and b:
        assert b == Rect(a.x + x, a.y + y, a.width, a.height)


def test_a_large_canvas_is_searched_to_the_pixel() -> None:
    # A square turned by 45 degrees: the largest rectangle within it is half as wide.
    c = np.sqrt(0.5)
    planes = np.array([[s * c, t * c, 1000 - c * (s + t) * 1500] for s in (1, -1) for t in (1, -1)])
    found = largest_rectangle(planes, Rect(0, 0, 3001, 3001))
    assert found is not None
    side = 2 * 1000 / np.sqrt(2)  # half the diagonal, between pixel centres
    assert found.area == pytest.approx((side + 1) ** 2, rel=2e-3)
    assert found.area >= (np.floor(side) + 1) ** 2 - 1
    assert 2 * found.x + found.width == pytest.approx(3001, abs=2)


# One frame ------------------------------------------------------------------------------------


def test_a_frame_that_does_not_move_needs_no_margin() -> None:
    found = common_area(np.stack([np.eye(3)] * 3), 480, 360)
    assert found.rect == Rect(0, 0, 480, 360)
    assert found.costs == (0, 0, 0)


def test_whole_pixel_shifts_need_no_margin() -> None:
    found = common_area(np.stack([np.eye(3), translation(7, -4)]), 480, 360)
    assert found.rect == Rect(7, 0, 473, 356)


def test_two_pixels_are_left_out_where_a_frame_is_resampled() -> None:
    found = common_area(np.stack([np.eye(3), translation(0.5, -0.5)]), 480, 360).rect
    # The first column that lies two pixels inside; the reference ends the other sides' search.
    assert (found.x, found.y) == (3, 2)


@given(H=resampled)
@settings(max_examples=50)
def test_the_kernel_finds_all_its_taps(H: Matrix) -> None:
    found = largest_rectangle(half_planes(H, WIDTH, HEIGHT), Rect(-50, -50, 150, 150))
    assert found is not None
    # Two pixels to each side, beside the two it lies between.
    assert margins(H, found, WIDTH, HEIGHT).min() >= 2 - 1e-6


@given(H=resampled)
@settings(max_examples=50)
def test_half_planes_are_the_outline_drawn_in(H: Matrix) -> None:
    planes = half_planes(H, WIDTH, HEIGHT)
    assert planes.shape == (4, 3)
    assert np.hypot(planes[:, 0], planes[:, 1]) == pytest.approx(np.ones(4))
    corners, centre = transform(H, outline(WIDTH, HEIGHT)), transform(H, np.array([[21.5, 16.0]]))
    distance = np.c_[corners, np.ones(4)] @ planes.T
    # Each side has two corners outside by about the margin, and the centre well inside.
    assert ((distance < 0).sum(0) == 2).all()
    assert (distance[distance < 0] > -4).all()
    assert (np.c_[centre, [[1]]] @ planes.T > 5).all()


# The whole stack ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plane_stack", "steps_stack"])
def test_the_area_of_a_rendered_stack(name: str, request: pytest.FixtureRequest) -> None:
    stack: RenderedStack = request.getfixturevalue(name)
    found = common_area(stack.matrices, 480, 360)
    for H in stack.matrices:
        assert margins(H, found.rect, 480, 360).min() >= (0 if np.array_equal(H, np.eye(3)) else 2)
    # Against all frames' outlines without any margin, on the grid of pixels.
    planes = np.concatenate([half_planes(H, 480, 360) for H in stack.matrices])
    loose = planes + [0, 0, 3.5]
    largest = largest_rectangle(loose, Rect(0, 0, 480, 360))
    assert largest is not None
    assert 0.94 * largest.area < found.rect.area <= largest.area


def test_values_in_the_area_do_not_depend_on_what_lies_outside_the_frame() -> None:
    H = movement(1.04, 0.03, 1.3, -0.7, 1e-3, -5e-4)
    rng = np.random.default_rng(0)
    frame = rng.random((HEIGHT, WIDTH), np.float32) * np.float32(0.8)
    rect = common_area(np.stack([np.eye(3), H]), WIDTH, HEIGHT).rect
    around = rng.random((HEIGHT + 20, WIDTH + 20), np.float32) * np.float32(0.8)
    around[10:-10, 10:-10] = frame
    seen = resample(around, H @ translation(-10, -10), rect)
    assert resample(frame, H, rect) == pytest.approx(seen, abs=1e-6)
    # Further out it does.
    wider = Rect(rect.x - 4, rect.y - 4, rect.width + 8, rect.height + 8)
    seen = resample(around, H @ translation(-10, -10), wider)
    assert resample(frame, H, wider) != pytest.approx(seen, abs=1e-2)


def test_costs_name_the_frame_that_takes_the_area() -> None:
    away = translation(60.5, 0)
    frames = np.stack([np.eye(3), translation(1.5, 0.5), away, translation(-1.5, -0.5)])
    found = common_area(frames, 480, 360)
    without = common_area(frames[[0, 1, 3]], 480, 360)
    assert found.costs[2] == pytest.approx(1 - found.rect.area / without.rect.area)
    assert found.costs[2] > 0.1
    assert max(found.costs[k] for k in (0, 1)) < 0.02


def test_costs_are_what_leaving_a_frame_out_gains() -> None:
    rng = np.random.default_rng(1)
    frames = np.stack(
        [movement(1 + rng.normal(0, 0.03), rng.normal(0, 0.02), *rng.normal(0, 2, 2))
         for _ in range(5)]
    )  # fmt: skip
    found = common_area(frames, WIDTH, HEIGHT)
    for k in range(5):
        rest = common_area(np.delete(frames, k, 0), WIDTH, HEIGHT).rect.area
        assert found.costs[k] == pytest.approx(1 - found.rect.area / rest)


def test_a_single_frame_is_its_own_area() -> None:
    assert common_area(np.eye(3)[None], 40, 30).rect == Rect(0, 0, 40, 30)


@pytest.mark.parametrize("shift", [475, 600])
def test_frames_that_share_nothing_are_refused(shift: float) -> None:
    with pytest.raises(AlignmentError, match="share less than 2 %") as caught:
        common_area(np.stack([np.eye(3), translation(shift, 0)]), 480, 360)
    assert caught.value.exit_code == 4
    assert caught.value.remedy


@pytest.mark.parametrize(("columns", "enough"), [(13, True), (7, False)])
def test_a_fiftieth_of_the_picture_is_enough(columns: int, enough: bool) -> None:
    frames = np.stack([np.eye(3), translation(480 - columns, 0)])
    if enough:
        assert common_area(frames, 480, 360).rect.width == columns
    else:
        with pytest.raises(AlignmentError):
            common_area(frames, 480, 360)


# Local displacement ---------------------------------------------------------------------------


def wandering(seed: int, most: float) -> Field:
    """A smooth displacement of at most `most` pixels."""
    coarse = np.random.default_rng(seed).uniform(-1, 1, (4, 5, 2))
    grid = np.asarray(cv2.resize(coarse, (13, 10), interpolation=cv2.INTER_CUBIC))
    return Field((grid * most / np.abs(grid).max()).astype(np.float32), 480, 360)


def border(rect: Rect) -> Floats:
    """Every pixel of a rectangle's outermost rows and columns."""
    x, y = np.arange(rect.width) + rect.x, np.arange(rect.height) + rect.y
    rows = [np.stack([x, np.full_like(x, e)], 1) for e in (y[0], y[-1])]
    columns = [np.stack([np.full_like(y, e), y], 1) for e in (x[0], x[-1])]
    return np.concatenate([*rows, *columns]).astype(float)


def hand(seed: int) -> Matrix:
    rng = np.random.default_rng(seed)
    c, s = 1 + rng.normal(0, 0.01), rng.normal(0, 0.004)
    about = translation(239.5, 179.5) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return np.asarray(translation(*rng.normal(0, 3, 2)) @ about @ translation(-239.5, -179.5))


def test_displacement_costs_no_more_than_its_width() -> None:
    for seed in range(8):
        matrices = np.stack([np.eye(3), hand(seed), hand(seed + 50)])
        fields = [None, wandering(seed, 2.0), wandering(seed + 50, 2.0)]
        plain = common_area(matrices, 480, 360).rect
        found = common_area(matrices, 480, 360, fields).rect
        # Two pixels and what is rounded, on all sides.
        assert found.width >= plain.width - 6
        assert found.height >= plain.height - 6


@pytest.mark.parametrize("seed", range(4))
def test_displaced_frames_cover_the_area_too(seed: int) -> None:
    matrices = np.stack([np.eye(3), hand(seed), hand(seed + 50)])
    fields = [None, wandering(seed, 2.0), wandering(seed + 50, 3.0)]
    found = common_area(matrices, 480, 360, fields).rect
    for H, field in zip(matrices, fields, strict=True):
        if field is not None:
            p = border(found)
            x, y = transform(inverse(H), p + field.at(p)).T
            assert min(x.min(), y.min()) >= 2 - 1e-6
            assert x.max() <= 477 + 1e-6
            assert y.max() <= 357 + 1e-6
