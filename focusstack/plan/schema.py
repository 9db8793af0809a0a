"""The models of report.json: what stands in it, of which type, within which limits.

Nothing in a file is believed: every number is finite, text is text, and what cannot be rendered is
refused with its place. Entries that later versions add are passed over.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from focusstack.exposure.shading import STRONGEST, STRONGEST_EXPONENT
from focusstack.plan.bitmaps import DepthRecord, MarksRecord
from focusstack.plan.limits import (
    Bend,
    Cells,
    Count,
    First,
    Gain,
    Many,
    Matrix3,
    Nodes,
    Number,
    Size,
    Stops,
    Texts,
)  # fmt: skip
from focusstack.plan.steps_in_depth import StepsRecord
from focusstack.plan.verdict import Cause, Grade

SCHEMA = 1
"""Number of the format; another one is not read."""


class Record(BaseModel):
    """A part of report.json."""

    # What checks is built when a file is first read: a run that only writes does not wait for it.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class CanvasRecord(Record):
    """Size of the reference frame, pixels."""

    width: Size
    height: Size


class CropRecord(Record):
    """The area that all used frames show, pixels of the reference frame."""

    x: Count
    y: Count
    width: Size
    height: Size


class ZoneRecord(Record):
    """Disagreement of the tiles of a zone of the picture, full-size pixels."""

    median: Number
    p95: Number


class ResidualRecord(Record):
    """Disagreement of tiles that were held out of the fit, full-size pixels."""

    median: Number
    p95: Number
    edge_p95: Number
    """Of the tiles in the outer 15 % of the picture."""
    tiles: Count = 0
    """How many were measured."""
    zones: Annotated[dict[str, ZoneRecord], Many] = {}
    """By name: corner, edge, centre."""


class VerdictRecord(Record):
    """What to make of a frame or a stack."""

    grade: Grade
    words: StrictStr
    """Why."""
    remedy: StrictStr = ""
    """What to do about it."""
    causes: Annotated[list[Cause], First] = []
    """What speaks against it."""


class ShadingRecord(Record):
    """How a frame's light falls off otherwise than the reference's."""

    # Light that falls off in a way this version does not know cannot be evened.
    model_config = ConfigDict(extra="forbid")

    square: Number = 0.0
    fourth: Number = 0.0
    across: Number = 0.0
    down: Number = 0.0

    @model_validator(mode="after")
    def _leaves_light(self) -> ShadingRecord:
        terms = (self.square, self.fourth, self.across, self.down)
        if sum(map(abs, terms)) > STRONGEST:
            raise ValueError("a shading this strong leaves no light")
        return self


class ViewRecord(Record):
    """From where a frame was taken, where parallax was found."""

    travel: tuple[Number, Number, Number]
    """Displacement in pixels for one unit of depth: x, y, and towards the centre at a corner."""
    focus: Number
    """Relative inverse depth of the plane of focus."""


class FrameRecord(Record):
    """What happens to a frame, and what is known of it."""

    file: StrictStr
    used: StrictBool
    """Whether it is part of the result."""
    reason: StrictStr | None = Field()
    """Why not."""
    matrix: Matrix3 | None = Field()
    """Frame pixel to reference pixel, pixel centres at integers; null for a frame not used."""
    bend: Bend = (0.0, 0.0)
    """Radial distortion of the lens."""
    gain: Gain
    """Factors on linear light that match the reference, one a channel."""
    exponent: Annotated[Number, Field(ge=1 / STRONGEST_EXPONENT, le=STRONGEST_EXPONENT)] = 1.0
    """Of linear light, before the gain."""
    shading: ShadingRecord | None = None
    residual_px: ResidualRecord | None = None
    error_px: Number | None = None
    """Estimated error of its positions, root mean square, full-size pixels."""
    guessed_px: Number = 0.0
    """What of it lies where nothing is ever sharp."""
    least_determinant: Number | None = None
    """Of the Jacobian of its displacement: 1 keeps area, 0 and less folds the picture."""
    verdict: VerdictRecord | None = None
    exposure_ev: Stops
    """How much brighter than the reference it was exposed, stops."""
    recorded_ev: Number | None = None
    """What EXIF says of that."""
    sharpness: Number
    """Share of the sharpest frame's fine detail."""
    clipped: Number = 0.0
    """Share of pixels at full code."""
    zoom_percent: Number = 0.0
    rotation_deg: Number = 0.0
    shift_px: Number = 0.0
    """Movement of the centre."""
    area_cost: Number = 0.0
    """Share of the common area that this frame alone takes away."""
    local_px: Nodes | None = None
    """Rows of local displacement [dx, dy] at nodes that divide the canvas evenly."""
    view: ViewRecord | None = None

    @model_validator(mode="after")
    def _can_be_rendered(self) -> FrameRecord:
        if self.used and self.matrix is None:
            raise ValueError("a used frame has no matrix")
        return self


class TrialRecord(Record):
    """What came of correcting light by more than a gain."""

    terms: StrictStr
    before_ev: Number
    after_ev: Number
    gaining: Number
    spread: Number
    earned: StrictBool


class LightRecord(Record):
    """What frames needed besides gains."""

    terms: StrictStr
    left_by_all: Number | None = None
    trials: Annotated[list[TrialRecord], First, Many] = []


class PairRecord(Record):
    """How far a pair of frames, asked alone, disagrees with the whole stack."""

    frames: tuple[StrictStr, StrictStr]
    tiles: Count
    closure_px: Number


class SpotRecord(CropRecord):
    """Where something moved between frames, pixels of the composite."""

    frame: StrictInt | None = None
    """Number, in focus order from 0, of the frame that shows most of it."""


class EdgesRecord(StepsRecord):
    """Near steps in depth, and the larger places that were changed."""

    acted: Annotated[list[CropRecord], First] = Field(default_factory=list)


class FusionRecord(Record):
    """What fusion has found; told, and not needed again."""

    model_config = ConfigDict(extra="allow")

    method: StrictStr = ""
    maps: Texts = []
    """Files beside the composite."""
    moved_share: Number | None = None
    """Part of the picture in which something moved; null if that was not looked for."""
    moved: Annotated[list[SpotRecord], First] | None = None
    """The larger spots in which something moved."""
    edges: EdgesRecord | None = None


class Report(Record):
    """The plan of a stack and what is known of it: report.json."""

    schema_: Literal[1] = Field(alias="schema")
    """Number of the format."""
    focusstack: StrictStr = ""
    """Version that wrote it."""
    reference: StrictStr
    """The frame that does not move."""
    canvas: CanvasRecord
    crop: CropRecord
    frames: Annotated[list[FrameRecord], First, Many]
    """In input order."""
    focus_order: Texts = []
    """The used frames; as they are listed if not given."""
    model: StrictStr = "given"
    """The motion model that the stack needed."""
    model_residual_px: Annotated[dict[str, Number], Many] = {}
    """Held-out residual of each model tried, full-size pixels."""
    residual_px: ResidualRecord | None = None
    error_px: Number | None = None
    """Estimated error of all positions, root mean square, full-size pixels."""
    least_determinant: Number | None = None
    """Least of all frames' displacements."""
    verdict: VerdictRecord | None = None
    local_median_px: tuple[Number, Number] | None = None
    """Held-out residual without and with local displacement."""
    fusion: FusionRecord | None = None
    """What it has found; null before it."""
    scene_depth: DepthRecord | None = None
    """Where it is too steep to be followed, frames get it less steep."""
    quick: StrictBool = False
    """Whether it comes from a quick look."""
    light: LightRecord | None = None
    common_ev: Stops = 0.0
    """The exposure that all frames get, stops against the reference's own."""
    clipped_everywhere: Number = 0.0
    """Share of the picture that is clipped in every frame."""
    residual_map_px: Cells | None = None
    """Median residual in the cells of a grid over the canvas, full-size pixels."""
    marks: MarksRecord | None = None
    """What is fixed to the sensor; null where nothing was found."""
    warnings: Texts = []
    pairs: Annotated[list[PairRecord], First, Many] = []

    @model_validator(mode="after")
    def _fits_together(self) -> Report:
        crop, canvas = self.crop, self.canvas
        if crop.x + crop.width > canvas.width or crop.y + crop.height > canvas.height:
            raise ValueError("crop: it is not inside the canvas")
        names = Counter(f.file for f in self.frames)
        if not all(Path(name).name for name in names):
            raise ValueError("frames: one of them has no name")
        if twice := [name for name, times in names.items() if times > 1]:
            raise ValueError(f"frames: {twice[0]!r:.40} is listed twice")
        if self.reference not in self.used_names:
            raise ValueError(f"reference: {self.reference!r:.40} is not one of the used frames")
        if sorted(self.order) != sorted(self.used_names):
            raise ValueError("focus_order: it does not name the used frames, each once")
        if self.marks and (self.marks.width, self.marks.height) != (canvas.width, canvas.height):
            raise ValueError("marks: they are not of the frames' size")
        return self

    @property
    def used_names(self) -> list[str]:
        """File names of the used frames, as they are listed."""
        return [f.file for f in self.frames if f.used]

    @property
    def order(self) -> list[str]:
        """File names of the used frames in focus order."""
        return self.focus_order if "focus_order" in self.model_fields_set else self.used_names
