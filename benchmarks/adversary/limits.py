"""Run where the system allows little, and with many frames; look at how that is told.

python -m benchmarks.adversary.limits               all of it
python -m benchmarks.adversary.limits --frames 400  with so many tiny frames

A run with few open files or addresses must end well, or with 2 before the work, in words that tell
the limit. With many tiny frames and little memory it must stay within what it says that it takes.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.adversary.children import LIMITS, Child, Ended
from focusstack.images.write import write_image
from focusstack.scene.stack import render_stack

ALLOWED = [("files", n) for n in (9, 12, 16, 20, 24, 64)] + [
    ("space", n << 20) for n in (600, 900, 1200, 1600, 2400)
]
"""What the system allows in turn: open files, and bytes of addresses."""


def photographed(place: Path, frames: int) -> Path:
    """Return a folder of so many tiny frames of one scene."""
    place.mkdir()
    made = render_stack("plane", width=240, height=180, frames=frames, blur=2, seed=3).frames
    for k, frame in enumerate(made):
        write_image(place / f"{k:04d}.png", frame)
    return place


def from_the_start(words: list[str], name: str, most: int) -> Ended:
    """Run with little of something, before any library is loaded."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            [sys.executable, "-m", "focusstack", *words],
            stdout=said,
            stderr=said,
            preexec_fn=lambda: resource.setrlimit(LIMITS[name], (most, most)),
        )
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")
    seconds = time.perf_counter() - begun
    worked = used.ru_utime + used.ru_stime
    return Ended(running.returncode, text, seconds, worked, used.ru_maxrss / 1024)


def with_little(place: Path) -> Iterator[tuple[str, Ended, bool]]:
    """Run with what is allowed in turn; tell whether each ended as it should."""
    photos = photographed(place / "few", 4)
    for number, (name, most) in enumerate(ALLOWED):
        out = place / f"out-{number}"
        ended = from_the_start(["run", str(photos), "-o", str(out), "-q"], name, most)
        told = "the system lets this program" in ended.said and not out.exists()
        yield f"{name} {most}", ended, ended.code == 0 or (ended.code == 2 and told)


def with_many(place: Path, frames: int) -> tuple[str, Ended, bool]:
    """Run with many frames and little memory; tell whether it kept within what it told."""
    photos = photographed(place / "many", frames)
    words = ["run", str(photos), "-o", str(place / "out"), "--memory", "400M", "--verbose"]
    ended = Child(words).ended(3600)
    told = re.search(r"memory: up to ([\d.]+) GB", ended.said)
    kept = told is not None and ended.megabytes <= 1024 * float(told[1]) + 51  # half a digit
    warned = "more than the 0.4 GB asked for" in ended.said or ended.megabytes <= 400
    return f"{frames} frames, 400M", ended, ended.code == 0 and kept and warned


def main() -> int:
    """Run; 1 if anything ended otherwise than it should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=400)
    given = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="focusstack-limits-") as folder:
        place = Path(folder)
        for name, ended, right in (*with_little(place), with_many(place, given.frames)):
            last = re.findall("error: .*", ended.said)[:1]
            print(f"{name:20} {ended.code:3d}  {ended.megabytes:5.0f} MB  {' '.join(last)[:90]}")
            if not right:
                bad += 1
                print(f"  not as it should be: {ended.said[-300:]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
