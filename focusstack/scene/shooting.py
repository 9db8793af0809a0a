"""How a stack is shot: everything about a rendered set but what stands before the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from focusstack.errors import UsageError


class ShootingKeywords(TypedDict, total=False):
    """What :class:`Shooting` takes, as keywords of a function (PEP 692)."""

    width: int
    height: int
    frames: int
    breathing: float
    shake: float
    ev: float
    wb: float
    noise: float
    blur: float
    parallax: float
    seed: int
    bits: int
    reference: int | None


@dataclass(frozen=True, kw_only=True)
class Shooting:
    """How a stack is shot.

    Attributes
    ----------
    width, height : int
        Size of a frame in pixels.
    frames : int
        Number of frames, focused from near to far at even steps of inverse depth.
    breathing : float
        Change of magnification from the farthest to the nearest focus.
    shake : float
        Standard deviation of the camera's rotation about each axis, radians.
    ev : float
        Largest change of exposure, stops.
    wb : float
        Largest relative change of a channel's exposure.
    noise : float
        Standard deviation of linear light at white; less in the shadows by shot-noise statistics.
    blur : float
        Radius in pixels of the disc of a point in the nearest depth at farthest focus.
    parallax : float
        Largest sideways shift in pixels between nearest and farthest depth. Matrices then hold at
        inverse depth 0.5.
    seed : int
        The same seed gives the same bytes.
    bits : int
        8 or 16 per channel.
    reference : int, optional
        Index of the reference frame; the middle one if not given.

    Raises
    ------
    UsageError
        For impossible sizes.
    """

    width: int = 480
    height: int = 360
    frames: int = 6
    breathing: float = 0.04
    shake: float = 0.003
    ev: float = 0.2
    wb: float = 0.02
    noise: float = 0.004
    blur: float = 6.0
    parallax: float = 0.0
    seed: int = 0
    bits: int = 8
    reference: int | None = None

    def __post_init__(self) -> None:
        if self.bits not in (8, 16):
            raise UsageError(f"{self.bits} bits per channel cannot be rendered", "Choose 8 or 16.")
        if self.frames < 1 or min(self.size) < 16:
            raise UsageError(
                f"a stack of {self.frames} frames of {self.width} x {self.height} pixels cannot "
                "be rendered",
                "Ask for at least one frame of 16 x 16 pixels.",
            )
        if not 0 <= self.reference_index < self.frames:
            raise UsageError(
                f"frame {self.reference} cannot be the reference of {self.frames} frames",
                f"Choose 0 to {self.frames - 1}.",
            )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame in pixels."""
        return self.width, self.height

    @property
    def reference_index(self) -> int:
        """Index of the reference frame."""
        return self.frames // 2 if self.reference is None else self.reference

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the pixels."""
        return np.dtype(np.uint8 if self.bits == 8 else np.uint16)
