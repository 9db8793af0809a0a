"""Stacks share threads and memory, and are side by side only where that is no slower."""

from __future__ import annotations

from pathlib import Path

from focusstack.options import StackOptions
from focusstack.shoot.sharing import share_out
from focusstack.shoot.shots import Shot
from focusstack.shoot.splitting import Stack


def stacks(megapixels: float, frames: int = 10, count: int = 8) -> list[Stack]:
    size = (round(1000 * megapixels), 1000)
    return [Stack((Shot(Path("a.jpg"), size),) * frames)] * count


def test_small_stacks_get_a_core_each() -> None:
    jobs, each = share_out(stacks(2), StackOptions(threads=4, memory=8 << 30), None)
    assert (jobs, each.threads, each.memory) == (4, 1, 2 << 30)


def test_large_ones_get_what_they_need() -> None:
    jobs, each = share_out(stacks(60), StackOptions(threads=4, memory=8 << 30), None)
    assert jobs < 4
    assert each.threads == 4 // jobs
    assert each.memory == (8 << 30) // jobs
    jobs, each = share_out(stacks(60), StackOptions(threads=4, memory=4 << 30), None)
    assert (jobs, each.threads) == (1, 4)


def test_no_more_than_there_are_stacks() -> None:
    assert share_out(stacks(2, count=1), StackOptions(threads=4, memory=8 << 30), None)[0] == 1


def test_what_is_asked_for_is_done() -> None:
    jobs, each = share_out(stacks(60), StackOptions(threads=4, memory=2 << 30), 3)
    assert (jobs, each.threads, each.memory) == (3, 1, (2 << 30) // 3)


def test_unknown_sizes_count_as_what_most_cameras_have() -> None:
    raw = [Stack((Shot(Path("a.nef")),) * 10)] * 8
    known = [Stack((Shot(Path("a.nef"), (6000, 4000)),) * 10)] * 8
    for memory in (2 << 30, 4 << 30, 8 << 30, 16 << 30):
        options = StackOptions(threads=8, memory=memory)
        assert share_out(raw, options, None) == share_out(known, options, None)
