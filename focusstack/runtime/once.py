"""What is made on first use and then kept, whichever thread asks first."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import RLock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_ONE_AT_A_TIME = RLock()


def once(make: Callable[P, R]) -> Callable[P, R]:
    """Return `make` with a memory of its results.

    Threads wait for what another one is making: loops take seconds to compile, and a cache alone
    would let each thread compile its own.
    """
    remembered = lru_cache(maxsize=None)(make)

    @wraps(make)
    def get(*args: P.args, **kwargs: P.kwargs) -> R:
        with _ONE_AT_A_TIME:
            return remembered(*args, **kwargs)  # type: ignore[arg-type]

    get.made_once = True  # type: ignore[attr-defined]
    return get
