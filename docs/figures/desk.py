"""What the program finds on the sample set, and what is known of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from focusstack.alignment.refine import ROUNDS
from focusstack.alignment.tiles.measure import measure_pairs
from focusstack.alignment.tiles.poses import Poses
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.first_pass.effort import THOROUGH
from focusstack.first_pass.measure import measure_frames, spool_for
from focusstack.first_pass.steps import find_alignment, refine_alignment, series_of
from focusstack.frames.open import open_frames
from focusstack.frames.sources import FrameSource
from focusstack.numeric.arrays import Floats, Matrix
from focusstack.options import StackOptions
from focusstack.pipeline import StackResult, memory_needed, stack
from focusstack.runtime.progress import Silent

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "desk"


@dataclass(frozen=True)
class Tiles:
    """Displacements of a pair's tiles, before and after refinement, proxy pixels."""

    before: TileShifts
    after: TileShifts


class Desk:
    """The sample set, measured with the reference of its truth."""

    def __init__(self) -> None:
        self.truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
        self.options = StackOptions(reference=self.truth["reference"])

    @cached_property
    def frames(self) -> FrameSource:
        """The frames."""
        return open_frames(SAMPLE)

    @cached_property
    def result(self) -> StackResult:
        """Plan and composite."""
        return stack(self.frames, options=self.options)

    @property
    def matrices(self) -> Matrix:
        """True matrices, in the order of the files."""
        return np.array(self.truth["matrices"])

    @property
    def gains(self) -> Floats:
        """True gains ``(n, 3)`` on linear light."""
        return np.array(self.truth["gains"])

    def tiles(self, first: int, second: int) -> Tiles:
        """Measure one pair's tiles under the feature matches' alignment and under the final one."""
        need = memory_needed(self.frames, self.options)
        spool, scale = spool_for(self.frames, THOROUGH.megapixels, need.kept)
        quiet, threads = Silent(), self.options.threads
        with spool:
            seen = measure_frames(self.frames, spool, scale, threads, quiet)
            coarse, gains = find_alignment(seen, self.options.reference, threads, quiet, THOROUGH)
            series = series_of(seen, coarse, gains, threads, quiet)
            refined = refine_alignment(series, coarse, quiet, THOROUGH)
            start = Poses.unbent(coarse.matrices, coarse.reference, series.size)
            pair = replace(series, pairs=[(first, second)])
            both = [
                next(measure_pairs(pair, poses, ROUNDS[-1][0]))[2]
                for poses in (start, refined.poses)
            ]
        return Tiles(*both)
