"""Whether a run has been done already: with the same frames and options, and all of it is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from focusstack.errors import InputError
from focusstack.output.paths import OutputPaths
from focusstack.plan.file import read_plan
from focusstack.plan.model import StackPlan

NOTE = ".focusstack-run"
"""File that tells what was made where no page does."""

MARK = 'name="focusstack-run" content="'
"""What stands before it in the page."""

HEAD = 8192
"""Bytes at the beginning of the page in which it stands."""


def run_key(made_from: Mapping[str, Any]) -> str:
    """Return a digest of what a run is made from, which is the same wherever its frames lie.

    Parameters
    ----------
    made_from : mapping
        As `focusstack.output.resume.signature` tells.
    """
    frames = {
        Path(name).name: (print_[0], print_[2]) for name, print_ in made_from["frames"].items()
    }
    text = json.dumps({**made_from, "frames": frames}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def finished_plan(paths: OutputPaths, key: str) -> StackPlan | None:
    """Return the plan of a run that has been done already; None if it has not, or not all of it."""
    if _key_in(paths) != key:
        return None
    try:
        plan = read_plan(paths.plan)
    except InputError:
        return None
    names = [f.file for f in plan.used()]
    wanted: Sequence[Path] = [
        *([paths.aligned(name) for name in names] if paths.options.aligned else []),
        *([paths.fused(plan.reference)] if paths.options.fused else []),
        *paths.maps(),
    ]
    return plan if all(p.is_file() and p.stat().st_size for p in wanted) else None


def _key_in(paths: OutputPaths) -> str | None:
    place = paths.page if paths.options.report else paths.folder / NOTE
    try:
        with place.open("rb") as file:
            head = file.read(HEAD).decode("utf-8", "replace")
    except OSError:
        return None
    if not paths.options.report:
        return head.strip()
    return head.partition(MARK)[2].partition('"')[0] or None
