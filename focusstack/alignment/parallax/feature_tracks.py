"""Feature matches of all pairs on one canvas, and which of them show the same point.

Matches that have a point in common form a track: one point of the scene, seen in several frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.tiles.matches import Matches
from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Indices, Mask, Matrix, Points


@dataclass(frozen=True)
class FeatureTracks:
    """Matches of all pairs on the canvas; frames are numbered among those in use.

    Attributes
    ----------
    frames : (M, 2) int ndarray
        The first and the second of each match.
    places, shifts : (M, 2) float64 ndarray
        Middle of both ends, and the way from the first to the second, pixels.
    track : (M,) int ndarray
        Number of the track that each match belongs to.
    count, reference : int
        Frames in use, and which of them does not move.
    size : tuple of int
        Width and height of the canvas.
    """

    frames: Indices
    places: Points
    shifts: Points
    track: Indices
    count: int
    reference: int
    size: tuple[int, int]

    def part(self, which: Mask) -> FeatureTracks:
        """Some of the matches."""
        return replace(
            self,
            frames=self.frames[which],
            places=self.places[which],
            shifts=self.shifts[which],
            track=self.track[which],
        )

    @property
    def half_diagonal(self) -> float:
        """Unit of travel, in pixels."""
        return 0.5 * float(np.hypot(*self.size))


def numbered(track: Indices) -> Indices:
    """Tracks under numbers from 0 without gaps."""
    return np.asarray(np.unique(track, return_inverse=True)[1].ravel())


def tracks_on_canvas(
    matches: Sequence[Matches],
    H: Matrix,
    kept: Sequence[int],
    reference: int,
    size: tuple[int, int],
) -> FeatureTracks | None:
    """All matches between frames in use, with the tracks that they form.

    Parameters
    ----------
    matches : sequence of Matches
        In frames' pixels.
    H : (n, 3, 3) ndarray
        Where the frames lie.
    kept : sequence of int
        The frames in use, which numbers count.
    reference : int
        The frame that does not move.
    size : tuple of int
        Width and height of the canvas.

    Returns
    -------
    FeatureTracks or None
        None where nothing is matched, or nothing without ambiguity.
    """
    row = {frame: k for k, frame in enumerate(kept)}
    found = [m for m in matches if m.first in row and m.second in row and len(m.p)]
    if len(kept) < 2 or not found:
        return None
    a = np.concatenate([transform(H[m.first], m.p) for m in found])
    b = np.concatenate([transform(H[m.second], m.q) for m in found])
    of = np.concatenate([np.tile([row[m.first], row[m.second]], (len(m.p), 1)) for m in found])
    point = _points(of.T.ravel(), np.concatenate([a, b]).round(6)).reshape(2, -1)
    track = _joined(point)
    seen = FeatureTracks(of, (a + b) / 2, b - a, track, len(kept), row[reference], size)
    seen = seen.part(_unambiguous(point, of, track))
    return seen if len(seen.frames) else None


def _points(frames: Indices, places: Points) -> Indices:
    """Number of each place in its frame, equal ones alike: frame by frame, then by x and y."""
    found, order = np.empty(len(frames), np.int64), np.argsort(frames, kind="stable")
    first = 0
    for part in np.split(order, np.flatnonzero(np.diff(frames[order])) + 1):
        x, y = places[part].T
        distinct, which = np.unique(x + 1j * y, return_inverse=True)
        found[part] = first + which
        first += len(distinct)
    return found


def _joined(point: Indices) -> Indices:
    """Number of the track of each match: matches with a point in common belong together."""
    label = np.arange(point.max() + 1)
    while True:
        least = np.minimum(label[point[0]], label[point[1]])
        new = label.copy()
        for end in point:
            np.minimum.at(new, end, least)
        if np.array_equal(new, label):
            return np.asarray(numbered(label[point[0]]))
        label = new


def _unambiguous(point: Indices, frames: Indices, track: Indices) -> Mask:
    """Which matches are of tracks that see no frame at two places: others hold a wrong match."""
    count = int(point.max()) + 1
    frame_of = np.empty(count, np.int64)
    frame_of[point] = frames.T
    of, at = np.divmod(np.unique(np.tile(track, 2) * count + point.ravel()), count)
    twice = (np.diff(of) == 0) & (np.diff(frame_of[at]) == 0)
    return ~np.isin(track, of[1:][twice])
