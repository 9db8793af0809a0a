"""What marks fixed to the sensor hide of the canvas, frame by frame, and in all frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from focusstack.fusion.levels.validity import filled
from focusstack.geometry.coordinates import Rect, transform
from focusstack.numeric.arrays import Image
from focusstack.plan.marks import Marks
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.resample.planes import Planes
from focusstack.resample.warp import resample
from focusstack.second_pass.frame import AlignedFrame, Validity
from focusstack.second_pass.render import TRUSTED

CONTINUED = 0.012
"""Half width, as a share of the canvas's, of what is hidden in all frames up to which it is
continued from around: a speck. Wider than that are captions, which the reference frame shows.
Chosen, not measured."""

SMALL_PX = 8.0
"""Half width, pixels of a frame, of a mark up to which it is only filled from around, and then
counts like everything else: what fills a hot pixel has no detail that would be preferred to that of
a frame that shows what is behind. Chosen, not measured: a hot pixel with what the camera's own
filters and JPEG make of it, and with what is given up around it, comes to seven."""

MENDED = 0.025
"""Half width, as a share of the canvas's, of a mark up to which an aligned frame is filled from
around: specks that touch come to that. Chosen, not measured: wider than that are captions."""

AROUND = 16
"""Pixels around a mark that what fills it is continued from. Chosen, not measured."""


@dataclass(frozen=True)
class Small:
    """Marks so small that they are only filled, such as hot pixels.

    Attributes
    ----------
    scene : (H, W) uint8 ndarray
        255 where a frame shows the scene, 0 at them and beside them.
    boxes : tuple of Rect
        Around each, in the frames' pixels.
    """

    scene: Image
    boxes: tuple[Rect, ...]

    @classmethod
    def of(cls, marks: Marks) -> tuple[Small | None, Marks | None]:
        """Part marks into small ones and others."""
        _, label, stats, _ = cv2.connectedComponentsWithStats(marks.mask)
        narrow = np.minimum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
        is_small = narrow <= 2 * SMALL_PX
        is_small[0] = False
        boxes = tuple(Rect(*(int(v) for v in row[:4])) for row in stats[is_small])
        if not boxes:
            return None, marks
        mask = is_small[label].view(np.uint8)
        rest = Marks(np.asarray(marks.mask & ~mask, np.uint8))
        return cls(_scene_beside(mask), boxes), rest if rest.mask.any() else None

    def mend(self, planes: Planes, frame: FramePlan, rect: Rect) -> None:
        """Fill them in an aligned frame, in place.

        Parameters
        ----------
        planes : Planes
            The frame, in a part of the canvas.
        frame : FramePlan
            Where it lies.
        rect : Rect
            The part.
        """
        assert frame.matrix is not None
        for box in self.boxes:
            near = _on_canvas(box, frame, rect)
            if near is None:
                continue
            seen = resample(self.scene, frame.matrix, near, field=frame.field)
            rows = slice(near.y - rect.y, near.y - rect.y + near.height)
            columns = slice(near.x - rect.x, near.x - rect.x + near.width)
            part = Planes(planes.values[:, rows, columns], planes.flat)
            mend(part, seen <= 0.5, float(max(near.width, near.height)))


def _on_canvas(box: Rect, frame: FramePlan, rect: Rect) -> Rect | None:
    """Where a box of a frame lies in a part of the canvas, with what is around; None if nowhere."""
    assert frame.matrix is not None
    corners = np.array(
        [(x, y) for x in (box.x, box.x + box.width) for y in (box.y, box.y + box.height)], float
    )
    moved = transform(frame.matrix, corners)
    if frame.field is not None:
        moved = moved - frame.field.at(moved)
    low = np.maximum(np.floor(moved.min(0)) - AROUND, (rect.x, rect.y)).astype(int)
    end = (rect.x + rect.width, rect.y + rect.height)
    high = np.minimum(np.ceil(moved.max(0)) + AROUND, end).astype(int)
    if (high <= low).any():
        return None
    return Rect(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


@dataclass(frozen=True)
class Veil:
    """Where frames show marks instead of the scene.

    Attributes
    ----------
    marks : Marks or None
        In the frames' pixels: those that are not small.
    small : Small or None
        Those that are.
    rect : Rect
        The part of the canvas that frames fill.
    shown : (H, W) bool ndarray or None
        Where the reference frame shows its marks, which no frame shows the scene behind.
    reference : str
        File name of the reference frame.
    threads : int
        How many share the work.
    """

    marks: Marks | None
    small: Small | None
    rect: Rect
    shown: Image | None
    reference: str
    threads: int

    @classmethod
    def over(cls, plan: StackPlan, marks: Marks, threads: int, *, in_focus: bool) -> Veil:
        """Find what is hidden in all frames of a plan.

        Parameters
        ----------
        plan : StackPlan
            Where the frames lie.
        marks : Marks
            Of all frames.
        threads : int
            How many share the work.
        in_focus : bool
            How frames are placed that are fused, see :meth:`StackPlan.displacement`.
        """
        small, wide = Small.of(marks)
        veil = cls(wide, small, plan.crop, None, plan.reference, threads)
        if wide is None:
            return veil
        hidden = np.ones((plan.crop.height, plan.crop.width), bool)
        for frame in plan.used():
            field = plan.displacement(frame, in_focus=in_focus)
            hidden &= ~veil.clear(replace(frame, field=field))
            if not hidden.any():
                return veil
        return replace(veil, shown=_wide(hidden, CONTINUED * plan.canvas[0]))

    @cached_property
    def _scene(self) -> Image:
        """255 where every frame's own pixels show the scene, 0 at marks and beside them."""
        assert self.marks is not None
        return _scene_beside(self.marks.mask)

    def clear(self, frame: FramePlan) -> Image:
        """Return where a frame shows the scene: no marked pixel weighs there."""
        assert frame.matrix is not None
        moved = resample(
            self._scene, frame.matrix, self.rect, field=frame.field, threads=self.threads
        )
        return np.asarray(moved > 0.5)

    def laid_over(self, aligned: AlignedFrame, frame: FramePlan) -> AlignedFrame:
        """Return an aligned frame that is not trusted where it shows marks.

        Small ones are filled from around in its own memory: whoever looks at the frame alone, or
        stacks it elsewhere, has no other frame to see behind them.
        """
        if self.small is not None:
            self.small.mend(aligned.planes, frame, self.rect)
        if self.marks is None:
            return aligned
        clear = self.clear(frame)
        if self.shown is not None and frame.file == self.reference:
            clear |= self.shown
        mend(aligned.planes, ~clear, MENDED * self.rect.width)
        trust = np.uint8(TRUSTED) if aligned.validity is None else aligned.validity
        validity: Validity = clear.view(np.uint8) * trust
        return replace(aligned, validity=validity)


def _scene_beside(mask: Image) -> Image:
    """255 where a frame's own pixels show the scene, 0 at marks and beside them."""
    # Taps next to the nearest weigh little, but a hot pixel is far brighter than all.
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return np.where(near > 0, np.uint8(0), np.uint8(255))


def mend(planes: Planes, hidden: Image, half_width: float) -> None:
    """Fill what is hidden of a picture by a smooth continuation of its surroundings, in place.

    Parameters
    ----------
    planes : Planes
        Is written to.
    hidden : (H, W) bool ndarray
        Where it shows nothing of the scene.
    half_width : float
        Pixels: wider areas stay as they are.

    Examples
    --------
    >>> planes, hot = Planes.of(np.full((40, 60), 0.5, np.float32)), np.zeros((40, 60), bool)
    >>> planes.values[0, 20, 30], hot[19:22, 29:32] = 1.0, True
    >>> mend(planes, hot, 5.0)
    >>> float(planes.values.max())
    0.5
    """
    count, label, stats, _ = cv2.connectedComponentsWithStats(hidden.view(np.uint8))
    for number, (x, y, width, height, _) in enumerate(stats[1:count], start=1):
        rows = slice(max(0, y - AROUND), y + height + AROUND)
        columns = slice(max(0, x - AROUND), x + width + AROUND)
        own = label[rows, columns] == number
        if cv2.distanceTransform(own.view(np.uint8), cv2.DIST_L2, 3).max() > half_width:
            continue
        known = np.where(hidden[rows, columns], np.float32(0), np.float32(1))
        part = planes.values[:, rows, columns]
        for plane in part:
            whole = filled(plane.astype(np.float32), known)
            plane[own] = np.rint(whole[own]) if part.dtype == np.int16 else whole[own]


def _wide(hidden: Image, half_width: float) -> Image | None:
    """Those parts of a mask that are wider than twice `half_width`; None if there are none."""
    inner = cv2.distanceTransform(hidden.view(np.uint8), cv2.DIST_L2, 3)
    _, label = cv2.connectedComponents(hidden.view(np.uint8), connectivity=8)
    wide = np.unique(label[inner > half_width])
    return np.asarray(np.isin(label, wide)) if len(wide) else None
