"""What is kept, and for how long."""

from __future__ import annotations

import threading

import pytest

from focusstack.retouch.made_lately import Kept


def test_only_so_much_is_kept_and_the_last_in_any_case() -> None:
    kept = Kept[bytes](10, len)
    made: list[str] = []

    def get(name: str, size: int) -> None:
        def make() -> bytes:
            made.append(name)
            return bytes(size)

        kept.get(name, make)

    for name, size in (("a", 4), ("b", 4), ("a", 4), ("c", 4), ("a", 4), ("b", 4), ("d", 99)):
        get(name, size)
    get("d", 99)
    assert made == ["a", "b", "c", "b", "d"]


def test_what_two_want_at_once_is_made_once() -> None:
    kept = Kept[bytes](10, len)
    begun, go_on = threading.Event(), threading.Event()
    made = []

    def make() -> bytes:
        made.append(1)
        begun.set()
        go_on.wait(10)
        return b"x"

    both = [threading.Thread(target=kept.get, args=("a", make)) for _ in range(2)]
    both[0].start()
    assert begun.wait(10)
    both[1].start()
    go_on.set()
    for one in both:
        one.join(10)
    assert len(made) == 1


def test_what_failed_is_made_again() -> None:
    kept = Kept[bytes](10, len)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: bytes(1 // 0))
    assert kept.get("a", lambda: b"x") == b"x"
