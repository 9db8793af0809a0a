"""What a package hands on is loaded on first use: one name does not load what others need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any


def open_face(
    package: str, names: Sequence[str], homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package (PEP 562).

    Parameters
    ----------
    package : str
        Its name.
    names : sequence of str
        What it offers.
    homes : mapping of str to iterable of str
        Those of them that each module gives to it.

    Examples
    --------
    >>> load, names = open_face("somewhere", ["infj", "tau"], {"math": ["tau"], "cmath": ["infj"]})
    >>> round(load("tau"), 3), names()
    (6.283, ['infj', 'tau'])
    """
    home_of = {name: home for home, given in homes.items() for name in given}

    def load(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(home_of[name]), name)

    return load, lambda: list(names)
