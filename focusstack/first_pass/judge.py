"""Judge every frame, and the stack, from what alignment left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from focusstack.first_pass.findings import Findings
from focusstack.first_pass.rejection import find_alike
from focusstack.plan.model import FramePlan
from focusstack.plan.verdict import (
    PASS_PX,
    Cause,
    Doubt,
    Grade,
    Verdict,
    judge_by_frames,
    judge_frame,
    judge_reference,
)

MISPLACED: tuple[Cause, ...] = ("displaced", "moved", "parallax", "depth")
"""What cannot be said of the frame that all others are brought to."""

APART = "something lies in different places in different frames"
"""What is said where that is sure, but not of which frame."""

UNFOLLOWED = 0.5
"""Share of what tiles contradict matrices by that local displacement leaves between tiles, where it
is guessed: with it, stacks with parallax claim about what they are off by
(``python -m benchmarks.alignment --only parallax``)."""


def frame_errors(found: Findings) -> dict[int, float | None]:
    """Estimated error of each solved frame in full-size pixels; None where no tile tells.

    With local displacement, what matrices cannot follow is followed where tiles are, up to the
    share that held-out tiles keep and what small tiles still disagree by; between them it is
    guessed, and half of it counts as error. Where the depth of the scene is guessed, so is what
    travel makes of it.
    """
    refined, displaced = found.refined, found.displaced
    sure, apart = refined.certainty, refined.disagreement.px
    if displaced is None:
        errors = np.hypot(sure.frames, apart)
    else:
        followed = sure.structure * displaced.after / max(displaced.before, 1e-9)
        between = np.hypot(followed, UNFOLLOWED * apart)
        errors = np.hypot(np.hypot(sure.precision, sure.blur), np.hypot(displaced.after, between))
        if displaced.parallax is not None:
            errors = np.hypot(errors, displaced.parallax.guessed_px[refined.kept])
    # What tiles did not reach, a wide search did: it is off by as much as it lies elsewhere.
    errors = np.hypot(errors, found.elsewhere.px * found.scale)
    return {
        k: round(float(e) / found.scale, 4) if refined.frames[k] is not None else None
        for k, e in zip(refined.kept, errors, strict=True)
    }


def find_guesses(found: Findings) -> dict[int, float]:
    """What of each used frame's error lies where depth is a guess, in full-size pixels."""
    if found.displaced is None or found.displaced.parallax is None:
        return {}
    guessed = found.displaced.parallax.guessed_px / found.scale
    return {k: round(float(guessed[k]), 4) for k in found.used}


def judge_frames(
    frames: Sequence[FramePlan], found: Findings, *, quick: bool = False
) -> list[FramePlan]:
    """Return the frames, in focus order, with a verdict on each that is used.

    A `quick` look fails no frame. The reference is never off: the others lie where it does or not.
    """
    supports = dict(zip(found.refined.kept, found.refined.certainty.support, strict=True))
    doubts, remarks = _doubts(frames, found), _duplicates(found)
    judged = []
    for k, frame in enumerate(frames):
        if frame.used:
            against, more = doubts.get(k, []), remarks.get(k, [])
            if k == found.reference and frame.error_px is not None:
                against = [d for d in against if d.cause not in MISPLACED]
                verdict = judge_reference(supports[k], against, more)
            else:
                worst: Grade = "look" if quick else "fail"
                verdict = judge_frame(frame.seen_error_px, supports[k], against, more, worst)
            frame = replace(frame, verdict=verdict)
        judged.append(frame)
    return judged


def judge_stack(
    frames: Sequence[FramePlan], error_px: float | None, *, displaced: bool = False
) -> Verdict:
    """Judge a stack by its frames' verdicts.

    Parameters
    ----------
    frames : sequence of FramePlan
        With their verdicts.
    error_px : float or None
        Estimated error of the whole stack.
    displaced : bool, optional
        Whether neighbours show more elsewhere than mishaps, whoever is to blame.
    """
    found = judge_by_frames(
        [(f.file, f.verdict) for f in frames if f.verdict is not None],
        error_px,
        [f.file for f in frames if not f.used],
        max((e for f in frames if (e := _shown_error(f)) is not None), default=None),
    )
    return found.doubted("displaced", APART) if displaced else found


def _shown_error(frame: FramePlan) -> float | None:
    """Estimated error of a frame if that is said of it: the reference has none."""
    told = frame.verdict is not None and "error" in frame.verdict.causes
    return frame.seen_error_px if told else None


def _doubts(frames: Sequence[FramePlan], found: Findings) -> dict[int, list[Doubt]]:
    """What speaks against each frame besides its error."""
    doubts = _contradictions(found)
    if found.doubted:
        for k in found.used:
            doubts.setdefault(k, []).append(Doubt("marks", "detail that stays on the sensor"))
    for k, frame in enumerate(frames):
        if frame.displaced_px:
            share, px = max(1, round(100 * frame.displaced_share)), frame.displaced_px
            words = f"{share} % of its detail lies {px:.0f} px elsewhere"
            doubts.setdefault(k, []).insert(0, Doubt("displaced", words))
        if frame.guessed_px > PASS_PX:
            words = f"by {frame.guessed_px:.1f} px where nothing is sharp"
            doubts.setdefault(k, []).append(Doubt("depth", words))
    return doubts


def _contradictions(found: Findings) -> dict[int, list[Doubt]]:
    """What to say of frames that sure tiles contradict, or do not know."""
    followed, seen = found.displaced is not None, found.refined.disagreement
    doubts: dict[int, list[Doubt]] = {}
    for row, k in enumerate(found.refined.kept):
        if seen.contradicted[row]:
            displaced = f"{100 * seen.share[row]:.0f} % of its detail displaced"
            doubts[k] = [
                Doubt("parallax", f"{displaced}, followed")
                if followed
                else Doubt("moved", f"{displaced}: parallax or movement")
            ]
        elif not followed and seen.lacking[row]:
            lacks = f"lacks {100 * seen.missing[row]:.0f} % of its neighbours' detail"
            doubts[k] = [Doubt("missing", f"{lacks}: moved or blurred")]
    return doubts


def _duplicates(found: Findings) -> dict[int, list[str]]:
    """Frames that were focused like the one before: harmless."""
    used, names = found.used, found.stack.names
    twins = find_alike([found.stack.statistics[k] for k in used])
    return {used[k]: [f"focused like {names[used[j]]}"] for k, j in twins.items()}
