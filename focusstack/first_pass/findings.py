"""Everything that the steps of pass 1 found of a stack, in proxy pixels and focus order."""

from __future__ import annotations

from dataclasses import dataclass

from focusstack.alignment.coarse import Coarse
from focusstack.alignment.displacement import Displacement
from focusstack.alignment.quality.elsewhere import Elsewhere
from focusstack.alignment.refine import Refined
from focusstack.alignment.tiles.poses import Poses
from focusstack.first_pass.light import Light
from focusstack.first_pass.measure import Measured
from focusstack.plan.marks import Marks


@dataclass(frozen=True)
class Findings:
    """What each step of pass 1 left.

    Attributes
    ----------
    stack : Measured
        The frames.
    coarse : Coarse
        Which of them belong together, which does not move, and why some are left out.
    refined : Refined
        The alignment by matrices.
    displaced : Displacement or None
        What matrices cannot follow, where that is proven.
    light : Light
        What brings all frames to the reference's light.
    elsewhere : Elsewhere
        What a wide search found elsewhere than where all this puts it.
    marks : Marks or None
        What is fixed to the sensor, in full-size pixels.
    doubted : bool
        Whether marks are suspected that could not be told from the scene.
    """

    stack: Measured
    coarse: Coarse
    refined: Refined
    displaced: Displacement | None
    light: Light
    elsewhere: Elsewhere
    marks: Marks | None = None
    doubted: bool = False

    @property
    def used(self) -> list[int]:
        """Positions, in focus order, of the frames that are part of the result."""
        return self.coarse.kept

    @property
    def reference(self) -> int:
        """Position of the frame that does not move."""
        return self.coarse.reference

    @property
    def scale(self) -> float:
        """Proxy pixels per full-size pixel."""
        return self.stack.scale

    @property
    def poses(self) -> Poses:
        """Where the frames lie, by the last word on it."""
        return (self.displaced or self.refined).poses
