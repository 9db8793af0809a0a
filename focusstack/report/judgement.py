"""What to make of a stack, in one sentence, and which frames to blame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from focusstack.plan import FramePlan, StackPlan

Grade = Literal["pass", "look", "fail", "out", "unknown"]
"""Of a frame or stack: a verdict's, left out, or none known."""

ORDER: tuple[Grade, ...] = ("pass", "unknown", "look", "fail", "out")
"""From good to bad."""

MOST_BLAMED = 8
"""Frames that are named above the fold; the others are in the table."""


@dataclass(frozen=True)
class Blamed:
    """A frame that speaks against the picture.

    Attributes
    ----------
    file : str
        Its name.
    grade : str
        How bad it is.
    words : str
        What is wrong with it.
    """

    file: str
    grade: Grade
    words: str


@dataclass(frozen=True)
class Judgement:
    """Whether to trust the picture.

    Attributes
    ----------
    grade : str
        How good it is.
    title : str
        Whether to trust it.
    sentence : str
        Why.
    blamed : list of Blamed
        The frames to look at, worst first.
    more : int
        How many more there are.
    """

    grade: Grade
    title: str
    sentence: str
    blamed: list[Blamed]
    more: int


def grade_of(frame: FramePlan) -> Grade:
    """Return a frame's grade."""
    if not frame.used:
        return "out"
    return frame.verdict.grade if frame.verdict else "unknown"


def judgement(plan: StackPlan, fused: bool) -> Judgement:
    """Judge a stack for the head of the page.

    Parameters
    ----------
    plan : StackPlan
        With verdicts, unless it was made by hand.
    fused : bool
        Whether there is a composite.
    """
    what = "picture" if fused else "alignment"
    doubtful = [f for f in plan.used() if grade_of(f) in ("look", "fail")]
    lost = [f for f in plan.frames if not f.used]
    grade: Grade = max((grade_of(f) for f in doubtful), key=_badness, default="pass")
    if plan.verdict is None:
        grade = "unknown"
    blamed = [_blame(f) for f in sorted(doubtful, key=_order)] + [_blame(f) for f in lost]
    return Judgement(
        "look" if grade == "pass" and lost else grade,
        _title(grade, what, len(lost)),
        _sentence(plan, grade, len(doubtful), len(lost)),
        blamed[:MOST_BLAMED],
        max(0, len(blamed) - MOST_BLAMED),
    )


def _badness(grade: Grade) -> int:
    return ORDER.index(grade)


def _order(frame: FramePlan) -> tuple[int, float]:
    """Worst first; what no tile tells about is no better than what is off."""
    error = frame.error_px if frame.error_px is not None else float("inf")
    return -_badness(grade_of(frame)), -error


def _blame(frame: FramePlan) -> Blamed:
    if not frame.used:
        return Blamed(frame.file, "out", f"left out: {frame.reason or 'no reason known'}")
    return Blamed(frame.file, grade_of(frame), frame.verdict.words if frame.verdict else "")


def _title(grade: Grade, what: str, lost: int) -> str:
    if grade == "pass" and lost:
        return f"You can trust what is in this {what}, but not everything is in it"
    return {
        "pass": f"You can trust this {what}",
        "look": f"Look closely before you trust this {what}",
        "fail": f"Do not trust this {what}",
    }.get(grade, "Nothing is known about how well the frames fit")


def _sentence(plan: StackPlan, grade: Grade, doubtful: int, lost: int) -> str:
    used = len(plan.used())
    size = "" if plan.error_px is None else f", to about {plan.error_px:.2f} pixels"
    left = f"{_frames(lost)} of {used + lost} {'was' if lost == 1 else 'were'} left out"
    if grade == "unknown":
        return f"{used} frames were placed by a given plan."
    if grade == "pass":
        fit = f"{'All' if not lost else 'The other'} {used} frames lie where they belong{size}."
        return f"{left[0].upper()}{left[1:]}. {fit}" if lost else fit
    off = "may be off" if grade == "look" else "is off so far that detail is doubled"
    if doubtful > 1:
        off = off.replace("is ", "are ", 1)
    rest = f"; the other {used - doubtful} fit" if used > doubtful else ""
    more = f", and {left}" if lost else ""
    return f"{_frames(doubtful)} {off}{rest}{more}."


def _frames(count: int) -> str:
    return "One frame" if count == 1 else f"{count} frames"
