"""A stack without its marks, as everything after sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from focusstack.alignment.tiles.poses import Origin
from focusstack.first_pass.marks.outline import Part, continued, surroundings
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

    @cached_property
    def parts(self) -> Sequence[Part]:
        """Rows and columns of proxies outside which nothing is changed."""
        if self.columns is not None or self.rows is not None or self.marked is None:
            return [(slice(None), slice(None))]
        return surroundings(self.marked)

    @property
    def are_few(self) -> bool:
        """Whether most of a proxy stays as it is."""
        if self.marked is None or self.columns is not None or self.rows is not None:
            return False
        area = sum((r.stop - r.start) * (c.stop - c.start) for r, c in self.parts)
        return bool(2 * area < self.marked.size)

    def taken_from(self, luma: Float32, part: Part) -> Float32:
        """Linear luma of a part without them."""
        luma = luma[part]
        if self.columns is not None:
            luma = luma / self.columns[part[1]]
        if self.rows is not None:
            luma = luma / self.rows[part[0], None]
        return luma if self.marked is None else continued(luma, self.marked[part])


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
            return tuple(
                blemishes.taken_from(proxy.luma, part).astype(np.float16)
                for part in blemishes.parts
            )

        luma = proxy.luma.copy()
        for part, new in zip(blemishes.parts, kept.kept(("parts", index), make), strict=True):
            luma[part] = new
        return Proxy(luma, proxy.clipped)

    statistics = [
        _evened(s, stack.load(k).luma, load(k).luma) for k, s in enumerate(stack.statistics)
    ]
    masks = [mask for mask in (stack.marked, blemishes.marked) if mask is not None]
    marked = np.bitwise_or.reduce(masks) if masks else None
    origin = None
    if blemishes.are_few and stack.marked is None:
        origin = Origin(stack.load, stack.kept, None, blemishes.parts)
    return replace(stack, load=load, kept=kept, statistics=statistics, marked=marked, origin=origin)


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
