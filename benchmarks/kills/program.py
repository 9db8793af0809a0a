"""The program in a process of its own, whose libraries are loaded already."""

from __future__ import annotations

import os
import resource
import signal
import sys
from multiprocessing.synchronize import Event
from pathlib import Path

from focusstack.cli import main


def program(words: list[str], said: str, limit: int | None, ready: Event) -> None:
    """Be the program in a process of its own, with files limited to so many bytes.

    `ready` is set once it is about to begin.
    """
    with Path(said).open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    if limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.argv = ["focusstack", *words]
    ready.set()
    main()
