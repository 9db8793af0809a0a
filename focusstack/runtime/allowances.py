"""What the system lets this program have, asked before the work: open files, addresses, threads."""

from __future__ import annotations

import errno
import sys
import threading
from types import ModuleType

from focusstack.errors import Change, UsageError

FEWEST_FILES = 24
"""Open files without which frames cannot be read: 16 are enough for a run with two threads, 9 for
none (``python -m benchmarks.adversary.limits``)."""

MANY_FILES = 1024
"""Open files that are asked for where more are allowed than are set: what most systems set."""

LEAST_SPACE = 3 << 29
"""Bytes of addresses that libraries and compiled loops take: with 0.9 GB none can be loaded, with
1.6 GB a stack of 0.6 megapixels is made (``python -m benchmarks.adversary.limits``)."""

MOST_TRIED = 64
"""Threads that are tried at once, at most. Chosen, not measured."""


def check_allowances(threads: int) -> None:
    """Make sure that the system lets a run have what every run needs.

    Parameters
    ----------
    threads : int
        That will share the work.

    Raises
    ------
    UsageError
        If it may open too few files, has too few addresses, or cannot start its threads.
    """
    check_limits()
    _check_threads(min(threads, MOST_TRIED))


def check_limits() -> None:
    """Make sure that the system lets the program open files and load its libraries.

    Raises
    ------
    UsageError
        If it may open too few files, or has too few addresses.
    """
    if sys.platform != "win32":
        import resource

        _check_files(resource)
        _check_space(resource)


def told_as_limit(error: BaseException) -> UsageError | None:
    """Return what to say where the system has no more to give; None if it is another error.

    Examples
    --------
    >>> print(told_as_limit(OSError(errno.EMFILE, "Too many open files")))
    the system lets this program open no more files
    Raise the limit: ulimit -n 1024
    """
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return UsageError(
            "the system lets this program open no more files",
            f"Raise the limit: ulimit -n {MANY_FILES}",
        )
    if isinstance(error, MemoryError):
        return UsageError(
            "the system lets this program have no more memory",
            "Close other programs, give --memory or fewer --threads, or raise the limit: "
            "ulimit -v unlimited",
        )
    return None


def _check_files(resource: ModuleType) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= MANY_FILES:
        return
    most = MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, MANY_FILES)
    if most > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < FEWEST_FILES:
        raise UsageError(
            f"the system lets this program open {most} files, which is too few",
            f"Raise the limit: ulimit -n {MANY_FILES}",
        )


def _check_space(resource: ModuleType) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY and soft < LEAST_SPACE:
        raise UsageError(
            f"the system lets this program have {soft / (1 << 30):.1f} GB of addresses; "
            f"libraries alone take {LEAST_SPACE / (1 << 30):.1f} GB",
            "Raise the limit: ulimit -v unlimited. To take less memory, give --memory.",
        )


def _check_threads(count: int) -> None:
    """Start as many threads as the run will have, and let them end."""
    going, started = threading.Event(), []
    try:
        for _ in range(count):
            one = threading.Thread(target=going.wait, daemon=True)
            one.start()
            started.append(one)
    except RuntimeError as error:
        few = len(started)
        raise UsageError(
            f"the system lets this program start {few} threads, not {count}",
            f"Give --threads {max(1, few // 2)}, or raise the limit: ulimit -u unlimited",
            [Change("To work with fewer", add=("--threads", str(max(1, few // 2))))],
        ) from error
    finally:
        going.set()
        for one in started:
            one.join()
