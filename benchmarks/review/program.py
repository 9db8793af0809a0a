"""The program that serves the page, and what it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

ROOT = Path(__file__).parents[2]
"""Of the repository."""

SHOWN = "window.desk && [...desk.tiles.all.values()].some(t => t.of === 'result' && t.data)"
"""Whether the page shows the picture, at whatever size it came first."""


class Program:
    """``focusstack review``, as people start it; the browser that it opens is this program's.

    Parameters
    ----------
    folder : path
        The result.
    place : path
        For what is noted.
    """

    def __init__(self, folder: Path, place: Path) -> None:
        self._note = place / "address.txt"
        self._note.unlink(missing_ok=True)
        browser = place / "browser.sh"
        browser.write_text(
            f'#!/bin/sh\nprintf %s "$1" > {self._note}.part\nmv {self._note}.part {self._note}\n'
        )
        browser.chmod(0o700)
        environment = os.environ | {"PYTHONPATH": str(ROOT), "BROWSER": f"{browser} %s"}
        self.began = monotonic()
        call = [sys.executable, "-m", "focusstack", "review", str(folder), "--quiet"]
        self.process = subprocess.Popen(call, env=environment, stdout=subprocess.DEVNULL)

    def page(self) -> str:
        """Return the page that it opens, as soon as it does."""
        while not self._note.exists():
            assert self.process.poll() is None, "it has ended"
            sleep(0.005)
        return self._note.read_text()

    def seconds(self) -> float:
        """Return processor time so far."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Return the most memory that it has held."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(told.split("VmHWM:")[1].split()[0]) / 1024

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
