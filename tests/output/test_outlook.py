"""How long a run is expected to take, against runs that were measured."""

from __future__ import annotations

import pytest

from focusstack.output.outlook import run_seconds

MEASURED = [
    (20, 2, 9.5), (20, 6, 12.3), (20, 12, 15.2), (20, 24, 18.1), (20, 48, 33.2), (5, 12, 7.0),
    (10, 12, 10.6), (50, 12, 38.5), (100, 12, 75.8), (200, 12, 159.9), (200, 24, 190.9),
]  # fmt: skip
"""Frames, megapixels and seconds on two threads (``benchmarks/README.md``)."""


@pytest.mark.parametrize(("frames", "megapixels", "seconds"), MEASURED)
def test_the_time_of_runs_that_were_measured(
    frames: int, megapixels: float, seconds: float
) -> None:
    assert run_seconds(frames, megapixels, 2) == pytest.approx(seconds, rel=0.27)


def test_what_one_thread_takes_and_many_do() -> None:
    """A frame of 24 megapixels takes 1.6 s of one processor: threads cannot share all of it."""
    alone, two, many = (run_seconds(20, 24, threads) for threads in (1, 2, 64))
    assert alone == pytest.approx(30.3 + 5.6, rel=0.05)
    assert two == pytest.approx(0.6 * alone)
    assert 0.2 * alone < many < 0.25 * alone
