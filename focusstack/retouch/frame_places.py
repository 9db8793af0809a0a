"""Where the frames of a result are: beside it, where a batch has noted them, or where one says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from focusstack.errors import FocusstackError
from focusstack.frames.open import open_frames
from focusstack.frames.sources import FrameSource
from focusstack.output.paths import ALIGNED, STACKED
from focusstack.plan.model import StackPlan
from focusstack.plan.reuse import fit_plan

MOST_FOLDERS = 200
"""Folders beside the results in which frames are looked for. Chosen, not measured."""


def given_frames(place: Path, plan: StackPlan) -> FrameSource:
    """Open the frames that the user names."""
    names = {frame.file for frame in plan.frames}
    inside = [p for p in _files(place) if p.name in names]
    return open_frames(inside if len(inside) > 1 else place)


def find_frames(folder: Path, plan: StackPlan) -> FrameSource | None:
    """Look for frames of a plan where a run usually has them; None if they are not there.

    Parameters
    ----------
    folder : path
        Of the results.
    plan : StackPlan
        Of the run that has written them.
    """
    looked: set[Path] = set()
    for place in _places(folder):
        if place in looked:
            continue
        looked.add(place)
        at = {path.name: path for path in _files(place)}
        if all(frame.file in at for frame in plan.frames if frame.used):
            try:
                found = open_frames([at[f.file] for f in plan.frames if f.file in at])
                fit_plan(plan, found.names, found.size, found.channels)
            except FocusstackError:
                continue
            return found
    return None


def _places(folder: Path) -> Iterator[Path]:
    """Folders in which the frames of results may be, the likeliest first."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay as they are
    for results in (here, here.parent):  # of one stack, or of all of a card
        if results.name.endswith(STACKED):
            card = results.with_name(results.name.removesuffix(STACKED))
            yield card
            yield from _below(folders_in(card) if results != here else ())
    yield from _noted(here)
    yield here
    yield here.parent
    yield from folders_in(here)
    beside = [p for p in folders_in(here.parent) if p != here]
    yield from _below(beside)


def _below(folders: Sequence[Path]) -> Iterator[Path]:
    """Folders, then those in them."""
    yield from folders
    yield from islice((p for folder in folders for p in folders_in(folder)), MOST_FOLDERS)


def _noted(here: Path) -> Iterator[Path]:
    """Folders that a batch has noted of a stack."""
    from focusstack.shoot.state import States

    state = States(here.parent).read(here.name)
    if state is not None:
        yield from dict.fromkeys(Path(record.path).parent for record in state.inputs)


def folders_in(place: Path) -> Sequence[Path]:
    """Return the first folders in a folder, but those of aligned frames; none if it has none."""
    try:
        found = sorted(p for p in place.iterdir() if p.is_dir() and p.name != ALIGNED)
    except OSError:
        return []
    return found[:MOST_FOLDERS]


def _files(place: Path) -> list[Path]:
    try:
        return [p for p in place.iterdir() if p.is_file()]
    except OSError:
        return []
