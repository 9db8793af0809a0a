"""End runs at random moments, and let them write to a full disk; then look for losses.

python -m benchmarks.kills                       200 kills, 50 interruptions, 20 full disks
python -m benchmarks.kills --kills 20 --interruptions 5 --disks 4

Every run works on the same small stack. Half of them overwrite an earlier result. After each, the
inputs and the earlier result must be as they were, or every file of the new result complete; a
killed or interrupted run must go on with --resume to the bytes of an undisturbed one. A full disk
is a small file system in memory where mounting is allowed, else a limit on the size of files.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import numpy as np

from benchmarks.kills.program import program
from focusstack.images.write import write_image
from focusstack.scene.stack import render_stack

HIDDEN = (".focusstack-unfinished", ".focusstack-lock")
"""What may be left: unfinished work, and the lock of a run that is dead."""

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["focusstack.pipeline", "focusstack.resample.loops.fill"])
"""Runs are processes of their own, with the libraries loaded: moments fall into the work."""

Digests = dict[str, str]


def digests(folder: Path, hidden: bool = False) -> Digests:
    """Digest of every file of a folder by name; those of an unfinished run only if wanted."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    names = {p: str(p.relative_to(folder)) for p in files}
    wanted = [p for p in files if hidden or not names[p].startswith(HIDDEN)]
    return {names[p]: digest(p) for p in wanted}


def digest(path: Path) -> str:
    """Digest of a file; of the report for people, which tells how long all took, if it is whole."""
    data = path.read_bytes()
    if path.suffix == ".html" and data.rstrip().endswith(b"</html>"):
        return "a whole page"
    return hashlib.sha256(data).hexdigest()


class Bench:
    """A stack, what a run makes of it, and what an earlier run with other options made."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.said = place / "said.txt"
        self.photos = place / "photos"
        self.photos.mkdir()
        frames = render_stack("steps", width=300, height=220, frames=6, seed=3).frames
        for k, frame in enumerate(frames):
            write_image(self.photos / f"IMG_{k}.png", frame)
        self.inputs = digests(self.photos)
        self.run(place / "whole")  # compilers warm
        shutil.rmtree(place / "whole")
        start = time.perf_counter()
        assert self.run(place / "whole") == 0
        self.seconds = time.perf_counter() - start
        self.whole = digests(place / "whole")
        self.plan = ["--plan", str(place / "whole" / "report.json")]
        start = time.perf_counter()
        assert self.run(place / "planned", *self.plan) == 0
        self.planned_seconds = time.perf_counter() - start
        assert digests(place / "planned") == self.whole
        assert self.run(place / "earlier", "--bit-depth", "16") == 0
        self.earlier = digests(place / "earlier")
        self.size = sum(p.stat().st_size for p in (place / "whole").rglob("*") if p.is_file())

    def started(self, out: Path, *more: str, limit: int | None = None) -> ForkServerProcess:
        """Start a run into `out`; what it says goes to a file."""
        words = ["run", str(self.photos), "-o", str(out), *more]
        ready = CONTEXT.Event()
        process = CONTEXT.Process(target=program, args=(words, str(self.said), limit, ready))
        process.start()
        ready.wait(60)
        return process

    def run(self, out: Path, *more: str, limit: int | None = None) -> int:
        """Run to the end; return the exit code."""
        process = self.started(out, *more, limit=limit)
        process.join()
        return int(process.exitcode or 0)

    def faults(self, out: Path, before: Digests) -> list[str]:
        """What is wrong with the output folder and the inputs."""
        wrong = [] if digests(self.photos) == self.inputs else ["inputs changed"]
        for name, digest in digests(out).items():
            if digest not in (before.get(name), self.whole.get(name)):
                wrong.append(f"{name} is neither the earlier nor the new one")
        lost = set(before) - set(digests(out))
        return wrong + [f"{name} is lost" for name in lost]

    def prepared(self, out: Path, overwrite: bool) -> tuple[Digests, list[str]]:
        """Put an earlier result into `out`, or nothing."""
        shutil.rmtree(out, ignore_errors=True)
        if not overwrite:
            return {}, []
        shutil.copytree(self.place / "earlier", out)
        return self.earlier, ["--overwrite"]


def ended(bench: Bench, number: int, how: signal.Signals, rng: np.random.Generator) -> str:
    """End a run by a signal at a random moment; return what became of it."""
    out = bench.place / "out"
    before, more = bench.prepared(out, overwrite=number % 2 == 1)
    given = number // 2 % 2 == 1
    if given:  # most of such a run is writing
        more += bench.plan
    seconds = bench.planned_seconds if given else bench.seconds
    running = bench.started(out, *more)
    running.join(float(rng.uniform(0, 1.05 * seconds)))
    with suppress(ProcessLookupError):
        os.kill(running.pid or 0, how)
    start = time.perf_counter()
    running.join()
    code, late = int(running.exitcode or 0), time.perf_counter() - start
    wrong = bench.faults(out, before)
    if how is signal.SIGINT:
        wrong += _litter(out, before, code, late)
    if wrong:
        return f"FAULT: {'; '.join(wrong)}"
    if code == 0 or digests(out, hidden=True) == bench.whole:
        return "finished before"
    unfinished = (out / HIDDEN[0] / ".state" / "run.json").is_file()
    again = ["--resume", *bench.plan[: 2 * given]] if unfinished else more
    if not unfinished and number % 5:
        return "nothing done yet"
    found = bench.run(out, *again)
    if found != 0 or digests(out, hidden=True) != bench.whole:
        return f"FAULT: cannot go on: {found} {bench.said.read_text()}"
    return "gone on from" if unfinished else "nothing done yet"


def _litter(out: Path, before: Digests, code: int, late: float) -> list[str]:
    wrong = []
    if code not in (0, 130, -signal.SIGINT):
        wrong.append(f"exit code {code}")
    if late > 1:
        wrong.append(f"ended only after {late:.2f} s")
    if any(".part-" in p.name for p in out.rglob("*")):
        wrong.append("half written files")
    if code == 130 and not before and out.exists() and not any(out.rglob("run.json")):
        wrong.append("an empty folder")
    return wrong


def full_disk(bench: Bench, number: int, share: float) -> str:
    """Run where only a share of the result has room; return what became of it."""
    disk = bench.place / "disk"
    disk.mkdir(exist_ok=True)
    room = int(share * bench.size)
    overwrite = number % 2 == 1
    held = sum(p.stat().st_size for p in (bench.place / "earlier").rglob("*") if p.is_file())
    size = room + (held + 80_000 if overwrite else 0)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        out = disk / "out"
        before, more = bench.prepared(out, overwrite)
        limit = None if mounted else int(share * 300 * 220 * 2)
        found = bench.run(out, *more, limit=limit)
        wrong = bench.faults(out, before)
        if found != 5 or "Traceback" in bench.said.read_text():
            wrong.append(f"exit code {found}: {bench.said.read_text()[-300:]}")
        if any(".part-" in p.name for p in out.rglob("*")):
            wrong.append("half written files")
        return f"FAULT: {'; '.join(wrong)}" if wrong else "refused, nothing lost"
    finally:
        if mounted:
            subprocess.run(["umount", str(disk)], check=True)
        else:
            shutil.rmtree(disk)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.kills",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--kills", type=int, default=200, metavar="N")
    parser.add_argument("--interruptions", type=int, default=50, metavar="N")
    parser.add_argument("--disks", type=int, default=20, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        bench = Bench(Path(place))
        print(f"an undisturbed run takes {bench.seconds:.1f} s", flush=True)
        shares = np.linspace(0.02, 0.85, max(arguments.disks, 1))
        _told("full disk", [lambda n=n: full_disk(bench, n, shares[n])
                            for n in range(arguments.disks)])  # fmt: skip
        for name, how, count in (("interruption", signal.SIGINT, arguments.interruptions),
                                 ("kill", signal.SIGKILL, arguments.kills)):  # fmt: skip
            _told(name, [lambda n=n, how=how: ended(bench, n, how, rng) for n in range(count)])


def _told(name: str, trials: list[Callable[[], str]]) -> None:
    """Run trials; print every fault at once and the counts at the end."""
    counts: Counter[str] = Counter()
    for number, trial in enumerate(trials):
        if number and number % 20 == 0:
            print(f"{name}: {number} runs so far, {dict(counts)}", flush=True)
        found = trial()
        counts[found.partition(":")[0]] += 1
        if found.startswith("FAULT"):
            print(f"{name} {number}: {found}", flush=True)
    print(f"{name}: {len(trials)} runs, {dict(counts)}", flush=True)


if __name__ == "__main__":
    main()
