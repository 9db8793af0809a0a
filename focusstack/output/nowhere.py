"""The output of a run of which nothing is written."""

# ruff: noqa: ARG002 - nothing of what is taken is used

from __future__ import annotations

import numpy as np

from focusstack.fusion.base import Fused
from focusstack.numeric.arrays import Image
from focusstack.options import StackOptions
from focusstack.plan.model import StackPlan
from focusstack.runtime.progress import StageClock
from focusstack.second_pass.sink import NoSink


class Nowhere(NoSink):
    """Takes what an output folder takes, and lets it go.

    Attributes
    ----------
    dtype : dtype
        That of the frames, which the composite gets.
    """

    wants_composite = True
    plan: StackPlan | None = None

    def __init__(self, dtype: np.dtype[np.generic]) -> None:
        self.dtype = dtype

    def begin(self, plan: StackPlan, ahead: bool) -> None:
        """Let it go."""

    def write_maps(self, fused: Fused, frames: int) -> list[str]:
        """Return no names: no map is written."""
        return []

    def finish(
        self, plan: StackPlan, image: Image | None, options: StackOptions, clock: StageClock
    ) -> list[str]:
        """Return nothing: nothing is written."""
        return []
