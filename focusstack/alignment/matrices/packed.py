"""All matches of a stack in one piece, as the solve goes through them many times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.loops.arguments import ENTRIES, Pairs, Projections, Sides
from focusstack.alignment.tiles.matches import Matches
from focusstack.numeric.arrays import Floats, Indices, Matrix, Points
from focusstack.runtime.threads import SideBySide, in_turn


@dataclass(frozen=True)
class Flat:
    """All matches of a stack, one after the other.

    Attributes
    ----------
    frames : (pairs, 2) int64 ndarray
        First and second frame of each pair.
    starts : (pairs + 1,) int64 ndarray
        Where the matches of each pair start, and where the last ones end.
    p, q : (N, 2) float64 ndarray
        Pixels in the first and the second frame.
    root : (N, 2, 2) float64 ndarray
        Square root of each match's information.
    lens : (3,) float64 ndarray
        The picture's centre, and the inverse square of its half diagonal; 0 for models without a
        bend.
    """

    frames: Indices
    starts: Indices
    p: Points
    q: Points
    root: Floats
    lens: Floats

    def squared(self, H: Matrix, bends: Floats, both: SideBySide = in_turn) -> Floats:
        """Squared length, in standard deviations, of each match's residual."""
        from focusstack.alignment.loops.packed import whitening  # loads the compiler

        found, loops = np.empty(len(self.p)), whitening()
        poses = Projections(H, bends, self.lens)

        def of(part: slice, ends: slice) -> None:
            loops(poses, self._part(part, ends), found)

        self._by_halves(of, both)
        return found

    def by_entries(
        self, H: Matrix, bends: Floats, weight: Floats, both: SideBySide = in_turn
    ) -> tuple[Floats, Floats]:
        """``JᵀWJ`` ``(pairs, 22, 22)`` and ``JᵀWr`` ``(pairs, 22)`` by both frames' entries."""
        from focusstack.alignment.loops.packed import accumulation  # loads the compiler

        pairs, entries = len(self.frames), 2 * ENTRIES
        M, g = np.zeros((pairs, entries, entries)), np.zeros((pairs, entries))
        loops = accumulation()
        poses = Projections(H, bends, self.lens)

        def of(part: slice, ends: slice) -> None:
            loops(poses, self._part(part, ends), weight, Sides(M[part], g[part]))

        self._by_halves(of, both)
        return M, g

    def _part(self, pairs: slice, ends: slice) -> Pairs:
        """Some pairs; `starts` count from the first match of all."""
        return Pairs(self.frames[pairs], self.starts[ends], self.p, self.q, self.root)

    def _by_halves(self, work: Callable[[slice, slice], None], both: SideBySide) -> None:
        """Do `work` on pairs with about half of the matches, and on the others.

        Each time it is told which pairs, and which of `starts` these need.
        """
        middle = int(np.searchsorted(self.starts, len(self.p) / 2))
        both(
            lambda: work(slice(0, middle), slice(0, middle + 1)),
            lambda: work(slice(middle, None), slice(middle, None)),
        )


def flattened(matches: Sequence[Matches], N: Matrix, *, bent: bool = False) -> Flat:
    """Put the matches of all pairs one after the other."""

    def joined(parts: Iterable[Floats]) -> Floats:
        return np.ascontiguousarray(np.concatenate(list(parts)), float)

    return Flat(
        np.array([(m.first, m.second) for m in matches], np.int64),
        np.cumsum([0, *(len(m.p) for m in matches)], dtype=np.int64),
        joined(m.p for m in matches),
        joined(m.q for m in matches),
        joined(m.root for m in matches),
        np.array([-N[0, 2] / N[0, 0], -N[1, 2] / N[1, 1], bent * N[0, 0] ** 2]),
    )
