"""What the program prints, as pictures: real output, on a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 92
PROGRAM = "import sys; sys.argv[0] = 'focusstack'; from focusstack.cli import main; main()"


def shown(*arguments: str) -> str:
    """Run the program on a terminal and return what stays on it, with colours."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=env) as running:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    if running.returncode:
        raise RuntimeError(f"focusstack {' '.join(arguments)} ended with {running.returncode}")
    return settled(b"".join(parts).decode())


def settled(text: str) -> str:
    """Return lines as they end up: a carriage return and an erased line begin a line anew."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        last = re.split(r"\r(?:\x1b\[\d*[AK])*|\x1b\[2K", line)[-1]
        lines.append(re.sub(r"\x1b\[\?\d+[hl]", "", last))
    return "\n".join(lines).strip("\n")


def picture(command: str, text: str, path: Path) -> Path:
    """Draw a terminal as SVG."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(Text.from_ansi(f"$ {command}\n{text}"))
    console.save_svg(str(path), title="focusstack", unique_id=path.stem)
    return path
