"""Which frames are left out, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from focusstack.alignment.coarse import LOST_SHARE, Coarse
from focusstack.alignment.features.sift import MIN_INLIERS, Features
from focusstack.alignment.refine import Refined
from focusstack.oddities import DULL, dull, streakiness

if TYPE_CHECKING:
    from focusstack.planning import Measured

STRAYED = 0.002
"""Estimated error, as a share of the picture's diagonal, of a frame that harms more than it gives.
What is off by less still holds what no other frame shows: it is kept, and the verdict names it."""

STREAKED = 1.5
"""How many times more directed a streaked frame's detail is than is usual in its stack."""

FEW_FEATURES = 3 * MIN_INLIERS
"""Feature points with which a frame could hardly be matched, whatever it shows."""


def unlinked(stack: Measured, coarse: Coarse, features: Sequence[Features]) -> dict[int, str]:
    """Reasons for frames that share nothing with the rest."""
    lost = [k for k, used in enumerate(coarse.used) if not used and k not in coarse.reasons]
    if not lost:
        return {}
    weaker = dull(stack.statistics)
    partners = {k: {j for p in coarse.separate if k in p for j in p} - {k} for k in lost}
    reasons = {}
    for k in lost:
        if partners[k]:
            others = ", ".join(stack.names[j] for j in sorted(partners[k])[:3])
            reasons[k] = f"its links to the rest break: it can only be matched with {others}"
        elif weaker[k] > DULL or len(features[k].points) < FEW_FEATURES:
            reasons[k] = blurred(stack, k)
        else:
            reasons[k] = "shows nothing of what the others show: another scene, or no overlap"
    return reasons


def unsupported(stack: Measured, coarse: Coarse, refined: Refined) -> dict[int, str]:
    """Reasons for frames that were solved but that no tile holds, or that strayed.

    A stack in which many do is difficult, and keeps them: the verdict says so.
    """
    errors = refined.certainty.frames / stack.scale
    weaker = dull(stack.statistics)
    diagonal = float(np.hypot(*stack.size)) / stack.scale
    found = {}
    for k, error in zip(refined.kept, errors, strict=True):
        if k == coarse.reference:
            continue
        if refined.frames[k] is None and weaker[k] > DULL:
            found[k] = blurred(stack, k)
        elif error > STRAYED * diagonal:
            found[k] = f"cannot be placed: it may be off by {error:.1f} px"
    lost = len(found) + sum(not u for u in coarse.used)
    return found if lost <= LOST_SHARE * len(coarse.used) else {}


def blurred(stack: Measured, index: int) -> str:
    """What blurred a frame: a movement leaves its detail directed, defocus does not."""
    near = [k for k in range(index - 2, index + 3) if 0 <= k < len(stack.names) and k != index]
    usual = float(np.median([streakiness(stack.load(k)) for k in near]))
    if streakiness(stack.load(index)) > STREAKED * usual:
        return "too blurred to be placed: the camera or the subject moved during the exposure"
    return "too little detail to be placed: focused beyond the subject, or empty"
