"""Do to the program what an adversary would, and count what comes of it.

python -m benchmarks.adversary rotten               2000 rotten files inside sound stacks
python -m benchmarks.adversary rotten --count 50    so many
python -m benchmarks.adversary rotten --only jpg    formats whose names contain this
python -m benchmarks.adversary rotten --minutes 20  as many as can be tried in that time
python -m benchmarks.adversary rotten --keep bad/   where stacks that came to harm are kept
python -m benchmarks.adversary sound FOLDER...      how near sound stacks are to what tells damage
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.adversary.rotten import attack
from benchmarks.adversary.sound import look_at


def main() -> int:
    """Run; 1 if anything came to harm."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(dest="part", required=True)
    rotten = parts.add_parser("rotten")
    rotten.add_argument("--count", type=int, default=2000)
    rotten.add_argument("--only", nargs="*", default=[])
    rotten.add_argument("--seed", type=int, default=0)
    rotten.add_argument("--minutes", type=float, default=float("inf"))
    rotten.add_argument("--keep", type=Path)
    sound = parts.add_parser("sound")
    sound.add_argument("folders", nargs="+", type=Path)
    given = parser.parse_args()
    if given.part == "sound":
        return look_at(given.folders)
    return attack(given.count, given.only, given.seed, given.keep, 60 * given.minutes)


if __name__ == "__main__":
    sys.exit(main())
