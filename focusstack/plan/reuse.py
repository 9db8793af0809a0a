"""Fit an earlier plan to the frames at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from focusstack.errors import WITHOUT_PLAN, InputError, UsageError, leaving_out
from focusstack.frames.choice import some
from focusstack.frames.selection import Selection
from focusstack.plan.model import StackPlan
from focusstack.plan.outlines import MisplacedError, check_outlines

BY_POSITION = (
    "no frame has a name that the plan knows: they are taken in its order, {first} for {planned} "
    "and so on"
)
"""What is said where frames are matched by their order."""

AS_ASKED = "left out as asked"
"""Why a frame of an earlier plan is not used that is left out by name."""


def leave_out(plan: StackPlan, names: Sequence[str], selection: Selection) -> StackPlan:
    """Return `plan` without the frames that `selection` leaves out and that are not at hand.

    The others stay where they are: matrices, gains and crop are those of the whole stack.

    Parameters
    ----------
    plan : StackPlan
        Of an earlier run.
    names : sequence of str
        Of the frames at hand, which may have another suffix than the plan's.
    selection : Selection
        What is wanted.

    Raises
    ------
    UsageError
        If the plan's reference is left out, on which all others lie.
    """
    here = {Path(name).stem for name in names}
    suffixes = {Path(name).suffix for name in names}
    left = {
        f.file
        for f in plan.frames
        if Path(f.file).stem not in here
        and any(
            not selection.wants(name)
            for name in (f.file, *(Path(f.file).with_suffix(s).name for s in suffixes))
        )
    }
    if plan.reference in left:
        raise UsageError(
            f"the plan's reference, {plan.reference}, is left out: all others lie on it",
            "Keep it, or align the frames anew.",
            [WITHOUT_PLAN],
        )
    return without_frames(plan, [f.file for f in plan.frames if f.file in left and f.used])


def without_frames(plan: StackPlan, gone: Sequence[str]) -> StackPlan:
    """Return `plan` without some frames that it uses; the others stay where they are.

    Parameters
    ----------
    plan : StackPlan
        Of an earlier run.
    gone : sequence of str
        Names of the frames; not the reference.
    """
    if not gone:
        return plan
    frames = tuple(
        replace(f, used=False, reason=AS_ASKED, matrix=None, field=None, view=None, verdict=None)
        if f.file in gone
        else f
        for f in plan.frames
    )
    order = tuple(name for name in plan.focus_order if name not in gone)
    told = f"{AS_ASKED}: {some(gone, 20)}"
    return replace(plan, frames=frames, focus_order=order).with_warnings([told])


def fit_plan(
    plan: StackPlan, names: Sequence[str], size: tuple[int, int], channels: int | None = None
) -> StackPlan:
    """Return `plan` for frames of these names, matched by file name without suffix.

    The same pictures developed again (TIFF after JPEG) differ only in suffix. Where no name is the
    same and there are as many frames, such as those of another lamp or filter taken from the same
    places, the first is taken for the plan's first and so on, which a warning of the plan tells.

    Raises
    ------
    UsageError
        If a frame of the plan is missing, or the size or the number of channels differs.
    """
    if channels is not None and any(len(f.gain) != channels for f in plan.frames):
        raise UsageError(
            f"the plan is for {'grey' if channels == 3 else 'colour'} frames, these are not",
            "Use the plan with frames of the same kind, or align these anew.",
            [WITHOUT_PLAN],
        )
    if size != plan.canvas:
        raise UsageError(
            f"the plan is for frames of {plan.canvas[0]} x {plan.canvas[1]} pixels, "
            f"these have {size[0]} x {size[1]}",
            "Use the plan with frames of the same size, or align these anew.",
            [WITHOUT_PLAN],
        )
    stems = {Path(name).stem: name for name in names}
    planned = [Path(f.file).stem for f in plan.frames]
    if len(planned) == len(names) and not stems.keys() & set(planned):
        stems = dict(zip(planned, names, strict=True))
        plan = plan.with_warnings(
            [BY_POSITION.format(first=_some(names[:1]), planned=_some([plan.frames[0].file]))]
        )
    stems = {Path(f.file).stem: f.file for f in plan.frames if f.reason == AS_ASKED} | stems
    missing = [f.file for f in plan.frames if f.used and Path(f.file).stem not in stems]
    extra = [name for stem, name in stems.items() if stem not in set(planned)]
    if missing or extra:
        what = (
            f"frames are missing: {_some(missing)}"
            if missing
            else (f"it does not know: {_some(extra)}")
        )
        raise UsageError(
            f"the plan does not fit these frames; {what}",
            f"Give the frames that the plan was made of, or {len(planned)} others taken from the "
            "same places in the same order."
            if missing
            else "It was made of fewer frames.",
            [WITHOUT_PLAN] if missing else [leaving_out(extra), WITHOUT_PLAN],
        )
    here = [f for f in plan.frames if Path(f.file).stem in stems]
    return replace(
        plan,
        reference=stems[Path(plan.reference).stem],
        frames=tuple(replace(f, file=stems[Path(f.file).stem]) for f in here),
        focus_order=tuple(stems[Path(name).stem] for name in plan.focus_order),
        pairs=tuple(replace(p, frames=_renamed(p.frames, stems)) for p in plan.pairs),
    )


def check_places(plan: StackPlan) -> None:
    """Make sure that no pixel of what `plan` renders lies outside a frame.

    Raises
    ------
    InputError
        If one would.
    """
    try:
        check_outlines(plan)
    except MisplacedError as error:
        raise InputError(
            f"the plan cannot be rendered: {error}",
            "Give a report.json as focusstack wrote it, with a smaller crop, or no plan.",
        ) from error


def _some(names: Sequence[str]) -> str:
    """Names for people: a plan may hold any characters in them."""
    return ", ".join(
        "".join(c if c.isprintable() else "?" for c in name)[:80] for name in names[:5]
    )


def _renamed(names: tuple[str, str], stems: dict[str, str]) -> tuple[str, str]:
    first, second = (stems.get(Path(name).stem, name) for name in names)
    return first, second
