"""Wrong pair fits are found by going round; right ones stay."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.coarse import align_coarsely
from focusstack.alignment.features.focus_order import pairs_in_order
from focusstack.alignment.features.sift import PairFit
from focusstack.alignment.features.triangles import consistent
from focusstack.geometry.coordinates import normalised, scaling, transform, translation
from focusstack.numeric.arrays import Matrix

SIZE = (600, 400)


def stack_of(count: int) -> Matrix:
    rng = np.random.default_rng(count)
    return np.stack(
        [translation(*rng.normal(0, 5, 2)) @ scaling(1 + 0.005 * k) for k in range(count)]
    )


def fit(H: Matrix, i: int, j: int, inliers: int = 60, wrong: Matrix | None = None) -> PairFit:
    M = normalised(np.linalg.inv(H[j]) @ H[i])
    if wrong is not None:
        M = normalised(wrong @ M)
    rng = np.random.default_rng((i, j))
    p = rng.uniform(0, 1, (inliers, 2)) * SIZE
    return PairFit(i, j, p, transform(M, p) + rng.normal(0, 0.3, p.shape), M)


def all_fits(H: Matrix, wrong: dict[tuple[int, int], Matrix]) -> list[PairFit]:
    return [
        fit(H, i, j, 200 if (i, j) in wrong else 60, wrong.get((i, j)))
        for i, j in pairs_in_order(range(len(H)))
    ]


def test_true_fits_stay() -> None:
    fits = all_fits(stack_of(9), {})
    assert consistent(fits, 9, SIZE) == fits


@pytest.mark.parametrize("pair", [(0, 1), (4, 5), (3, 5), (0, 4), (0, 8)])
def test_one_wrong_fit_goes(pair: tuple[int, int]) -> None:
    fits = all_fits(stack_of(9), {pair: translation(60, -25)})
    gone = {(f.first, f.second) for f in fits} - {
        (f.first, f.second) for f in consistent(fits, 9, SIZE)
    }
    assert gone == {pair}


def test_two_wrong_fits_of_one_frame_go() -> None:
    wrong = {(3, 4): translation(60, -25), (4, 5): translation(-30, 70)}
    kept = consistent(all_fits(stack_of(9), wrong), 9, SIZE)
    assert not {(f.first, f.second) for f in kept} & set(wrong)


def test_a_wrong_fit_with_most_inliers_does_not_enter_the_start() -> None:
    H = stack_of(9)
    found = align_coarsely(
        all_fits(H, {(4, 5): translation(90, -45)}), [str(k) for k in range(9)], SIZE, [0.0] * 9, 0
    )
    back = np.linalg.inv(H[0])
    p = np.array([[0.0, 0], [599, 0], [599, 399], [0, 399]])
    for M, T in zip(found.matrices, H, strict=True):
        assert np.abs(transform(M, p) - transform(normalised(back @ T), p)).max() < 1.5
    assert (4, 5) not in found.pairs


def test_a_lonely_weak_link_is_not_trusted() -> None:
    H = stack_of(6)
    links = [(0, 1), (1, 2), (0, 2), (2, 3), (1, 3), (0, 4), (2, 4), (4, 5)]
    fits = [fit(H, i, j, 20 if j == 5 else 60) for i, j in links]
    assert (4, 5) not in {(f.first, f.second) for f in consistent(fits, 6, SIZE)}
    strong = [fit(H, i, j) for i, j in links]
    assert consistent(strong, 6, SIZE) == strong
    # Two or three frames have no triangles to offer.
    assert len(consistent(fits[:1], 2, SIZE)) == 1


@pytest.mark.parametrize(("px", "stays"), [(5.0, True), (11.0, False)])
def test_triangles_close_to_a_hundredth_of_the_diagonal(px: float, stays: bool) -> None:
    fits = all_fits(stack_of(9), {(3, 4): translation(px, 0)})  # the diagonal is 721 pixels
    assert ((3, 4) in {(f.first, f.second) for f in consistent(fits, 9, SIZE)}) == stays


@pytest.mark.parametrize(("inliers", "stays"), [(21, False), (42, True)])
def test_a_lonely_link_needs_more_inliers(inliers: int, stays: bool) -> None:
    H = stack_of(5)
    links = [(0, 1), (1, 2), (0, 2), (2, 3), (1, 3)]
    fits = [*(fit(H, i, j) for i, j in links), fit(H, 3, 4, inliers)]
    assert ((3, 4) in {(f.first, f.second) for f in consistent(fits, 5, SIZE)}) == stays
