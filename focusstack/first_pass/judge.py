"""Judge every frame, and the stack, from what alignment left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.alignment.displacement import Displacement
from focusstack.alignment.refine import Refined
from focusstack.first_pass.measure import Measured
from focusstack.first_pass.rejection import alike
from focusstack.plan.model import FramePlan
from focusstack.plan.verdict import Doubt, Verdict, stack_verdict

UNFOLLOWED = 0.5
"""Share of what tiles contradict matrices by that is left by local displacement between tiles."""


def frame_errors(
    refined: Refined, displaced: Displacement | None, scale: float
) -> dict[int, float | None]:
    """Estimated error of each solved frame in full-size pixels; None where no tile tells.

    With local displacement, what matrices cannot follow is followed where tiles are, up to the
    share that held-out tiles keep and what small tiles still disagree by; between them it is
    guessed, and half of it counts as error. Where the depth of the scene is guessed, so is what
    travel makes of it.
    """
    sure, apart = refined.certainty, refined.disagreement.px
    if displaced is None:
        errors = np.hypot(sure.frames, apart)
    else:
        followed = sure.structure * displaced.after / max(displaced.before, 1e-9)
        between = np.hypot(followed, UNFOLLOWED * apart)
        errors = np.hypot(np.hypot(sure.precision, sure.blur), np.hypot(displaced.after, between))
        if displaced.parallax is not None:
            errors = np.hypot(errors, displaced.parallax.guessed_px[refined.kept])
    return {
        k: round(float(e) / scale, 4) if refined.frames[k] is not None else None
        for k, e in zip(refined.kept, errors, strict=True)
    }


def _guesses(displaced: Displacement | None, used: Sequence[int], scale: float) -> dict[int, float]:
    """What of each used frame's error lies where depth is a guess, in full-size pixels."""
    if displaced is None or displaced.parallax is None:
        return {}
    guessed = displaced.parallax.guessed_px / scale
    return {k: round(float(guessed[k]), 4) for k in used}


def _contradictions(refined: Refined, followed: bool) -> dict[int, list[Doubt]]:
    """What to say of frames that sure tiles contradict, or do not know."""
    found: dict[int, list[Doubt]] = {}
    seen = refined.disagreement
    for row, k in enumerate(refined.kept):
        share, missing = seen.share[row], seen.missing[row]
        if seen.contradicted[row]:
            displaced = f"{100 * share:.0f} % of its detail displaced"
            found[k] = [
                Doubt("parallax", f"{displaced}, followed")
                if followed
                else Doubt("moved", f"{displaced}: parallax or movement")
            ]
        elif not followed and seen.lacking[row]:
            found[k] = [
                Doubt(
                    "missing",
                    f"lacks {100 * missing:.0f} % of its neighbours' detail: moved or blurred",
                )
            ]
    return found


def _duplicates(stack: Measured, used: Sequence[int]) -> dict[int, list[str]]:
    """Frames that were focused like the one before: harmless."""
    twins = alike([stack.statistics[k] for k in used])
    return {used[k]: [f"focused like {stack.names[used[j]]}"] for k, j in twins.items()}


def judged(frames: Sequence[FramePlan], error_px: float | None) -> Verdict:
    """Verdict of a stack from those of its frames."""
    return stack_verdict(
        [(f.file, f.verdict) for f in frames if f.verdict is not None],
        error_px,
        [f.file for f in frames if not f.used],
        max((e for f in frames if (e := f.seen_error_px) is not None), default=None),
    )
