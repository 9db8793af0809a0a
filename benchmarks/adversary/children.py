"""The program in processes of its own, whose libraries are loaded already, and what they took."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["focusstack.pipeline", "focusstack.plan.schema", "focusstack.resample.loops.fill"]
)
"""Runs begin with the libraries loaded: random moments fall into the work."""

LIMITS = {"files": resource.RLIMIT_NOFILE, "space": resource.RLIMIT_AS}
"""What of a process can be limited, by name; processes are limited for whole users."""


@dataclass(frozen=True)
class Ended:
    """What came of a run.

    Attributes
    ----------
    code : int
        Exit code; negative for a signal.
    said : str
        All it printed.
    seconds : float
        From start to end, on the clock.
    worked : float
        Seconds of the processor that it took.
    megabytes : float
        Most memory that it held.
    """

    code: int
    said: str
    seconds: float
    worked: float
    megabytes: float


class Child:
    """A run in a process of its own.

    Parameters
    ----------
    words : sequence of str
        As after ``focusstack``.
    limits : dict of str to int, optional
        Names of `LIMITS`.
    delay : float, optional
        Seconds that it waits before it begins.
    """

    def __init__(
        self, words: list[str], limits: dict[str, int] | None = None, delay: float = 0.0
    ) -> None:
        handle, name = tempfile.mkstemp(prefix="focusstack-said-")
        os.close(handle)
        self._said = Path(name)
        self._process: ForkServerProcess = CONTEXT.Process(
            target=_be_the_program, args=(words, name, limits or {}, delay)
        )
        self._began = time.perf_counter()
        self._process.start()

    def ended(self, timeout: float = 120.0) -> Ended:
        """Wait until it ends, or end it after so many seconds."""
        self._process.join(timeout)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        seconds = time.perf_counter() - self._began
        said = self._said.read_text(errors="replace")
        self._said.unlink()
        told, _, held = said.rpartition("\nheld ")
        worked = megabytes = 0.0
        with suppress(ValueError):
            worked, megabytes = (float(number) for number in held.split())
        code = self._process.exitcode or 0
        return Ended(code, told if held else said, seconds, worked, megabytes)


def _be_the_program(words: list[str], said: str, limits: dict[str, int], delay: float) -> None:
    """Be the program; say in the end what it took."""
    with Path(said).open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    heard = os.dup(2)  # the program leads its own elsewhere
    for name, most in limits.items():
        resource.setrlimit(LIMITS[name], (most, most))
    from focusstack.cli import main

    time.sleep(delay)
    sys.argv = ["focusstack", *words]
    try:
        main()
    finally:
        sys.stdout.flush()
        took = resource.getrusage(resource.RUSAGE_SELF)
        held = f"{took.ru_utime + took.ru_stime} {took.ru_maxrss / 1024}"
        os.write(heard, f"\nheld {held}".encode())
