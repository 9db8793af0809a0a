"""What the report shows of layers near steps in depth."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.fusion.base import Change, Edges, Fused
from focusstack.numeric.arrays import Image
from focusstack.output.report.explained import edges_words, explained

ENTRY = {"squares": 9, "left": 0, "step_px": 1.25, "near": "last", "share": 0.083, "outside": 0.0}


def fused(*changes: Change) -> Fused:
    plane = np.full((200, 300), 0.5, np.float32)
    adopted = np.zeros(plane.shape, np.uint8)
    adopted[40:120, 60:200] = 255
    whole = Fused(np.dstack([plane] * 3), plane, plane, plane.astype(np.uint16))
    return replace(whole, edges=Edges(1.0, 0.0, 1, 2, 0, adopted, 0.0, changes))


def opened(data: bytes) -> Image:
    return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB"), np.float32)


def test_the_map_is_coloured_where_the_composite_was_changed() -> None:
    drawn = explained(fused(Change(60, 40, np.zeros((120, 120, 3), np.float32))), None)
    assert drawn is not None
    where = opened(drawn.where)
    assert where[80, 130, 0] - where[80, 130, 2] > 80
    assert np.ptp(where[180, 280]) < 12


def test_places_are_shown_before_and_after() -> None:
    drawn = explained(fused(Change(60, 40, np.zeros((120, 120, 3), np.float32))), None)
    assert drawn is not None
    ((before, after),) = drawn.pairs
    assert opened(before).shape == opened(after).shape == (120, 120, 3)
    assert opened(before).mean() < 5
    assert opened(after).mean() == pytest.approx(128, abs=5)


def test_nothing_is_drawn_where_nothing_was_changed() -> None:
    assert explained(fused(), None) is None
    assert explained(replace(fused(), edges=None), None) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "8.3 % of the picture"),
        ({}, "last frames are focused nearest"),
        ({"left": 4}, "4 with less to win were left out"),
        ({"squares": 0}, "depth makes no steps"),
        ({"step_px": None}, "do not tell how blur grows"),
        ({"near": None}, "not certain which end"),
        ({"outside": 0.0004}, "0.04 % of the pixels"),
    ],
)
def test_it_is_told_in_words(change: dict[str, float | None], told: str) -> None:
    assert told in edges_words(ENTRY | change)


def test_nothing_is_told_if_nothing_was_asked() -> None:
    assert edges_words(None) == ""
