"""Which frames a composite might do better without: what *leave out the frame* means by name."""

from __future__ import annotations

from focusstack.plan.model import StackPlan
from focusstack.plan.verdict import GRADES, Cause

MOST_NAMED = 3
"""Frames that are named to be left out; where more are doubtful the scene is to blame, not they.
Chosen, not measured."""

BY_FRAME: tuple[Cause, ...] = ("displaced", "error", "moved", "blank")
"""What speaks against single frames, so that the others may be better without them."""


def doubtful_frames(plan: StackPlan) -> list[str]:
    """Return the frames to try without, in focus order; none where that is no advice.

    Of a composite whose seams disagree, that is the frame to which most disagreement belongs;
    else the worst of those that are off. The reference is never named: all others lie on it.
    """
    verdict = plan.verdict
    if verdict is None or verdict.grade == "pass":
        return []
    worst = ((plan.fusion or {}).get("seams") or {}).get("worst")
    if "seam" in verdict.causes and worst and worst != plan.reference:
        return [str(worst)]
    if not set(verdict.causes) & set(BY_FRAME):
        return []
    doubted = [f for f in plan.used() if f.verdict and set(f.verdict.causes) & set(BY_FRAME)]
    grades = [GRADES.index(f.verdict.grade) for f in doubted if f.verdict]
    named = [
        f.file
        for f, grade in zip(doubted, grades, strict=True)
        if grade == max(grades) and f.file != plan.reference
    ]
    enough = len(plan.used()) - len(named) >= 2
    return named if len(named) <= MOST_NAMED and enough else []
