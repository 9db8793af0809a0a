"""What must be removed should the program be ended in the middle of something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_pending: dict[int, Callable[[], str | None]] = {}


@contextmanager
def remove_if_ended(remove: Callable[[], str | None]) -> Iterator[None]:
    """Call `remove` if the program is ended by `remove_all` inside the block.

    It may return what people should know of what is left.
    """
    key = id(remove)
    _pending[key] = remove
    try:
        yield
    finally:
        _pending.pop(key, None)


def remove_all() -> list[str]:
    """Remove what is half done, latest first; for the moment before the process ends.

    Returns
    -------
    list of str
        What people should know of what is left.
    """
    said = []
    for remove in reversed(list(_pending.values())):
        with suppress(OSError):
            said.append(remove())
    return [text for text in said if text]
