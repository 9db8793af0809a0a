"""Outcomes in a file, so that a run can be gone on with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from benchmarks.mutations.mirror import Step
from benchmarks.mutations.trial import Outcome


def state_of(root: Path, module: str, steps: Sequence[Step]) -> str:
    """Return a number that changes with a module and with the tests that guard it."""
    named = [root / part for step in steps for part in step]
    tests = {file for path in named for file in (path.rglob("*.py") if path.is_dir() else [path])}
    files = [root / module, *sorted(tests)]
    return f"{crc32(b''.join(file.read_bytes() for file in files)):08x}"


class Results:
    """What is known of mutants, kept in a file of one JSON object a line if there is one."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: dict[tuple[str, str], Outcome] = {}
        if file is not None and file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                state = row.pop("state")
                self._known[row["key"], state] = Outcome(**row)

    def known(self, key: str, state: str) -> Outcome | None:
        """Return what became of a mutant in that state of its module and tests."""
        return self._known.get((key, state))

    def add(self, outcome: Outcome, state: str) -> None:
        """Keep an outcome, at once."""
        self._known[outcome.key, state] = outcome
        if self._file is not None:
            row = {"state": state, **vars(outcome)}
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
