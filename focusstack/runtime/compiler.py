"""Compiles loops over pixels to machine code, once per machine: later runs find it in a cache.

Import this module, and those that hold such loops, only when pixels are to be worked on: loading
the compiler takes a third of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast
from zlib import crc32

import numba
import numpy as np

from focusstack.runtime.once import once

OPTIONS: Any = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
"""How everything is compiled: a product may be fused into a sum; nothing is reordered, so that
the same bytes come out everywhere."""

DOORS: Any = {"no_cfunc_wrapper": True, **OPTIONS}
"""How that is compiled which Python calls: with a door for it, and none for C."""

PACKAGE = Path(__file__).parents[1]
"""Folder of the package, below which all loops are."""

NEWEST_WITH_PARTS = (0, 68)
"""Newest numba whose inner workings `focusstack.runtime.compiled_parts` is known to fit: with
others the same code is compiled in the usual way, which takes longer."""

F = TypeVar("F", bound=Callable[..., Any])


def inner(function: F) -> F:
    """Decorate a loop that only compiled code calls."""
    return _part(function, OPTIONS)


def inlined(function: F) -> F:
    """Decorate a loop that is put where it is called: a call would cost more than what it does."""
    return _part(function, {"forceinline": True, **OPTIONS})


def _part(function: F, options: dict[str, Any]) -> F:
    if numba.version_info.short > NEWEST_WITH_PARTS:
        return cast(F, numba.njit(**options)(function))
    from focusstack.runtime.compiled_parts import Part

    return cast(F, Part(function, options))


def read_only(dtype: np.dtype[Any] | type, dimensions: int) -> Any:
    """Type of an argument that is a C-contiguous array and is not written to."""
    t = numba.types
    return t.Array(numba.from_dtype(np.dtype(dtype)), dimensions, "C", readonly=True)


def writable(dtype: np.dtype[Any] | type, dimensions: int) -> Any:
    """Type of an argument that is a C-contiguous array and receives a result."""
    return numba.types.Array(numba.from_dtype(np.dtype(dtype)), dimensions, "C")


def named(kind: type[tuple[Any, ...]], *members: Any) -> Any:
    """Type of an argument that is a named tuple `kind` of `members`, which are types themselves.

    Unlike arguments, members have to be just of their type: what is `read_only` must be passed so.
    """
    t = numba.types
    if len(set(members)) == 1:
        return t.NamedUniTuple(members[0], len(members), kind)  # type: ignore[no-untyped-call]
    return t.NamedTuple(members, kind)  # type: ignore[no-untyped-call]


def sources(loop: Path) -> list[Path]:
    """Files that a loop is made of: its own, of loops that it calls, and of constants."""
    imported = re.compile(rf"^from {PACKAGE.name}\.([\w.]+) import", re.MULTILINE)
    found: set[Path] = set()
    waiting = [loop]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        if path == loop or path.parent.name == "loops":
            modules = imported.findall(_text(path))
            waiting += [PACKAGE.joinpath(*m.split(".")).with_suffix(".py") for m in modules]
    return sorted(found)


@once
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@once
def _digest(loop: Path) -> str:
    """Digest of all files that a loop is made of; the cache would look at the outermost alone."""
    return f"{crc32(''.join(_text(path) for path in sources(loop)).encode()):08x}"


_LISTENERS: list[Callable[[], None]] = []


@contextmanager
def told_of_each(listener: Callable[[], None]) -> Iterator[None]:
    """Call `listener` whenever a loop has been compiled, or found in the cache."""
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)


def compiled(function: F, *arguments: Any) -> F:
    """Return `function` compiled for `arguments`, from the cache on disk or compiled now."""
    signature = numba.types.void(*arguments)
    # The cache finds it by this name. Each signature has a file of its own: of two processes that
    # write to one at once, one would lose what it has made.
    digest = f"{_digest(Path(function.__code__.co_filename))}{crc32(str(arguments).encode()):08x}"
    function.__qualname__ = f"{function.__name__}_{digest}"
    try:
        made = numba.njit(signature, cache=True, **DOORS)(function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        # Neither the package's folder nor the user's cache can be written to.
        made = numba.njit(signature, **DOORS)(function)
    for listener in _LISTENERS:
        listener()
    return cast(F, made)
