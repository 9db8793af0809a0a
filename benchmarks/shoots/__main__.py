"""Kill a batch again and again, measure its throughput, and what it takes besides the stacks."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import psutil

from benchmarks.shoots.idle import Idle
from benchmarks.shoots.shooting import begin, digests, finished, write_large, write_shoot
from focusstack.shoot.batch import batch
from focusstack.shoot.settings import BatchOptions


def killed(place: Path, asked: argparse.Namespace) -> bool:
    """Kill a batch at random moments; say whether its results are those of one left alone."""
    write_shoot(place / "card", asked.stacks, asked.frames)
    whole = begin(place / "card", place / "whole")
    began = monotonic()
    whole.communicate()
    taken = monotonic() - began
    expected = digests(place / "whole")
    dice = random.Random(asked.seed)
    done: dict[str, int] = {}
    again = 0
    for time in range(asked.times):
        one = begin(place / "card", place / "out")
        wanted = len(done) + dice.uniform(0, 1.6) * asked.stacks / asked.times
        while one.poll() is None and len(finished(place / "out")) < wanted:
            sleep(0.1)
        sleep(dice.uniform(0, 2))
        one.kill()
        one.communicate()
        now = finished(place / "out")
        again += sum(now.get(name) != when for name, when in done.items())
        done = now
        print(f"killed {time + 1} times, {len(done)} of {asked.stacks} done", flush=True)
    last = begin(place / "card", place / "out")
    _, said = last.communicate()
    now = finished(place / "out")
    again += sum(now.get(name) != when for name, when in done.items())
    same = digests(place / "out") == expected
    print(f"alone {taken:.0f} s; exit code {last.returncode}; same bytes: {same}; twice: {again}")
    if last.returncode:
        print(said.decode())
    return same and not again and len(now) == asked.stacks


def shared(place: Path, asked: argparse.Namespace) -> bool:
    """Let two batches share a folder and kill one of them."""
    write_shoot(place / "card", asked.stacks, asked.frames)
    first = begin(place / "card", place / "out", "--jobs", "1")
    other = begin(place / "card", place / "out", "--jobs", "1")
    while len(finished(place / "out")) < asked.stacks // 3:
        sleep(0.2)
    before = finished(place / "out")
    first.kill()
    first.communicate()
    other.communicate()
    now = finished(place / "out")
    twice = sum(now.get(name) != when for name, when in before.items())
    print(f"exit code {other.returncode}; {len(now)} of {asked.stacks} done; twice: {twice}")
    return other.returncode == 0 and len(now) == asked.stacks and not twice


def throughput(place: Path, asked: argparse.Namespace) -> bool:
    """Compare a batch with the program started once for every stack."""
    import subprocess

    from focusstack.shoot.splitting import split

    write_shoot(place / "card", asked.stacks, asked.frames)
    stacks = split(place / "card").stacks
    began = monotonic()
    for k, stack in enumerate(stacks):
        words = ["run", *map(str, stack.paths), "-o", str(place / "loop" / str(k))]
        subprocess.run(
            [sys.executable, "-m", "focusstack", *words, "--no-report", "--format", "png", "-q"],
            check=True,
        )
    loop = monotonic() - began
    began = monotonic()
    begin(place / "card", place / "out").communicate()
    whole = monotonic() - began
    print(f"loop {loop:.1f} s, batch {whole:.1f} s: {loop / whole:.2f} times as fast")
    return loop / whole >= 1.15


def overhead(place: Path, asked: argparse.Namespace) -> bool:
    """Measure what a batch takes besides the stacks, and once more when all is done."""
    write_shoot(place / "card", asked.stacks, asked.frames)
    for said in ("first", "again"):
        began = monotonic()
        executor = Idle()
        batch(place / "card", place / "out", BatchOptions(jobs=2), executor)
        executor.shutdown()
        each = (monotonic() - began) / asked.stacks
        print(f"{said}: {1000 * each:.0f} ms a stack, splitting included")
    return each <= 0.15


def memory(place: Path, asked: argparse.Namespace) -> bool:
    """Hold what all processes of a batch take against what they were allowed."""
    write_large(place / "card", 4, 4, 16)  # 11 megapixels
    allowed = 1200
    one = begin(place / "card", place / "out", "--memory", f"{allowed}M", "--jobs", str(asked.jobs))
    most = 0.0
    while one.poll() is None:
        most = max(most, _held(one.pid))
        sleep(0.05)
    done = len(finished(place / "out"))
    print(f"{done} of 4 done; at most {most:.0f} MB, of {allowed} MB and what programs are")
    return done == 4 and most <= allowed + asked.jobs * PROGRAM


PROGRAM = 300
"""Megabytes of a process itself, with its libraries: memory is bounded besides."""


def _held(pid: int) -> float:
    """Megabytes of a process and those that it has begun, each's share of what they share."""
    total = 0.0
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_full_info().pss / 1e6
    return total


def main() -> int:
    """Run what is asked for; 1 if it is not as it should be."""
    ways = {"kills": killed, "shared": shared, "throughput": throughput, "overhead": overhead}
    ways["memory"] = memory
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=ways)
    parser.add_argument("--stacks", type=int, default=60)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        return 0 if ways[asked.what](Path(place), asked) else 1


if __name__ == "__main__":
    sys.exit(main())
