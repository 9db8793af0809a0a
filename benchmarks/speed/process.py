"""One run of a command as a process of its own: wall and processor time, memory, stages."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    """What one run took.

    Attributes
    ----------
    wall, cpu : float
        Seconds from start to exit; user and system time together.
    peak : int
        Largest resident size in bytes.
    stages : dict of str to float
        Wall seconds of each stage that the command has named on its standard error.
    """

    wall: float
    cpu: float
    peak: int
    stages: dict[str, float] = field(default_factory=dict)


def measured(
    command: Sequence[str], stages: Sequence[str] = (), variables: Mapping[str, str] | None = None
) -> Run:
    """Run `command` to its end; lines that begin with one of `stages` begin that stage.

    `variables` are added to its environment. Processor time is that of processes that it starts
    and waits for, too.

    Raises
    ------
    RuntimeError
        If it fails; says what it printed last.
    """
    began: list[tuple[str, float]] = []
    said: list[str] = []
    start = time.perf_counter()
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | dict(variables or {}),
        ) as process,
    ):
        assert process.stderr is not None
        for line in process.stderr:
            said = [*said[-5:], line]
            if any(line.startswith(stage) for stage in stages):
                began.append((line.strip(), time.perf_counter()))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        end = time.perf_counter()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{''.join(said)}")
    marks = [("start", start), *began, ("", end)]
    spent = {name: marks[i + 1][1] - at for i, (name, at) in enumerate(marks[:-1])}
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    return Run(end - start, cpu, usage.ru_maxrss * unit, spent if began else {})
