"""Pairs whose features say nothing: registered by what is coarse in them, verified by what is fine.

Where detail repeats (fabric, brick, a grid), every feature looks like many others, and where the
subject is small there are too few. Frames are then compared as wholes, from blurred to fine. What
does not repeat, shades and stains, brings them within half a period, and detail does the rest. A
pair counts if its fine detail then agrees place by place, which two scenes never do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from focusstack.alignment.features.least_squares import improve_similarity
from focusstack.alignment.features.sift import MIN_INLIERS, PairFit, plausible
from focusstack.frames.proxies.proxy import Proxy
from focusstack.geometry.coordinates import normalised, transform
from focusstack.numeric.arrays import Float32, Floats, Image, Mask, Matrix, Points

COARSEST = 48
"""Longer side, in pixels, of the smallest pictures that are compared: a hand's shift of a twentieth
of the picture is two of them. Chosen, not measured."""

SMOOTH = 1.5
"""Standard deviation, in pixels of each smaller picture, of the Gaussian before it: what repeats
within four of them is gone, and comes back with the larger pictures. Chosen, not measured."""

GUIDING = 0.7
"""Correlation of the smallest pictures from which on it tells where they lie; what is left of noise
and of detail that repeats correlates by less. Chosen, not measured."""

FINE, COARSE = 1.0, 4.0
"""Standard deviations, in pixels at the scale of features, of the Gaussians between which detail
must agree. Chosen: finer is lost to defocus, coarser is shared by different scenes."""

WINDOW = 33
"""Side, in pixels at the scale of features, of the places at which detail must agree: some forty
independent values of noise lie within, whose correlation stays below a half. Chosen, not
measured."""

AGREEING = 0.6
"""Correlation of detail from which on a place agrees: four standard deviations of chance."""

LEAST_ENERGY = 0.25
"""Share of all detail, by its energy, that must lie where it agrees: defocus and parallax leave
that; another scene leaves none. Chosen, not measured."""

SPACING = 8
"""Distance, in pixels at the scale of features, of the places of a pair that become its matches."""

MOST_PLACES = 200
"""Places of a pair that become matches at most: about as many as features give."""


def correlate_all(
    load: Callable[[int], Proxy],
    pairs: Sequence[tuple[int, int]],
    scale: float,
    threads: int,
) -> tuple[list[PairFit], bool]:
    """Register pairs of frames as wholes.

    Parameters
    ----------
    load : callable
        Proxy of a frame, reduced to the scale of features.
    pairs : sequence of (int, int)
        What to compare.
    scale : float
        Pixels of those per proxy pixel.
    threads : int
        The result does not depend on them.

    Returns
    -------
    fits : list of PairFit
        Of the pairs that could be verified, in proxy pixels.
    guided : bool
        Whether more than fine detail, which may repeat, tells where all of these lie.
    """
    wanted = sorted({k for pair in pairs for k in pair})
    pictures = {k: _picture(load(k)) for k in wanted}

    def one(pair: tuple[int, int]) -> PairFit | None:
        return correlate(*pair, pictures[pair[0]], pictures[pair[1]], scale)

    with ThreadPoolExecutor(threads) as pool:
        fits = [fit for fit in pool.map(one, pairs) if fit is not None]
    return fits, all(is_guided(pictures[f.first], pictures[f.second]) for f in fits)


def _picture(proxy: Proxy) -> tuple[Float32, Image]:
    """Root of the light, in which a gain is a gain, and noise the same in dark and bright."""
    root = np.sqrt(np.maximum(proxy.luma, 0))
    return np.asarray(root, np.float32), np.asarray(proxy.clipped == 0, np.uint8)


def correlate(
    first: int,
    second: int,
    a: tuple[Float32, Image],
    b: tuple[Float32, Image],
    scale: float = 1.0,
) -> PairFit | None:
    """Register one frame with another as a whole.

    Parameters
    ----------
    first, second : int
        Indices that the result carries.
    a, b : (h, w) float32 and uint8 ndarray
        Pictures that differ in brightness by a factor at most, and 1 where they are not clipped.
    scale : float, optional
        Pixels of the pictures per proxy pixel.

    Returns
    -------
    PairFit or None
        None where fine detail does not agree.

    Examples
    --------
    >>> wide = cv2.GaussianBlur(np.random.default_rng(0).random((200, 260), np.float32), (0, 0), 2)
    >>> one, other = (np.ascontiguousarray(wide[k : k + 180, k : k + 240]) for k in (5, 2))
    >>> usable = np.ones((180, 240), np.uint8)
    >>> correlate(0, 1, (one, usable), (other, usable)).matrix.round(1)[:2, 2].tolist()
    [3.0, 3.0]
    """
    H = _registered(a, b)
    places = _agreeing(a, b, H)
    if len(places) < MIN_INLIERS or not plausible(H, places):
        return None
    kept = places[:: -(-len(places) // MOST_PLACES)]
    p, q = ((x + 0.5) / scale - 0.5 for x in (kept, transform(H, kept)))
    return PairFit(first, second, p, q, _at_proxy_scale(H, scale))


def _at_proxy_scale(H: Matrix, scale: float) -> Matrix:
    shift = 0.5 / scale - 0.5
    S = np.array([[1 / scale, 0, shift], [0, 1 / scale, shift], [0, 0, 1]])
    return normalised(S @ H @ np.linalg.inv(S))


def _registered(a: tuple[Float32, Image], b: tuple[Float32, Image]) -> Matrix:
    """Similarity from the first to the second picture, from coarse to fine."""
    steps = _steps(a[0])
    H = np.eye(3)
    for step in range(steps, -1, -1):
        s = 0.5**step
        small = _reduced(a, s), _reduced(b, s)
        S = np.diag([s, s, 1.0])
        start = S @ H @ np.linalg.inv(S)
        if step == steps and (shift := _shifted(*small)) is not None:
            start = shift
        H = np.linalg.inv(S) @ improve_similarity(*small, start) @ S
    return np.asarray(H)


def _shifted(a: tuple[Float32, Image], b: tuple[Float32, Image]) -> Matrix | None:
    """The whole shift, up to an eighth of the picture, at which two pictures correlate best.

    None where they hardly do anywhere: noise correlates by chance.
    """
    height, width = a[0].shape
    y, x = height // 8, width // 8
    inner = np.ascontiguousarray(a[0][y : height - y, x : width - x])
    likeness = cv2.matchTemplate(b[0], inner, cv2.TM_CCOEFF_NORMED)
    if not likeness.max() > GUIDING:
        return None
    row, column = np.unravel_index(int(np.argmax(likeness)), likeness.shape)
    return np.array([[1, 0, column - x], [0, 1, row - y], [0, 0, 1.0]])


def is_guided(a: tuple[Float32, Image], b: tuple[Float32, Image]) -> bool:
    """Whether what does not repeat tells where two pictures lie, or detail alone."""
    s = 0.5 ** _steps(a[0])
    return _shifted(_reduced(a, s), _reduced(b, s)) is not None


def _steps(picture: Float32) -> int:
    """How often a picture is halved until it is as small as they are compared."""
    return max(0, int(np.log2(max(picture.shape) / COARSEST)))


def _reduced(one: tuple[Float32, Image], scale: float) -> tuple[Float32, Image]:
    if scale == 1:
        return one
    picture, usable = one
    size = max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale))
    # What repeats must be gone before it is sampled: it would beat with the samples.
    smooth = cv2.GaussianBlur(picture, (0, 0), SMOOTH / scale)
    small = cv2.resize(smooth, size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(usable * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32), np.asarray(mask > 127, np.uint8)


def _agreeing(a: tuple[Float32, Image], b: tuple[Float32, Image], H: Matrix) -> Points:
    """Places of the first picture at which the second shows the same fine detail."""
    height, width = a[0].shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(b[0], H, (width, height), flags=flags)
    seen = cv2.warpPerspective(b[1], H, (width, height), flags=cv2.INTER_NEAREST | flags & 16)
    usable = np.asarray(cv2.erode(a[1] & seen, np.ones((WINDOW, WINDOW), np.uint8)), bool)
    one, other = _detail(a[0]), _detail(np.asarray(moved, np.float32))
    mixed, own, theirs = (_mean(x * y) for x, y in ((one, other), (one, one), (other, other)))
    together = np.sqrt(np.maximum(own, 0) * np.maximum(theirs, 0))
    agrees = usable & (mixed > AGREEING * np.maximum(together, 1e-12))
    if together[agrees].sum() < LEAST_ENERGY * together[usable].sum():
        return np.zeros((0, 2))
    agrees &= _worth(together, usable)
    y, x = np.nonzero(agrees[::SPACING, ::SPACING])
    return np.asarray(np.stack([x, y], 1) * SPACING, float)


def _worth(energy: Floats | Float32, usable: Mask) -> Mask:
    """Where there is more than the mean detail of the picture, or a tenth of its most."""
    if not usable.any():
        return usable
    inside = energy[usable]
    return np.asarray(energy >= min(float(inside.mean()), 0.1 * float(inside.max())))


def _detail(picture: Float32) -> Float32:
    blurred = (cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in (FINE, COARSE))
    fine, coarse = blurred
    return np.asarray(fine - coarse, np.float32)


def _mean(image: Float32) -> Float32:
    return np.asarray(cv2.blur(image, (WINDOW, WINDOW)), np.float32)
