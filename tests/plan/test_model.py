"""What a plan knows of its frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.plan.model import FramePlan
from tests.support.plans import plan


def test_movement_in_words() -> None:
    frame = plan("a.jpg", "b.jpg").frames[1]
    zoom, rotation, shift = frame.movement(400, 300)
    assert (zoom, rotation, shift) == pytest.approx((0, 0, 0.1))
    lost = replace(frame, used=False, matrix=None)
    assert lost.movement(400, 300) == (0, 0, 0)


def test_used_frames_come_in_focus_order() -> None:
    made = plan("a.jpg", "b.jpg", "c.jpg", lost=("b.jpg",))
    made = replace(made, focus_order=("c.jpg", "a.jpg"))
    assert [f.file for f in made.used()] == ["c.jpg", "a.jpg"]


def test_more_warnings_are_added_at_the_end() -> None:
    made = plan("a.jpg", "b.jpg").with_warnings(["one"]).with_warnings(["two", "three"])
    assert made.warnings == ("one", "two", "three")


def made(error: float | None, guessed: float = 0.0) -> FramePlan:
    frame = FramePlan("a.png", True, None, np.eye(3), np.ones(3), None, 0.0, 1.0)
    return replace(frame, error_px=error, guessed_px=guessed)


def test_a_guess_is_no_part_of_the_error_of_what_there_is_to_see() -> None:
    frame = made(0.5, 0.4)
    assert frame.seen_error_px == pytest.approx(0.3)
    assert made(0.2).seen_error_px == pytest.approx(0.2)
    assert made(None).seen_error_px is None
