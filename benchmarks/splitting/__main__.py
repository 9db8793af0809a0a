"""Split every kind of card; print what was found of its cuts, and what was missed or made up."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.splitting.cards import Card
from benchmarks.splitting.kinds import KINDS
from focusstack.shoot.splitting import Shoot, split


class Score(NamedTuple):
    """How a card was split: cuts there are, found, made up; errors that were announced."""

    cuts: int
    found: int
    made_up: int
    announced: int

    @property
    def errors(self) -> int:
        """Cuts missed or made up."""
        return self.cuts - self.found + self.made_up


def score(card: Card, shoot: Shoot, folder: Path) -> Score:
    """Compare what was found with the truth; a cut is told by the picture behind it."""
    truth = {group[0] for group in card.groups}
    every = (*shoot.stacks, *shoot.singles)
    names = [[shot.path.relative_to(folder).as_posix() for shot in s.shots] for s in every]
    made = {one[0] for one in names}
    unsure = {n[0] for n, s in zip(names, every, strict=True) if s.begins and not s.begins.sure}
    unsure |= {n[d.at] for n, s in zip(names, every, strict=True) for d in s.doubts}
    announced = (truth ^ made) & unsure
    return Score(len(truth), len(truth & made), len(made - truth), len(announced))


def main() -> int:
    """Split all kinds; 1 if recall or precision is below 0.98, or an error came unannounced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args()
    scores = []
    print(f"{'card':24} pictures  cuts  found  made up  announced")
    for name in asked.only:
        for seed in range(asked.seeds):
            card = KINDS[name](np.random.default_rng(seed))
            with tempfile.TemporaryDirectory() as place:
                card.write(Path(place))
                shoot = split(place)
                one = score(card, shoot, Path(place))
            scores.append(one)
            numbers = f"{one.cuts:5} {one.found:6} {one.made_up:8} {one.announced:10}"
            print(f"{name:24} {len(card.files):8} {numbers}")
            if asked.verbose:
                for stack in (*shoot.stacks, *shoot.singles):
                    names = f"{stack.paths[0].name} … {stack.paths[-1].name}"
                    doubts = [(d.at, d.reasons) for d in stack.doubts]
                    print(f"    {names:32} {stack.sure!s:5} {stack.reason} {doubts or ''}")
    cuts, found = sum(s.cuts for s in scores), sum(s.found for s in scores)
    made_up, errors = sum(s.made_up for s in scores), sum(s.errors for s in scores)
    recall, precision = found / cuts, found / (found + made_up)
    silent = errors - sum(s.announced for s in scores)
    print(f"recall {recall:.3f}, precision {precision:.3f}, errors not announced {silent}")
    return 0 if min(recall, precision) >= 0.98 and not silent else 1


if __name__ == "__main__":
    sys.exit(main())
