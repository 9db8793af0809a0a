"""Gains of frames that are registered already, from the pictures themselves."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.exposure import apply_gain, measure_gains
from focusstack.images.colour import to_dtype
from focusstack.scene.stack import RenderedStack


def test_gains_of_a_rendered_stack(plane_stack: RenderedStack) -> None:
    found = measure_gains(plane_stack.frames, plane_stack.matrices, plane_stack.reference)
    assert found == pytest.approx(plane_stack.gains, rel=3e-3)


def test_matrices_are_those_of_full_size_frames() -> None:
    # Of more pixels than a proxy has: a patch that only one place shows.
    rng = np.random.default_rng(0)
    scene = np.kron(rng.uniform(0.1, 0.6, (48, 66)), np.ones((40, 40))).astype(np.float32)
    first, second = scene[:1720, :2440], scene[200:, 200:]
    shift = np.array([[1, 0, 200], [0, 1, 200], [0, 0, 1.0]])
    darker = to_dtype(apply_gain(second, np.array([0.8])), np.dtype(np.uint8))
    found = measure_gains([first, darker], np.stack([np.eye(3), shift]))
    assert found[:, 0] == pytest.approx([1, 1.25], rel=5e-3)


def test_frames_that_share_nothing_have_no_gain() -> None:
    bright = np.full((160, 240), 255, np.uint8)
    assert np.isnan(measure_gains([bright, bright])[1]).all()
