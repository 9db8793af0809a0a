"""Hand-held focus stacks: exposure equalised, aligned, cropped to the common area, fused.

One call does what the command ``focusstack run`` does, and writes the same files:

>>> import focusstack
>>> result = focusstack.stack("photos/", "photos-stacked")  # doctest: +SKIP

What is needed first:

stack
    Align a stack and fuse it into one sharp image; a folder, files, globs or arrays.
plan_stack, aligned_frames
    The two passes by themselves: measure without moving a pixel; then one aligned frame at a time.
read_plan, plan_to_json
    A plan from ``report.json``, and back.
split, batch
    Find the stacks of a whole shoot; stack them all, resumed and shared.
StackOptions, OutputOptions, FusionOptions, BatchOptions
    Everything that can be asked for; the defaults need no touching.
FocusstackError
    What every failure is, with a remedy; its classes say whose turn it is.

Each stage is a set of functions on arrays: `focusstack.alignment`, `focusstack.exposure`,
`focusstack.crop`, `focusstack.resample`, `focusstack.fusion`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from focusstack.runtime.faces import open_face
from focusstack.runtime.version import __version__

if TYPE_CHECKING:
    from focusstack.errors import (
        AlignmentError,
        FocusstackError,
        InputError,
        OutputError,
        OutputExistsError,
        UsageError,
    )
    from focusstack.frames.open import open_frames
    from focusstack.frames.sources import FrameSource, WithoutFiles
    from focusstack.fusion.base import Fused, Fuser
    from focusstack.options import FusionOptions, MapOptions, OutputOptions, StackOptions
    from focusstack.output.outlook import Outlook, foresee_stack
    from focusstack.pipeline import StackResult, aligned_frames, plan_stack, stack
    from focusstack.plan.file import plan_to_json, read_plan
    from focusstack.plan.model import FramePlan, StackPlan
    from focusstack.runtime.bars import progress_bars
    from focusstack.runtime.progress import Progress, StackWarning
    from focusstack.second_pass.frame import AlignedFrame
    from focusstack.shoot.batch import BatchResult, batch
    from focusstack.shoot.settings import BatchOptions
    from focusstack.shoot.splitting import split

__all__ = [
    "AlignedFrame",
    "AlignmentError",
    "BatchOptions",
    "BatchResult",
    "FocusstackError",
    "FramePlan",
    "FrameSource",
    "Fused",
    "Fuser",
    "FusionOptions",
    "InputError",
    "MapOptions",
    "Outlook",
    "OutputError",
    "OutputExistsError",
    "OutputOptions",
    "Progress",
    "StackOptions",
    "StackPlan",
    "StackResult",
    "StackWarning",
    "UsageError",
    "WithoutFiles",
    "__version__",
    "aligned_frames",
    "batch",
    "foresee_stack",
    "open_frames",
    "plan_stack",
    "plan_to_json",
    "progress_bars",
    "read_plan",
    "split",
    "stack",
]

# Loaded on first use, so that the command line can answer --help without loading OpenCV.
_HOMES = {
    "focusstack.errors": {
        "AlignmentError",
        "FocusstackError",
        "InputError",
        "OutputError",
        "OutputExistsError",
        "UsageError",
    },
    "focusstack.frames.sources": {"FrameSource", "WithoutFiles"},
    "focusstack.fusion.base": {"Fused", "Fuser"},
    "focusstack.output.outlook": {"Outlook", "foresee_stack"},
    "focusstack.runtime.bars": {"progress_bars"},
    "focusstack.runtime.progress": {"Progress", "StackWarning"},
    "focusstack.second_pass.frame": {"AlignedFrame"},
    "focusstack.options": {"FusionOptions", "MapOptions", "OutputOptions", "StackOptions"},
    "focusstack.frames.open": {"open_frames"},
    "focusstack.pipeline": {"StackResult", "aligned_frames", "plan_stack", "stack"},
    "focusstack.plan.model": {"FramePlan", "StackPlan"},
    "focusstack.plan.file": {"plan_to_json", "read_plan"},
    "focusstack.shoot.batch": {"BatchResult", "batch"},
    "focusstack.shoot.settings": {"BatchOptions"},
    "focusstack.shoot.splitting": {"split"},
}

__getattr__, __dir__ = open_face(__name__, __all__, _HOMES)
