"""Terms are earned by what they foretell, not by what they were fitted to."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.exposure.fit import CELLS, gathered, summed
from focusstack.exposure.trial import HALVES, TONES, held_out, is_earned
from tests.support.areas import THETA, exact


def test_folds_are_halves() -> None:
    for folds in (HALVES, TONES):
        assert all(len(f) == 4 for f in folds)
        for first, second in zip(folds[::2], folds[1::2], strict=True):
            assert sorted(first + second) == list(CELLS)


def test_a_trial_of_what_is_not_there_is_not_earned() -> None:
    theta = THETA.copy()
    theta[:, 1:] = 0
    fit = gathered(exact(theta), [(0, 1), (1, 2), (2, 3)], 1)
    assert fit is not None
    for folds, columns in ((HALVES, (0,)), (TONES, (4,))):
        trial = held_out(fit, summed(fit), (), columns, folds)
        assert not trial.earned


@pytest.mark.parametrize(("stops", "visible"), [(0.014, True), (0.007, False)])
def test_what_nobody_sees_is_no_term(stops: float, visible: bool) -> None:
    theta = np.zeros((2, 6))
    # Over places up to 0.7 to either side, a plane is 0.4 of its term on the average.
    theta[1, 3] = stops * np.log(2) / 2 / 0.404
    fit = gathered(exact(theta), [(0, 1)], 0)
    assert fit is not None
    trial = held_out(fit, summed(fit), (), (2, 3), HALVES)
    assert (trial.before_ev > 0) == visible


@pytest.mark.parametrize(
    ("left", "gaining", "spread", "exponent", "earned"),
    [
        (0.8, 1.0, 0.2, False, True),
        (0.95, 1.0, 0.2, False, False),  # hardly less is left
        (0.7, 1.0, 0.2, True, True),
        (0.85, 1.0, 0.2, True, False),  # an exponent must explain more
        (0.8, 0.85, 0.2, False, True),
        (0.8, 0.6, 0.2, False, False),  # some pairs lose
        (0.8, 1.0, 0.42, False, False),  # halves disagree
    ],
)
def test_terms_are_earned_by_all_three(
    left: float, gaining: float, spread: float, exponent: bool, earned: bool
) -> None:
    assert is_earned(left, gaining, spread, exponent=exponent) == earned
