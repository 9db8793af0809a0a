"""What to make of a stack, in one sentence, and which frames to blame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from focusstack.plan import FramePlan, StackPlan

Grade = Literal["pass", "look", "fail", "out", "unknown"]
"""Of a frame or stack: a verdict's, left out, or none known."""

ORDER: tuple[Grade, ...] = ("pass", "unknown", "look", "fail", "out")
"""From good to bad."""

MOST_BLAMED = 6
"""Frames that are named above the fold; the others are in the table."""

FEW = 3
"""Frames that are named where none is to blame."""

OUTSTANDING = 2.0
"""A frame whose error is so many times the usual one stands out."""

PARALLAX = "parallax or movement"
"""As verdicts put it."""


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
    heading : str
        What the frames that follow have in common.
    blamed : list of Blamed
        The frames to look at, worst first.
    more : int
        How many more there are.
    """

    grade: Grade
    title: str
    sentence: str
    heading: str
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
    doubtful = sorted((f for f in plan.used() if grade_of(f) in ("look", "fail")), key=_order)
    lost = [f for f in plan.frames if not f.used]
    grade: Grade = grade_of(doubtful[0]) if doubtful else "pass"
    if plan.verdict is None:
        grade = "unknown"
    widespread = 2 * len(doubtful) > len(plan.used()) and len(doubtful) > FEW
    standing = _outstanding(plan, doubtful) if widespread else doubtful
    named = standing or doubtful[:FEW]
    blamed = [_blame(f) for f in [*named, *lost]]
    return Judgement(
        "look" if grade == "pass" and lost else grade,
        _title(grade, what, len(lost)),
        _sentence(plan, grade, doubtful, len(lost), standing if widespread else None),
        _heading(len(standing), len(lost), bool(doubtful)),
        blamed[:MOST_BLAMED],
        len(doubtful) + len(lost) - len(blamed[:MOST_BLAMED]),
    )


def _outstanding(plan: StackPlan, doubtful: Sequence[FramePlan]) -> list[FramePlan]:
    """Frames that are much worse than is usual in their stack; else the scene is to blame."""
    errors = [f.error_px for f in plan.used() if f.error_px is not None]
    limit = OUTSTANDING * median(errors) if errors else 0.0
    return [f for f in doubtful if f.error_px is None or f.error_px > limit]


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


def _heading(standing: int, lost: int, doubtful: bool) -> str:
    if not doubtful:
        return "Left out"
    if not standing:
        return "The worst of them"
    return "Frame to blame" if standing + lost == 1 else "Frames to blame"


def _sentence(
    plan: StackPlan,
    grade: Grade,
    doubtful: Sequence[FramePlan],
    lost: int,
    standing: Sequence[FramePlan] | None,
) -> str:
    """Why; `standing` are the frames that stand out where most are doubtful."""
    used, off = len(plan.used()), len(doubtful)
    size = "" if plan.error_px is None else f", to about {plan.error_px:.2f} pixels"
    left = f"{_frames(lost)} of {used + lost} {'was' if lost == 1 else 'were'} left out"
    if grade == "unknown":
        return f"{used} frames were placed by a given plan."
    if grade == "pass":
        fit = f"{'All' if not lost else 'The other'} {used} frames lie where they belong{size}."
        return f"{left[0].upper()}{left[1:]}. {fit}" if lost else fit
    more = f", and {left}" if lost else ""
    if standing is not None:
        worst = max(f.error_px or 0.0 for f in doubtful)
        every = f"All {used}" if off == used else f"{off} of {used}"
        how = f"may be off, by up to {worst:.1f} pixels"
        return f"{every} frames {how}{more}. {_blaming(doubtful, standing)}"
    how = "may be off" if grade == "look" else "is off so far that detail is doubled"
    how = how.replace("is ", "are ", 1) if off > 1 else how
    rest = f"; the other {used - off} fit" if used > off else ""
    return f"{_frames(off)} {how}{rest}{more}."


def _blaming(doubtful: Sequence[FramePlan], standing: Sequence[FramePlan]) -> str:
    """Who stands out among many; or that it is what they all show."""
    if standing:
        names = ", ".join(f.file for f in standing[:FEW]) + ", …" * (len(standing) > FEW)
        return f"Much worse than the others: {names}."
    return _shared(doubtful)


def _shared(doubtful: Sequence[FramePlan]) -> str:
    """What most doubtful frames have in common."""
    said = [f.verdict.words for f in doubtful if f.verdict]
    if 2 * sum(PARALLAX in words for words in said) > len(said):
        return (
            f"No single frame is to blame: it is {PARALLAX} in the scene; look at edges in depth."
        )
    return "No single frame is to blame."


def _frames(count: int) -> str:
    return "One frame" if count == 1 else f"{count} frames"
