"""What to make of a stack, in one sentence, and which frames to blame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from focusstack.plan.model import FramePlan, StackPlan
from focusstack.plan.verdict import ADVICE

Grade = Literal["pass", "look", "fail", "out", "unknown"]
"""Of a frame or stack: a verdict's, left out, or none known."""

ORDER: tuple[Grade, ...] = ("pass", "unknown", "look", "fail", "out")
"""From good to bad."""

MOST_BLAMED = 6
"""Frames that are named above the fold, chosen to fit there; the others are in the table."""

FEW = 3
"""Frames that are named where none is to blame: chosen as examples, not as a list."""

OUTSTANDING = 2.0
"""A frame stands out whose error is more than so many times the usual one.

Chosen, not measured: less may be the scatter of what is claimed.
"""


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
    remedy : str
        What to do; empty if there is nothing to do.
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
    remedy: str
    heading: str
    blamed: list[Blamed]
    more: int


def grade_of(frame: FramePlan) -> Grade:
    """Return a frame's grade."""
    if not frame.used:
        return "out"
    return frame.verdict.grade if frame.verdict else "unknown"


def judgement(plan: StackPlan, *, fused: bool) -> Judgement:
    """Judge a stack for the head of the page.

    Parameters
    ----------
    plan : StackPlan
        With verdicts, unless it was made by hand.
    fused : bool
        Whether there is a composite.
    """
    what = "picture" if fused else "alignment"
    lost = [f for f in plan.frames if not f.used]
    grade = _stack_grade(plan)
    doubtful = sorted((f for f in plan.used() if grade_of(f) in ("look", "fail")), key=_order)
    if grade == "pass":
        doubtful = []  # what is off in a frame does not show in the picture
    widespread = 2 * len(doubtful) > len(plan.used()) and len(doubtful) > FEW
    standing = _outstanding(plan, doubtful) if widespread else doubtful
    named = standing or doubtful[:FEW]
    blamed = [_blame(f) for f in [*named, *lost]]
    return Judgement(
        "look" if grade == "pass" and lost else grade,
        _title(grade, what, len(lost)),
        _sentence(plan, grade, len(lost), standing if widespread else None),
        _remedy(plan) if doubtful else "",
        _heading(len(standing), len(lost), doubtful=bool(doubtful)),
        blamed[:MOST_BLAMED],
        len(doubtful) + len(lost) - len(blamed[:MOST_BLAMED]),
    )


def _stack_grade(plan: StackPlan) -> Grade:
    """The verdict's, but that frames are left out says nothing of those that are not."""
    if plan.verdict is None:
        return "unknown"
    return "pass" if set(plan.verdict.causes) <= {"lost"} else plan.verdict.grade


def _outstanding(plan: StackPlan, doubtful: Sequence[FramePlan]) -> list[FramePlan]:
    """Frames that are much worse than is usual in their stack; else the scene is to blame."""
    errors = [e for f in plan.used() if (e := f.seen_error_px) is not None]
    limit = OUTSTANDING * median(errors) if errors else 0.0
    few = 2 * sum(grade_of(f) == "fail" for f in doubtful) <= len(errors)
    return [
        f
        for f in doubtful
        if (e := f.seen_error_px) is None or e > limit or (few and grade_of(f) == "fail")
    ]


def _badness(grade: Grade) -> int:
    return ORDER.index(grade)


def _order(frame: FramePlan) -> tuple[int, float]:
    """Worst first; what no tile tells about is no better than what is off."""
    error = frame.seen_error_px
    return -_badness(grade_of(frame)), -(float("inf") if error is None else error)


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


def _heading(standing: int, lost: int, *, doubtful: bool) -> str:
    if not doubtful:
        return "Left out"
    if not standing:
        return "The worst of them"
    return "Frame to blame" if standing + lost == 1 else "Frames to blame"


def _sentence(
    plan: StackPlan, grade: Grade, lost: int, standing: Sequence[FramePlan] | None
) -> str:
    """Why; `standing` are the frames that stand out where most are doubtful."""
    used = len(plan.used())
    if grade == "unknown" or plan.verdict is None:
        return f"{used} frames were placed by a given plan."
    if grade == "pass":
        size = "" if plan.error_px is None else f", to about {plan.error_px:.2f} pixels"
        fit = f"{used} frames lie where they belong{size}."
        left = "1 frame was" if lost == 1 else f"{lost} frames were"
        return f"{left} left out. The other {fit}" if lost else f"All {fit}"
    told = f"{_begun(plan.verdict.words)}." if plan.verdict.words else ""
    if standing is None:
        return told
    names = ", ".join(f.file for f in standing[:FEW]) + ", …" * (len(standing) > FEW)
    who = f"Much worse than the others: {names}." if standing else "No single frame is to blame."
    return f"{told} {who}".strip()


def _remedy(plan: StackPlan) -> str:
    """What the verdict advises; why frames were left out is said here anyway."""
    causes = plan.verdict.causes if plan.verdict else ()
    return " ".join(dict.fromkeys(ADVICE[c] for c in causes if c != "lost"))


def _begun(words: str) -> str:
    """Return words with a capital, unless a file's name comes first."""
    return (
        words[0].upper() + words[1:]
        if words.startswith(("all frames", "left out", "frames "))
        else words
    )
