"""A first alignment from pair fits: what hangs together is placed, the rest is named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from focusstack.alignment.coarse import Coarse, align_coarsely, detect_all, match_all
from focusstack.alignment.features.sift import Features, PairFit
from focusstack.errors import AlignmentError
from focusstack.frames.proxies.proxy import Proxy, make_proxy
from focusstack.geometry.coordinates import translation
from focusstack.numeric.arrays import Matrix
from focusstack.scene.stack import RenderedStack
from tests.alignment.movements import SIZE, inverse, pair, rms, shifts


def names(count: int) -> list[str]:
    return [f"IMG_{k}.jpg" for k in range(count)]


def aligned(fits: Sequence[PairFit], count: int, reference: int | None = None) -> Coarse:
    return align_coarsely(fits, names(count), SIZE, [0.0] * count, reference)


def ring(members: Sequence[int], truth: Sequence[Matrix]) -> list[PairFit]:
    """Fits between neighbours and next but one."""
    steps = [(a, b) for o in (1, 2) for a, b in zip(members, members[o:], strict=False)]
    return [pair(a, b, truth) for a, b in steps]


def test_frames_are_solved_from_exact_matches() -> None:
    truth = shifts(6)
    found = aligned(ring(range(6), truth), 6, reference=2)
    assert found.reference == 2
    assert all(found.used)
    for k in range(6):
        assert rms(found.matrices[k], inverse(truth[2]) @ truth[k]) < 1e-3


def test_the_reference_is_where_the_others_have_to_move_least() -> None:
    found = aligned(ring(range(7), shifts(7)), 7)
    assert found.reference == 3
    assert found.matrices[3] == pytest.approx(np.eye(3), abs=1e-9)


def test_a_clipped_frame_is_no_reference() -> None:
    fits = ring(range(7), shifts(7))
    penalty = [0.0] * 7
    penalty[3] = 0.5
    assert align_coarsely(fits, names(7), SIZE, penalty).reference in (2, 4)


def test_rendered_frames_are_aligned_to_half_a_pixel(plane_stack: RenderedStack) -> None:
    proxies = [make_proxy(frame, 1.0)[0] for frame in plane_stack.frames]
    told: list[int] = []

    def load(index: int) -> Proxy:
        return proxies[index]

    found = detect_all(load, 6, 2, lambda: told.append(1))
    assert len(told) == 6
    coarse = aligned(match_all(found, SIZE, 2), 6, reference=plane_stack.reference)
    for k in range(6):
        assert rms(coarse.matrices[k], plane_stack.matrices[k]) < 0.5


@pytest.mark.parametrize(
    "lost",
    [
        0,
        3,
        6,
    ],
)
def test_a_frame_without_links_is_left_out(lost: int) -> None:
    kept = [k for k in range(7) if k != lost]
    found = aligned(ring(kept, shifts(7)), 7)
    assert found.used == tuple(k != lost for k in range(7))
    assert found.matrices.shape == (7, 3, 3)
    assert np.isnan(found.matrices[lost]).all()
    assert np.isfinite(found.matrices[kept]).all()
    assert all(lost not in p for p in found.pairs)


def test_a_wrong_fit_moves_nothing() -> None:
    truth = shifts(8)
    wrong = pair(0, 7, truth, count=20)
    off = PairFit(0, 7, wrong.p, wrong.q + [60, -45], translation(60, -45) @ wrong.matrix)
    found = aligned([*ring(range(8), truth), off], 8, reference=4)
    for k in range(8):
        assert rms(found.matrices[k], inverse(truth[4]) @ truth[k]) < 0.05
    assert (0, 7) not in found.pairs


def test_a_stack_that_falls_apart_names_both_groups() -> None:
    truth = shifts(8)
    fits = [*ring([0, 1, 2, 3, 4], truth), *ring([5, 6, 7], truth)]
    with pytest.raises(AlignmentError) as caught:
        aligned(fits, 8)
    assert caught.value.exit_code == 4
    for name in ("IMG_0.jpg", "IMG_4.jpg", "IMG_5.jpg", "IMG_7.jpg"):
        assert name in caught.value.message
    assert caught.value.remedy


def test_frames_that_share_nothing_are_refused() -> None:
    with pytest.raises(AlignmentError, match="no two frames share enough detail"):
        aligned([], 5)


def test_a_reference_must_hang_together_with_the_rest() -> None:
    fits = ring([0, 1, 2, 3, 4], shifts(6))
    with pytest.raises(AlignmentError, match=r"IMG_5\.jpg") as caught:
        aligned(fits, 6, reference=5)
    assert "--reference" in caught.value.remedy


@pytest.mark.parametrize(("off", "counts"), [(2.0, True), (4.5, False)])
def test_matches_a_few_pixels_off_are_inliers_for_parallax(off: float, counts: bool) -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform((20, 20), (460, 340), (200, 2))
    angle = rng.uniform(0, 2 * np.pi, 40)
    q = p + [5, 3]
    q[:40] += off * np.stack([np.cos(angle), np.sin(angle)], 1)
    descriptors = np.eye(200, dtype=np.float32)
    (found,) = match_all([Features(p, descriptors), Features(q, descriptors)], SIZE, 1)
    assert (len(found.p) > 190) == counts


@pytest.mark.parametrize(("lost", "refused"), [(2, False), (6, True)])
def test_a_stack_may_lose_some_frames(lost: int, refused: bool) -> None:
    fits = ring(range(10 - lost), shifts(10))
    if refused:
        with pytest.raises(AlignmentError, match="falls apart"):
            aligned(fits, 10)
    else:
        assert sum(aligned(fits, 10).used) == 10 - lost
