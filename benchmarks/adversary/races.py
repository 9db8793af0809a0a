"""Let two runs write to one folder at random moments; look for mixtures and for losses.

python -m benchmarks.adversary.races               200 races
python -m benchmarks.adversary.races --count 20    so many
python -m benchmarks.adversary.races --seed 1      others

Two stacks of tiny frames with the same names; each runs into the same folder, plainly, with
``--overwrite`` or with ``--resume``, where a third of the folders hold an earlier result and a
third an unfinished run. In the end the folder must hold all files of one stack and none of the
other, of a run that said so, and nothing else; two plain runs never both end well.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.adversary.children import Child, Ended
from focusstack.images.write import write_image
from focusstack.output.lock import LOCK
from focusstack.output.staging import UNFINISHED
from focusstack.scene.stack import render_stack

WAYS: tuple[list[str], ...] = ([], ["--overwrite"], ["--resume"])
"""How a run treats what is there."""

Digests = dict[str, str]


def digests(folder: Path) -> Digests:
    """Digest of every file but the report for people, which tells how long everything took."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".html")
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


class Course:
    """Two stacks, and what a run makes of each."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.made: dict[str, Digests] = {}
        for name, seed in (("a", 1), ("b", 2)):
            frames = render_stack(
                "plane", width=160, height=120, frames=4, blur=2, seed=seed
            ).frames
            (place / name).mkdir()
            for k, frame in enumerate(frames):
                write_image(place / name / f"{k}.png", frame)
            plan = place / f"plan-{name}"
            first = Child(["run", str(place / name), "-o", str(plan)]).ended(600)  # may compile
            assert first.code == 0, first.said
            again = Child(self.words(name, place / f"made-{name}")).ended()
            assert again.code == 0, again.said
            self.made[name] = digests(place / f"made-{name}")
            self.seconds = again.seconds

    def words(self, stack: str, out: Path, *more: str) -> list[str]:
        """How to run a stack into a folder, quickly."""
        plan = self.place / f"plan-{stack}" / "report.json"
        how = ["--plan", str(plan), "--threads", "1", "-q", *more]
        return ["run", str(self.place / stack), "-o", str(out), *how]

    def race(self, random: Random) -> tuple[str, list[str]]:
        """Let both run; return what came of it, and what is wrong with that."""
        out = self.place / "out"
        shutil.rmtree(out, ignore_errors=True)
        start = random.choice(["empty", "filled", "unfinished"])
        if start == "filled":
            shutil.copytree(self.place / "made-a", out)
        elif start == "unfinished":
            self._interrupt(out, random)
        ways = [random.choice(WAYS) for _ in range(2)]
        delays = [0.0, random.uniform(0, 1.3 * self.seconds)]
        random.shuffle(delays)
        children = [
            Child(self.words(stack, out, *way), delay=delay)
            for stack, way, delay in zip("ab", ways, delays, strict=True)
        ]
        ends = [child.ended() for child in children]
        said = f"{start}: {' '.join(w[0][2:] if w else 'run' for w in ways)}"
        return f"{said} {[e.code for e in ends]}", list(self._wrong(out, ways, ends, start))

    def _interrupt(self, out: Path, random: Random) -> None:
        """Leave an unfinished run of the first stack, if the moment is right."""
        child = Child(self.words("a", out))
        child.ended(random.uniform(0.3, 0.9) * self.seconds)

    def _wrong(
        self, out: Path, ways: list[list[str]], ends: list[Ended], start: str
    ) -> Iterator[str]:
        good = [name for name, end in zip("ab", ends, strict=True) if end.code == 0]
        found = digests(out) if out.exists() else {}
        hidden = {n for n in found if n.startswith((UNFINISHED, LOCK))}
        shown = {n: d for n, d in found.items() if n not in hidden}
        for end in ends:
            if end.code not in (0, 2, 5) or "unexpected" in end.said or "Traceback" in end.said:
                yield f"ended with {end.code}: {end.said[-300:]}"
        if len(good) == 2 and ways == [[], []]:
            yield "both ended well"
        if good and shown not in [self.made[name] for name in good]:
            yield f"{good} ended well, but the folder holds something else"
        if not good and shown and shown != self.made["a"]:
            yield "nobody ended well, but there are other files"
        if good and hidden:
            yield f"left behind: {sorted(hidden)}"
        if any(n.startswith(LOCK) for n in hidden) and start != "unfinished":
            yield "a lock is left"


def main() -> int:
    """Race; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random, counted, bad = Random(given.seed), Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="focusstack-races-") as folder:
        course = Course(Path(folder))
        for number in range(given.count):
            outcome, wrong = course.race(random)
            counted[outcome] += 1
            for told in wrong:
                bad += 1
                print(f"race {number}: {outcome}: {told}", flush=True)
    for outcome, times in sorted(counted.items()):
        print(f"{times:4d}  {outcome}")
    print(f"{given.count} races, {bad} went wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
