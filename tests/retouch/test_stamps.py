"""Where brushes and outlines cover."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect
from focusstack.retouch.stamps import cover
from focusstack.retouch.stroke_schema import stroke_of
from focusstack.retouch.strokes import WIDEST_FEATHER, Point, Stroke

SHEET = Rect(0, 0, 120, 90)


def whole(stroke: Stroke, sheet: Rect = SHEET) -> np.ndarray:
    """Cover of the whole sheet."""
    rect, covered = cover(stroke, sheet)
    found = np.zeros((sheet.height, sheet.width), np.float32)
    found[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width] = covered
    return found


def test_a_dab_is_round_full_inside_and_fades_to_its_rim() -> None:
    found = whole(Stroke("paint", (Point(60, 45),), size=40, hardness=0.5))
    y, x = np.mgrid[:90, :120]
    distance = np.hypot(x - 60, y - 45)
    assert (found[distance <= 10] == 1).all()
    assert (found[distance >= 20] == 0).all()
    assert found[45, 75] == pytest.approx(0.5, abs=1e-5)  # halfway between hardness and rim


def test_a_hard_brush_has_an_edge_of_one_pixel() -> None:
    found = whole(Stroke("paint", (Point(60, 45),), size=40, hardness=1))
    assert found[45, 79] == 1
    assert found[45, 80] == 0
    assert 0 < whole(Stroke("paint", (Point(60.5, 45),), size=40, hardness=1))[45, 80] < 1


def test_opacity_is_the_most_that_a_stroke_covers_however_often_it_comes_back() -> None:
    there = tuple(Point(20 + k, 45) for k in range(0, 80, 5))
    found = whole(Stroke("paint", there + there[::-1], size=20, opacity=0.4))
    assert found.max() == pytest.approx(0.4)


def test_more_points_on_a_line_change_nothing() -> None:
    few = whole(Stroke("paint", (Point(20, 20), Point(90, 70)), size=24))
    many = tuple(Point(20 + 70 * t, 20 + 50 * t) for t in np.linspace(0, 1, 30))
    assert np.abs(whole(Stroke("paint", many, size=24)) - few).max() < 1e-4


def test_pressure_narrows_the_brush() -> None:
    found = whole(Stroke("paint", (Point(20, 45, 1.0), Point(100, 45, 0.2)), size=40, hardness=1))
    widths = (found > 0.5).sum(0)
    assert widths[22] > 36
    assert widths[60] == pytest.approx(24, abs=2)
    assert widths[98] < 12


def test_only_what_lies_on_the_sheet_is_covered() -> None:
    rect, covered = cover(Stroke("paint", (Point(-5, 3),), size=30), SHEET)
    assert (rect.x, rect.y) == (0, 0)
    assert covered.shape == (rect.height, rect.width)
    rect, covered = cover(Stroke("paint", (Point(-500, 3),), size=30), SHEET)
    assert covered.size == 0


SQUARE = tuple(Point(x, y) for x, y in ((30, 20), (70, 20), (70, 60), (30, 60)))


def test_an_outline_is_full_inside_and_fades_over_its_feather() -> None:
    found = whole(Stroke("fill", SQUARE, feather=10))
    assert (found[27:54, 37:64] == 1).all()
    assert (found[:14] == 0).all()
    assert found[40, 30] == pytest.approx(0.5, abs=0.15)
    hard = whole(Stroke("fill", SQUARE))
    assert np.isin(hard, (0, 0.5, 1)).mean() > 0.95


def test_the_edge_of_the_sheet_is_no_edge_of_an_outline() -> None:
    corners = tuple(Point(x, y) for x, y in ((-40, -40), (60, -40), (60, 50), (-40, 50)))
    found = whole(Stroke("fill", corners, feather=8))
    assert (found[:40, :50] == 1).all()


def test_the_widest_feather_takes_no_more_memory_than_it_reaches() -> None:
    corners = tuple(Point(x, y) for x, y in ((2, 2), (6, 2), (6, 6)))
    assert stroke_of(
        {"kind": "fill", "source": "frame:a", "points": corners, "feather": WIDEST_FEATHER}
    )
    with pytest.raises(ValueError, match="2000"):
        stroke_of({"kind": "fill", "source": "frame:a", "points": corners, "feather": 2001})
