"""What batches need of an executor besides its calls: how many stacks it can be at."""

from __future__ import annotations

from abc import abstractmethod
from concurrent.futures import Executor


class Workers(Executor):
    """An executor that knows how many calls it can be at, which may change."""

    @property
    @abstractmethod
    def room(self) -> int:
        """Calls that it can be at now."""


class Counted(Workers):
    """Any executor, of which somebody has said how many calls it is to have at once.

    Parameters
    ----------
    executor : Executor
        Does the work.
    room : int
        Calls handed to it at once.
    """

    def __init__(self, executor: Executor, room: int) -> None:
        self._room = room
        self.submit = executor.submit  # type: ignore[method-assign]

    @property
    def room(self) -> int:
        """Calls handed to it at once."""
        return self._room
