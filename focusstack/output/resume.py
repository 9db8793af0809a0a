"""What an interrupted run leaves behind, so that another can go on from it.

The hidden folder of the run holds the plan with what it was made from, the aligned frames that are
complete, and a list of them with their digests. Nothing of it is taken unless it still matches.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from focusstack.errors import Change, InputError, OutputError, UsageError
from focusstack.frames.identity import digest, fingerprint
from focusstack.frames.sources import FrameSource
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.finished import run_key
from focusstack.output.manifest import make_folder
from focusstack.output.staging import STATE, StagedFolder
from focusstack.plan.file import from_plain, given_bytes, plain, read_plan_bytes
from focusstack.plan.model import StackPlan
from focusstack.plan.outlines import check_outlines
from focusstack.runtime.files import output_errors, write_atomically
from focusstack.runtime.version import __version__

AGAIN = Change("To start again", add=("--overwrite",), drop=("--resume",))
"""What leads on where an unfinished run cannot be gone on from."""

DONE = STATE.with_name("done.jsonl")
"""Complete files, one a line: digest and name."""

_NOT_ASKED = {
    "folder", "overwrite", "resume", "threads", "memory", "plan", "dust", "max_megapixels", "report"
}  # fmt: skip
"""Options that change no byte of a picture, or are part of the plan."""


class Unfinished:
    """What of a run is complete, kept beside it so that an interrupted one can be gone on from.

    Parameters
    ----------
    staging : StagedFolder
        Where a run's files lie until all are complete.
    made_from : mapping
        What the run depends on, by `signature`; empty for frames without files, of which nothing
        is kept.

    Attributes
    ----------
    plan : StackPlan or None
        Of the interrupted run that is gone on from.

    Raises
    ------
    UsageError, OutputError
        As `load`.
    """

    def __init__(self, staging: StagedFolder, made_from: Mapping[str, Any]) -> None:
        self._staging = staging
        self._made_from = made_from
        self._done: set[Path] = set()
        self.plan: StackPlan | None = None
        if staging.resumed:
            self.plan = load(staging.place, made_from)
            self._done = complete(staging.place)
            for path in self._done:
                staging.own(staging.folder / path.relative_to(staging.place))

    @property
    def key(self) -> str:
        """What tells this run from others; empty if nothing is kept."""
        return run_key(self._made_from) if self._made_from else ""

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return bool(self._made_from)

    def keep(self, plan: StackPlan) -> None:
        """Keep the plan: from here on the run can be gone on from."""
        self._staging.check_place()
        save(self._staging.place, self._made_from, plan)
        self._staging.keep()

    def note(self, path: Path) -> None:
        """Note that a staged file is complete."""
        if self.keeps:
            mark_done(self._staging.place, path)

    def holds(self, path: Path) -> bool:
        """Whether the interrupted run had completed this staged file, and it is as it was."""
        return path in self._done


def signature(frames: FrameSource, output: OutputOptions, options: StackOptions) -> dict[str, Any]:
    """Return what a run depends on, as plain data."""
    asked = {
        k: v
        for k, v in (asdict(replace(options, plan=None)) | asdict(output)).items()
        if k not in _NOT_ASKED
    }
    asked["fusion"] = {**asked["fusion"], "method": options.fusion.method_name}
    given = None
    if options.plan is not None:
        given = hashlib.sha256(given_bytes(options.plan)).hexdigest()
    shot = None
    if options.dust is not None and options.dust.is_file():
        shot = digest(options.dust, sample=False).hex()
    files = {str(path): list(fingerprint(path)) for path in dict.fromkeys(frames.paths)}
    made: dict[str, Any] = {
        "version": __version__,
        "plan given": given,
        "shot given": shot,
        "options": asked,
        "frames": files,
    }
    return dict(json.loads(json.dumps(made)))


def save(place: Path, made_from: Mapping[str, Any], plan: StackPlan) -> None:
    """Keep the plan of a run, and what it was made from."""
    text = json.dumps({"made_from": made_from, "plan": plain(plan)})
    make_folder((place / STATE).parent)
    write_atomically(place / STATE, text.encode())


def load(place: Path, made_from: Mapping[str, Any]) -> StackPlan:
    """Return the plan of an interrupted run.

    Raises
    ------
    UsageError
        If it was made from other frames or with other options; says which.
    OutputError
        If it is damaged.
    """
    try:
        data = json.loads(read_plan_bytes(place / STATE))
        before, plan = dict(data["made_from"]), from_plain(data["plan"])
        check_outlines(plan)
    except (
        *(InputError, OSError, KeyError, TypeError, ValueError, IndexError, OverflowError),
        *(RecursionError, AttributeError),
    ) as error:
        raise OutputError(
            f"the unfinished run in {place.parent} is damaged",
            "Start again.",
            [AGAIN],
        ) from error
    differing = [key for key in made_from if before.get(key) != made_from[key]]
    if differing:
        raise UsageError(
            f"the unfinished run in {place.parent} cannot be gone on from: it had"
            f" {_difference(before, made_from, differing[0])}",
            "Give what it was given, or start again.",
            [AGAIN],
        )
    return plan


def _difference(before: Mapping[str, Any], now: Mapping[str, Any], key: str) -> str:
    old, new = before.get(key), now[key]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return f"another {key}"
    names = [k for k in {**old, **new} if old.get(k) != new.get(k)]
    if key == "frames":
        return f"another {Path(names[0]).name}"
    return f"{names[0].replace('_', '-')} {old.get(names[0])}"


def mark_done(place: Path, path: Path) -> None:
    """Note that the file `path` in `place` is complete."""
    entry = [digest(path, sample=False).hex(), path.relative_to(place).as_posix()]
    line = json.dumps(entry) + "\n"
    with output_errors(place), (place / DONE).open("a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def complete(place: Path) -> set[Path]:
    """Files in `place`, or moved out of it already, that are as they were when complete."""
    try:
        lines = (place / DONE).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return set()
    found = set()
    for line in lines:
        with suppress(ValueError, OSError):  # the last line may be cut off
            known, name = json.loads(line)
            for path in (place / name, place.parent / name):
                if path.is_file() and digest(path, sample=False).hex() == known:
                    found.add(place / name)
    return found
