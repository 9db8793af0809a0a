"""Focus order from content, and which frames are compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.alignment.features.focus_order import distances, focus_order, pairs_in_order
from focusstack.frames.proxies.proxy import make_proxy
from focusstack.numeric.arrays import Float32
from focusstack.scene.stack import RenderedStack


def signatures(stack: RenderedStack) -> list[Float32]:
    return [make_proxy(frame, 1.0)[1].signature for frame in stack.frames]


def travelling(count: int) -> list[Float32]:
    """Fine detail, as a logarithm, around a sharp stripe that moves across and gets sharper."""
    columns = np.arange(24)
    maps = [-np.abs(columns - 23 * k / (count - 1)) / 4 + 0.02 * k for k in range(count)]
    return [np.tile(m, (16, 1)).astype(np.float32) for m in maps]


def passing(count: int) -> list[Float32]:
    """A stripe that enters and leaves, so that the first and the last frame look alike."""
    columns = np.arange(24)
    stripes = [np.exp(-np.square((columns - 23 * k / (count - 1)) / 5)) for k in range(count)]
    return [np.tile(s, (16, 1)).astype(np.float32) for s in stripes]


@pytest.mark.parametrize("name", ["plane_stack", "steps_stack"])
def test_rendered_stacks_are_put_into_focus_order(
    name: str, request: pytest.FixtureRequest
) -> None:
    stack: RenderedStack = request.getfixturevalue(name)
    order = focus_order(signatures(stack))
    # From near to far as rendered, or the other way round.
    assert order in (list(range(6)), list(range(6))[::-1])


@given(shuffle=st.permutations(range(6)))
@settings(max_examples=20)
def test_the_order_in_which_frames_are_given_does_not_matter(
    steps_signatures: list[Float32], shuffle: list[int]
) -> None:
    straight = focus_order(steps_signatures)
    shuffled = focus_order([steps_signatures[i] for i in shuffle])
    assert [shuffle[k] for k in shuffled] == straight


@pytest.fixture(scope="module")
def steps_signatures(steps_stack: RenderedStack) -> list[Float32]:
    return signatures(steps_stack)


@given(count=st.integers(3, 40), seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_long_series_are_ordered(count: int, seed: int) -> None:
    series = travelling(count)
    shuffle = np.random.default_rng(seed).permutation(count)
    order = [int(shuffle[k]) for k in focus_order([series[i] for i in shuffle])]
    assert order in (list(range(count)), list(range(count))[::-1])


def test_no_stretch_is_out_of_place_where_both_ends_look_alike() -> None:
    assert focus_order(passing(8)) in (list(range(8)), list(range(8))[::-1])


def test_two_frames_the_less_sharp_first() -> None:
    a, b = travelling(2)
    assert focus_order([a, b]) == focus_order([b, a])[::-1]
    assert sorted(focus_order([a, b])) == [0, 1]
    blunt, sharp = np.zeros((16, 24), np.float32), np.ones((16, 24), np.float32)
    assert focus_order([sharp, blunt]) == [1, 0]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_identical_frames_have_some_order(count: int) -> None:
    assert sorted(focus_order([travelling(3)[1]] * count)) == list(range(count))


def test_distances_are_mean_absolute_differences() -> None:
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=(16, 24)).astype(np.float32) for _ in range(4)]
    expected = [[np.abs(a.astype(float) - b).mean() for b in maps] for a in maps]
    np.testing.assert_allclose(distances(maps), expected, atol=1e-6)


def test_a_sweep_is_not_joined_at_its_blurred_ends() -> None:
    # Few, long steps of focus: each frame resembles the blurred ends more than its neighbours.
    rng = np.random.default_rng(1)
    peak = rng.choice([3.0, 4.0, 5.0], (16, 24))
    height = rng.uniform(2, 5, (16, 24))
    series = [
        (height * np.exp(-0.5 * np.square((k - peak) / 1.2))).astype(np.float32) for k in range(9)
    ]
    assert distances(series)[0, 8] < max(distances(series)[k, k + 1] for k in range(8))
    assert focus_order(series) in (list(range(9)), list(range(9))[::-1])


def test_pairs_are_near_and_far_in_order() -> None:
    pairs = pairs_in_order([3, 0, 2, 1], offsets=(1, 2, 4))
    assert pairs == [(3, 0), (0, 2), (2, 1), (3, 2), (0, 1)]


@given(count=st.integers(2, 60))
def test_pairs_link_all_frames(count: int) -> None:
    pairs = pairs_in_order(range(count))
    assert len(set(pairs)) == len(pairs)
    assert {(k, k + 1) for k in range(count - 1)} <= set(pairs)
    assert all(i < j for i, j in pairs)


def test_frames_are_compared_with_neighbours_and_with_ever_farther_ones() -> None:
    apart = {j - i for i, j in pairs_in_order(range(40))}
    assert apart == {1, 2, 4, 8}
