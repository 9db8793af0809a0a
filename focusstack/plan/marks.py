"""Marks fixed to the sensor, as a plan keeps them: pixels of the frames that show no scene."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from focusstack.numeric.arrays import Image


@dataclass(frozen=True, eq=False)
class Marks:
    """Pixels at which every frame shows the sensor, not the scene.

    Attributes
    ----------
    mask : (H, W) uint8 ndarray
        1 there, else 0, in the frames' pixels.
    """

    mask: Image

    @property
    def count(self) -> int:
        """How many marks there are: groups of pixels that touch."""
        return int(cv2.connectedComponents(self.mask, connectivity=8)[0]) - 1

    @property
    def share(self) -> float:
        """Share of the frame that they cover."""
        return cv2.countNonZero(self.mask) / self.mask.size

    def in_words(self) -> str:
        """Return what a user is told.

        Examples
        --------
        >>> import numpy as np
        >>> Marks(np.eye(20, dtype=np.uint8)).in_words()
        '1 mark fixed to the sensor covers 5.00 % of the frames and is taken out'
        """
        share = f"{100 * self.share:.2f} % of the frames"
        if self.count == 1:
            return f"1 mark fixed to the sensor covers {share} and is taken out"
        return f"{self.count} marks fixed to the sensor cover {share} and are taken out"
