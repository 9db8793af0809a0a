"""What is painted: strokes, with their sources, in pixels of the reference frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from focusstack.geometry.coordinates import Rect, transform, zoom_and_rotation
from focusstack.numeric.arrays import Floats, Matrix, Points

Kind: TypeAlias = Literal["paint", "erase", "clone", "fill"]
"""Paint from a source; erase back to the fused picture; clone from beside; fill an outline."""

Blend: TypeAlias = Literal["feather", "gradient"]
"""How an outline is filled: with a soft edge, or so that no edge shows (gradient domain)."""

FRAME, MADE = "frame:", "made:"
"""What the name of a source begins with: an aligned frame, or a composite made by a recipe."""

SMALLEST_BRUSH, LARGEST_BRUSH = 1.0, 20_000.0
"""Pixels of the diameter of a brush: one pixel, and any picture in one dab. Chosen, not
measured."""

WIDEST_FEATHER = 2000.0
"""Pixels of the soft edge of an outline: ten times what the page offers. What is wider takes memory
for as much around the picture. Chosen, not measured."""


class Point(NamedTuple):
    """Where a pen or mouse was, pixels of the reference, and how hard it pressed, 0..1."""

    x: float
    y: float
    pressure: float = 1.0


@dataclass(frozen=True)
class Stroke:
    """One thing done to the picture.

    Attributes
    ----------
    kind : str
        See `Kind`.
    points : tuple of Point
        The way of the brush, or the corners of an outline that is filled.
    source : str
        Where pixels come from: `FRAME` or `MADE` and a name; empty where it needs none.
    size : float
        Diameter of the brush, pixels.
    hardness : float
        Share of the radius within which the brush covers fully, 0..1.
    opacity : float
        How much it covers at most, 0..1.
    offset : tuple of float
        Of what is cloned: from where it is taken, less where it goes, whole pixels.
    feather : float
        Width of the soft edge of an outline, pixels.
    blend : str
        See `Blend`.

    Examples
    --------
    >>> Stroke("paint", (Point(10, 20),), "frame:IMG_1.jpg", size=40).source
    'frame:IMG_1.jpg'
    """

    kind: Kind
    points: tuple[Point, ...]
    source: str = ""
    size: float = 1.0
    hardness: float = 0.5
    opacity: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    feather: float = 0.0
    blend: Blend = "feather"

    def moved(self, H: Matrix, canvas: tuple[int, int]) -> Stroke:
        """Return this stroke on another reference frame; it stays one that can be kept.

        Parameters
        ----------
        H : (3, 3) ndarray
            From the pixels it was painted in to those of the other frame.
        canvas : tuple of int
            Width and height of the frames.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            zoom, _ = zoom_and_rotation(H, *canvas)
            places = _near(transform(H, _array(self.points)))
        zoom = zoom if np.isfinite(zoom) else 1.0
        points = tuple(
            Point(float(u), float(v), p.pressure)
            for (u, v), p in zip(places, self.points, strict=True)
        )
        x, y = _near(np.round(np.array(self.offset) * zoom))
        return replace(
            self,
            points=points,
            size=float(min(max(self.size * zoom, SMALLEST_BRUSH), LARGEST_BRUSH)),
            feather=float(min(self.feather * zoom, WIDEST_FEATHER)),
            offset=(float(x), float(y)),
        )


def _near(places: Floats) -> Floats:
    """Return places no farther than may be told; what has none is far outside."""
    from focusstack.plan.limits import LONGEST_SIDE as FAR

    return np.clip(np.nan_to_num(places, nan=FAR, posinf=FAR, neginf=-FAR), -FAR, FAR)


def _array(points: tuple[Point, ...]) -> Points:
    return np.array([(p.x, p.y) for p in points], float)


@dataclass(frozen=True)
class Recipe:
    """How a composite is made that serves as a source: anew wherever it is wanted.

    Attributes
    ----------
    name : str
        By which strokes call it.
    method : str
        Of fusion.
    frames : tuple of str
        File names of the frames that are fused; two at least.
    smoothing : float or None
        As in `FusionOptions`.
    rect : Rect or None
        The part of the reference frame that is fused; all that is common if None.
    """

    name: str
    method: str
    frames: tuple[str, ...]
    smoothing: float | None = None
    rect: Rect | None = None


@dataclass(frozen=True)
class Retouch:
    """All that was done to a composite, in its order.

    Attributes
    ----------
    reference : str
        File name of the frame in whose pixels strokes are told.
    canvas : tuple of int
        Its width and height.
    strokes : tuple of Stroke
        What is done, in this order.
    undone : tuple of Stroke
        What was taken back; the last one comes back first.
    recipes : tuple of Recipe
        Of the sources that are made.
    fine : tuple of Rect
        Places that somebody has looked at and found to be fine, pixels of the reference.
    """

    reference: str
    canvas: tuple[int, int]
    strokes: tuple[Stroke, ...] = ()
    undone: tuple[Stroke, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    fine: tuple[Rect, ...] = field(default=())

    def with_stroke(self, stroke: Stroke) -> Retouch:
        """Return these with one more; what was taken back is then gone."""
        return replace(self, strokes=(*self.strokes, stroke), undone=())

    def without_last(self) -> Retouch:
        """Return these with the last stroke taken back; unchanged if there is none."""
        if not self.strokes:
            return self
        return replace(self, strokes=self.strokes[:-1], undone=(*self.undone, self.strokes[-1]))

    def with_last_again(self) -> Retouch:
        """Return these with the stroke that was taken back last; unchanged if there is none."""
        if not self.undone:
            return self
        return replace(self, strokes=(*self.strokes, self.undone[-1]), undone=self.undone[:-1])
