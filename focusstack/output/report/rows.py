"""The page's table of frames: a line for each, with its verdict, pictures and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.output.report.addresses import file_address, picture_address
from focusstack.output.report.camera_settings import Shot
from focusstack.output.report.collecting import Gathered
from focusstack.output.report.judgement import ORDER, Grade, grade_of
from focusstack.output.report.samples import brightness
from focusstack.plan.model import FramePlan, StackPlan

HEADINGS = (
    ("#", "place"),
    ("", "picture"),
    ("Frame", "name"),
    ("Verdict", "words"),
    ("Aperture", "text"),
    ("Exposure", "text"),
    ("ISO", "text"),
    ("Stops brighter", "number"),
    ("Sharpness", "number"),
)
"""Headings of the photographer's table of frames, and what stands beneath: how it is sorted."""

NUMBERS = (
    ("#", "place"),
    ("Frame", "name"),
    ("Error px", "number"),
    ("Residual px", "number"),
    ("95 %", "number"),
    ("Edge 95 %", "number"),
    ("EV before", "number"),
    ("EV after", "number"),
    ("Zoom %", "number"),
    ("Rotation °", "number"),
    ("Shift px", "number"),
    ("Costs %", "number"),
)
"""Headings of the engineer's table."""


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
    shot : Shot
        How it was taken.
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
    shot: Shot = field(default_factory=Shot)

    @property
    def settings(self) -> dict[str, str]:
        """What EXIF says of how it was taken, by heading."""
        shot = self.shot
        iso = shot.iso.removeprefix("ISO ")
        return {"Aperture": shot.aperture, "Exposure": shot.exposure, "ISO": iso}

    @property
    def rank(self) -> float:
        """Order of verdicts, the worst last."""
        error = self.plan.error_px
        return ORDER.index(self.grade) + min(error if error is not None else 0.0, 999.0) / 1000


def frame_rows(plan: StackPlan, shown: Gathered, aligned: Mapping[str, str]) -> list[Row]:
    """Return the lines of the table, in focus order; frames that are left out come last.

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
    found = [_row(k, f, plan, shown, after, aligned) for k, f in enumerate(plan.frames, 1)]
    return sorted(found, key=lambda row: (row.number is None, row.number or row.index))


def headings(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return the headings of the photographer's table; none of what no frame's EXIF tells."""
    known = {name for row in rows for name, value in row.settings.items() if value}
    return [(title, kind) for title, kind in HEADINGS if kind != "text" or title in known]


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
    left = _mean(after[number - 1]) if number and after is not None else None
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
        left,
        shown.shots.get(f.file, Shot()),
    )


def _mean(stops: Float32) -> float | None:
    """Mean of the channels that are known; None if none is."""
    known = stops[np.isfinite(stops)]
    return float(known.mean()) if known.size else None


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
