"""What pass 1 found becomes a plan in full-size pixels and input order."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.first_pass.assemble import make_plan
from tests.support.findings import Stack

SIZE = (800, 600)


def test_frames_come_in_input_order_and_are_used_in_focus_order() -> None:
    plan = make_plan(Stack(order=[4, 2, 0, 1, 3]).found(), SIZE)
    # Position 0 in focus was given fifth.
    assert [f.file for f in plan.frames] == ["2.jpg", "3.jpg", "1.jpg", "4.jpg", "0.jpg"]
    assert plan.focus_order == ("0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    assert plan.reference == "0.jpg"


def test_lengths_are_of_full_size_pixels() -> None:
    stack = Stack(scale=0.5, precision={2: 0.1}, displaced=True, guessed={}, after=0.02)
    plan = make_plan(stack.found(), SIZE)
    assert plan.canvas == SIZE
    assert plan.frames[2].error_px == pytest.approx(np.hypot(0.2, 0.04), abs=1e-3)
    assert plan.evidence == pytest.approx({"similarity": 0.08})
    assert plan.residual_px is not None
    assert plan.residual_px.median == pytest.approx(0.04)
    assert plan.local_median_px == pytest.approx((2.0, 0.04))
    assert plan.pairs[0].px == pytest.approx(0.06)
    assert plan.scene is not None
    assert (plan.scene.canvas_width, plan.scene.canvas_height) == SIZE


def test_frames_left_out_keep_their_reason_and_nothing_else() -> None:
    plan = make_plan(Stack(lost={3: "too dark"}).found(), SIZE)
    lost = plan.frames[3]
    assert (lost.used, lost.reason, lost.matrix) == (False, "too dark", None)
    assert lost.error_px is None
    assert lost.verdict is None
    assert "3.jpg" not in plan.focus_order
    assert plan.warnings == ("left out: 3.jpg: too dark",)


def test_the_stacks_error_is_the_root_mean_square_of_its_frames() -> None:
    plan = make_plan(Stack(precision={0: 0.3, 1: 0.4}).found(), SIZE)
    assert plan.error_px == pytest.approx(0.5 / np.sqrt(5), abs=1e-3)
    nothing = make_plan(Stack(without_tiles=range(5)).found(), SIZE)
    assert nothing.error_px is None


def test_deep_frames_are_lowered_until_no_highlight_is_lost() -> None:
    stack = Stack(gains={2: 2.0})
    plan, deep = (make_plan(stack.found(), SIZE, deep=deep) for deep in (False, True))
    assert plan.common_ev == 0
    # Its highlights, at 0.9, would come to 1.8.
    assert deep.common_ev == pytest.approx(-np.log2(1.8), abs=1e-3)
    assert deep.frames[2].gain == pytest.approx(2 / 1.8)
    assert deep.frames[0].gain == pytest.approx(1 / 1.8)
    assert deep.frames[2].exposure_ev == pytest.approx(-1)


def test_what_is_not_known_of_exposure_leaves_a_frame_as_it_is() -> None:
    plan = make_plan(Stack(gains={2: np.nan}).found(), SIZE)
    assert plan.frames[2].gain.tolist() == [1, 1, 1]
    assert plan.frames[2].exposure_ev == 0
    assert "2.jpg" in plan.warnings[0]


def test_sharpness_is_a_share_of_the_sharpest() -> None:
    frames = make_plan(Stack(details={0: np.log(0.5), 1: 0, 2: 0, 3: 0, 4: 0}).found(), SIZE).frames
    assert [f.sharpness for f in frames] == pytest.approx([0.5, 1, 1, 1, 1])


def test_a_quick_look_says_so() -> None:
    assert make_plan(Stack().found(), SIZE, quick=True).quick
    assert not make_plan(Stack().found(), SIZE).quick
