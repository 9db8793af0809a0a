"""EXIF is a cross-check, and fills gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.exposure.recorded import contradictions, recorded_stops, with_recorded
from focusstack.frames.in_memory import ArrayFrames
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.pipeline import plan_stack
from focusstack.scene.stack import render_stack


class Dated:
    """Metadata that tells an exposure."""

    orientation = 1

    def __init__(self, time: float | None, iso: float | None = None, number: float | None = None):
        self.exposure_time, self.iso, self.f_number = time, iso, number


def test_recorded_exposures_are_stops() -> None:
    assert recorded_stops(Metadata()) is None

    def stops(*what: float | None) -> float:
        found = recorded_stops(Dated(*what))  # type: ignore[arg-type]
        assert found is not None
        return found

    assert stops(1 / 50) - stops(1 / 100) == pytest.approx(1)
    assert stops(0.1, 400) - stops(0.1, 100) == pytest.approx(2)
    assert stops(0.1, 100, 4) - stops(0.1, 100, 8) == pytest.approx(2)
    assert stops(0.1, None, None) == pytest.approx(stops(0.1, 100, 1))


def test_what_cannot_be_measured_is_taken_from_exif() -> None:
    gains = np.array([[1.0] * 3, [2.0] * 3, [np.nan] * 3, [np.nan] * 3])
    filled, which = with_recorded(gains, [0.0, -1.0, 1.5, None], range(4), 0)
    assert which == [2]
    assert filled[2] == pytest.approx(2**-1.5)
    assert np.isnan(filled[3]).all()
    assert filled[1] == pytest.approx(2)
    assert np.isnan(gains[2]).all()


def test_a_record_that_contradicts_is_found() -> None:
    gains = np.repeat(2.0 ** -np.array([[0.0], [1.0], [-0.5], [0.3]]), 3, axis=1)
    assert not contradictions(gains, [3.0, 4.1, 2.4, 3.4], range(4))
    assert not contradictions(gains, [None, None, None, 3.0], range(4))
    found = contradictions(gains, [3.0, 4.0, 2.5, 5.3], range(4))
    assert list(found) == [3]
    assert found[3] == pytest.approx((2.3, 0.3))


@pytest.mark.parametrize(("stops", "told"), [(0.56, True), (0.28, False)])
def test_thirds_of_a_stop_contradict_nothing(stops: float, told: bool) -> None:
    assert bool(contradictions(np.ones((3, 3)), [0.0, 0.0, stops], range(3))) == told


def test_exposures_that_exif_tells_otherwise_are_named() -> None:
    class Told(ArrayFrames):
        def read(self, i: int) -> Picture:
            found = super().read(i)
            told = Dated(0.1 if i != 2 else 0.4)
            told.transfer = None  # type: ignore[attr-defined]
            return replace(found, metadata=told)  # type: ignore[arg-type]

    rendered = render_stack("plane", width=360, height=270, frames=5, seed=8, ev=0.1, wb=0)
    plan = plan_stack(Told(rendered.frames))
    (warning,) = [w for w in plan.warnings if "EXIF" in w]
    assert "frame_0003 (+2.0 recorded, " in warning
    assert "frame_0002" not in warning
