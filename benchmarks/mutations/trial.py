"""Runs tests on a changed copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutations.mirror import Step
from benchmarks.mutations.mutant import Mutant

LEFT_OUT = (".git", ".venv", ".?*_cache", ".hypothesis", "*.egg-info", "build", "dist", "*-stacked")
"""What a copy does without. It takes ``__pycache__`` along: compiled loops lie there."""

NOTHING_COLLECTED = 5
"""Exit code of pytest where a folder holds no tests but those that have been run."""


@dataclass(frozen=True)
class Outcome:
    """What tests made of a mutant.

    Attributes
    ----------
    key : str
        Of the mutant.
    by : str
        The test that failed, or what else gave the mutant away; empty if it survived.
    seconds : float
        How long the tests took.
    """

    key: str
    by: str
    seconds: float

    @property
    def survived(self) -> bool:
        """Whether no test noticed."""
        return not self.by


def copy_tree(root: Path, place: Path) -> Path:
    """Copy a tree, times of change included, by which compiled loops are found again."""
    shutil.copytree(root, place, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    return place


@contextmanager
def changed(copy: Path, mutant: Mutant) -> Iterator[None]:
    """Change a file of a copy, and put it back with its time of change."""
    file = copy / mutant.path
    before, text = file.stat(), file.read_bytes()
    file.write_bytes(mutant.applied(text))
    try:
        yield
    finally:
        file.write_bytes(text)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def try_mutant(copy: Path, mutant: Mutant, steps: Sequence[Step], bound: float) -> Outcome:
    """Run the tests that guard a mutant's file, up to the first that fails."""
    start = time.monotonic()
    by = ""
    with changed(copy, mutant):
        for step in steps:
            by = by or failed_test(copy, step, bound)
    return Outcome(mutant.key, by, round(time.monotonic() - start, 1))


def failed_test(copy: Path, step: Step, bound: float) -> str:
    """Run pytest in a copy; return the first test that fails, or an empty string if none does.

    Parameters
    ----------
    copy : Path
        Where to run it.
    step : tuple of str
        Its arguments.
    bound : float
        Seconds after which it is ended, which counts as a failure.
    """
    options = ("-x", "-q", "--no-header", "-p", "no:cacheprovider", "-rfE")
    # Byte code is told from old byte code by whole seconds: two mutants may share one.
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *step],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=bound)
    except subprocess.TimeoutExpired:
        return f"more than {bound:g} s"
    finally:
        _end(process)
    if process.returncode in (0, NOTHING_COLLECTED):
        return ""
    named = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
    return named[1] if named else f"exit code {process.returncode} of pytest"


def _end(process: subprocess.Popen[str]) -> None:
    """End a process, if it still runs, with those that it has started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.communicate()
