"""What speaks for a new stack, and from which size on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from focusstack.shoot.appearance import Look
from focusstack.shoot.boundaries import Boundary, find_boundaries
from focusstack.shoot.maker_notes import Series
from focusstack.shoot.shots import Shot
from focusstack.shoot.signs import Sign
from focusstack.shoot.stream import Stream


def shots(times: Sequence[float | None], resolution: float = 0.01) -> list[Shot]:
    return [
        Shot(Path(f"IMG_{k:04d}.jpg"), (60, 40), time, resolution) for k, time in enumerate(times)
    ]


def stream(times: Sequence[float | None], resolution: float = 0.01) -> Stream:
    return Stream(shots(times, resolution), [None] * len(times))


def at_intervals(*intervals: float) -> list[float | None]:
    return [0.0, *np.cumsum(intervals).tolist()]


def signs(found: Stream, k: int, begun: int = 0) -> set[Sign]:
    return {one.sign for one in found.evidence(k, begun)}


def cuts(found: Stream) -> list[int]:
    return [b.at for b in find_boundaries(found) if b.new]


# Time ------------------------------------------------------------------------------------------


def test_a_pause_is_long_against_the_rhythm() -> None:
    for rhythm in (0.6, 6.0):
        burst = [rhythm] * 5
        longer = stream(at_intervals(*burst, 10 * rhythm, *burst))
        assert signs(longer, 5) == {Sign.pause}
        hesitating = stream(at_intervals(*burst, 5.5 * rhythm, *burst))
        assert signs(hesitating, 5) == {Sign.hesitation}
        assert signs(stream(at_intervals(*burst, 2 * rhythm, *burst)), 5) == set()


def test_a_buffer_that_fills_up_is_no_pause() -> None:
    burst = [0.05] * 5
    assert signs(stream(at_intervals(*burst, 0.7, *burst)), 5) == set()
    assert signs(stream(at_intervals(*burst, 1.4, *burst)), 5) == {Sign.pause}


def test_whole_seconds_have_a_rhythm() -> None:
    burst = [0, 0, 1, 0, 0]
    assert signs(stream(at_intervals(*burst, 2, *burst), 1.0), 5) == {Sign.hesitation}
    assert signs(stream(at_intervals(*burst, 5, *burst), 1.0), 5) == {Sign.pause}


def test_a_slow_stack_behind_a_fast_one_stays_whole() -> None:
    found = stream(at_intervals(*[0.2] * 5, 40, *[5.0] * 5))
    assert [b.at for b in find_boundaries(found) if b.new] == [6]


def test_long_exposures_are_no_pauses() -> None:
    taken = [
        Shot(Path(f"{k}.jpg"), None, 0.5 * k + 30 * (k > 4), 0.01, exposure_time=30.0 * (k == 4))
        for k in range(10)
    ]
    assert signs(Stream(taken, [None] * 10), 4) == set()


def test_what_is_known_of_nothing_is_not_sure() -> None:
    decided = find_boundaries(stream([None] * 3))
    assert decided == [Boundary(k, new=False, sure=False) for k in (1, 2)]


def test_a_picture_that_changes_in_the_rhythm_of_the_burst_is_a_hand_that_shakes() -> None:
    found = looks([0] * 4 + [turned(0.2)] * 4, [0] * 8)
    assert signs(Stream(shots(at_intervals(*[0.5] * 7)), found.looks), 3) == set()
    late = at_intervals(0.5, 0.5, 0.5, 2.0, 0.5, 0.5, 0.5)
    assert signs(Stream(shots(late), found.looks), 3) == {Sign.hesitation, Sign.change}


# Cameras ---------------------------------------------------------------------------------------


def numbered(*numbers: int | None, bracketed: bool | None = None) -> Stream:
    series = [Series(n, bracketed) for n in numbers]
    taken = [Shot(Path(f"{k}.jpg"), series=s) for k, s in enumerate(series)]
    return Stream(taken, [None] * len(numbers))


def test_a_series_that_is_counted() -> None:
    assert cuts(numbered(1, 2, 3, 1, 2, 3, 4, bracketed=True)) == [3]
    assert all(b.sure for b in find_boundaries(numbered(1, 2, 3, 1, 2, bracketed=True)))


def test_a_burst_that_is_counted_may_go_on() -> None:
    """A hand that releases in bursts makes one stack of several."""
    assert cuts(numbered(1, 2, 3, 1, 2, 3, 4)) == []
    assert signs(numbered(1, 2, 3, 1, 2, 3, 4), 2) == {Sign.burst}
    taken = [
        Shot(Path(f"{k}.jpg"), None, k + 5.0 * (k > 2), 0.01, series=Series(k % 3 + 1))
        for k in range(6)
    ]
    assert cuts(Stream(taken, [None] * 6)) == [3], "with a hesitation"


def test_exposures_that_are_counted_at_each_focus() -> None:
    taken = [
        Shot(Path(f"{k}.jpg"), exposure_time=(0.01, 0.03, 0.1)[k % 3], f_number=8, iso=100)
        for k in range(9)
    ]
    series = [
        replace(shot, series=Series(k % 3 + 1, bracketed=True)) for k, shot in enumerate(taken)
    ]
    assert cuts(Stream(series, [None] * 9)) == []


def test_shots_that_are_all_the_first_say_nothing() -> None:
    assert cuts(numbered(1, 1, 1, 1, bracketed=True)) == []
    assert cuts(numbered(1, 1, 2, 3, bracketed=True)) == [1]


def test_a_camera_that_counts_on_is_believed() -> None:
    taken = [Shot(Path(f"{k}.jpg"), None, 40.0 * k, series=Series(k + 1)) for k in range(6)]
    assert cuts(Stream(taken, [None] * 6)) == []


def test_another_size_begins_a_stack() -> None:
    taken = [Shot(Path(f"{k}.jpg"), (60, 40) if k < 3 else (40, 60)) for k in range(6)]
    assert cuts(Stream(taken, [None] * 6)) == [3]


@pytest.mark.parametrize("way", [1, -1])
def test_the_distance_of_focus_starts_over(way: int) -> None:
    near = [1.0, 1.4, 1.8, 2.2][::way] * 2
    taken = [Shot(Path(f"{k}.jpg"), series=Series(distance=1 / n)) for k, n in enumerate(near)]
    assert cuts(Stream(taken, [None] * 8)) == [4]


def test_a_distance_that_wavers_does_not_start_over() -> None:
    near = [1.0, 1.4, 1.8, 1.6, 2.0, 2.4]
    taken = [Shot(Path(f"{k}.jpg"), series=Series(distance=1 / n)) for k, n in enumerate(near)]
    assert cuts(Stream(taken, [None] * 6)) == []


def exposed(*stops: float) -> Stream:
    taken = [
        Shot(Path(f"{k}.jpg"), exposure_time=0.01 * 2**s, f_number=8, iso=100)
        for k, s in enumerate(stops)
    ]
    return Stream(taken, [None] * len(stops))


def test_exposure_that_is_set_anew() -> None:
    assert signs(exposed(0, 0.1, 0, 1.3, 1.3), 2) == {Sign.exposure}
    assert signs(exposed(0, 0.1, 0, 0.6, 0.6), 2) == set()
    assert signs(exposed(0, 2, -2, 0, 2, -2), 2) == set(), "a bracket"


def test_names_that_are_counted_from_the_start() -> None:
    names = ("IMG_8_x", "IMG_9_x", "IMG_1_x", "DSC_2_x", "near", "far")
    found = Stream([Shot(Path(f"{name}.jpg")) for name in names], [None] * 6)
    told = [signs(found, k) for k in range(5)]
    assert told == [set(), {Sign.names}, {Sign.names}, set(), set()]


# Looks -----------------------------------------------------------------------------------------


def looks(scenes: Sequence[float], details: Sequence[float]) -> Stream:
    """Pictures whose scenes differ by given amounts from the first, and parts by given stops."""
    rng = np.random.default_rng(0)
    one, two = rng.standard_normal((2, 18, 24))
    found = []
    for angle, stops in zip(scenes, details, strict=True):
        scene = np.cos(angle) * one + np.sin(angle) * two
        detail = np.full((9, 12), stops)
        found.append(Look(scene.astype(np.float32), detail.astype(np.float32)))
    return Stream(shots([None] * len(found)), found)


def turned(difference: float) -> float:
    """By how much a scene has to be turned to differ so."""
    return float(np.arccos(1 - difference))


@pytest.mark.parametrize(
    ("differs", "expected"),
    [(0.45, {Sign.scene}), (0.2, {Sign.change}), (0.065, {Sign.change}), (0.03, set())],
)
def test_another_subject(differs: float, expected: set[Sign]) -> None:
    found = looks([0] * 4 + [turned(differs)] * 4, [0] * 8)
    assert signs(found, 3) == expected


def test_a_picture_that_always_changes() -> None:
    """In a hand that shakes so much, a step of twice what is usual says nothing."""
    usual = turned(0.06)
    step = looks([0, usual, 0, usual, usual + turned(0.13), turned(0.13)], [0] * 6)
    assert signs(step, 3) == set()
    step = looks([0, usual, 0, usual, usual + turned(0.25), turned(0.25)], [0] * 6)
    assert signs(step, 3) == {Sign.change}


def test_focus_that_starts_over() -> None:
    sweep = [0, 1, 2, 3, 4]
    assert cuts(looks([0] * 10, sweep * 2)) == [5]
    (found,) = looks([0] * 10, sweep * 2).evidence(4, 0)
    assert found.words == "focus starts over, as at IMG_0000.jpg"
    assert cuts(looks([0] * 8, [0, 1, 2, 1.2, 0, 1, 2, 1.2])) == [], "steps of what is usual"
    assert cuts(looks([0] * 10, [0.1 * s for s in sweep] * 2)) == [], "less than noise makes"
    assert cuts(looks([0] * 10, [0.3 * s for s in sweep] * 2)) == [5]


def test_a_pause_in_which_nothing_changes_is_less_sure() -> None:
    late = at_intervals(0.5, 0.5, 0.5, 3.0, 0.5, 0.5, 0.5)
    still = looks([0] * 8, [0.2 * k for k in range(8)])
    assert signs(Stream(shots(late), still.looks), 3) == {Sign.hesitation, Sign.goes_on}
    assert find_boundaries(Stream(shots(late), still.looks))[3].sure
    moved = looks([0] * 8, [0.2 * k + 0.5 * (k > 3) for k in range(8)])
    assert signs(Stream(shots(late), moved.looks), 3) == {Sign.hesitation}


def test_a_leap_that_leads_nowhere_known() -> None:
    assert cuts(looks([0] * 8, [0, 1, 2, 3, 6.2, 7.2, 8.2, 9.2])) == []
    assert cuts(looks([0] * 8, [0, 1, 2, 3, -1.7, -0.7, 0.3, 1.3])) == [4], "near where it began"
    assert cuts(looks([0] * 8, [0, 1, 2, 3, -5, -4, -3, -2])) == []
