"""Aligned frames that a run has written, where the frames themselves are gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from focusstack.errors import FocusstackError
from focusstack.exposure.shading import EVEN
from focusstack.frames.open import open_frames
from focusstack.frames.sources import FrameSource
from focusstack.geometry.coordinates import translation
from focusstack.geometry.lens import STRAIGHT
from focusstack.images.suffixes import READABLE
from focusstack.output.paths import ALIGNED
from focusstack.plan.model import StackPlan


def find_aligned(folder: Path, plan: StackPlan) -> FrameSource | None:
    """Return the aligned frames of a result; None unless all of them are there.

    Parameters
    ----------
    folder : path
        Of the results.
    plan : StackPlan
        Of the run that has written them.
    """
    try:
        files = [p for p in (folder / ALIGNED).iterdir() if p.suffix.lower() in READABLE]
    except OSError:
        return None
    at = {path.stem: path for path in files}
    stems = [Path(frame.file).stem for frame in plan.frames if frame.used]
    if not all(stem in at for stem in stems):
        return None
    try:
        found = open_frames([at[stem] for stem in stems], every=True)
    except FocusstackError:
        return None
    alike = all(len(frame.gain) == found.channels for frame in plan.frames)
    return found if alike and found.size == (plan.crop.width, plan.crop.height) else None


def as_aligned(plan: StackPlan) -> StackPlan:
    """Return a plan for the aligned frames of another: each lies at the crop, as it is.

    Examples
    --------
    >>> from focusstack.pipeline import plan_stack
    >>> from focusstack.scene import render_stack
    >>> plan = plan_stack(render_stack("plane", width=240, height=180, frames=3).frames)
    >>> found = as_aligned(plan)
    >>> found.crop == plan.crop, found.canvas == (plan.crop.width, plan.crop.height)
    (True, True)
    """
    place = translation(plan.crop.x, plan.crop.y)
    frames = tuple(
        replace(
            frame,
            matrix=place,
            gain=np.ones_like(frame.gain),
            field=None,
            view=None,
            bend=STRAIGHT,
            exponent=1.0,
            shading=EVEN,
        )
        for frame in plan.frames
        if frame.used
    )
    canvas = plan.crop.width, plan.crop.height
    return replace(plan, frames=frames, canvas=canvas, scene=None, marks=None)
