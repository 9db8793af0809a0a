"""Fits come nearer to the frames."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.layers.borne_out import residual
from focusstack.fusion.layers.fitting import Schedule, descend, fit
from focusstack.fusion.layers.rendering import View
from focusstack.fusion.layers.start import start_from
from focusstack.fusion.layers.tile import doubled, halved
from tests.fusion.layers.known_layers import LENS, photographed


def test_a_fit_explains_frames_to_the_noise() -> None:
    known = photographed()
    start = start_from(known.tile, 1, LENS.step)
    view = View(start.depths, known.tile.focus.tolist(), LENS)
    before = residual(view, start.today, known.tile)
    after = residual(view, fit(known.tile, start, LENS), known.tile)
    assert before.mean() > 5
    assert after.mean() < 2


def test_a_fit_stays_between_nothing_and_all() -> None:
    known = photographed()
    layers = fit(known.tile, start_from(known.tile, 1, LENS.step), LENS)
    assert (layers.cover[-1] == 1).all()
    for values in (layers.cover, layers.colour):
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1


def test_halving_undoes_doubling_of_what_is_even() -> None:
    plane = np.full((2, 8, 10), 0.25, np.float32)
    assert doubled(plane).shape == (2, 16, 20)
    assert (halved(doubled(plane)) == plane).all()


def test_frames_take_turns_in_the_descent(monkeypatch: pytest.MonkeyPatch) -> None:
    known, asked = photographed(), []
    some = View.some

    def counted(view: View, which: slice) -> View:
        found = some(view, which)
        asked.append(found.frames)
        return found

    monkeypatch.setattr(View, "some", counted)
    start = start_from(known.tile, 1, LENS.step)
    descend(known.tile, View(start.depths, range(8), LENS), start.layers, Schedule(1))
    assert asked == [3, 3, 2]
