"""The page's table of frames: a line for each, with its verdict, pictures and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.output.report.addresses import file_address, picture_address
from focusstack.output.report.collecting import Gathered
from focusstack.output.report.judgement import ORDER, Grade, grade_of
from focusstack.output.report.samples import brightness
from focusstack.plan.model import FramePlan, StackPlan

HEADINGS = (
    ("#", "place"),
    ("", "picture"),
    ("Frame", "name"),
    ("Verdict", "words"),
    ("Error px", "number"),
    ("Residual px", "number"),
    ("95 %", "number"),
    ("Edge 95 %", "number"),
    ("EV before", "number"),
    ("EV after", "number"),
    ("Zoom %", "number"),
    ("Rotation °", "number"),
    ("Shift px", "number"),
    ("Sharpness", "number"),
    ("Costs %", "number"),
)
"""Headings of the table of frames, and what stands beneath: decides how it is sorted."""


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes
    ----------
    plan : FramePlan
        What is known of the frame.
    index : int
        Its place in the input, from 1.
    number : int or None
        Its place in focus order, from 1; None if it is left out.
    grade : str
        How good it is.
    words : str
        Its verdict, or why it is left out.
    thumbnail : str or None
        As a ``data:`` address.
    link : str or None
        Address of the aligned frame.
    movement : (zoom in %, rotation in degrees, shift in pixels)
        Against the reference.
    after : float or None
        Exposure that is left, in stops against the reference.
    """

    plan: FramePlan
    index: int
    number: int | None
    grade: Grade
    words: str
    thumbnail: str | None
    link: str | None
    movement: tuple[float, float, float]
    after: float | None

    @property
    def rank(self) -> float:
        """Order of verdicts, the worst last."""
        error = self.plan.error_px
        return ORDER.index(self.grade) + min(error if error is not None else 0.0, 999.0) / 1000


def frame_rows(plan: StackPlan, shown: Gathered, aligned: Mapping[str, str]) -> list[Row]:
    """Return the lines of the table, in the order of the input.

    Parameters
    ----------
    plan : StackPlan
        What to report.
    shown : Gathered
        Thumbnails, and light to compare exposures by.
    aligned : mapping of str to str
        Path, from the page, of each aligned frame that was written, by the frame's file name.
    """
    _, after = exposures(plan, shown)
    return [_row(k, f, plan, shown, after, aligned) for k, f in enumerate(plan.frames, 1)]


def _row(
    index: int,
    f: FramePlan,
    plan: StackPlan,
    shown: Gathered,
    after: Float32 | None,
    aligned: Mapping[str, str],
) -> Row:
    number = plan.focus_order.index(f.file) + 1 if f.used else None
    small = shown.frames[f.file].thumbnail if f.file in shown.frames else shown.lost.get(f.file)
    known = [] if after is None or not number else after[number - 1]
    finite = [float(stops) for stops in known if np.isfinite(stops)]
    words = f.verdict.words if f.verdict else "used"
    return Row(
        f,
        index,
        number,
        grade_of(f),
        words if f.used else f.reason or "left out",
        picture_address(small) if small else None,
        file_address(aligned[f.file]) if f.file in aligned else None,
        f.movement(*plan.canvas),
        sum(finite) / len(finite) if finite else None,
    )


def exposures(plan: StackPlan, shown: Gathered) -> tuple[Float32 | None, Float32 | None]:
    """Return the exposure of the used frames in stops against the reference, before and after."""
    samples = [shown.frames[f.file] for f in plan.used() if f.file in shown.frames]
    if len(samples) != len(plan.used()) or plan.reference not in plan.focus_order:
        return None, None
    after = brightness(samples)
    after -= after[plan.focus_order.index(plan.reference)]
    gains = np.log2([f.gain for f in plan.used()])
    # A gain is white's; an exponent changes what is darker.
    gains += -gains.mean(1, keepdims=True) - np.array([[f.exposure_ev] for f in plan.used()])
    gains -= gains[plan.focus_order.index(plan.reference)]
    return np.asarray(after - gains, np.float32), after
