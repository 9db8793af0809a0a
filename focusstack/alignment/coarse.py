"""From feature matches to a first alignment of the whole stack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from focusstack.alignment.features.focus_order import pairs_in_order
from focusstack.alignment.features.links import chained, hub
from focusstack.alignment.features.sift import Features, PairFit, detect, fit_pair
from focusstack.alignment.features.triangles import consistent
from focusstack.alignment.groups import check_groups
from focusstack.alignment.matrices.models import MODELS, nearest_similarity, normalisation
from focusstack.alignment.matrices.solve import solve
from focusstack.alignment.parallax.feature_travel import FeatureTravel, travel_from_features
from focusstack.alignment.tiles.matches import Matches, isotropic, residuals
from focusstack.alignment.tiles.measure import reduced
from focusstack.errors import AlignmentError, Change
from focusstack.frames.proxies.proxy import Proxy, proxy_scale, proxy_size
from focusstack.geometry.coordinates import normalised, outline, transform
from focusstack.numeric.arrays import Matrix
from focusstack.numeric.graph import connected_parts

FEATURE_MEGAPIXELS = 0.35
"""Size at which features are found, in megapixels: frames far apart in focus share coarse features,
not fine ones; tiles bring the precision (``python -m benchmarks.alignment``, *strong blur*)."""

INLIER_PX = 3.0
"""Distance of an inlier, in pixels at the scale of feature detection; generous, for parallax
(``python -m benchmarks.alignment``, *parallax, layers*)."""


@dataclass(frozen=True)
class Coarse:
    """A first alignment.

    Attributes
    ----------
    matrices : (n, 3, 3) float64 ndarray
        Proxy pixel to reference proxy pixel; NaN for frames left out.
    used : tuple of bool
        Which frames hang together.
    reference : int
        The frame that does not move.
    matches : tuple of Matches
        Feature matches in proxy pixels.
    pairs : tuple of (int, int)
        The pairs of frames that were matched.
    reasons : dict of int to str
        Why frames are left out, as far as it is known.
    separate : tuple of (int, int)
        Pairs that match each other but not the rest.
    notes : tuple of str
        What there is to say of how the frames were linked.
    travel : FeatureTravel or None
        What features say of a hand that moved far, where that is sure.
    """

    matrices: Matrix
    used: tuple[bool, ...]
    reference: int
    matches: tuple[Matches, ...]
    pairs: tuple[tuple[int, int], ...]
    reasons: dict[int, str] = field(default_factory=dict)
    separate: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()
    travel: FeatureTravel | None = None

    @property
    def kept(self) -> list[int]:
        """The frames that hang together, in focus order."""
        return [k for k, used in enumerate(self.used) if used]

    def without(self, reasons: Mapping[int, str]) -> Coarse:
        """Leave out further frames, for these reasons."""
        return replace(
            self,
            used=tuple(u and k not in reasons for k, u in enumerate(self.used)),
            pairs=tuple(p for p in self.pairs if not set(p) & set(reasons)),
            reasons={**self.reasons, **reasons},
        )


def with_travel(coarse: Coarse, fits: Sequence[PairFit], size: tuple[int, int]) -> Coarse:
    """The alignment, with what matches that no matrix explains tell of the camera's travel.

    Parameters
    ----------
    coarse : Coarse
        Of the whole stack.
    fits : sequence of PairFit
        Of all pairs, in proxy pixels.
    size : tuple of int
        Width and height of the proxies.
    """
    every = []
    for f in fits:
        p, q = (np.concatenate(ends) for ends in ((f.p, f.others[0]), (f.q, f.others[1])))
        every.append(Matches(f.first, f.second, p, q, isotropic(len(p), 0.5)))
    matrices = np.where(np.array(coarse.used)[:, None, None], coarse.matrices, np.nan)
    return replace(coarse, travel=travel_from_features(every, matrices, coarse.reference, size))


def detect_all(
    load: Callable[[int], Proxy],
    count: int,
    threads: int,
    advance: Callable[[], None],
    megapixels: float = FEATURE_MEGAPIXELS,
) -> list[Features]:
    """Features of all proxies, in proxy pixels."""

    def one(index: int) -> Features:
        found = detect_reduced(load(index), megapixels)
        advance()
        return found

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(count)))


def detect_reduced(proxy: Proxy, megapixels: float = FEATURE_MEGAPIXELS) -> Features:
    """Detect at no more than `megapixels`; points come back in the proxy's pixels."""
    height, width = proxy.luma.shape
    s = proxy_scale(width, height, megapixels)
    found = detect(reduced(proxy, s).picture())
    small = proxy_size(width, height, s)
    # Sizes are rounded to whole pixels, so that the scales of both axes differ a little.
    ratio = np.array([width / small[0], height / small[1]])
    return Features((found.points + 0.5) * ratio - 0.5, found.descriptors)


def match_all(
    features: Sequence[Features],
    size: tuple[int, int],
    threads: int,
    megapixels: float = FEATURE_MEGAPIXELS,
) -> list[PairFit]:
    """Match every frame with several others, near and further away in focus."""
    s = proxy_scale(*size, megapixels)

    def one(pair: tuple[int, int]) -> PairFit | None:
        return fit_pair(*pair, features[pair[0]], features[pair[1]], INLIER_PX / s)

    with ThreadPoolExecutor(threads) as pool:
        return [f for f in pool.map(one, pairs_in_order(range(len(features)))) if f is not None]


def align_coarsely(
    fits: Sequence[PairFit],
    names: Sequence[str],
    size: tuple[int, int],
    penalty: Sequence[float],
    reference: int | None = None,
    spoilt: Collection[int] = (),
) -> Coarse:
    """Solve all frames at once from their feature matches.

    Parameters
    ----------
    fits : sequence of PairFit
        In proxy pixels.
    names : sequence of str
        Of all frames, for messages.
    size : tuple of int
        Width and height of the proxies.
    penalty : sequence of float
        What speaks against each frame as the reference, as a share of the picture (clipping).
    reference : int, optional
        Forces the frame that does not move; None chooses the one from which the others differ
        least.
    spoilt : collection of int, optional
        Frames without fits, as they are left out for their exposure.

    Raises
    ------
    AlignmentError
        If more than a quarter of the frames cannot be linked to the rest and no group of frames
        clearly dominates, naming where the stack falls apart; or if the forced reference is not
        among those that can be linked.
    """
    count = len(names)
    fits = consistent(fits, count, size)
    parts = connected_parts(count, [(f.first, f.second) for f in fits])
    kept = parts[0]
    check_groups(parts, names, spoilt)
    if reference is not None and reference not in kept:
        raise AlignmentError(
            f"{names[reference]} shares too little with the other frames to be the reference",
            "Choose another frame with --reference, or leave the choice to the program.",
            [Change("To leave the choice to the program", drop=("--reference",))],
        )
    start = hub(fits, kept, count)
    matches = [
        Matches(f.first, f.second, f.p, f.q, isotropic(len(f.p), 0.5))
        for f in fits
        if f.first in kept
    ]
    H = np.full((count, 3, 3), np.nan)
    H[kept] = _solved(matches, fits, kept, start, size)
    if reference is None:
        reference = _least_different(H, kept, size, penalty)
    back = np.linalg.inv(H[reference])
    for i in kept:
        H[i] = normalised(back @ H[i])
    matches = _consistent(matches, H)
    used = tuple(i in kept for i in range(count))
    pairs = tuple((m.first, m.second) for m in matches)
    separate = tuple((f.first, f.second) for f in fits if f.first not in kept)
    return Coarse(H, used, reference, tuple(matches), pairs, separate=separate)


def _solved(
    matches: Sequence[Matches],
    fits: Sequence[PairFit],
    kept: Sequence[int],
    start: int,
    size: tuple[int, int],
) -> Matrix:
    """Matrices of the kept frames; a similarity first, which then starts the camera's rotation."""
    row = {frame: k for k, frame in enumerate(kept)}
    local = [m.renumbered(row) for m in matches]
    N = normalisation(*size)
    chain = chained([f for f in fits if f.first in row], start, max(kept) + 1)
    theta = np.stack([nearest_similarity(N, chain[i]) for i in kept])
    stiff, turning = MODELS["similarity"], MODELS["rotation"]
    first = solve(stiff, local, row[start], N, stiff.start(theta), iterations=25)
    freer = turning.start(first.parameters.theta)
    second = solve(turning, local, row[start], N, freer, iterations=25)
    return second.matrices


def _least_different(
    H: Matrix, kept: Sequence[int], size: tuple[int, int], penalty: Sequence[float]
) -> int:
    """Return the frame to whose view the others have to move least."""
    corners = outline(*size)
    extent = float(np.hypot(*size))

    def cost(candidate: int) -> float:
        back = np.linalg.inv(H[candidate])
        moved = [np.abs(transform(back @ H[i], corners) - corners).mean() for i in kept]
        return float(np.mean(moved)) / extent + penalty[candidate]

    return min(kept, key=lambda i: (cost(i), i))


def _consistent(matches: Sequence[Matches], H: Matrix) -> list[Matches]:
    """Drop pairs that contradict the solve: a wrong fit moves nothing once all are solved."""
    off = [float(np.median(np.linalg.norm(residuals(m, H), axis=1))) for m in matches]
    limit = max(6.0, 6 * float(np.median(off)))
    return [m for m, o in zip(matches, off, strict=True) if o <= limit]
