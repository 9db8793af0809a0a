"""Frames that do not belong: what speaks against them, and the reason in words."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from focusstack.alignment.coarse import FEATURE_MEGAPIXELS, INLIER_PX, Coarse
from focusstack.alignment.features.focus_order import distances
from focusstack.alignment.features.sift import MIN_INLIERS, Features
from focusstack.alignment.features.turned import quarter_turns
from focusstack.alignment.groups import LOST_SHARE
from focusstack.alignment.refine import Refined
from focusstack.first_pass.measure import Measured
from focusstack.frames.proxies.proxy import Proxy, Statistics, proxy_scale
from focusstack.numeric.arrays import Floats

STRAYED = 0.002
"""Estimated error, as a share of the picture's diagonal, of a frame that harms more than it gives.
What is off by less still holds what no other frame shows: it is kept, and the verdict names it.
Several times what any frame that belongs is off by (``python -m benchmarks.alignment``: 1.4 px of
2500)."""


ASKED = 4
"""Frames that one that shares nothing is held against to see whether it lies turned: those nearest
in focus. Chosen, not measured; it decides the words only."""


STREAKED = 1.5
"""How many times more directed a streaked frame's detail is than is usual in its stack: it decides
the words only (``python -m benchmarks.alignment --only "motion blur" defocused`` tells both)."""


FEW_FEATURES = 3 * MIN_INLIERS
"""Feature points with which a frame could hardly be matched, whatever it shows: one in three would
have to be matched rightly. It decides the words only (``python -m benchmarks.alignment --only
defocused "other scene"``, where another scene is told as too little detail, too)."""


def find_unlinked(stack: Measured, coarse: Coarse, features: Sequence[Features]) -> dict[int, str]:
    """Reasons for frames that share nothing with the rest."""
    lost = [k for k, used in enumerate(coarse.used) if not used and k not in coarse.reasons]
    if not lost:
        return {}
    weaker = measure_dullness(stack.statistics)
    partners = {k: {j for p in coarse.separate if k in p for j in p} - {k} for k in lost}
    reasons = {}
    for k in lost:
        if turned := find_turn(stack, coarse, features, k):
            reasons[k] = turned
        elif partners[k]:
            others = ", ".join(stack.names[j] for j in sorted(partners[k])[:3])
            reasons[k] = f"its links to the rest break: it can only be matched with {others}"
        elif weaker[k] > DULL or len(features[k].points) < FEW_FEATURES:
            reasons[k] = tell_blur(stack, k)
        else:
            reasons[k] = "shows nothing of what the others show: another scene, or no overlap"
    return reasons


def find_turn(
    stack: Measured, coarse: Coarse, features: Sequence[Features], index: int
) -> str | None:
    """What to say of a frame that lies turned against its nearest fellows; None if it does not."""
    used = coarse.kept
    near = sorted(used, key=lambda k: abs(k - index))[:ASKED]
    far = INLIER_PX / proxy_scale(*stack.size, FEATURE_MEGAPIXELS)
    turns = (quarter_turns(features[index], features[k], far) for k in near)
    found = next((t for t in turns if t), 0)
    lies = {1: "on its left side", 2: "upside down", 3: "on its right side"}
    return f"lies {lies[found]} against the others: turn it, then it can be used" if found else None


def find_unsupported(stack: Measured, coarse: Coarse, refined: Refined) -> dict[int, str]:
    """Reasons for frames that were solved but that no tile holds, or that strayed.

    A stack in which many do is difficult, and keeps them: the verdict says so.
    """
    errors = refined.certainty.frames / stack.scale
    weaker = measure_dullness(stack.statistics)
    diagonal = float(np.hypot(*stack.size)) / stack.scale
    found = {}
    for k, error in zip(refined.kept, errors, strict=True):
        if k == coarse.reference:
            continue
        if refined.frames[k] is None and weaker[k] > DULL:
            found[k] = tell_blur(stack, k)
        elif error > STRAYED * diagonal:
            found[k] = f"cannot be placed: it may be off by {error:.1f} px"
    used, count = sum(coarse.used), len(coarse.used)
    if count - used > LOST_SHARE * count:  # one group stands for the stack
        return found if len(found) <= LOST_SHARE * used else {}
    return found if len(found) + count - used <= LOST_SHARE * count else {}


def tell_blur(stack: Measured, index: int) -> str:
    """What blurred a frame: a movement leaves its detail directed, defocus does not."""
    near = [k for k in range(index - 2, index + 3) if 0 <= k < len(stack.names) and k != index]
    usual = float(np.median([streakiness(stack.load(k)) for k in near]))
    if streakiness(stack.load(index)) > STREAKED * usual:
        return "too blurred to be placed: the camera or the subject moved during the exposure"
    return "too little detail to be placed: focused beyond the subject, or empty"


DARK = 0.001
"""Linear light, white 1, below which a sensor's codes are noise: ten stops below white, three codes
of 255. Chosen, not measured; ``python -m benchmarks.alignment --only black`` is far below."""


EXPOSED_SHARE = 0.2
"""Share of the area in which its fellows are exposed that a frame must be exposed in, neither black
nor white: less holds too few tiles. Chosen, not measured; ``python -m benchmarks.alignment --only
black white`` is far below."""


DULL = 1.25
"""How many times weaker than that of others a frame's detail is, wherever they are sharp, if it has
nothing sharp itself. No frame is left out for that alone: a flat subject is sharp in one frame
only. Held against ``python -m benchmarks.alignment --only defocused blur``, where it meets none
that belongs."""


SAME_STEP = 0.3
"""Share of a usual focus step by which two frames differ in sharpness at least if they are not
focused alike. Chosen, not measured; it decides a remark only (``python -m benchmarks.alignment
--only duplicate`` shows what one comes to)."""


def find_spoilt(statistics: Sequence[Statistics]) -> dict[int, str]:
    """Frames in which hardly anything is exposed, though it is in the others: index to reason."""
    exposed, dark, clipped = [], [], []
    for s in statistics:
        light = s.blocks.max(axis=2)
        dark.append(float((light < DARK).mean()))
        clipped.append(float((s.clean < 0.5).mean()))
        exposed.append(float(((light >= DARK) & (s.clean >= 0.5)).mean()))
    usual = float(np.median(exposed))
    return {
        k: "exposed beyond repair: nearly all " + ("black" if dark[k] > clipped[k] else "white")
        for k, share in enumerate(exposed)
        if share < EXPOSED_SHARE * usual
    }


def measure_dullness(statistics: Sequence[Statistics]) -> Floats:
    """How many times weaker each frame's detail is than the best of the others, at its best."""
    detail = np.stack([s.signature.ravel() for s in statistics]).astype(float) / 2
    if len(detail) < 3:
        return np.ones(len(detail))
    # Where even the best shows little, noise makes all alike.
    best = detail.max(0)
    textured = best >= np.quantile(best, 0.75)
    weaker = []
    for k in range(len(detail)):
        others = np.delete(detail, k, axis=0)[:, textured].max(0)
        weaker.append(float(np.exp(np.quantile(others - detail[k, textured], 0.05))))
    return np.array(weaker)


def streakiness(proxy: Proxy) -> float:
    """Ratio of the detail's contrast across to that along its weakest direction, at least 1.

    A streak has no detail along itself. From the structure tensor (Bigün and Granlund, ICCV 1987)
    of what is finer than three pixels.
    """
    detail = cv2.GaussianBlur(proxy.luma, (0, 0), 1.0) - cv2.GaussianBlur(proxy.luma, (0, 0), 3.0)
    gx, gy = cv2.Scharr(detail, cv2.CV_32F, 1, 0), cv2.Scharr(detail, cv2.CV_32F, 0, 1)
    xx, xy, yy = (float(np.mean(a * b)) for a, b in ((gx, gx), (gx, gy), (gy, gy)))
    low, high = np.linalg.eigvalsh([[xx, xy], [xy, yy]])
    return float(np.sqrt(high / max(low, 1e-12)))


def find_alike(statistics: Sequence[Statistics]) -> dict[int, int]:
    """Frames that are focused like the one before them: index to that frame's index.

    Parameters
    ----------
    statistics : sequence of Statistics
        In focus order.
    """
    d = distances([s.signature for s in statistics])
    steps = np.diagonal(d, 1)
    if len(steps) < 3:
        return {}
    usual = float(np.median(steps))
    return {k + 1: k for k, step in enumerate(steps) if step < SAME_STEP * usual}
