"""The package's face: a stack of arrays is placed in one call."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import focusstack.alignment as face
from focusstack.errors import AlignmentError
from focusstack.geometry.coordinates import transform
from focusstack.scene.stack import RenderedStack
from tests.alignment.movements import grid


def test_rendered_frames_are_placed_to_a_tenth_of_a_pixel(plane_stack: RenderedStack) -> None:
    found = face.align(plane_stack.frames, plane_stack.reference)
    assert found.shape == (6, 3, 3)
    for H, truth in zip(found, plane_stack.matrices, strict=True):
        off = np.linalg.norm(transform(H, grid()) - transform(truth, grid()), axis=1)
        assert np.sqrt(np.mean(off**2)) < 0.1


def test_frames_without_detail_are_refused() -> None:
    even = np.full((120, 160, 3), 90, np.uint8)
    with pytest.raises(AlignmentError):
        face.align([even, even])


@pytest.mark.parametrize("name", face.__all__)
def test_what_is_exported_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(face, name).__name__ == name
    assert getattr(face, name).__doc__
    assert name in dir(face)


def test_what_is_not_exported_is_not_there() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = face.nothing


@pytest.mark.parametrize(
    "shapes", [[], [(90, 120)], [(90, 120), (90, 121)], [(90, 120), (90, 120, 3)], [(0, 9), (0, 9)]]
)
def test_what_is_no_stack_is_refused(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"at least two frames of one size|one shape|with pixels"):
        face.align([np.zeros(shape, np.uint8) for shape in shapes])


@pytest.mark.filterwarnings("error")
def test_nothing_stays_open(plane_stack: RenderedStack) -> None:
    face.align(plane_stack.frames[:3])
    gc.collect()
