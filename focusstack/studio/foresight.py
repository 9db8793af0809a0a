"""Frames decoded before they are asked for: the one that is painted from, and its neighbours."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from focusstack.retouch.blocks import AlignedBlocks

WITH_NEIGHBOURS = 3
"""Decoded frames that must be kept for neighbours to be decoded: else they push each other out."""


class Foresight:
    """A thread that decodes the frame that was chosen last, then those beside it.

    Parameters
    ----------
    blocks : AlignedBlocks
        Which keep what is decoded.
    order : sequence of str
        Names of the frames, in focus order.
    """

    def __init__(self, blocks: AlignedBlocks, order: Sequence[str]) -> None:
        self._blocks, self._order = blocks, tuple(order)
        self._chosen: str | None = None
        self._wanted = threading.Event()
        self._ended = False
        threading.Thread(target=self._run, name="foresight", daemon=True).start()

    def choose(self, name: str) -> None:
        """Decode a frame soon, instead of what was chosen before and has not been decoded yet."""
        if name != self._chosen:
            self._chosen = name
            self._wanted.set()

    def close(self) -> None:
        """End after the frame that is being decoded."""
        self._ended = True
        self._wanted.set()

    def foreseen(self, name: str) -> list[str]:
        """Return which frames are decoded once one is chosen, that one first."""
        if name not in self._order:
            return []
        at = self._order.index(name)
        beside = self._order[at + 1 : at + 2] + self._order[max(0, at - 1) : at]
        return [name, *(beside if self._blocks.room() >= WITH_NEIGHBOURS else ())]

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            name = self._chosen
            for one in self.foreseen(name) if name is not None else ():
                if self._ended or self._chosen != name:
                    break
                self._blocks.prepare(one)
            if self._ended:
                return
