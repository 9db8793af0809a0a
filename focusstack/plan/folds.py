"""A plan from outside whose displacement would fold a frame is refused."""

from __future__ import annotations

from dataclasses import replace

from focusstack.errors import WITHOUT_PLAN, Change, InputError
from focusstack.geometry.determinant import LEAST, least_determinant
from focusstack.geometry.parallax import placed_from
from focusstack.plan.model import FramePlan, StackPlan


def refuse_folds(plan: StackPlan) -> StackPlan:
    """Return `plan` with the least determinant of every used frame's displacement.

    Raises
    ------
    InputError
        If local displacement presses a frame together by more than one half, or folds it.
    """
    return replace(plan, frames=tuple(_measured(frame, plan) for frame in plan.frames))


def _measured(frame: FramePlan, plan: StackPlan) -> FramePlan:
    if not frame.used:
        return frame
    # What the lens bends is bounded where it is read; what is local is not.
    local = least_determinant(placed_from(plan.scene, frame.view, frame.field))
    if not local > LEAST:
        raise InputError(
            f"the plan would fold {frame.file} over: the least determinant of its local "
            f"displacement is {local:.2f}, which must be above {LEAST:g}",
            "Give a report.json as an earlier run wrote it, or move frames as a whole only.",
            [Change("To move them as a whole only", add=("--no-local",)), WITHOUT_PLAN],
        )
    return replace(frame, least_determinant=least_determinant(plan.displacement(frame)))
