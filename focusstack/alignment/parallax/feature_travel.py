"""Travel of the camera from feature matches alone, where near things lie far from where tiles look.

One matrix a frame is fitted to features, and where a hand moved far between frames it suits near or
far, not both. What it leaves of the other matches is no chaos then: between two frames all of them
lie along one direction, each as far as it is near (plane and parallax: Irani and Anandan,
"Parallax geometry of pairs of points for 3D scene analysis", ECCV 1996). Matrices, travel and the
depth of every feature track are solved in turn by robust least squares over all pairs. Tracks that
the fit has not seen must confirm it: wrong matches lie along a given line by chance alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.matrices.models import MODELS, matrices, normalisation
from focusstack.alignment.parallax.depth_and_travel import PRIOR, perspective_terms
from focusstack.alignment.parallax.feature_tracks import (
    FeatureTracks,
    numbered,
    tracks_on_canvas,
)
from focusstack.alignment.tiles.matches import Matches
from focusstack.alignment.tiles.shifts import checkerboard
from focusstack.geometry.coordinates import normalised
from focusstack.geometry.parallax import travel_directions
from focusstack.numeric.arrays import Floats, Mask, Matrix, Points
from focusstack.numeric.robust import geman_mcclure_weight

FAR_PX = 6.0
"""Distance from where matrices put it, in proxy pixels, from which on a match is far off: tiles of
the coarsest round see ten pixels, of the next five (``python -m benchmarks.alignment``, *walk*)."""

NEAR_LINE = 0.3
"""Distance from its line, as a share of `FAR_PX`, up to which a match fits: features found small
are good to about a pixel of the proxy (``python -m benchmarks.alignment``, *walk*)."""

LEAST_FAR = 0.025
"""Share of all matches that must be far off for travel to be looked for: without parallax one in a
hundred is (``python -m benchmarks.alignment``)."""

LEAST_TRACKS = 24
"""Tracks off the plane that must fit the travel. Chosen, not measured: a few leaves in the wind are
fewer, a thing in the foreground has more."""

BEYOND_CHANCE = 0.45
"""Share of the matches far off that must fit, beyond those that would by chance (``python -m
benchmarks.alignment``, *other scene, moved subject*)."""

SEARCHED = 0.12
"""How far near things may lie from where matrices put them, as a share of the picture's width.
Chosen: a tenth is promised."""

TURNS = 20
"""How often travel and depth are solved in turn: about ten settle them. Chosen, not measured."""

ALL = (0.5, 99.5)
"""Percentiles of the tracks' depths that become the ends of the scene's: nearly all, but for
mishaps. Chosen, not measured."""

WIDEST = 4.0
"""Width of the robust kernel in the first turns, as a multiple of the last ones'. Chosen."""


@dataclass(frozen=True)
class FeatureTravel:
    """What feature matches tell of matrices, travel and depth.

    Attributes
    ----------
    matrices : (n, 3, 3) float64 ndarray
        Proxy pixel to reference proxy pixel at depth zero; NaN for frames left out.
    travel : (n, 3) float64 ndarray
        Displacement for one unit of depth in half diagonals, as `Viewpoint.travel`; zero for frames
        left out.
    places : (N, 2) float64 ndarray
        Where the tracks that fit lie on the canvas.
    depth : (N,) float64 ndarray
        Their relative inverse depth, from -0.5 to 0.5. Which end is near is not known.
    """

    matrices: Matrix
    travel: Floats
    places: Points
    depth: Floats


@dataclass(frozen=True)
class _Fit:
    """Corrections of the matrices ``(n, 6)`` and travel ``(n, 3)``, in half diagonals."""

    theta: Floats
    travel: Floats


def travel_from_features(
    matches: Sequence[Matches], H: Matrix, reference: int, size: tuple[int, int]
) -> FeatureTravel | None:
    """Find matrices, travel and depth that explain matches far from where one matrix puts them.

    Parameters
    ----------
    matches : sequence of Matches
        All feature matches of all pairs, right or wrong, in proxy pixels.
    H : (n, 3, 3) ndarray
        What one matrix a frame makes of them; NaN for frames left out.
    reference : int
        The frame that does not move.
    size : tuple of int
        Width and height of the proxies.

    Returns
    -------
    FeatureTravel or None
        None where no second motion is sure, which is so where nothing is far off.
    """
    kept = [k for k, M in enumerate(H) if np.isfinite(M).all()]
    seen = tracks_on_canvas(matches, H, kept, reference, size)
    if seen is None:
        return None
    length = np.linalg.norm(seen.shifts, axis=1)
    within = length < SEARCHED * size[0]
    if np.mean((length > FAR_PX) & within) < LEAST_FAR:
        return None
    seen = seen.part(within)
    fold = checkerboard(seen.places, size)
    # Matches of a track must not be on both sides: the first tells for all.
    fold = fold[np.unique(seen.track, return_index=True)[1]][numbered(seen.track)]
    for side in (False, True):
        learnt = _fitted(seen.part(fold == side))
        if learnt is None or not _confirmed(seen.part(fold != side), learnt):
            return None
    fit = _fitted(seen)
    return _concluded(seen, fit, H, kept) if fit else None


def _fitted(seen: FeatureTracks) -> _Fit | None:
    """Matrices, travel and depth in turn; None where there is nothing to begin with."""
    if not len(seen.track):
        return None
    depth, known = _first_depth(seen)
    if np.count_nonzero(known) < LEAST_TRACKS:
        return None
    still = np.zeros((seen.count, 9))
    fit = _Fit(still[:, :6], still[:, 6:])
    C, L = perspective_terms(seen.places, seen.size), _along(seen)
    for turn in range(TURNS):
        width = NEAR_LINE * FAR_PX * max(1.0, WIDEST * (1 - 2 * turn / TURNS))
        left = _left(seen, C, L, fit, depth) if turn else np.zeros_like(seen.shifts)
        weight = geman_mcclure_weight(np.square(left / width).sum(1)) * known[seen.track]
        fit = _solved(seen, C, L, depth, weight)
        depth, known = _depth(seen, C, L, fit, width)
        fit, depth = _centred(fit, depth, known)
    return fit if fit.travel.any() else None


def _along(seen: FeatureTracks) -> Floats:
    return seen.half_diagonal * travel_directions(seen.places, seen.size)


def _first_depth(seen: FeatureTracks) -> tuple[Floats, Mask]:
    """Depth of the tracks of the pair in which most matches lie along one line, others unknown."""
    depth, known = np.zeros(seen.track.max() + 1), np.zeros(seen.track.max() + 1, bool)
    best = 0.0
    pairs = seen.frames[:, 0] * seen.count + seen.frames[:, 1]
    for pair in np.unique(pairs):
        here = np.flatnonzero(pairs == pair)
        v = seen.shifts[here]
        far = np.linalg.norm(v, axis=1) > FAR_PX
        if far.sum() < LEAST_TRACKS / 3:
            continue
        unit = v[far] / np.linalg.norm(v[far], axis=1, keepdims=True)
        across = np.abs(unit[:, :1] * v[:, 1] - unit[:, 1:] * v[:, 0])
        fits = across < NEAR_LINE * FAR_PX
        # Each far match proposes its direction; how many far ones lie along it, and how far.
        votes = (fits & far) @ np.minimum(np.linalg.norm(v, axis=1), 4 * FAR_PX)
        k = int(votes.argmax())
        if votes[k] > best:
            best = float(votes[k])
            depth[:], known[:] = 0, False
            on = here[fits[k]]
            depth[seen.track[on]] = (v @ unit[k])[fits[k]]
            known[seen.track[on]] = True
    if known.any():
        low, high = np.percentile(depth[known], (2, 98))
        depth = np.clip((depth - (low + high) / 2) / max(high - low, 1e-9), -1, 1) * known
    return depth, known


def _predicted(seen: FeatureTracks, A: Floats, x: Floats) -> Floats:
    i, j = seen.frames.T
    return np.asarray(np.einsum("mij,mj->mi", A, x[j] - x[i]))


def _left(seen: FeatureTracks, C: Floats, L: Floats, fit: _Fit, depth: Floats) -> Floats:
    """What is left of every match, ``(M, 2)`` pixels."""
    by_travel = _predicted(seen, L, fit.travel) * depth[seen.track][:, None]
    return np.asarray(seen.shifts - _predicted(seen, C, fit.theta) - by_travel)


def _solved(seen: FeatureTracks, C: Floats, L: Floats, depth: Floats, weight: Floats) -> _Fit:
    """Matrices and travel for given depth, by weighted least squares."""
    A = np.concatenate([C, L * depth[seen.track][:, None, None]], 2)
    n, size = seen.count, A.shape[2]
    normal, right = np.zeros((n, n, size, size)), np.zeros((n, size))
    pairs = seen.frames[:, 0] * n + seen.frames[:, 1]
    order = np.argsort(pairs, kind="stable")
    borders = np.flatnonzero(np.diff(pairs[order])) + 1
    for at in np.split(order, borders):
        i, j = seen.frames[at[0]]
        rows = (A[at] * np.sqrt(weight[at])[:, None, None]).reshape(-1, size)
        aim = (seen.shifts[at] * np.sqrt(weight[at])[:, None]).ravel()
        own, pull = rows.T @ rows, rows.T @ aim
        for a, b, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
            normal[a, b] += sign * own
        right[i] -= pull
        right[j] += pull
    # The prior of a hand that walks is wide: it only holds what nothing is known of.
    normal[np.arange(n), np.arange(n)] += np.diag(1 / (10 * PRIOR) ** 2)
    free = [k for k in range(n) if k != seen.reference]
    left = normal[np.ix_(free, free)].transpose(0, 2, 1, 3).reshape(len(free) * size, -1)
    x = np.zeros((n, size))
    x[free] = np.linalg.solve(left, right[free].ravel()).reshape(-1, size)
    return _Fit(x[:, :6], x[:, 6:])


def _depth(
    seen: FeatureTracks, C: Floats, L: Floats, fit: _Fit, width: float
) -> tuple[Floats, Mask]:
    """Depth of every track for given matrices and travel, and which have one."""
    aim = seen.shifts - _predicted(seen, C, fit.theta)
    unit = _predicted(seen, L, fit.travel)
    unit *= np.all(_travelled(seen, fit)[seen.frames], axis=1, keepdims=True)
    tracks = seen.track.max() + 1
    stiff = np.bincount(seen.track, np.square(unit).sum(1), tracks)
    pull = np.bincount(seen.track, (unit * aim).sum(1), tracks)
    # Where the way is shorter than the noise, nothing is known, and the middle stands in.
    return pull / (stiff + width**2), stiff > 0


def _travelled(seen: FeatureTracks, fit: _Fit) -> Mask:
    """Frames of which the travel is known: the reference, and what a solve has reached."""
    return np.asarray(fit.theta.any(1) | (np.arange(seen.count) == seen.reference))


def _centred(
    fit: _Fit, depth: Floats, known: Mask, within: tuple[float, float] = (2, 98)
) -> tuple[_Fit, Floats]:
    """What displaces alike, with depth from -0.5 to 0.5."""
    low, high = np.percentile(depth[known], within)
    span, middle = float(max(high - low, 1e-9)), float(low + high) / 2
    theta = fit.theta.copy()
    theta[:, 2:4] += middle * fit.travel[:, :2]
    theta[:, 0] -= middle * fit.travel[:, 2]
    return _Fit(theta, fit.travel * span), np.clip((depth - middle) / span, -1, 1)


def _fits(seen: FeatureTracks, fit: _Fit) -> tuple[Mask, Floats]:
    """Which matches the fit explains, given the depth that it makes of them; and that depth."""
    C, L = perspective_terms(seen.places, seen.size), _along(seen)
    depth, known = _depth(seen, C, L, fit, NEAR_LINE * FAR_PX)
    left = np.linalg.norm(_left(seen, C, L, fit, depth), axis=1)
    near = left < 2 * NEAR_LINE * FAR_PX
    return near & known[seen.track] & (np.abs(depth) < 0.75)[seen.track], depth


def _confirmed(seen: FeatureTracks, fit: _Fit) -> bool:
    """Whether matches that the fit has not seen lie where it says, far off as they are."""
    fits, _ = _fits(seen, fit)
    length = np.linalg.norm(seen.shifts, axis=1)
    far = length > FAR_PX
    # The share of all directions in which a wrong match of this length lies near its line.
    chance = np.minimum(1, 4 * NEAR_LINE * FAR_PX / (np.pi * length[far])).sum()
    tracks = len(np.unique(seen.track[far & fits]))
    beyond = ((far & fits).sum() - chance) / max(far.sum() - chance, 1e-9)
    return bool(tracks >= LEAST_TRACKS / 2 and beyond > BEYOND_CHANCE)


def _concluded(seen: FeatureTracks, fit: _Fit, H: Matrix, kept: Sequence[int]) -> FeatureTravel:
    """The fit for all frames, with the tracks that it explains."""
    fits, depth = _fits(seen, fit)
    C, L = perspective_terms(seen.places, seen.size), _along(seen)
    i, j = seen.frames.T
    moved = np.einsum("mij,mj->mi", C, fit.theta[i] + fit.theta[j]) / 2
    by_travel = np.einsum("mij,mj->mi", L, fit.travel[i] + fit.travel[j]) / 2
    places = seen.places - moved - by_travel * depth[seen.track][:, None]
    tracks = seen.track.max() + 1
    whole = np.bincount(seen.track, ~fits, tracks) == 0
    whole &= np.bincount(seen.track, minlength=tracks) > 0
    size = np.maximum(np.bincount(seen.track, minlength=tracks), 1)
    middle = np.stack([np.bincount(seen.track, c, tracks) / size for c in places.T], 1)
    fit, depth = _centred(fit, depth, whole, ALL)
    corrections = matrices(MODELS["perspective"], fit.theta, np.zeros(0), normalisation(*seen.size))
    every, travel = H.copy(), np.zeros((len(H), 3))
    for k, frame in enumerate(kept):
        every[frame] = normalised(np.linalg.inv(corrections[k]) @ H[frame])
        travel[frame] = fit.travel[k]
    return FeatureTravel(every, travel, middle[whole], depth[whole])
