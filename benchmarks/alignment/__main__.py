"""Render stacks with known truth, plan each, print the errors.

python -m benchmarks.alignment                     every stack at 3 megapixels, about an hour
python -m benchmarks.alignment --small             the same at half a megapixel, some minutes
python -m benchmarks.alignment --only tilt layers  kinds whose names contain one of these
python -m benchmarks.alignment --keep errors.json  adds to a file; what it holds is not repeated
python -m benchmarks.alignment --list              the kinds
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from benchmarks.alignment.judge import Judged, from_json, judge
from benchmarks.alignment.kinds import all_kinds
from benchmarks.alignment.photograph import set_up
from benchmarks.alignment.table import table

SMALL = 0.5
"""Megapixels of a small stack."""


def size_of(megapixels: float) -> tuple[int, int]:
    """Width and height, four to three."""
    unit = round((megapixels * 1e6 / 12) ** 0.5)
    return 4 * unit, 3 * unit


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.alignment",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--megapixels", type=float, default=3.0, metavar="M", help="3 by default")
    parser.add_argument("--small", action="store_true", help="half a megapixel instead of three")
    parser.add_argument("--only", nargs="+", default=[""], metavar="PART", help="parts of names")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="results of this and other runs")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    chosen = parser.parse_args()
    kinds = [k for k in all_kinds() if any(part in k.title for part in chosen.only)]
    if chosen.list:
        print("\n".join(f"{k.title}: {k.frames} frames" for k in kinds))
        return
    size = size_of(SMALL if chosen.small else chosen.megapixels)
    megapixels = round(size[0] * size[1] / 1e6, 2)
    earlier = read(chosen.keep)
    results = []
    for kind in kinds:
        known = [r for r in earlier if (r.title, r.megapixels) == (kind.title, megapixels)]
        if known:
            results.append(known[0])
            continue
        began = time.perf_counter()
        stack = set_up(kind, size)
        found = judge(stack)
        found = Judged(**{**found.to_json(), "seconds": time.perf_counter() - began})
        print(f"{found.title}: {found.failure or f'{found.worst_px:.3f} px'}", flush=True)
        results.append(found)
        earlier.append(found)
        if chosen.keep:
            chosen.keep.write_text(json.dumps([r.to_json() for r in earlier], indent=1))
    print(table(results))


def read(path: Path | None) -> list[Judged]:
    return from_json(path.read_text()) if path and path.exists() else []


if __name__ == "__main__":
    main()
