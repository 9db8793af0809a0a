"""Whether the loops that a kind of work needs have been compiled on this machine before.

A small file beside the compiled code says so. It is named after all that the code depends on: the
loops themselves, the compiler, the interpreter, and the processor.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

from focusstack.runtime.once import once
from focusstack.runtime.version import __version__

PACKAGE = Path(__file__).parents[1]
"""Folder of the package, below which all loops are."""

UNKEPT = (
    "compiled code cannot be kept, so every run has to prepare anew: "
    "set NUMBA_CACHE_DIR to a folder that can be written to"
)
"""What is said where nothing can be kept."""


def is_prepared(kind: str) -> bool:
    """Whether this `kind` of work has been prepared for."""
    place = _mark(kind)
    return place is not None and place.is_file()


def note_prepared(kind: str) -> bool:
    """Note that it has; return whether that could be kept."""
    place = _mark(kind)
    if place is None:
        return False
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return place.is_file()


def _mark(kind: str) -> Path | None:
    folder = cache_folder()
    return folder and folder / f"prepared-{kind}-{_state():08x}"


@once
def cache_folder() -> Path | None:
    """Return where the compiler keeps what it has made; None where it can keep nothing."""
    from numba.core.caching import FunctionCache

    try:
        # Of this package, as the loops are.
        found = FunctionCache(is_prepared)  # type: ignore[no-untyped-call]
        return Path(found.cache_path)
    except RuntimeError:  # "no locator available"
        return None


def cache_place() -> Path | None:
    """Return the folder below which all compiled code is kept; None where nothing can be kept.

    That is the one that was asked for, the package itself, or one of the user's.
    """
    from numba import config

    folder = cache_folder()
    asked: str = config.CACHE_DIR  # type: ignore[attr-defined]
    if folder is None:
        return None
    for place in (Path(asked) if asked else PACKAGE, PACKAGE):
        if folder.is_relative_to(place):
            return place
    return folder.parent


@contextmanager
def some_cache() -> Iterator[str]:
    """Give a folder for compiled code, through which processes share it while it is made.

    Where nothing can be kept that is a temporary one, which vanishes.

    Yields
    ------
    str
        What the compiler is to be told; empty if it knows a place itself.
    """
    from numba import config

    known: str = config.CACHE_DIR  # type: ignore[attr-defined]
    if cache_folder() is not None:
        yield known
        return
    with TemporaryDirectory(prefix="focusstack-") as folder:
        keep_in(folder)
        try:
            yield folder
        finally:
            keep_in(known)


def keep_in(cache: str) -> None:
    """Tell the compiler where to keep what it makes, as `some_cache` gives it."""
    from numba import config

    config.CACHE_DIR = cache  # type: ignore[attr-defined]


@once
def _state() -> int:
    """Digest of what compiled code depends on."""
    import llvmlite.binding
    import numba

    state = crc32(f"{__version__} {numba.__version__} {platform.python_version()}".encode())
    state = crc32(llvmlite.binding.get_host_cpu_name().encode(), state)
    for path in sorted(PACKAGE.rglob("loops/*.py")):
        state = crc32(path.read_bytes(), state)
    return state
