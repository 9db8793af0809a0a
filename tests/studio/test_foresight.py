"""Frames are decoded before they are asked for: the chosen one first, then its neighbours."""

from __future__ import annotations

import threading
import time
from typing import cast

import pytest

from focusstack.retouch.blocks import AlignedBlocks
from focusstack.studio.foresight import Foresight

ORDER = ("a", "b", "c", "d")


class Blocks:
    """Notes what is decoded; each takes until it may."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.decoded: list[str] = []
        self.may = threading.Event()

    def room(self) -> int:
        return self._room

    def prepare(self, name: str) -> None:
        self.decoded.append(name)
        self.may.wait(30)


def foresight(room: int) -> tuple[Foresight, Blocks]:
    blocks = Blocks(room)
    return Foresight(cast("AlignedBlocks", blocks), ORDER), blocks


def until(blocks: Blocks, decoded: list[str]) -> None:
    end = time.monotonic() + 30
    while blocks.decoded != decoded:
        assert time.monotonic() < end, blocks.decoded
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("room", "name", "expected"),
    [(3, "b", ["b", "c", "a"]), (3, "a", ["a", "b"]), (3, "d", ["d", "c"]), (2, "b", ["b"])],
)
def test_neighbours_are_decoded_where_they_are_kept(
    room: int, name: str, expected: list[str]
) -> None:
    seen, blocks = foresight(room)
    assert seen.foreseen(name) == expected
    assert seen.foreseen("gone") == []
    blocks.may.set()
    seen.choose(name)
    until(blocks, expected)
    seen.close()


def test_what_was_chosen_last_comes_next() -> None:
    seen, blocks = foresight(3)
    seen.choose("a")
    until(blocks, ["a"])
    seen.choose("b")
    seen.choose("d")
    blocks.may.set()
    until(blocks, ["a", "d", "c"])
    seen.close()
