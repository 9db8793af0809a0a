"""What all frames are exposed to in the end, and what fills its gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.first_pass.light import CommonExposure, find_common_exposure
from tests.support.findings import Stack


def exposed(
    stack: Stack, recorded: list[float | None] | None = None, *, deep: bool = False
) -> CommonExposure:
    measured = stack.measured()
    if recorded is not None:
        measured = replace(measured, recorded=recorded)
    return find_common_exposure(
        measured, stack.coarse(), stack.light(), stack.poses.matrices, deep=deep
    )


def test_gaps_are_filled_from_exif() -> None:
    found = exposed(Stack(gains={2: np.nan}), [0.0, 0.0, -1.0, 0.0, 0.0])
    assert found.filled == [2]
    assert found.gain(2) == pytest.approx([2, 2, 2])
    assert found.stops(2) == pytest.approx(-1)


def test_without_any_word_a_frame_is_left_as_it_is() -> None:
    found = exposed(Stack(gains={2: np.nan}))
    assert found.filled == []
    assert np.isnan(found.gains[2]).all()
    assert found.gain(2) == pytest.approx([1, 1, 1])
    assert found.stops(2) == 0


@pytest.mark.parametrize(("deep", "common"), [(False, 1.0), (True, 1 / 1.8)])
def test_only_deep_frames_are_lowered_for_highlights(deep: bool, common: float) -> None:
    found = exposed(Stack(gains={1: 2.0}), deep=deep)
    assert found.common == pytest.approx(common)
    assert found.gain(1) == pytest.approx([2 * common] * 3)


def test_what_is_clipped_in_every_frame_is_counted() -> None:
    assert exposed(Stack()).clipped_everywhere == 0
    stack = Stack()
    measured = stack.measured()
    blown = [replace(s, clean=np.zeros((4, 6), np.float32)) for s in measured.statistics]
    found = find_common_exposure(
        replace(measured, statistics=blown),
        stack.coarse(),
        stack.light(),
        stack.poses.matrices,
        deep=False,
    )
    assert found.clipped_everywhere == 1
