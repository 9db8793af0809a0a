"""How much memory a run takes, told before it starts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.frames.proxies.proxy import proxy_scale, proxy_size
from focusstack.runtime.memory_need import (
    EQUATIONS,
    FRAME_HELD,
    LAYERS_BYTES,
    LAYERS_SQUARE,
    MemoryNeed,
    StackSize,
    memory_need,
)

GB = 1 << 30


def of(
    bound: int, threads: int = 4, size: tuple[int, int] = (6000, 4000), count: int = 1000
) -> MemoryNeed:
    width, height = proxy_size(*size, proxy_scale(*size))
    stack = StackSize(size[0] * size[1], width * height, 3, 1, count)
    return memory_need(stack, threads, bound)


@given(bound=st.integers(1, 64 * GB), threads=st.integers(1, 64))
def test_a_bound_is_kept_if_it_can_be(bound: int, threads: int) -> None:
    leanest = of(1, threads)
    assert (leanest.readers, leanest.ahead) == (1, 0)
    found = of(bound, threads)
    assert 1 <= found.readers <= threads
    assert found.bytes <= max(bound, leanest.bytes)


def test_more_room_lets_more_be_done_at_once() -> None:
    found = [of(bound * GB) for bound in (1, 3, 16)]
    assert [f.ahead for f in found] == [0, 1, 1]
    assert [f.in_file for f in found] == [True, False, False]
    assert found[0].readers <= found[1].readers <= found[2].readers == 4
    assert found[0].bytes < found[2].bytes


@given(bound=st.integers(1, 64 * GB), side=st.integers(500, 9000), count=st.integers(2, 500))
def test_keeping_proxies_costs_nothing(bound: int, side: int, count: int) -> None:
    size = (side, side)
    few, many = of(bound, size=size, count=count), of(bound, size=size, count=2 * count)
    assert 0 <= few.kept < few.bytes
    assert 0 <= many.kept <= 2 * few.kept
    # What is held of each frame in any case is counted, what is kept besides is not.
    more = count * FRAME_HELD + 3 * count**2 * EQUATIONS
    assert few.bytes <= many.bytes <= few.bytes + 2 * more


@pytest.mark.parametrize(("count", "measured"), [(200, 531), (400, 911)])
def test_many_tiny_frames_need_what_was_measured(count: int, measured: int) -> None:
    found = of(400 << 20, size=(400, 300), count=count)
    assert measured <= found.bytes >> 20 <= 1.15 * measured


def test_the_more_frames_the_less_is_kept_of_each() -> None:
    found = [of(16 * GB, size=(4000, 3000), count=count).kept for count in (2, 20, 60, 1000)]
    assert 0 < found[0] < found[1]
    assert found[1] / 20 > found[2] / 60
    assert found[3] == 0


def test_small_frames_are_aligned_ahead() -> None:
    assert of(16 * GB, size=(4000, 3000)).ahead == 2
    assert of(16 * GB, size=(6000, 4000)).ahead == 1  # more speed would cost too much memory


def test_larger_frames_need_more() -> None:
    large, small = (of(8 * GB, size=size, count=20).bytes for size in ((9000, 6000), (6000, 4000)))
    assert large > 1.9 * small


def test_sixty_megapixels_fit_four_gigabytes() -> None:
    found = of(4 * GB, size=(9504, 6336), count=600)
    assert found.bytes <= 4 * GB
    assert not found.in_file


def test_24_megapixels_need_what_was_measured() -> None:
    # python -m benchmarks.speed
    assert of(16 * GB, count=20).bytes == pytest.approx(1.31e9, rel=0.06)
    assert of(1, count=20).bytes == pytest.approx(0.59e9, rel=0.1)


@pytest.mark.parametrize(("channels", "bytes_a_pixel"), [(3, 39), (1, 25)])
def test_deep_frames_need_more_of_the_fuser(channels: int, bytes_a_pixel: int) -> None:
    # Sums in float32 of what frames of 8 bits have in 16: counted array by array.
    deep = StackSize(1000, 100, channels, 2, 5)
    assert deep.fuser / deep.pixels == pytest.approx(bytes_a_pixel, rel=0.1)


def test_layers_take_room_for_squares_and_for_each_thread() -> None:
    stack = StackSize(12_000_000, 2_000_000, 3, 1, 30)
    plain, one, four = (
        memory_need(replace(stack, layers=layers), threads, 64 << 30).bytes
        for layers, threads in ((False, 1), (True, 1), (True, 4))
    )
    assert one - plain >= LAYERS_BYTES * stack.pixels
    assert four - one >= 3 * LAYERS_SQUARE
