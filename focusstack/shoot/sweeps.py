"""Whether what is given for one stack is several: told before they are merged in silence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from focusstack.errors import InputError
from focusstack.frames.choice import some
from focusstack.frames.search import survey
from focusstack.images.suffixes import VIDEO
from focusstack.shoot.boundaries import find_boundaries
from focusstack.shoot.gathering import in_time
from focusstack.shoot.shots import read_shots
from focusstack.shoot.splitting import Stack, split
from focusstack.shoot.stream import Stream

FEWEST = 3
"""Frames of the shorter of two stacks, at least. Chosen: two are a try, or a pair."""

MIXED = 0.25
"""Share of frames that may be followed in focus by one of another sweep where both are one, begun
again a bit earlier. Chosen, not measured: where both cover the same, every other frame is."""


def several_sweeps(inputs: Sequence[Path]) -> list[Stack]:
    """Return the stacks that frames are of; nothing if they may well be one.

    Headers are read first, which takes no time to speak of. Only where they tell of several stacks
    are the pictures looked at, too.

    Parameters
    ----------
    inputs : sequence of path
        As `focusstack.stack` takes them.
    """
    try:
        files = survey(inputs).files
    except InputError:  # which the run will say itself
        return []
    if len(files) < 2 * FEWEST or any(path.suffix.lower() in VIDEO for path in files):
        return []
    shots = in_time(read_shots(files))
    if not any(b.new and b.sure for b in find_boundaries(Stream(shots, [None] * len(shots)))):
        return []
    shoot = split(files)
    if len(shoot.stacks) < 2 or shoot.unsure or min(len(s.paths) for s in shoot.stacks) < FEWEST:
        return []
    return list(shoot.stacks)


def follow_on(sweeps: Sequence[Stack], order: Sequence[str]) -> bool:
    """Tell whether sweeps lie one behind the other in focus: then they are one, with a pause.

    They may overlap a little, as where somebody begins again a bit before the end.

    Parameters
    ----------
    sweeps : sequence of Stack
        What came out apart.
    order : sequence of str
        Names of the frames in the order of their focus.
    """
    of = {path.name: number for number, stack in enumerate(sweeps) for path in stack.paths}
    numbers = [of[name] for name in order if name in of]
    changes = sum(a != b for a, b in pairwise(numbers))
    most = max(len(sweeps) + 1, MIXED * len(numbers))  # one frame out of place makes two more
    return len(set(numbers)) == len(sweeps) and changes <= most


def in_words(sweeps: Sequence[Stack]) -> str:
    """Say that frames are of several stacks."""
    told = [_told(stack) for stack in sweeps]
    return f"these frames are of {len(told)} stacks, which become one picture: {some(told, 4)}"


def _told(stack: Stack) -> str:
    why = f" ({stack.reason})" if stack.reason else ""
    return f"{stack.paths[0].name} … {stack.paths[-1].name}{why}"
