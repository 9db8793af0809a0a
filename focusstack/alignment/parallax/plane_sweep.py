"""Depth of every part of the picture where the camera's travel is known: a plane sweep.

All frames are placed as if everything lay at one depth, for one depth after the other; where detail
of the frames agrees, that is the depth (Collins, "A space-sweep approach to true multi-image
matching", CVPR 1996). Neighbours share a depth unless the picture says otherwise: the agreement is
summed along paths from eight sides (semi-global matching: Hirschmüller, TPAMI 30(2), 2008).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.alignment.parallax.focused_depth import Focus
from focusstack.alignment.tiles.measure import Detail, Round, detail_in, on_canvas, proxy_in
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.coordinates import Rect, at_scale
from focusstack.numeric.arrays import Float32, Floats, Matrix
from focusstack.resample.warp import resample

MEGAPIXELS = 0.6
"""Most pixels of the pictures that are swept, in millions: bounds time and memory."""

Float16 = NDArray[np.float16]

FINE, COARSE, WINDOW = 0.6, 2.0, 5
"""Pass band, as standard deviations of two Gaussians, and side of the window in which detail is
compared, in reduced pixels. A wider band spreads the edge of a thin thing over what is beside it,
which then seems as near (``python -m benchmarks.alignment``, *walk*)."""

STEP_PX = 1.0
"""Displacement between two frames from one depth to the next, at most, in reduced pixels; between
them a parabola is laid."""

FEWEST, MOST = 9, 48
"""Depths that are tried."""

MOST_PAIRS = 24
"""Pairs that are compared, the nearest in focus first: bounds time."""

BEND, JUMP = 0.1, 0.8
"""What a step of one depth, and of more, between neighbours costs, in units of a correlation."""

EDGE = 0.04
"""Difference of encoded luma, 0..1, between neighbours at which a jump of depth costs half."""

FAINT = 1.0
"""Share of the median energy of detail in which noise is as likely as detail."""

FOCUS = 0.25
"""What it costs, in units of a correlation, if the frame focused on a depth shows nothing there
while another depth's frame is sharp, where focus tells depth."""

EVEN = 1.5, 6.0
"""Depths within the first of each other, in steps, are evened out over the second, in reduced
pixels: what is uneven in depth travels unevenly."""

AROUND, ENOUGH = 4.0, 0.3
"""Standard deviation of the neighbourhood, in reduced pixels, that tells the depth of a place
without detail; mean certainty of one that tells it all. As of the focus index."""

SURE = 0.25
"""Correlation by which the best depth must exceed the mean of all to be sure."""


@dataclass(frozen=True)
class Swept:
    """What a sweep found, at the size of the proxies.

    Attributes
    ----------
    depth : (h, w) float32 ndarray
        Relative inverse depth, -0.5 to 0.5.
    guessed : (h, w) float32 ndarray
        How far it is a guess from around, 0..1.
    """

    depth: Float32
    guessed: Float32


def sweep_scale(size: tuple[int, int]) -> float:
    """The power of a half by which proxies of `size` are reduced."""
    scale = 1.0
    while size[0] * size[1] * scale**2 > MEGAPIXELS * 1e6:
        scale /= 2
    return scale


def swept_depth(series: Series, poses: Poses, travel: Floats, focus: Focus | None = None) -> Swept:
    """Find the depth at which frames agree, and at which the right one is sharp.

    Parameters
    ----------
    series : Series
        The frames.
    poses : Poses
        Where they lie at depth zero.
    travel : (n, 3) ndarray
        Of the frames that have a place, in their order: displacement for one unit of depth, in
        half diagonals.
    focus : Focus, optional
        On what they are focused; only agreement tells if not given.
    """
    scale = sweep_scale(series.size)
    depths = _tried(series, travel, scale)
    volume, energy = _compared(series, poses, travel, depths, scale, focus)
    guide = _guide(series, scale, volume.shape[:2])
    found = cv2.medianBlur(_lowest(_smoothed(volume, guide)), 5)
    found = cv2.bilateralFilter(found, -1, *EVEN)
    sure = np.clip((volume.mean(2, dtype=np.float32) - volume.min(2)) / SURE, 0, 1) * energy
    sure = np.clip(cv2.GaussianBlur(sure, (0, 0), AROUND) / ENOUGH, 0, 1)
    depth = (np.interp(found, np.arange(len(depths)), depths)).astype(np.float32)
    whole = series.size
    return Swept(
        np.asarray(cv2.resize(depth, whole, interpolation=cv2.INTER_LINEAR), np.float32),
        np.asarray(1 - cv2.resize(sure, whole, interpolation=cv2.INTER_LINEAR), np.float32),
    )


def _tried(series: Series, travel: Floats, scale: float) -> Floats:
    """The depths to try: from each to the next, frames are displaced by a pixel."""
    farthest = np.ptp(travel[:, :2], axis=0) * 0.5 * np.hypot(*series.size) * scale
    count = int(np.clip(np.ceil(np.hypot(*farthest) / STEP_PX) + 1, FEWEST, MOST))
    return np.linspace(-0.5, 0.5, count)


def placed_at(depth: float, travel: Floats, size: tuple[int, int]) -> Matrix:
    """Matrix by which a frame's place is completed where everything lies at `depth`.

    It maps where the reference sees a thing to where the frame's matrix would put it.
    """
    half = 0.5 * float(np.hypot(*size))
    x, y, z = travel * depth
    cx, cy = (np.array(size) - 1) / 2
    return np.array(
        [[1 - z, 0, half * x + z * cx], [0, 1 - z, half * y + z * cy], [0, 0, 1]], float
    )


def _near_pairs(series: Series, kept: Sequence[int]) -> list[tuple[int, int]]:
    row = {frame: k for k, frame in enumerate(kept)}
    pairs = [(row[i], row[j]) for i, j in series.pairs if i in row and j in row]
    return sorted(pairs, key=lambda ij: (abs(ij[0] - ij[1]), ij))[:MOST_PAIRS]


def _compared(
    series: Series,
    poses: Poses,
    travel: Floats,
    depths: Floats,
    scale: float,
    focus: Focus | None,
) -> tuple[Float16, Float32]:
    """One minus the correlation of all frames at every depth ``(h, w, D)``; energy, 0..1."""
    pairs = _near_pairs(series, poses.kept)
    how = Round(scale, FINE, COARSE, 48)
    details = [detail_in(series, k, how) for k in poses.kept]
    sums = _sums(_placed(series, poses, travel, depths, details), pairs)
    return _cost(sums, depths, len(pairs), details[0].luma.shape, focus)


def _cost(
    sums: Iterator[tuple[Float32, Float32, list[Float32]]],
    depths: Floats,
    pairs: int,
    shape: tuple[int, ...],
    focus: Focus | None,
) -> tuple[Float16, Float32]:
    """What it costs to say that a place lies at a depth; energy, 0..1."""
    volume = np.empty((*shape, len(depths)), np.float16)  # it is large, and costs are coarse
    sharp = np.zeros((*shape, len(depths) if focus else 0), np.float16)
    strength, sharpest = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    seen = np.ones(shape, bool)
    for level, (together, apart, power) in enumerate(sums):
        if not level:
            middle = np.median(apart[apart > 0]) if apart.any() else 0.0
            faint = np.float32(FAINT * middle / pairs + 1e-12)
        volume[:, :, level] = 1 - together / (apart + faint * pairs)
        np.maximum(strength, apart / pairs, out=strength)
        seen &= apart > 0
        if focus:
            own = focus.amplitude(depths[level], power) / np.sqrt(faint)
            sharp[:, :, level] = own
            np.maximum(sharpest, own, out=sharpest)
    if focus:
        for level in range(len(depths)):
            lacks = 1 - sharp[:, :, level] / (sharpest + 1)
            volume[:, :, level] += np.float32(FOCUS * focus.told) * lacks
    # What frames see at some depths only must not be drawn to these.
    volume[~seen] = 1
    return volume, np.asarray(strength / (strength + faint) * seen, np.float32)


def _placed(
    series: Series, poses: Poses, travel: Floats, depths: Floats, details: Sequence[Detail]
) -> Iterator[list[Detail]]:
    """All frames' detail where it lies on the canvas if everything is at one depth, by depth."""
    ratio = details[0].luma.shape[1] / series.size[0]
    for depth in depths:
        found = []
        for k, (frame, detail) in enumerate(zip(poses.kept, details, strict=True)):
            M = np.linalg.inv(placed_at(depth, travel[k], series.size)) @ poses.matrices[frame]
            found.append(on_canvas(detail, at_scale(M, 1 / ratio), series.gains[frame]))
        yield found


def _sums(
    placed: Iterator[list[Detail]], pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[Float32, Float32, list[Float32]]]:
    """At every depth, what detail of all pairs has in common, and at most could have.

    And the amplitude of every frame's.
    """
    for frames in placed:
        power = [np.sqrt(np.maximum(_windowed(f.luma * f.luma), 0)) for f in frames]
        together, apart = (np.zeros(power[0].shape, np.float32) for _ in range(2))
        for i, j in pairs:
            both = frames[i].usable & frames[j].usable
            together += _windowed(frames[i].luma * frames[j].luma) * both
            apart += power[i] * power[j] * both
        yield together, apart, power


def _windowed(image: Float32) -> Float32:
    return np.asarray(cv2.blur(image, (WINDOW, WINDOW)), np.float32)


def _guide(series: Series, scale: float, shape: tuple[int, int]) -> Float32:
    """Encoded luma of the reference, which tells where depth may jump."""
    luma = proxy_in(series, series.reference, scale).luma
    luma = resample(luma, np.eye(3), Rect(0, 0, shape[1], shape[0]))
    return np.asarray(np.sqrt(np.clip(luma, 0, 1)), np.float32)


def _smoothed(volume: Float16, guide: Float32) -> Float32:
    """Costs summed along paths from eight sides."""
    total = np.zeros(volume.shape, np.float32)
    for way in (slice(None), slice(None, None, -1)):  # down and up, then right and left
        _add_paths(volume[way], guide[way], total[way], (-1, 0, 1))
        across = (slice(None), way)
        _add_paths(
            volume[across].swapaxes(0, 1),
            guide[across].swapaxes(0, 1),
            total[across].swapaxes(0, 1),
            (0,),
        )
    return total


def _add_paths(cost: Float16, guide: Float32, out: Float32, ways: Sequence[int]) -> None:
    """Add the costs of paths that come from the row before, straight or slanting."""
    before = {way: cost[0].astype(np.float32) for way in ways}
    out[0] += len(ways) * cost[0]
    for y in range(1, len(cost)):
        for way in ways:
            last = before[way]
            if way:  # what lies beyond the side comes from straight ahead
                last = np.concatenate([last[:1], last[:-1]] if way > 0 else [last[1:], last[-1:]])
            seen = guide[y - 1]
            if way:
                seen = np.concatenate([seen[:1], seen[:-1]] if way > 0 else [seen[1:], seen[-1:]])
            jump = JUMP / (1 + np.abs(guide[y] - seen) / np.float32(EDGE)) + np.float32(BEND)
            least = last.min(1, keepdims=True)
            best = np.minimum(last, least + jump[:, None])
            np.minimum(best[:, 1:], last[:, :-1] + np.float32(BEND), out=best[:, 1:])
            np.minimum(best[:, :-1], last[:, 1:] + np.float32(BEND), out=best[:, :-1])
            best += cost[y] - least
            out[y] += best
            before[way] = best


def _lowest(total: Float32) -> Float32:
    """Index of the lowest cost, between depths too."""
    index = total.argmin(2)
    inner = np.clip(index, 1, total.shape[2] - 2)
    low, here, high = (
        np.take_along_axis(total, (inner + o)[..., None], 2)[..., 0] for o in (-1, 0, 1)
    )
    bend = np.maximum(low - 2 * here + high, 1e-6)
    part = np.clip(0.5 * (low - high) / bend, -0.5, 0.5)
    return np.asarray(np.where(inner == index, index + part, index), np.float32)
