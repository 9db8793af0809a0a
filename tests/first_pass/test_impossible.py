"""Frames that no movement of a camera explains, and stacks that determine nothing."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack import plan_stack
from focusstack.errors import AlignmentError, InputError
from focusstack.first_pass.impossible import (
    MOST_GROWN,
    check_possible,
    failures_in_words,
    is_possible,
    without_impossible,
)
from focusstack.geometry.coordinates import scaling
from tests.support.findings import Stack

SIZE = (64, 64)
FEW = 4


def texture(seed: int, width: int, height: int) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width))
    return cv2.GaussianBlur(noise, (0, 0), 1.0)


def blank(seed: int, k: int) -> np.ndarray:
    return np.full((64, 64), 90.0)


def corner(seed: int, k: int) -> np.ndarray:
    image = blank(seed, k)
    image[:20, :20] = texture(seed, 20, 20)
    return cv2.GaussianBlur(image, (0, 0), 0.3 + k)


def identical(seed: int, k: int) -> np.ndarray:
    return texture(seed, 64, 64)


def line(seed: int, k: int) -> np.ndarray:
    image = blank(seed, k)
    image[30:34] = texture(seed, 64, 4)
    return image


def periodic(seed: int, k: int) -> np.ndarray:
    return np.tile(texture(seed, 8, 8), (8, 8))


def unrelated(seed: int, k: int) -> np.ndarray:
    return texture(seed + 7 * k, 64, 64)


def half_blank(seed: int, k: int) -> np.ndarray:
    return blank(seed, k) if k % 2 else texture(seed, 64, 64)


@pytest.mark.parametrize(
    "content", [blank, corner, identical, line, periodic, unrelated, half_blank]
)
@given(seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=3)
def test_what_determines_nothing_ends_with_a_plan_or_in_words(content, seed: int) -> None:  # type: ignore[no-untyped-def]
    frames = [np.clip(content(seed, k), 0, 255).astype(np.uint8) for k in range(FEW)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            plan = plan_stack(frames)
        except (InputError, AlignmentError):
            return
    assert all(np.isfinite(f.matrix).all() for f in plan.used() if f.matrix is not None)
    assert plan.verdict is not None


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_a_zoom_of_three_is_the_most(share: float) -> None:
    grown = np.sqrt(share * MOST_GROWN)
    assert is_possible(scaling(grown), SIZE) == (share < 1)
    assert is_possible(scaling(1 / grown), SIZE) == (share < 1)
    assert is_possible(scaling(2.8), SIZE)
    assert not is_possible(scaling(3.2), SIZE)


def test_a_mirrored_or_folded_frame_is_impossible() -> None:
    assert not is_possible(np.diag([1.0, -1, 1]), SIZE)
    assert not is_possible(np.full((3, 3), np.nan), SIZE)
    beyond = np.eye(3)
    beyond[2, 0] = -1 / 40
    assert not is_possible(beyond, SIZE)


def test_one_impossible_frame_is_left_out_and_many_are_no_stack() -> None:
    found = Stack().found()
    matrices = found.coarse.matrices.copy()
    assert without_impossible(found.stack, found.coarse, matrices) is found.coarse
    check_possible(found.stack, found.coarse, matrices)
    matrices[2] = np.diag([1.0, -1, 1])
    left = without_impossible(found.stack, found.coarse, matrices)
    assert left.used.count(False) == 1
    assert np.isnan(left.matrices[2]).all()
    assert "cannot be placed" in left.reasons[2]
    with pytest.raises(AlignmentError):
        check_possible(found.stack, found.coarse, matrices)
    matrices[3] = 0
    with pytest.raises(AlignmentError, match="no movement of a camera"):
        without_impossible(found.stack, found.coarse, matrices)


def test_equations_without_a_solution_are_told_in_words() -> None:
    with pytest.raises(AlignmentError, match="cannot be aligned"), failures_in_words():
        np.linalg.inv(np.zeros((3, 3)))
