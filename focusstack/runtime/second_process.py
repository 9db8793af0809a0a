"""A second process that makes ready what this one will need, on a core that is idle meanwhile.

Compiling goes no faster with threads. What two processes compile they share through the cache.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_CALL = """import sys
sys.path[:] = {path!r}
from {module} import {function}
{function}(*sys.argv[1:])"""


@contextmanager
def in_second_process(module: str, function: str, arguments: Sequence[str]) -> Iterator[None]:
    """Call a function in a process of its own, beside what is done in the block; wait for it after.

    Whether it succeeds is not told: what it does is to be found, or else to be done here.

    Parameters
    ----------
    module, function : str
        Where to find it; what it returns is lost.
    arguments : sequence of str
        What it is called with.
    """
    if not _is_interpreter(sys.executable):
        yield
        return
    call = _CALL.format(path=sys.path, module=module, function=function)
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", call, *arguments], stdin=quiet, stdout=quiet, stderr=quiet
        )
    except OSError:  # no process to be had
        yield
        return
    with process:
        try:
            yield
        except BaseException:
            process.kill()
            raise


def _is_interpreter(executable: str) -> bool:
    """Whether it runs what it is told to; within other programs it may be one of those."""
    return not hasattr(sys, "frozen") and Path(executable or "").name.startswith(("python", "pypy"))
