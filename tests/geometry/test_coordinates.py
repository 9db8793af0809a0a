"""Coordinates: half pixels, scales, matrices and what is read from them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.geometry.coordinates import (
    Rect,
    at_scale,
    identity,
    normalised,
    outline,
    scaling,
    transform,
    translation,
    zoom_and_rotation,
)
from focusstack.numeric.arrays import Floats, Matrix

small = st.floats(-0.1, 0.1)
scales = st.floats(0.1, 4.0)


@st.composite
def homographies(draw: st.DrawFn) -> Matrix:
    """Hand-like movements of a 480 x 360 frame: invertible, horizon far outside."""
    shift = st.floats(-40, 40)
    return np.array(
        [
            [1 + draw(small), draw(small), draw(shift)],
            [draw(small), 1 + draw(small), draw(shift)],
            [draw(small) * 1e-3, draw(small) * 1e-3, 1],
        ]
    )


def similarity(zoom: float, degrees: float, shift: tuple[float, float]) -> Matrix:
    """Zoom and clockwise turn about the middle of a 480 x 360 frame, then a shift."""
    c, s = zoom * np.cos(np.radians(degrees)), zoom * np.sin(np.radians(degrees))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    about = translation(239.5, 179.5) @ turn @ translation(-239.5, -179.5)
    return np.asarray(translation(*shift) @ about, float)


def inverse(H: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(H), float)


def scattered(count: int = 40) -> Floats:
    return np.random.default_rng(3).uniform((0, 0), (480, 360), (count, 2))


# Rect -----------------------------------------------------------------------------------------


def test_corners_are_pixel_centres() -> None:
    rect = Rect(3, 5, 10, 4)
    assert rect.area == 40
    assert rect.corners().tolist() == [[3, 5], [12, 5], [12, 8], [3, 8]]


def test_outline_is_the_rectangle_at_the_origin() -> None:
    assert outline(480, 360).tolist() == [[0, 0], [479, 0], [479, 359], [0, 359]]


# Scaling --------------------------------------------------------------------------------------


def test_scaling_keeps_the_outer_edges_of_the_picture() -> None:
    # Edges lie half a pixel outside the outer centres; a resize maps edge to edge.
    edges = np.array([[-0.5, -0.5], [479.5, 359.5]])
    assert transform(scaling(0.25), edges) == pytest.approx(np.array([[-0.5, -0.5], [119.5, 89.5]]))


@given(s=scales, x=st.floats(-1000, 1000), y=st.floats(-1000, 1000))
def test_scaling_has_the_half_pixel(s: float, x: float, y: float) -> None:
    expected = [[(x + 0.5) * s - 0.5, (y + 0.5) * s - 0.5]]
    assert transform(scaling(s), np.array([[x, y]])) == pytest.approx(np.array(expected), abs=1e-9)


@given(s=scales, t=scales)
def test_scalings_multiply(s: float, t: float) -> None:
    assert scaling(s) @ scaling(t) == pytest.approx(scaling(s * t), abs=1e-12)


def test_scaling_agrees_with_resizing_a_picture() -> None:
    ramp = np.tile(np.arange(64, dtype=np.float32), (16, 1))
    small = cv2.resize(ramp, (16, 4), interpolation=cv2.INTER_AREA)
    at = transform(inverse(scaling(0.25)), np.stack([np.arange(16), np.ones(16)], 1))
    assert small[1] == pytest.approx(at[:, 0], abs=1e-5)


# Matrices -------------------------------------------------------------------------------------


def test_identity_and_translation() -> None:
    points = scattered()
    assert np.array_equal(transform(identity(), points), points)
    assert transform(translation(3, -4), points) == pytest.approx(points + [3, -4])


def test_transform_divides_by_the_third_coordinate() -> None:
    H = np.array([[1, 0, 0], [0, 1, 0], [0.01, 0, 1]])
    assert transform(H, np.array([[100.0, 50]])) == pytest.approx(np.array([[50.0, 25.0]]))


@given(H=homographies())
def test_transform_and_back(H: Matrix) -> None:
    points = scattered()
    there = transform(H, points)
    assert transform(inverse(H), there) == pytest.approx(points, abs=1e-7)


@given(A=homographies(), B=homographies())
def test_matrices_compose_right_to_left(A: Floats, B: Matrix) -> None:
    points = scattered()
    assert transform(A @ B, points) == pytest.approx(transform(A, transform(B, points)), abs=1e-6)


@given(H=homographies(), factor=st.floats(0.01, 100))
def test_normalised_matrices_map_alike(H: Matrix, factor: float) -> None:
    found = normalised(-factor * H)
    assert found[2, 2] == 1
    assert found == pytest.approx(H, rel=1e-9, abs=1e-12)


@given(H=homographies(), s=scales)
def test_at_scale_is_the_same_movement_seen_larger(H: Matrix, s: float) -> None:
    full = at_scale(H, s)
    points = scattered()
    via_small = transform(inverse(scaling(s)), transform(H, transform(scaling(s), points)))
    assert full[2, 2] == pytest.approx(1)
    assert transform(full, points) == pytest.approx(via_small, abs=1e-6)


@given(H=homographies(), s=scales, t=scales)
def test_at_scale_composes(H: Matrix, s: float, t: float) -> None:
    points = scattered()
    twice = transform(at_scale(at_scale(H, s), t), points)
    assert twice == pytest.approx(transform(at_scale(H, s * t), points), abs=1e-6)


@given(A=homographies(), B=homographies(), s=scales)
def test_at_scale_keeps_products(A: Floats, B: Matrix, s: float) -> None:
    product = at_scale(normalised(A @ B), s)
    assert product == pytest.approx(normalised(at_scale(A, s) @ at_scale(B, s)), rel=1e-6, abs=1e-9)


# Zoom and rotation ----------------------------------------------------------------------------


@given(
    zoom=st.floats(0.7, 1.4),
    degrees=st.floats(-40, 40),
    x=st.floats(-50, 50),
    y=st.floats(-50, 50),
)
def test_zoom_and_rotation_of_a_similarity(zoom: float, degrees: float, x: float, y: float) -> None:
    found = zoom_and_rotation(similarity(zoom, degrees, (x, y)), 480, 360)
    assert found == pytest.approx((zoom, degrees), abs=1e-6)


def test_rotation_is_clockwise_on_screen() -> None:
    # x right and y down: a clockwise quarter turn takes right to down.
    H = similarity(1, 90, (0, 0))
    assert transform(H, np.array([[249.5, 179.5]])) == pytest.approx(np.array([[239.5, 189.5]]))
    assert zoom_and_rotation(H, 480, 360)[1] == pytest.approx(90)


def test_zoom_of_a_tilt_is_that_of_the_centre() -> None:
    # The perspective of a small tilt leaves the middle of the picture as large as it was.
    tilt = translation(239.5, 179.5) @ np.array([[1, 0, 0], [0, 1, 0], [1e-5, 0, 1]])
    zoom, rotation = zoom_and_rotation(tilt @ translation(-239.5, -179.5), 480, 360)
    assert zoom == pytest.approx(1, abs=2e-5)
    assert rotation == pytest.approx(0, abs=1e-9)
