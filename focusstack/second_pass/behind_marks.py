"""What marks fixed to the sensor hide of the canvas, frame by frame, and in all frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from cv2.typing import MatLike

from focusstack.fusion.levels.validity import AROUND, mend
from focusstack.geometry.coordinates import Rect, transform
from focusstack.numeric.arrays import Image, Mask
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

ALONG = 9
"""Points along a side of a mark's box that tell where it lies. Chosen: displacement is smooth."""


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
        mask, boxes = np.zeros_like(marks.mask), []
        for one, box in _outlined(marks.mask):
            if max(box.width, box.height) <= 2 * SMALL_PX:
                cv2.drawContours(mask, [one], 0, 1, cv2.FILLED)
                boxes.append(box)
        if not boxes:
            return None, marks
        mask &= marks.mask
        rest = Marks(np.asarray(marks.mask & ~mask, np.uint8))
        return cls(_scene_beside(mask), tuple(boxes)), rest if rest.mask.any() else None

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
        for near, hidden in _hidden_near(self.scene, self.boxes, frame, rect, 1):
            part = Planes(planes.values[:, *_within(near, rect)], planes.flat)
            mend(part, hidden)


def _hidden_near(
    scene: Image, boxes: Sequence[Rect], frame: FramePlan, rect: Rect, threads: int
) -> Iterator[tuple[Rect, Mask]]:
    """Yield for each box of a frame where it lies in a part of the canvas, and what it hides.

    Boxes that lie elsewhere are passed over. Little is moved where marks are few.
    """
    assert frame.matrix is not None
    for box in boxes:
        near = _on_canvas(box, frame, rect)
        if near is not None:
            seen = resample(scene, frame.matrix, near, field=frame.field, threads=threads)
            yield near, np.asarray(seen <= 0.5)


def _within(near: Rect, rect: Rect) -> tuple[slice, slice]:
    """Rows and columns of a part of the canvas that a smaller one takes."""
    x, y = near.x - rect.x, near.y - rect.y
    return slice(y, y + near.height), slice(x, x + near.width)


def _on_canvas(box: Rect, frame: FramePlan, rect: Rect) -> Rect | None:
    """Where a box of a frame lies in a part of the canvas, with what is around; None if nowhere."""
    assert frame.matrix is not None
    # Displacement may bend a box: not only its corners tell how far it reaches.
    x, y = np.linspace((box.x, box.y), (box.x + box.width, box.y + box.height), ALONG).T
    moved = transform(frame.matrix, np.stack(np.meshgrid(x, y), -1).reshape(-1, 2))
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
    shown: Mask | None
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
        everywhere: Mask | None = None
        for frame in plan.used():
            field = plan.displacement(frame, in_focus=in_focus)
            hidden = veil.hidden(replace(frame, field=field))
            if hidden is None:
                return veil
            everywhere = hidden if everywhere is None else everywhere & hidden
            if not everywhere.any():
                return veil
        assert everywhere is not None
        return replace(veil, shown=_wide(everywhere, CONTINUED * plan.canvas[0]))

    @cached_property
    def _boxes(self) -> tuple[Rect, ...]:
        assert self.marks is not None
        return tuple(box for _, box in _outlined(self.marks.mask))

    @cached_property
    def _scene(self) -> Image:
        """255 where every frame's own pixels show the scene, 0 at marks and beside them."""
        assert self.marks is not None
        return _scene_beside(self.marks.mask)

    def hidden(self, frame: FramePlan) -> Mask | None:
        """Return where marks that are not small hide the scene in a frame; None if nowhere.

        Elsewhere no marked pixel weighs.
        """
        if self.marks is None:
            return None
        found: Mask | None = None
        parts = _hidden_near(self._scene, self._boxes, frame, self.rect, self.threads)
        for near, hidden in parts:
            if found is None:
                found = np.zeros((self.rect.height, self.rect.width), bool)
            found[_within(near, self.rect)] |= hidden
        return found if found is not None and found.any() else None

    def laid_over(self, aligned: AlignedFrame, frame: FramePlan) -> AlignedFrame:
        """Return an aligned frame that is not trusted where it shows marks.

        Small ones are filled from around in its own memory: whoever looks at the frame alone, or
        stacks it elsewhere, has no other frame to see behind them.
        """
        if self.small is not None:
            self.small.mend(aligned.planes, frame, self.rect)
        hidden = self.hidden(frame)
        if hidden is None:
            return aligned
        if self.shown is not None and frame.file == self.reference:
            hidden &= ~self.shown
        mend(aligned.planes, hidden, MENDED * self.rect.width)
        trust = np.uint8(TRUSTED) if aligned.validity is None else aligned.validity
        validity: Validity = (~hidden).view(np.uint8) * trust
        return replace(aligned, validity=validity)


def _outlined(mask: Image) -> Iterator[tuple[MatLike, Rect]]:
    """Yield the outline of each part of a mask, and the box around it."""
    for one in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        yield one, Rect(*cv2.boundingRect(one))


def _scene_beside(mask: Image) -> Image:
    """255 where a frame's own pixels show the scene, 0 at marks and beside them."""
    # Taps next to the nearest weigh little, but a hot pixel is far brighter than all.
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return np.where(near > 0, np.uint8(0), np.uint8(255))


def _wide(hidden: Mask, half_width: float) -> Mask | None:
    """Those parts of a mask that are wider than twice `half_width`; None if there are none."""
    inner = cv2.distanceTransform(hidden.view(np.uint8), cv2.DIST_L2, 3)
    _, label = cv2.connectedComponents(hidden.view(np.uint8), connectivity=8)
    wide = np.unique(label[inner > half_width])
    return np.asarray(np.isin(label, wide)) if len(wide) else None
