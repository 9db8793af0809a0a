"""The models of retouch.json and of what the page sends: types, limits, nothing believed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr, TypeAdapter

from focusstack.geometry.coordinates import Rect
from focusstack.plan.limits import LONGEST_SIDE, Many, Size
from focusstack.retouch.strokes import (
    FRAME,
    LARGEST_BRUSH,
    MADE,
    SMALLEST_BRUSH,
    WIDEST_FEATHER,
    Point,
    Recipe,
    Stroke,
)

MOST_POINTS = 20_000
"""Points of a stroke: an hour of a pen that tells five a second, thinned out. Chosen, not
measured."""

MOST_STROKES = 100_000
"""Strokes of a picture: more than anybody paints. Chosen, not measured."""

LONGEST_NAME = 300
"""Characters of the name of a source: longer than file systems allow. Chosen, not measured."""


def _one_line(text: str) -> str:
    """Return a name; ValueError if it could speak for the program, as with line breaks in it.

    Names may hold bytes that are no text in UTF-8, of which patterns know nothing.
    """
    if not 0 < len(text) <= LONGEST_NAME or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise ValueError(
            "its name holds line breaks or control characters, or none at all: rename the file"
        )
    return text


def _source(text: str) -> str:
    kind = next((kind for kind in (FRAME, MADE) if text.startswith(kind)), None)
    if kind is None:
        raise ValueError(f"sources begin with {FRAME} or {MADE}")
    _one_line(text.removeprefix(kind))
    return text


Place = Annotated[float, Field(ge=-LONGEST_SIDE, le=LONGEST_SIDE, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Width = Annotated[float, Field(ge=0, le=WIDEST_FEATHER, allow_inf_nan=False)]
Diameter = Annotated[float, Field(ge=SMALLEST_BRUSH, le=LARGEST_BRUSH, allow_inf_nan=False)]
Source = Annotated[StrictStr, AfterValidator(_source)]
Name = Annotated[StrictStr, AfterValidator(_one_line)]
Points = Annotated[
    list[tuple[Place, Place, Share]], Field(min_length=1, max_length=MOST_POINTS, fail_fast=True)
]
Corners = Annotated[
    list[tuple[Place, Place, Share]], Field(min_length=3, max_length=MOST_POINTS, fail_fast=True)
]


class Part(BaseModel):
    """A part of retouch.json; what later versions add is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class CanvasPart(Part):
    """Size of the reference frame, pixels."""

    width: Size
    height: Size


class RectPart(Part):
    """A rectangle, pixels of the reference."""

    x: Annotated[StrictInt, Field(ge=-LONGEST_SIDE, le=LONGEST_SIDE)]
    y: Annotated[StrictInt, Field(ge=-LONGEST_SIDE, le=LONGEST_SIDE)]
    width: Size
    height: Size

    def rect(self) -> Rect:
        """Return it as the library has it."""
        return Rect(self.x, self.y, self.width, self.height)


class RecipePart(Part):
    """How a source is made."""

    name: Name
    method: Literal["auto", "pyramid", "weighted", "depth"]
    frames: Annotated[list[Name], Field(min_length=2), Many]
    smoothing: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None
    rect: RectPart | None = None

    def recipe(self) -> Recipe:
        """Return it as the library has it."""
        rect = None if self.rect is None else self.rect.rect()
        return Recipe(self.name, self.method, tuple(self.frames), self.smoothing, rect)


class _Brushed(Part):
    """What all that a brush does has in common."""

    points: Points
    size: Diameter
    hardness: Share = 0.5
    opacity: Share = 1.0

    def way(self) -> tuple[Point, ...]:
        return tuple(Point(*one) for one in self.points)


class PaintPart(_Brushed):
    """Painted from a source."""

    kind: Literal["paint"]
    source: Source

    def stroke(self) -> Stroke:
        """Return it as the library has it."""
        size, hard = self.size, self.hardness
        return Stroke("paint", self.way(), self.source, size, hard, self.opacity)


class ErasePart(_Brushed):
    """Back to the fused picture."""

    kind: Literal["erase"]

    def stroke(self) -> Stroke:
        """Return it as the library has it."""
        return Stroke("erase", self.way(), "", self.size, self.hardness, self.opacity)


class ClonePart(_Brushed):
    """Taken from beside, whole pixels away."""

    kind: Literal["clone"]
    offset: tuple[
        Annotated[StrictInt, Field(ge=-LONGEST_SIDE, le=LONGEST_SIDE)],
        Annotated[StrictInt, Field(ge=-LONGEST_SIDE, le=LONGEST_SIDE)],
    ]

    def stroke(self) -> Stroke:
        """Return it as the library has it."""
        offset = float(self.offset[0]), float(self.offset[1])
        return Stroke("clone", self.way(), "", self.size, self.hardness, self.opacity, offset)


class FillPart(Part):
    """An outline filled from a source."""

    kind: Literal["fill"]
    source: Source
    points: Corners
    opacity: Share = 1.0
    feather: Width = 0.0
    blend: Literal["feather", "gradient"] = "feather"

    def stroke(self) -> Stroke:
        """Return it as the library has it."""
        return Stroke(
            "fill",
            tuple(Point(*one) for one in self.points),
            self.source,
            opacity=self.opacity,
            feather=self.feather,
            blend=self.blend,
        )


StrokePart = Annotated[PaintPart | ErasePart | ClonePart | FillPart, Field(discriminator="kind")]
Strokes = Annotated[list[StrokePart], Field(max_length=MOST_STROKES, fail_fast=True)]


class RetouchRecord(Part):
    """The file as a whole."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    reference: Name
    canvas: CanvasPart
    strokes: Strokes = []
    undone: Strokes = []
    recipes: Annotated[list[RecipePart], Many] = []
    fine: Annotated[list[RectPart], Many] = []


_STROKE: TypeAdapter[PaintPart | ErasePart | ClonePart | FillPart] = TypeAdapter(StrokePart)


def stroke_of(data: object) -> Stroke:
    """Return the stroke that plain data tell of; ValueError if they tell of none."""
    return _STROKE.validate_python(data).stroke()
