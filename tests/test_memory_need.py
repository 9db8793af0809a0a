"""How much memory a run takes, told before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.memory_need import Footprint, footprint
from focusstack.runtime import memory as capacity
from focusstack.runtime.memory import UNKNOWN, free_memory, memory_bound, parse_bytes

GB = 1 << 30


def of(
    bound: int, threads: int = 4, size: tuple[int, int] = (6000, 4000), count: int = 1000
) -> Footprint:
    return footprint(size, 3, 1, count, threads, bound)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("600M", 600 << 20), ("4G", 4 * GB), ("1.5gb", 3 * GB // 2), ("2 GiB", 2 * GB), ("512", 512)],
)
def test_amounts_are_understood(text: str, expected: int) -> None:
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "much", "-1G", "4 apples", "1e9", "G"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount of memory"):
        parse_bytes(text)


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
    assert many.bytes == few.bytes


def test_the_more_frames_the_less_is_kept_of_each() -> None:
    found = [of(16 * GB, size=(4000, 3000), count=count).kept for count in (2, 20, 60, 1000)]
    assert 0 < found[0] < found[1]
    assert found[1] / 20 > found[2] / 60
    assert found[3] == 0


def test_small_frames_are_aligned_ahead() -> None:
    assert of(16 * GB, size=(4000, 3000)).ahead == 2
    assert of(16 * GB, size=(6000, 4000)).ahead == 1  # more speed would cost too much memory


def test_larger_frames_need_more() -> None:
    assert of(8 * GB, size=(9000, 6000)).bytes > 1.9 * of(8 * GB, size=(6000, 4000)).bytes


def test_sixty_megapixels_fit_four_gigabytes() -> None:
    found = of(4 * GB, size=(9504, 6336))
    assert found.bytes <= 4 * GB
    assert not found.in_file


def test_half_of_what_is_free_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "free_memory", lambda: 10 * GB)
    assert memory_bound(None) == 5 * GB
    assert memory_bound(7) == 7


def test_a_container_leaves_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_meminfo", lambda: 8 * GB)
    monkeypatch.setattr(capacity, "_control_groups", lambda: [None, 3 * GB])
    assert free_memory() == 3 * GB
    monkeypatch.setattr(capacity, "_meminfo", lambda: None)
    monkeypatch.setattr(capacity, "_control_groups", lambda: [None, None])
    assert free_memory() == UNKNOWN


def test_free_memory_is_some(tmp_path: Path) -> None:
    assert free_memory() > 1 << 20
