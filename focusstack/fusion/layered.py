"""A fuser that goes over another's composite near steps in depth and explains the frames there.

The first passes are the other's. From its depth, squares are chosen in which near stands before
far; further passes collect what frames show in them, as many squares at a time as memory is set
aside for. Each is fitted by itself; what is proven is blended in, and all else stays as it is to
the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.base import Edges, Fused, Fuser, Validity, planes_of
from focusstack.fusion.layers.blending import Proven, blend, largest_changes, outside_share
from focusstack.fusion.layers.blur_step import BlurFound, find_blur
from focusstack.fusion.layers.borne_out import Finding, find
from focusstack.fusion.layers.near_steps import (
    PLAIN_SIDE,
    SURE,
    Place,
    out_of_focus,
    plain_squares,
    squares_with_steps,
    steps_in_depth,
    worth_the_time,
)
from focusstack.fusion.layers.nearer import nearer_end
from focusstack.fusion.layers.squares import Square, at_once, plain_tile
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import Planes
from focusstack.runtime.scratch import Room
from focusstack.runtime.threads import own_threads

A = TypeVar("A")
B = TypeVar("B")

BYTES = 24
"""To the pixel of the composite, that squares collected in one pass take."""

VOTES = 64
"""Squares that are asked which end is near: those with most steps in depth."""


class LayeredFuser:
    """Another fuser, and layers near its steps in depth.

    Memory: besides the other's composite, `BYTES` to the pixel and 80 MB for each thread.

    Parameters
    ----------
    inner : Fuser
        Has seen nothing yet.
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)``.
    frames : int
        How many come in each pass.
    threads : int
        How many share the work; the result does not depend on it.
    room : Room
        Where what is as large as a frame lies.
    """

    def __init__(
        self, inner: Fuser, shape: tuple[int, ...], frames: int, threads: int, room: Room
    ) -> None:
        self.passes = inner.passes
        self._inner: Fuser | None = inner
        self._shape, self._frames, self._threads, self._room = shape, frames, threads, room
        self._channels = shape[2] if len(shape) == 3 else 1
        self._number, self._ended = 0, 0
        self._plain: list[Square] = []
        self._squares: list[Square] = []
        self._waiting: list[Place] = []
        self._found: list[Proven] = []
        self._blur: BlurFound | None = None
        self._near = 0

    def add(self, frame: Float32 | Planes, validity: Validity | None = None) -> None:
        """Take one frame; see :class:`focusstack.fusion.base.Fuser`."""
        if self._inner is not None:
            self._inner.add(frame, validity)
            return
        planes = planes_of(frame)
        for square in [*self._plain, *self._squares]:
            square.take(self._number, planes, validity)
        self._room.tidy()
        self._number += 1

    def end_pass(self) -> None:
        """All frames have been added: ask for another pass as long as squares wait."""
        self._number, self._ended = 0, self._ended + 1
        if self._inner is not None:
            self._inner.end_pass()
            if self._ended < self._inner.passes:
                return
            self._choose(self._inner.result())
        else:
            with own_threads():
                self._explain()
            self._squares = []
            self._room.vacated()
        if self._waiting:
            self._collect()

    def result(self) -> Fused:
        """Return the composite; see :class:`focusstack.fusion.base.Fuser`."""
        fused, blur = self._fused, self._blur
        changes = largest_changes(fused.image, self._found)
        adopted = blend(fused.image, self._found)
        return replace(
            fused,
            edges=Edges(
                step_px=None if blur is None else blur.blur.step,
                softness=None if blur is None else blur.blur.softness,
                near=self._near,
                squares=self._chosen,
                left=self._left,
                adopted=adopted,
                outside=outside_share(self._found, adopted),
                changes=changes,
            ),
        )

    def _choose(self, fused: Fused) -> None:
        """Choose squares by the depth that the other fuser has found."""
        self._inner, self._fused = None, fused
        self._room.vacated()
        sure = fused.confidence > SURE
        step = steps_in_depth(fused.depth, sure, self._frames)
        squares = squares_with_steps(step, fused.depth, self._frames, fused.image)
        self._waiting = squares[: worth_the_time(step.size, self._frames)]
        self._chosen, self._left = len(self._waiting), len(squares) - len(self._waiting)
        if not self._waiting:
            return
        for x, y in plain_squares(step, sure, fused.image):
            middle = float(np.median(fused.depth[y : y + PLAIN_SIDE, x : x + PLAIN_SIDE]))
            which = out_of_focus(middle, self._frames)
            place = Place(x, y, PLAIN_SIDE, which)
            self._plain.append(Square(place, self._channels, self._room))

    def _collect(self) -> None:
        """Make room for squares that wait, and ask to see the frames again."""
        pixels = self._shape[0] * self._shape[1]
        most = at_once(self._waiting, self._channels, pixels, BYTES)
        batch, self._waiting = self._waiting[:most], self._waiting[most:]
        self._squares = [Square(place, self._channels, self._room) for place in batch]
        self.passes += 1

    def _explain(self) -> None:
        """Fit the squares that were collected; first learn what the lens does."""
        if self._plain:
            self._learn()
        if self._blur is None or not self._near:
            self._waiting = []
            return
        blur, noise, near = self._blur.blur, self._blur.noise, self._near

        def explained(square: Square) -> Finding | None:
            return find(square.tile(*self._today, noise), near, blur)

        findings = self._each(explained, self._squares)
        for square, finding in zip(self._squares, findings, strict=True):
            if finding is not None and self._moved is not None:
                # One frame was chosen there, as something moved: layers stand still.
                finding.adopted[self._moved[square.place.here] > 0] = 0
            self._found.append(Proven(square.place, finding))

    def _learn(self) -> None:
        """Find the blur to the focus step, and which end is near."""
        plain, self._plain = self._plain, []
        self._blur = find_blur([plain_tile(square, *self._today) for square in plain])
        if self._blur is None:
            return
        noise = self._blur.noise
        asked = (square.tile(*self._today, noise) for square in self._squares[:VOTES])
        self._near = nearer_end(asked, self._blur.blur)

    @property
    def _today(self) -> tuple[Float32, Float32, Float32]:
        return self._fused.image, self._fused.depth, self._fused.confidence

    def _each(self, action: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Do something to every item, several at once; what comes back is in order."""
        if self._threads < 2:
            return [action(item) for item in items]
        with ThreadPoolExecutor(self._threads, thread_name_prefix="layers") as pool:
            return list(pool.map(action, items))

    @cached_property
    def _moved(self) -> NDArray[np.uint8] | None:
        """Where something moved ``(H, W)``, and just beside; None if nothing did."""
        moved = self._fused.moved
        if moved is None or not moved.any():
            return None
        wide = cv2.dilate(moved.view(np.uint8), np.ones((3, 3), np.uint8))
        whole = cv2.resize(wide, self._shape[1::-1], interpolation=cv2.INTER_NEAREST)
        return np.asarray(whole, np.uint8)
