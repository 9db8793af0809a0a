"""What contradicts a frame: sure tiles that lie a pixel off, and detail that others see."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from focusstack.alignment.quality.contradiction import Disagreement, disagreement
from focusstack.alignment.quality.held_out import Held
from focusstack.numeric.arrays import Float32

SIZE = (960, 640)


def places() -> Float32:
    x, y = np.meshgrid(np.arange(24, SIZE[0], 48.0), np.arange(24, SIZE[1], 48.0))
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)


def pairs_off_by(px: float, share: float) -> list[Held]:
    """All pairs of four frames; a share of the sure tiles lies off."""
    at = places()
    vectors = np.zeros_like(at)
    vectors[: round(share * len(at)), 0] = px
    sure = np.ones(len(at), bool)
    return [Held(i, j, at, vectors, sure) for i, j in combinations(range(4), 2)]


@pytest.mark.parametrize(("px", "contradicts"), [(0.7, False), (1.4, True)])
def test_a_sure_tile_contradicts_from_a_pixel_on(px: float, contradicts: bool) -> None:
    found = disagreement(pairs_off_by(px, 0.2), 4, SIZE)
    assert found.share == pytest.approx([0.2 if contradicts else 0] * 4, abs=0.01)
    # Root mean square over all tiles, half of it for each frame of the pair.
    expected = px * np.sqrt(0.2 / 2) if contradicts else 0
    assert found.px == pytest.approx([expected] * 4, rel=0.02)


@pytest.mark.parametrize(("share", "counts"), [(0.035, False), (0.075, True)])
def test_some_mishaps_are_usual(share: float, counts: bool) -> None:
    found = disagreement(pairs_off_by(5, share), 4, SIZE)
    assert (found.px > 0).tolist() == [counts] * 4
    assert found.contradicted.tolist() == [counts] * 4


def test_detail_that_a_frame_lacks_is_what_its_neighbours_share() -> None:
    at = places()
    still = np.zeros_like(at)
    left = at[:, 0] < SIZE[0] / 4
    held = []
    for i, j in combinations(range(5), 2):
        seen = ~left if 2 in (i, j) else np.ones(len(at), bool)
        sure = np.ones(seen.sum(), bool)
        held.append(Held(i, j, at[seen], still[seen], sure))
    found = disagreement(held, 5, SIZE)
    assert found.missing == pytest.approx([0, 0, 0.25, 0, 0], abs=0.02)
    assert found.lacking.tolist() == [False, False, True, False, False]


def test_a_little_may_be_missing_without_remark() -> None:
    found = Disagreement(np.zeros(3), np.zeros(3), np.array([0.0, 0.1, 0.22]))
    assert found.lacking.tolist() == [False, False, True]
