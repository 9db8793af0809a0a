"""What must be removed should the program be ended in the middle of something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_pending: dict[int, Callable[[], None]] = {}


@contextmanager
def removed_if_ended(remove: Callable[[], None]) -> Iterator[None]:
    """Call `remove` if the program is ended by `remove_all` inside the block."""
    key = id(remove)
    _pending[key] = remove
    try:
        yield
    finally:
        _pending.pop(key, None)


def remove_all() -> None:
    """Remove what is half done, latest first; for the moment before the process ends."""
    for remove in reversed(list(_pending.values())):
        with suppress(OSError):
            remove()
