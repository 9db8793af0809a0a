"""Where tiles lie between the nodes of displacement fields, and what they see of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Indices, Mask, Points

if TYPE_CHECKING:
    from focusstack.alignment.loops.interpolation import Cells


@dataclass(frozen=True)
class Places:
    """Places of tiles in the fields of their two frames.

    A tile sees the bilinear mean of four nodes in its second frame minus that in its first.

    Attributes
    ----------
    cells : (T, 2) uint32 ndarray
        The upper left of the four nodes around each tile, in its first and second frame.
    within : (T, 2) float32 ndarray
        How far to the right and down of that the tile lies, in nodes.
    columns : int
        Nodes in a row.
    """

    cells: Indices
    within: Float32
    columns: int

    @classmethod
    def joined(cls, parts: Sequence[Places]) -> Places:
        """Join the places of some tiles and of others."""
        return cls(
            np.concatenate([part.cells for part in parts]),
            np.concatenate([part.within for part in parts]),
            parts[0].columns,
        )

    def part(self, which: Mask | slice) -> Places:
        """The places of some tiles."""
        return Places(self.cells[which], self.within[which], self.columns)

    def _for_loops(self) -> Cells:
        # Loads the compiler, which takes a while.
        from focusstack.alignment.loops.interpolation import Cells

        return Cells(self.cells, self.within, np.uint32(self.columns))

    def seen(self, values: Floats) -> Points:
        """What each tile sees ``(T, 2)`` of the `values` ``(N, 2)`` of all nodes of all frames."""
        # Loads the compiler, which takes a while; so do the others.
        from focusstack.alignment.loops.interpolation import gathering

        out = np.empty((len(self.cells), 2))
        gathering()(self._for_loops(), values, out)
        return out

    def spread(self, info: Float32, rest: Floats, count: int) -> Floats:
        """Sum over tiles of `info` ``(T, 2, 2)`` times `rest` ``(T, 2)`` at each of `count` nodes.

        Without `info`, the transpose of `seen`.
        """
        from focusstack.alignment.loops.interpolation import spreading

        out = np.zeros((count, 2))
        spreading()(self._for_loops(), info, rest, out)
        return out

    def pull(self, info: Float32, values: Floats, out: Floats) -> None:
        """Add what `spread` makes of what is `seen` to `out` ``(N, 2)``, in one go."""
        from focusstack.alignment.loops.interpolation import pulling

        pulling()(self._for_loops(), info, values, out)

    def squares(self, info: Float32, count: int) -> Floats:
        """The diagonal ``(count, 2)`` of what `pull` multiplies with."""
        from focusstack.alignment.loops.interpolation import squaring

        out = np.zeros((count, 2))
        squaring()(self._for_loops(), info, out)
        return out
