"""A stack without its marks, as everything after sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from focusstack.first_pass.marks.outline import without
from focusstack.first_pass.measure import Measured
from focusstack.frames.proxies.proxy import BLOCK, Proxy, Statistics
from focusstack.numeric.arrays import Float32, Image
from focusstack.runtime.spool import Apart, Arrays


@dataclass(frozen=True)
class Blemishes:
    """What is fixed to the sensor, in proxy pixels.

    Attributes
    ----------
    marked : (h, w) uint8 ndarray or None
        1 where marks are.
    columns, rows : (w,), (h,) float32 ndarray or None
        Factors that columns and rows have on light.
    """

    marked: Image | None = None
    columns: Float32 | None = None
    rows: Float32 | None = None

    def taken_from(self, luma: Float32) -> Float32:
        """Linear luma without them."""
        if self.columns is not None:
            luma = luma / self.columns
        if self.rows is not None:
            luma = luma / self.rows[:, None]
        return luma if self.marked is None else without(luma, self.marked)


def reduced_mask(mask: Image, size: tuple[int, int]) -> Image:
    """Mask ``(h, w)``, for proxies of a `size`, of what a mask of full size holds."""
    share = cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0).astype(np.uint8)


def cleaned(stack: Measured, blemishes: Blemishes, name: str) -> Measured:
    """Return a stack whose proxies and block means show no blemishes.

    Parameters
    ----------
    stack : Measured
        As it was read.
    blemishes : Blemishes
        What to take out.
    name : str
        Under which what is made of it is kept.
    """
    kept = Apart(stack.kept, name)

    def load(index: int) -> Proxy:
        proxy = stack.load(index)

        def make() -> Arrays:
            return (blemishes.taken_from(proxy.luma).astype(np.float16),)

        (half,) = kept.kept(("luma", index), make)
        return Proxy(half.astype(np.float32), proxy.clipped)

    statistics = [
        _evened(s, stack.load(k).luma, load(k).luma) for k, s in enumerate(stack.statistics)
    ]
    masks = [mask for mask in (stack.marked, blemishes.marked) if mask is not None]
    marked = np.bitwise_or.reduce(masks) if masks else None
    return replace(stack, load=load, kept=kept, statistics=statistics, marked=marked)


def _evened(statistics: Statistics, before: Float32, after: Float32) -> Statistics:
    """Statistics whose blocks are as bright as without blemishes, which have no colour."""
    rows, columns = statistics.blocks.shape[:2]
    whole = slice(0, max(rows * BLOCK, 1)), slice(0, max(columns * BLOCK, 1))
    means = [
        cv2.resize(np.ascontiguousarray(p[whole]), (columns, rows), interpolation=cv2.INTER_AREA)
        for p in (before, after)
    ]
    factor = (means[1] + np.float32(1e-6)) / (means[0] + np.float32(1e-6))
    return replace(statistics, blocks=statistics.blocks * factor[..., None])
