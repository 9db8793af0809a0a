"""When a local displacement is looked for, and how far the search goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from focusstack.alignment import displacement
from focusstack.alignment.displacement import find_displacement, is_considered
from focusstack.alignment.fields.smooth import Local
from focusstack.alignment.parallax import search
from focusstack.alignment.quality.accuracy import Certainty
from focusstack.alignment.quality.held_out import HeldOut
from focusstack.alignment.quality.residual import Residual
from focusstack.alignment.refine import Refined

NONE = np.zeros(1)


def refined(median: float, p95: float, error: float) -> Any:
    """What matrices leave of a stack."""
    found = object.__new__(Refined)
    object.__setattr__(found, "stack", Residual(median, p95, p95, 100))
    object.__setattr__(found, "certainty", Certainty(np.array([error]), NONE, NONE, NONE))
    object.__setattr__(found, "poses", None)
    return found


@pytest.mark.parametrize(
    ("median", "p95", "error", "considered"),
    [
        (0.15, 0.5, 0.07, False),
        (0.26, 0.5, 0.07, True),
        (0.15, 0.95, 0.07, True),
        (0.15, 0.5, 0.14, True),
    ],
)
def test_displacement_is_looked_for_where_matrices_leave_enough(
    median: float, p95: float, error: float, considered: bool
) -> None:
    assert is_considered(refined(median, p95, error)) == considered


@dataclass
class Begun:
    """A search after its coarse rounds, which finds nothing in the end."""

    held_out: HeldOut
    ended_times: int = 0

    def ended(self) -> None:
        self.ended_times += 1


@pytest.mark.parametrize(
    ("share", "gained", "goes_on"),
    [(0.75, 0.0, True), (0.95, 0.0, False), (0.95, 0.75, True), (0.95, 0.5, False)],
)
def test_parallax_is_searched_to_the_end_where_it_promises_something(
    monkeypatch: pytest.MonkeyPatch, share: float, gained: float, goes_on: bool
) -> None:
    begun = Begun(HeldOut(1.0, share, gained, share))
    monkeypatch.setattr(search.Search, "begun", lambda *_: begun)
    nothing = Local(np.zeros((1, 2, 2, 2)), HeldOut(1.0, 1.0, 0.0, 1.0))
    monkeypatch.setattr(displacement, "find_fields", lambda *_: nothing)
    series: Any = None
    assert find_displacement(series, refined(1, 1, 1)) is None
    assert begun.ended_times == goes_on


@dataclass
class Found:
    """Parallax that was found."""

    held_out: HeldOut
    poses: Any = None
    added_to: Any = None


class Still:
    """Poses of no frame."""

    kept: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("parallax", "tiles", "followed"),
    [(False, 101, False), (False, 105, True), (True, 101, True), (True, 99, False)],
)
def test_far_travel_must_explain_clearly_more_where_tiles_prove_none(
    monkeypatch: pytest.MonkeyPatch, parallax: bool, tiles: int, followed: bool
) -> None:
    held = HeldOut(1.0, 0.5, 0.9, 0.5)
    found: Any = Found(held)
    still: Any = Still()
    near = displacement.Displacement(still, found if parallax else None, None, 1.0, 0.5)
    monkeypatch.setattr(displacement, "_near", lambda *_: near)
    monkeypatch.setattr(displacement, "agreeing", lambda *_: 100)
    monkeypatch.setattr(
        displacement, "find_far_parallax", lambda *a: found if tiles >= a[-1] else None
    )
    nothing = Local(np.zeros((1, 2, 2, 2)), HeldOut(1.0, 1.0, 0.0, 1.0))
    monkeypatch.setattr(displacement, "find_fields", lambda *_: nothing)
    matrices = refined(1, 1, 1)
    object.__setattr__(matrices, "poses", still)
    series = travel = still
    chosen = find_displacement(series, matrices, travel)
    assert (chosen is not near) == followed
