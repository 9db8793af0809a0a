"""Frames on their side or upside down are told as that, not as another scene."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.features.sift import detect
from focusstack.alignment.features.turned import quarter_turns
from focusstack.first_pass.effort import QUICK
from focusstack.frames.in_memory import ArrayFrames
from focusstack.pipeline import plan_stack
from focusstack.scene.stack import render_stack


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_quarter_turns_are_told_from_features(turns: int) -> None:
    square = render_stack("plane", width=320, height=320, frames=1).frames[0][..., 1]
    one, turned = (detect(np.ascontiguousarray(np.rot90(square, -k))) for k in (0, turns))
    assert quarter_turns(one, turned, 3.0) == turns
    other = render_stack("plane", width=320, height=320, frames=1, seed=9).frames[0][..., 1]
    assert quarter_turns(one, detect(other), 3.0) == 0


@pytest.mark.parametrize(
    ("turns", "words"), [(1, "on its right side"), (2, "upside down"), (3, "on its left side")]
)
def test_a_frame_that_lies_turned_is_named(turns: int, words: str) -> None:
    frames = render_stack("plane", width=300, height=300, frames=5).frames
    frames[1] = np.ascontiguousarray(np.rot90(frames[1], -turns))  # clockwise
    plan = plan_stack(ArrayFrames(frames), effort=QUICK)
    assert [f.used for f in plan.frames] == [True, False, True, True, True]
    assert plan.frames[1].reason is not None
    assert plan.frames[1].reason.startswith(f"lies {words} against the others")
