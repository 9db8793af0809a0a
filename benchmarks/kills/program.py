"""The program in a process of its own, whose libraries are loaded already."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from focusstack.cli import main


def program(words: list[str], said: str, limit: int | None) -> None:
    """Be the program in a process of its own, with files limited to so many bytes."""
    with Path(said).open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    if limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.argv = ["focusstack", *words]
    main()
