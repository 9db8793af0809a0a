"""A fusion method of somebody's own: a function or a class that knows nothing of this package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from focusstack.errors import UsageError
from focusstack.fusion.base import Fused, Validity, pixels_of
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import Planes


class Streaming(Protocol):
    """A method that takes frames one by one and then gives the composite."""

    def add(self, frame: Float32) -> object:
        """Take an aligned frame, (H, W[, 3]) float32, sRGB-encoded; white is 1."""

    def result(self) -> Any:
        """Return the composite, of the frames' shape, or a `Fused`."""


FusionFunction: TypeAlias = Callable[[Sequence[Float32]], Any]
"""Takes all aligned frames in focus order, (H, W[, 3]) float32; returns the composite."""


class GivenFuser:
    """A function or class of somebody's own, as a fuser.

    Parameters
    ----------
    method : type or callable
        A class is made without arguments, and given frames by ``add`` and asked for ``result``; a
        function gets all frames at once, which are kept in memory until then.
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)``.

    Raises
    ------
    UsageError
        From `result`, if what comes back is no picture of that shape.
    """

    passes = 1

    def __init__(self, method: Any, shape: tuple[int, ...]) -> None:
        self._method, self._shape = method, shape
        self._streaming: Streaming | None = method() if isinstance(method, type) else None
        self._frames: list[Float32] = []

    def add(self, frame: Float32 | Planes, validity: Validity | None = None) -> None:  # noqa: ARG002
        """Take one frame; see :class:`focusstack.fusion.base.Fuser`."""
        pixels = np.array(pixels_of(frame), np.float32)
        if self._streaming is not None:
            self._streaming.add(pixels)
        else:
            self._frames.append(pixels)

    def end_pass(self) -> None:
        """All frames have been added."""

    def result(self) -> Fused:
        """Return the composite; of depth and source nothing is known unless the method tells."""
        frames, self._frames = self._frames, []
        found = self._streaming.result() if self._streaming is not None else self._method(frames)
        if isinstance(found, Fused):
            return found
        image = np.asarray(found)
        if image.shape != self._shape or image.dtype.kind not in "fiub":
            raise UsageError(
                f"the fusion method gave an array {image.shape} of {image.dtype}",
                f"It must give the composite, {self._shape} float32 with white at 1.",
            )
        unknown = np.zeros(self._shape[:2], np.float32)
        image = np.asarray(image, np.float32)
        return Fused(image, unknown, unknown.copy(), unknown.astype(np.uint16))
