"""A stack without the marks that were found on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.first_pass.hot_pixels import hot_mask
from focusstack.first_pass.marks.cleaning import Blemishes
from focusstack.first_pass.measure import Measured
from focusstack.geometry.coordinates import at_scale, outline, transform
from focusstack.numeric.arrays import Floats
from focusstack.plan.marks import Marks


@dataclass(frozen=True)
class Found:
    """A stack and its first alignment, without the marks that were found.

    Attributes
    ----------
    stack : Measured
        What it shows behind them.
    coarse : Coarse
        Its first alignment.
    gains : (n, C) ndarray
        Of all frames.
    blemishes : Blemishes or None
        What was found.
    doubted : bool
        Whether marks are suspected that could not be told from the scene.
    """

    stack: Measured
    coarse: Coarse
    gains: Floats
    blemishes: Blemishes | None = None
    doubted: bool = False

    def full_size(self, size: tuple[int, int], scale: float, given: Marks | None) -> Marks | None:
        """Return all marks in the pixels of frames, and the hot ones; None if there are none.

        Parameters
        ----------
        size : tuple of int
            Width and height of the frames.
        scale : float
            Proxy pixels per frame pixel.
        given : Marks or None
            What is known of them beforehand.
        """
        back = {k: at_scale(self.coarse.matrices[k], scale) for k in self.coarse.kept}
        masks = [given.mask] if given else []
        if self.blemishes is not None and self.blemishes.marked is not None:
            found = cv2.resize(self.blemishes.marked, size, interpolation=cv2.INTER_NEAREST)
            masks.append(np.asarray(found, np.uint8))
        hot = hot_mask(self.stack.hot, size, back)
        if hot is not None:
            masks.append(hot)
        whole = np.bitwise_or.reduce(masks) if masks else None
        return Marks(whole) if whole is not None and whole.any() else None


def apart(one: Coarse, other: Coarse, size: tuple[int, int]) -> float:
    """How far apart two alignments of the same frames put their corners, root mean square.

    Parameters
    ----------
    one, other : Coarse
        The second may have another reference.
    size : tuple of int
        Width and height of the frames, whose pixels the result is in.

    Returns
    -------
    float
        Infinite if the second lacks a frame that the first has.
    """
    used = one.kept
    if not all(other.used[k] for k in used):
        return float("inf")
    corners = outline(*size)
    first, second = (
        np.stack([
            transform(np.linalg.inv(coarse.matrices[one.reference]) @ coarse.matrices[k], corners)
            for k in used
        ])
        for coarse in (one, other)
    )  # fmt: skip
    return float(np.sqrt(np.square(first - second).sum(2).mean()))
