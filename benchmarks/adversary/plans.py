"""Give the program plans that want to do harm; look at how it ends and what it takes and leaves.

python -m benchmarks.adversary.plans               500 plans
python -m benchmarks.adversary.plans --count 50    so many
python -m benchmarks.adversary.plans --only crop   kinds whose names contain this

Each is a sound plan of a tiny stack, spoilt in one way. The program must end with an exit code that
it promises and in words, within 5 seconds of its own and 500 MB, and leave nothing of a run that
failed. Where it goes on, frames that the plan puts elsewhere are not called good.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.adversary.children import Child, Ended
from benchmarks.adversary.spoils import KINDS, Document, spoilt_text
from focusstack.images.write import write_image
from focusstack.scene.stack import render_stack

SECONDS, MEGABYTES = 5.0, 500.0
"""What a run with any plan of a tiny stack may take."""

PROMISED = {0, 2, 3, 4, 5}
"""Exit codes of README."""

MOVED_PX = 3.0
"""From here on a frame lies elsewhere: a verdict fails what is off by two pixels."""


class Range:
    """A tiny stack and its sound plan."""

    def __init__(self, place: Path) -> None:
        self.place, self.photos = place, place / "photos"
        self.photos.mkdir()
        frames = render_stack("plane", width=200, height=150, frames=4, blur=2, seed=4).frames
        for k, frame in enumerate(frames):
            write_image(self.photos / f"{k}.png", frame)
        made = Child(["run", str(self.photos), "-o", str(place / "made")]).ended(600)  # may compile
        assert made.code == 0, made.said
        self.text = (place / "made" / "report.json").read_bytes()
        self.sound: Document = json.loads(self.text)
        self.run(self.text)  # compilers warm

    def spoilt(self, kind: str, random: Random) -> bytes:
        """Make a hostile plan: one of `KINDS`, or ``text`` that is spoilt as it stands."""
        if kind == "text":
            return spoilt_text(self.text, random)
        document = copy.deepcopy(self.sound)
        KINDS[kind](document, random)
        return json.dumps(document).encode()

    def run(self, text: bytes, path: Path | None = None) -> Ended:
        """Run the stack with a plan."""
        shutil.rmtree(self.place / "out", ignore_errors=True)
        if path is None:
            path = self.place / "plan.json"
            path.write_bytes(text)
        out = str(self.place / "out")
        return Child(["run", str(self.photos), "-o", out, "--plan", str(path)]).ended(600)

    def wrong(self, ended: Ended) -> Iterator[str]:
        """Tell what is wrong with how a run has ended."""
        out = self.place / "out"
        if ended.code not in PROMISED:
            yield f"exit code {ended.code}: {ended.said[-400:]}"
        for word in ("Traceback", "unexpected", "Warning", "Value error", "\x1b"):
            if word in ended.said:
                yield f"says {word!r}: {ended.said[-400:]}"
        if ended.code and "error: " not in ended.said:
            yield f"no words: {ended.said[-200:]}"
        if ended.worked > SECONDS:
            yield f"took {ended.worked:.1f} s"
        if ended.megabytes > MEGABYTES:
            yield f"took {ended.megabytes:.0f} MB"
        if ended.code and out.exists():
            yield f"left {[p.name for p in out.rglob('*')]}"
        if not ended.code:
            yield from self._believed(json.loads((out / "report.json").read_text()))

    def _believed(self, made: Document) -> Iterator[str]:
        """Tell whether frames that lie elsewhere are called good."""
        ends = np.array([[0, 0, 1], [199, 0, 1], [0, 149, 1], [199, 149, 1]], float)
        for frame, sound in zip(made["frames"], self.sound["frames"], strict=False):
            if not frame["used"] or frame["file"] != sound["file"]:
                continue
            p, q = (ends @ np.array(f["matrix"]).T for f in (frame, sound))
            off = float(
                np.median(np.linalg.norm(p[:, :2] / p[:, 2:] - q[:, :2] / q[:, 2:], axis=1))
            )
            if off > MOVED_PX and made["verdict"]["grade"] == "pass":
                yield f"{frame['file']} lies {off:.1f} px elsewhere and is called good"


def attack(count: int, only: list[str], seed: int) -> int:
    """Run with so many plans; return how many came to harm."""
    counted, bad, worst = Counter[str](), 0, [0.0, 0.0]
    kinds = [k for k in (*KINDS, "text", "device") if not only or any(o in k for o in only)]
    with tempfile.TemporaryDirectory(prefix="focusstack-plans-") as folder:
        place = Path(folder)
        field = Range(place)
        os.mkfifo(place / "pipe")
        for k in range(count):
            random, kind = Random(f"{seed} {k}"), kinds[k % len(kinds)]
            path, text = None, b""
            if kind == "device":
                devices = ["/dev/zero", "/dev/null", "/proc/self/mem", str(place / "pipe"), folder]
                path = Path(random.choice(devices))
            else:
                text = field.spoilt(kind, random)
            ended = field.run(text, path)
            counted[f"{kind} {ended.code}"] += 1
            worst = [max(worst[0], ended.worked), max(worst[1], ended.megabytes)]
            for told in field.wrong(ended):
                bad += 1
                print(f"plan {k} ({kind}): {told}", flush=True)
    for outcome, times in sorted(counted.items()):
        print(f"{times:4d}  {outcome}")
    print(f"{count} plans, {bad} came to harm; at most {worst[0]:.1f} s and {worst[1]:.0f} MB")
    return bad


def main() -> int:
    """Attack; 1 if anything came to harm."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    return 1 if attack(given.count, given.only, given.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
