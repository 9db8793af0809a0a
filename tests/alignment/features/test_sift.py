"""Features, pair fits and the graph they make: known movements are found, strangers are not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.alignment.coarse import Coarse, coarse_alignment, detect_all, match_all
from focusstack.alignment.features.links import chained, hub
from focusstack.alignment.features.sift import (
    Features,
    PairFit,
    detect,
    fit_pair,
    match,
    plausible,
    spread,
)
from focusstack.errors import AlignmentError
from focusstack.frames.proxies.proxy import Proxy, make_proxy
from focusstack.geometry.coordinates import identity, normalised, transform, translation
from focusstack.numeric.arrays import Image, Matrix, Points
from focusstack.numeric.graph import groups
from focusstack.scene.stack import RenderedStack

SIZE = (480, 360)


def inverse(H: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(H), float)


def grid() -> Points:
    x, y = np.meshgrid(np.linspace(0, 479, 9), np.linspace(0, 359, 9))
    return np.stack([x.ravel(), y.ravel()], 1)


def rms(A: Matrix, B: Matrix) -> float:
    """Distance in pixels between what two matrices make of a frame."""
    return float(np.sqrt(np.square(transform(A, grid()) - transform(B, grid())).sum(1).mean()))


def picture(frame: Image) -> Image:
    return make_proxy(frame, 1.0)[0].picture()


def noise(seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (360, 480, 3), np.uint8)


@pytest.fixture(scope="module")
def features(plane_stack: RenderedStack) -> list[Features]:
    return [detect(picture(frame)) for frame in plane_stack.frames]


# One pair -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("i", "j"), [(2, 3), (3, 2), (1, 3)])
def test_the_movement_between_two_frames_is_found(
    plane_stack: RenderedStack, features: list[Features], i: int, j: int
) -> None:
    fit = fit_pair(i, j, features[i], features[j], 3.0)
    assert fit is not None
    assert (fit.first, fit.second) == (i, j)
    truth = normalised(inverse(plane_stack.matrices[j]) @ plane_stack.matrices[i])
    assert rms(fit.matrix, truth) < 0.4
    # Features of frames in different focus are good to a fraction of a pixel, without bias.
    off = transform(truth, fit.p) - fit.q
    assert np.median(np.linalg.norm(off, axis=1)) < 0.4
    assert np.abs(np.median(off, axis=0)).max() < 0.05


def test_matches_do_not_depend_on_the_side(features: list[Features]) -> None:
    p, q = match(features[2], features[3])
    assert len(p) == len(q) > 100
    back_q, back_p = match(features[3], features[2])
    pairs = {(*a, *b) for a, b in zip(p.tolist(), q.tolist(), strict=True)}
    mirrored = {(*a, *b) for a, b in zip(back_p.tolist(), back_q.tolist(), strict=True)}
    # The ratio test looks from one side only; being nearest goes both ways.
    assert len(pairs & mirrored) > 0.9 * min(len(pairs), len(mirrored))


def test_detection_is_reproducible(plane_stack: RenderedStack, features: list[Features]) -> None:
    again = detect(picture(plane_stack.frames[0]))
    assert np.array_equal(again.points, features[0].points)
    assert np.array_equal(again.descriptors, features[0].descriptors)


def test_features_do_not_depend_on_when_they_are_described(
    plane_stack: RenderedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense = picture(plane_stack.frames[2])
    found = []
    for many in (0, 10**9):
        monkeypatch.setattr("focusstack.alignment.features.sift.MANY", many)
        found.append(detect(dense, 200))
    assert len(found[0].points) == 200
    assert np.array_equal(found[0].points, found[1].points)
    assert np.array_equal(found[0].descriptors, found[1].descriptors)


def test_descriptors_have_unit_length(features: list[Features]) -> None:
    assert np.linalg.norm(features[0].descriptors, axis=1) == pytest.approx(1, abs=1e-5)


def test_other_scenes_and_noise_do_not_fit(
    steps_stack: RenderedStack, features: list[Features]
) -> None:
    strangers = [detect(picture(frame)) for frame in (steps_stack.frames[3], noise(0), noise(1))]
    for stranger in strangers:
        assert fit_pair(0, 1, features[3], stranger, 3.0) is None
        assert fit_pair(0, 1, stranger, features[3], 3.0) is None
    assert fit_pair(0, 1, strangers[1], strangers[2], 3.0) is None


def test_an_even_frame_has_no_features(features: list[Features]) -> None:
    nothing = detect(np.full((360, 480), 128, np.uint8))
    assert nothing.points.shape == (0, 2)
    assert nothing.descriptors.shape == (0, 128)
    assert fit_pair(0, 1, nothing, features[0], 3.0) is None
    assert fit_pair(0, 1, features[0], nothing, 3.0) is None


def test_too_few_features_are_not_trusted(features: list[Features]) -> None:
    few = Features(features[3].points[:10], features[3].descriptors[:10])
    assert fit_pair(0, 1, features[3], few, 3.0) is None


def described(points: Points, seed: int = 0) -> Features:
    """Features, each with a descriptor of its own."""
    descriptors = np.random.default_rng(seed).random((len(points), 128), np.float32)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    return Features(points, descriptors)


def test_a_point_is_matched_once() -> None:
    points = grid()
    a = described(points)
    # A second point that looks nearly like the first, whose match is better.
    twin = a.descriptors[:1] + np.float32(0.02) * described(points, seed=5).descriptors[:1]
    twin /= np.linalg.norm(twin)
    doubled = Features(
        np.concatenate([points, [[7.0, 9.0]]]), np.concatenate([a.descriptors, twin])
    )
    p, q = match(doubled, a)
    assert np.array_equal(p, points)
    assert np.array_equal(q, points)


@pytest.mark.parametrize(("agreeing", "fits"), [(26, False), (100, True)])
def test_a_few_that_agree_among_many_that_do_not_are_chance(agreeing: int, fits: bool) -> None:
    rng = np.random.default_rng(0)
    p, q = rng.uniform((0, 0), SIZE, (2, 200, 2))
    q[:agreeing] = p[:agreeing] + [6, -4]
    found = fit_pair(0, 1, described(p), described(q), 3.0)
    assert (found is not None) == fits
    if found is not None:
        assert rms(found.matrix, translation(6, -4)) < 0.5
        assert len(found.p) == pytest.approx(agreeing, abs=3)


def test_only_movements_of_a_hand_are_plausible() -> None:
    points = grid()
    turn = np.radians([5, 40])
    gentle, wild = (
        np.array([[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]]) for t in turn
    )
    assert plausible(identity(), points)
    assert plausible(gentle, points)
    assert plausible(np.diag([1.2, 1.2, 1.0]), points)
    assert not plausible(wild, points)
    assert not plausible(np.diag([2.0, 2.0, 1.0]), points)
    assert not plausible(np.diag([1.0, 0.5, 1.0]), points)
    assert not plausible(np.diag([-1.0, 1.0, 1.0]), points)


def test_chosen_points_are_spread() -> None:
    rng = np.random.default_rng(0)
    crowd = rng.uniform((0, 0), (40, 45), (900, 2))
    rest = rng.uniform((0, 0), SIZE, (300, 2))
    points = np.concatenate([crowd, rest])
    strength = np.r_[np.ones(900), np.full(300, 0.1)].astype(np.float32)
    kept = spread(points, strength, *SIZE, limit=300)
    assert len(kept) == 300
    assert len(np.unique(kept)) == 300
    # The crowded cell holds the strongest three quarters, but gets a small part.
    assert (kept < 900).sum() < 60


def test_the_strongest_of_a_cell_come_first() -> None:
    points = np.tile([[20.0, 20.0]], (10, 1))
    strength = np.arange(10, dtype=np.float32)
    assert spread(points, strength, *SIZE, limit=3).tolist() == [7, 8, 9]


# The graph ------------------------------------------------------------------------------------


@given(
    count=st.integers(1, 12),
    links=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20),
)
def test_groups_are_connected_components(count: int, links: list[tuple[int, int]]) -> None:
    links = [(i % count, j % count) for i, j in links]
    reached = np.eye(count, dtype=bool)
    for i, j in links:
        reached[i, j] = reached[j, i] = True
    for _ in range(count):
        reached |= reached @ reached
    expected = {tuple(np.flatnonzero(row).tolist()) for row in reached}
    found = groups(count, links)
    assert {tuple(part) for part in found} == expected
    assert [len(part) for part in found] == sorted((len(p) for p in expected), reverse=True)


def pair(first: int, second: int, truth: Sequence[Matrix], count: int = 40) -> PairFit:
    """Perfect matches between two frames whose matrices to a common frame are known."""
    rng = np.random.default_rng(100 * first + second)
    p = rng.uniform((20, 20), (460, 340), (count, 2))
    M = normalised(inverse(truth[second]) @ truth[first])
    return PairFit(first, second, p, transform(M, p), M)


def shifts(count: int) -> list[Matrix]:
    return [translation(3.0 * k, -2.0 * k) for k in range(count)]


def test_chains_lead_to_the_start() -> None:
    turn = np.array([[0.98, -0.1, 0], [0.1, 0.98, 0], [0, 0, 1]])
    truth = [np.asarray(np.linalg.matrix_power(turn, k) @ H) for k, H in enumerate(shifts(6))]
    # From either end, and along fits in both directions.
    pairs = [(0, 1), (1, 2), (2, 3), (3, 4)]
    found = chained([pair(i, j, truth) for i, j in pairs], 2, 6)
    assert found[5] is None
    for k in range(5):
        assert found[k] == pytest.approx(inverse(truth[2]) @ truth[k])


def test_chains_follow_the_strongest_links() -> None:
    truth = shifts(3)
    wrong = pair(0, 2, shifts(3), count=20)
    wrong = PairFit(0, 2, wrong.p, wrong.q + 9, translation(9, 9) @ wrong.matrix)
    found = chained([wrong, pair(0, 1, truth), pair(1, 2, truth)], 0, 3)
    assert found[2] == pytest.approx(truth[2])


def test_the_hub_shares_most() -> None:
    truth = shifts(4)
    fits = [pair(0, 1, truth, 20), pair(1, 2, truth, 50), pair(2, 3, truth, 30)]
    assert hub(fits, range(4), 4) == 2
    assert hub([], range(4), 4) == 0


# The whole stack ------------------------------------------------------------------------------


def names(count: int) -> list[str]:
    return [f"IMG_{k}.jpg" for k in range(count)]


def aligned(fits: Sequence[PairFit], count: int, reference: int | None = None) -> Coarse:
    return coarse_alignment(fits, names(count), SIZE, [0.0] * count, reference)


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
    assert coarse_alignment(fits, names(7), SIZE, penalty).reference in (2, 4)


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
