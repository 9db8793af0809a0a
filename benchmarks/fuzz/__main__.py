"""Damage files of every format and run ``inspect`` on them.

python -m benchmarks.fuzz                   2000 files, some minutes
python -m benchmarks.fuzz --count 200       so many
python -m benchmarks.fuzz --minutes 60      for so long instead
python -m benchmarks.fuzz --only dng heic   kinds whose names contain one of these
python -m benchmarks.fuzz --keep bad/       where files that did harm are kept
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.fuzz.mutations import mutated
from benchmarks.fuzz.seeds import write_seeds

HANG = 20.0
"""Seconds after which a run counts as hanging."""

MEMORY = 2000.0
"""Megabytes beyond which a run counts as eating memory."""


class Worker:
    """A process that inspects; started anew when it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def inspect(self, paths: list[Path]) -> dict[str, Any]:
        """Return what became of a run: see `benchmarks.fuzz.worker`."""
        process = self._process or self._started()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([str(p) for p in paths]) + "\n")
        process.stdin.flush()
        line = _line_within(process.stdout, HANG)
        if line:
            return dict(json.loads(line))
        self._process = None
        process.kill()
        code = process.wait()
        hung = line is None
        said = f"hangs for more than {HANG:g} s" if hung else f"died with {code}"
        return {"code": -1, "seconds": HANG, "said": said, "bad": True, "megabytes": 0.0}

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "benchmarks.fuzz.worker"]
        pipe = subprocess.PIPE
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, text=True)
        return self._process


def _line_within(stream: IO[str], seconds: float) -> str | None:
    """A line of `stream`; empty at its end, None if nothing comes in time."""
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(seconds)
    return found[0] if found else None


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=2000, metavar="N")
    parser.add_argument("--minutes", type=float, metavar="M")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--only", nargs="+", default=[""], metavar="PART")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        seeds = write_seeds(Path(place) / "seeds")
        chosen = {k: v for k, v in seeds.items() if any(part in k for part in arguments.only)}
        run(chosen, Path(place) / "damaged", arguments)


def run(seeds: dict[str, list[Path]], place: Path, arguments: argparse.Namespace) -> None:
    rng = np.random.default_rng(arguments.seed)
    worker, kinds = Worker(), list(seeds)
    for kind in kinds:  # compilers and caches warm, and every stack sound
        sound = worker.inspect(seeds[kind])
        print(f"{kind}: sound stack ends with {sound['code']}", flush=True)
    results: dict[str, list[dict[str, Any]]] = defaultdict(list)
    end = None if arguments.minutes is None else time.monotonic() + 60 * arguments.minutes
    done = 0
    while (done < arguments.count) if end is None else (time.monotonic() < end):
        kind = kinds[done % len(kinds)]
        files = _damaged(seeds[kind], place, rng)
        answer = worker.inspect(files)
        results[kind].append(answer)
        done += 1
        if answer["bad"] or answer["megabytes"] > MEMORY:
            print(f"BAD {kind} #{done}: {answer}", flush=True)
            if arguments.keep:
                shutil.copytree(place, arguments.keep / f"{kind.replace(' ', '-')}-{done}")
    _report(results)


def _damaged(seeds: list[Path], place: Path, rng: np.random.Generator) -> list[Path]:
    """Copy a stack, one file of it damaged."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    files = [place / path.name for path in seeds]
    victim = int(rng.integers(len(seeds)))
    for i, (path, target) in enumerate(zip(seeds, files, strict=True)):
        data = path.read_bytes()
        target.write_bytes(mutated(data, rng) if i == victim else data)
    return files


def _report(results: dict[str, list[dict[str, Any]]]) -> None:
    head = "| format | runs | exit 0 | 2 | 3 | 4 | faults | slowest s | most MB |"
    print(f"\n{head}\n|---|---|---|---|---|---|---|---|---|")
    everything = [a for answers in results.values() for a in answers]
    for kind, answers in [*results.items(), ("all", everything)]:
        codes = Counter(a["code"] for a in answers)
        bad = sum(a["bad"] or a["megabytes"] > MEMORY for a in answers)
        slow, large = max(a["seconds"] for a in answers), max(a["megabytes"] for a in answers)
        counts = " | ".join(str(codes[c]) for c in (0, 2, 3, 4))
        print(f"| {kind} | {len(answers)} | {counts} | {bad} | {slow:.1f} | {large:.0f} |")


if __name__ == "__main__":
    main()
