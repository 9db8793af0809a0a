"""How much memory there is: on this machine, on others, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from focusstack.runtime import memory
from focusstack.runtime.memory import UNKNOWN, free_memory, in_use, memory_bound, parse_bytes

GB = 1 << 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [("600M", 600 << 20), ("4G", 4 * GB), ("1.5gb", 3 * GB // 2), ("2 GiB", 2 * GB), ("512", 512)],
)
def test_amounts_are_understood(text: str, expected: int) -> None:
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "much", "-1G", "4 apples", "1e9", "G", "1" * 400])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount of memory"):
        parse_bytes(text)


def test_half_of_what_is_free_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 10 * GB)
    assert memory_bound(None) == 5 * GB
    assert memory_bound(7) == 7


def test_a_container_leaves_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_free_on_machine", lambda: 8 * GB)
    monkeypatch.setattr(memory, "memory_left", lambda: 3 * GB)
    assert free_memory() == 3 * GB
    monkeypatch.setattr(memory, "_free_on_machine", lambda: None)
    monkeypatch.setattr(memory, "memory_left", lambda: None)
    assert free_memory() == UNKNOWN


def test_free_memory_is_some() -> None:
    assert free_memory() > 1 << 20


def test_other_systems_are_asked_through_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    here = in_use()
    if here is None:
        pytest.skip("the system does not say how much is held")

    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError("/proc")

    monkeypatch.setattr(Path, "read_text", missing)
    there = in_use()
    assert there is not None
    assert abs(there - here) < 64 << 20
    assert free_memory() > 1 << 20
