"""Change constants, signs and terms one by one, and look whether a test notices.

python -m benchmarks.mutations                                  the whole package: some hours
python -m benchmarks.mutations focusstack/exposure --jobs 2     one room
python -m benchmarks.mutations focusstack/crop.py --list        what would be changed
python -m benchmarks.mutations --results tried.jsonl            goes on where it was interrupted
python -m benchmarks.mutations --sample 100                     some of them, the same each time

Every number among a module's constants is doubled and halved, but for those that exempt.toml
names, and every formula in terms.toml is changed as it says there. Each time the tests that mirror
the module are run, and what no test notices has survived. The exit code is 1 if more than
one in ten has (--most).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from benchmarks.mutations.constants import mutants_of
from benchmarks.mutations.exempt import read_exemptions
from benchmarks.mutations.mirror import Step, steps_of
from benchmarks.mutations.mutant import Mutant
from benchmarks.mutations.results import Results, state_of
from benchmarks.mutations.terms import term_mutants
from benchmarks.mutations.trial import Outcome, copy_tree, failed_test, try_mutant

ROOT = Path(__file__).resolve().parents[2]


def modules_of(root: Path, paths: Sequence[str]) -> list[Path]:
    """Return the modules in files and folders that are named from the root of the tree."""
    found: set[Path] = set()
    for path in paths:
        place = root / path
        if not place.exists():
            raise SystemExit(f"there is no {place}")
        found |= set(place.rglob("*.py")) if place.is_dir() else {place}
    return sorted(found)


def gathered(root: Path, paths: Sequence[str]) -> tuple[list[Mutant], list[Mutant]]:
    """Return the mutants to try of some files and folders, and the exempt ones."""
    modules = modules_of(root, paths)
    terms = term_mutants(root) if root == ROOT else []
    mutants = [m for file in modules for m in mutants_of(root, file)]
    mutants += [m for m in terms if root / m.path in modules]
    exemptions = read_exemptions()
    exempt = [m for m in mutants if exemptions.key_of(m.path, m.name)]
    return sorted(set(mutants) - set(exempt), key=lambda m: m.key), exempt


def told(outcome: Outcome) -> str:
    """One line about a mutant."""
    fate = f"killed    by {outcome.by}" if outcome.by else "SURVIVED"
    return f"{outcome.key:90} {outcome.seconds:6.1f} s  {fate}"


def try_all(root: Path, mutants: Sequence[Mutant], args: argparse.Namespace) -> list[Outcome]:
    """Try all mutants in copies of the tree, several at a time; print each."""
    steps = {path: steps_of(root, path) for path in {m.path for m in mutants}}
    states = {path: state_of(root, path, steps[path]) for path in steps}
    results = Results(args.results)
    outcomes = [o for m in mutants if (o := results.known(m.key, states[m.path]))]
    for outcome in outcomes:
        print(told(outcome), "(known)")
    left = [m for m in mutants if not results.known(m.key, states[m.path])]
    if not left:
        return outcomes
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as place:
        copies: SimpleQueue[Path] = SimpleQueue()
        first = copy_tree(root, Path(place) / "0")
        check_unchanged(first, [step for m in left for step in steps[m.path]], args.bound)
        copies.put(first)
        for number in range(1, args.jobs):  # what the first has compiled included
            copies.put(copy_tree(first, Path(place) / str(number)))

        def tried(mutant: Mutant) -> Outcome:
            copy = copies.get()
            outcome = try_mutant(copy, mutant, steps[mutant.path], args.bound)
            copies.put(copy)
            with lock:
                results.add(outcome, states[mutant.path])
                print(told(outcome), flush=True)
            return outcome

        with ThreadPoolExecutor(args.jobs) as pool:
            return outcomes + list(pool.map(tried, left))


def check_unchanged(copy: Path, steps: Sequence[Step], bound: float) -> None:
    """Make sure that all tests pass while nothing is changed."""
    for step in dict.fromkeys(steps):
        failed = failed_test(copy, step, bound)
        if failed:
            raise SystemExit(f"before anything is changed, pytest {' '.join(step)} fails: {failed}")


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", default=["focusstack"], help="modules and folders")
    parser.add_argument("--jobs", type=int, default=1, help="copies of the tree to work in")
    parser.add_argument("--bound", type=float, default=900, help="seconds that tests may take")
    parser.add_argument("--results", type=Path, help="file to keep outcomes in, and go on from")
    parser.add_argument("--most", type=float, default=0.1, help="share that may survive")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of names of what to change")
    parser.add_argument("--sample", type=int, help="how many to try, drawn by lot")
    parser.add_argument("--list", action="store_true", help="tell what would be changed")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Try what the command line names; return the exit code."""
    args = parsed(argv)
    mutants, exempt = gathered(root, args.paths)
    mutants = [m for m in mutants if any(part in m.key for part in args.only)]
    if args.sample and args.sample < len(mutants):
        mutants = random.Random(0).sample(mutants, args.sample)
    if args.list:
        print(*(m.key for m in mutants), sep="\n")
        return 0
    outcomes = try_all(root, mutants, args)
    survivors = [o for o in outcomes if o.survived]
    share = len(survivors) / max(len(outcomes), 1)
    print(f"\n{len(survivors)} of {len(outcomes)} survived ({share:.0%}); {len(exempt)} exempt")
    print(*sorted(o.key for o in survivors), sep="\n")
    return int(share > args.most)


if __name__ == "__main__":
    sys.exit(main())
