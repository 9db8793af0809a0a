"""Places to look at: what the verdict found along seams, and what moved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from focusstack.errors import InputError
from focusstack.geometry.coordinates import Rect
from focusstack.plan.file import read_plan_bytes
from focusstack.plan.limits import Many, Number
from focusstack.plan.model import StackPlan
from focusstack.plan.schema import CropRecord, SpotRecord
from focusstack.retouch.stamps import around
from focusstack.retouch.strokes import Stroke

State = Literal["open", "fine", "mended"]

MOST_SPOTS = 24
"""Places where something moved that are listed: the largest. Chosen, not measured: nobody looks at
more, and they are all in the report."""


MENDED = 0.2
"""Share of a place that strokes must lie around for it to count as mended. Chosen, not measured: a
dab at its rim does not mend a place, and what is wrong seldom fills it."""


class _Seam(BaseModel):
    """Where two frames disagree, as report.json tells it."""

    model_config = ConfigDict(extra="ignore")

    rect: CropRecord
    frames: tuple[StrictStr, StrictStr]
    px: Number


class _Seams(BaseModel):
    places: Annotated[list[_Seam], Many] = []


class _Fusion(BaseModel):
    """What report.json tells of the fusion."""

    model_config = ConfigDict(extra="ignore")

    seams: _Seams | None = None
    moved: Annotated[list[SpotRecord], Many] | None = None


class _Found(BaseModel):
    model_config = ConfigDict(extra="ignore")

    fusion: _Fusion | None = Field(default=None)


@dataclass(frozen=True)
class Place:
    """Where something may be wrong.

    Attributes
    ----------
    rect : Rect
        Where, pixels of the composite.
    words : str
        What may be wrong there.
    source : str or None
        File name of a frame that shows it, where one is known.
    """

    rect: Rect
    words: str
    source: str | None = None


def places_of(report: Path, plan: StackPlan) -> list[Place]:
    """Return what a report says is worth a look, the worst first; nothing if it says none.

    Parameters
    ----------
    report : path
        The file that `plan` was read from.
    plan : StackPlan
        Fitted to the frames at hand.
    """
    try:
        fusion = _Found.model_validate_json(read_plan_bytes(report)).fusion or _Fusion()
    except (InputError, ValidationError, json.JSONDecodeError):
        return []
    here = {Path(f.file).stem: f.file for f in plan.frames}
    found = []
    for seam in fusion.seams.places if fusion.seams else []:
        first, second = (here.get(Path(name).stem, name) for name in seam.frames)
        words = f"{first} and {second} disagree by {seam.px:.1f} px"
        found.append(Place(_rect(seam.rect), words, first))
    spots = sorted(fusion.moved or [], key=lambda spot: -spot.width * spot.height)
    for spot in spots[:MOST_SPOTS]:
        number = -1 if spot.frame is None else spot.frame
        source = plan.focus_order[number] if 0 <= number < len(plan.focus_order) else None
        shown = f"; {source} shows most of it" if source else ""
        found.append(Place(_rect(spot), f"something moved here{shown}", source))
    crop = plan.crop
    return [p for p in found if p.rect.x < crop.width and p.rect.y < crop.height]


def _rect(told: CropRecord) -> Rect:
    return Rect(told.x, told.y, told.width, told.height)


def state_of(place: Place, crop: Rect, fine: Sequence[Rect], strokes: Sequence[Stroke]) -> State:
    """Return whether a place was found to be fine, or painted on, or is still to be looked at."""
    here = on_reference(place.rect, crop)
    if here in fine:
        return "fine"
    painted = sum(around(s.points, s.size / 2, here).area for s in strokes)
    return "mended" if painted >= MENDED * here.area else "open"


def on_reference(rect: Rect, crop: Rect) -> Rect:
    """Return a part of the composite in pixels of the reference."""
    return Rect(rect.x + crop.x, rect.y + crop.y, rect.width, rect.height)
