"""What the page's canvas shows: the picture, the frames, places to look at, as plain data."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from focusstack.output.report.addresses import file_address, picture_address
from focusstack.output.report.collecting import Gathered
from focusstack.output.report.overlays import source_index
from focusstack.output.report.samples import COLUMNS, Sample
from focusstack.plan.model import StackPlan

BROWSERS_SHOW = frozenset([".jpg", ".jpeg", ".png", ".webp"])
"""Suffixes of files that a browser shows; of others the page holds what it shows itself."""

LONGEST, HEAD = 26, 11
"""Letters of a name that are shown, and how many of them are its first: names of a stack differ at
their ends. Chosen to fit a menu on a telephone."""

MOST_PLACES = 4
"""Places that are offered where no seam asks for a look. Chosen to fit beside the picture."""


def cut_name(name: str) -> str:
    """Return a name cut in the middle, so that its end still tells it from others.

    Examples
    --------
    >>> cut_name("2024-05-11 beetle on oak leaf IMG_1005.jpg")
    '2024-05-11 …f IMG_1005.jpg'
    """
    return name if len(name) <= LONGEST else f"{name[:HEAD]}…{name[HEAD + 1 - LONGEST :]}"


def viewer_data(
    plan: StackPlan,
    shown: Gathered,
    file: str | None,
    aligned: Mapping[str, str],
    seams: Sequence[Mapping[str, Any]],
) -> dict[str, Any] | None:
    """Return what the canvas needs; None if there is nothing to show.

    Parameters
    ----------
    plan : StackPlan
        With the crop, whose pixels all positions are in.
    shown : Gathered
        Pictures.
    file : str or None
        File of the composite, beside the page.
    aligned : mapping of str to str
        Paths of aligned frames from the page, by the frames' file names.
    seams : sequence of mapping
        Where frames disagree visibly along seams: ``rect``, ``frames``, ``px``.
    """
    order = [name for name in plan.focus_order if name in shown.frames]
    items = [
        _item(name, shown.frames[name], k, aligned.get(name)) for k, name in enumerate(order, 1)
    ]
    if shown.composite:
        items.insert(0, _item("composite", shown.composite, 0, file) | {"overview": None})
    if not items:
        return None
    return {
        "items": items,
        "width": plan.crop.width,
        "height": plan.crop.height,
        "columns": COLUMNS,
        "sheet": [[place.rect.x, place.rect.y, place.rect.width] for place in shown.places],
        "places": [*_seam_places(seams), *_textured(shown, bool(seams))],
        "moved": _moved(plan),
        "source": _source(shown),
        "pair": _first_pair(plan),
    }


def _item(name: str, sample: Sample, number: int, path: str | None) -> dict[str, Any]:
    displayed = path is not None and Path(path).suffix.lower() in BROWSERS_SHOW
    return {
        "name": name,
        "short": "Composite" if number == 0 else cut_name(name),
        "number": number,
        "overview": picture_address(sample.overview),
        "places": picture_address(sample.places),
        "file": file_address(path) if path and displayed else None,
    }


def _seam_places(seams: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "kind": "seam",
            "rect": [place["rect"][side] for side in ("x", "y", "width", "height")],
            "frames": list(place["frames"]),
        }
        for place in seams
    ]


def _textured(shown: Gathered, found: bool) -> list[dict[str, Any]]:
    """Places with detail, where frames agree least: not blank wall."""
    if found:
        return []
    told = [(place.px, k, place) for k, place in enumerate(shown.places) if place.px is not None]
    return [
        {
            "kind": "detail",
            "name": place.name,
            "sheet": k,
            "rect": [place.rect.x, place.rect.y, place.rect.width, place.rect.height],
        }
        for _, k, place in sorted(told, key=lambda one: -one[0])[:MOST_PLACES]
    ]


def _moved(plan: StackPlan) -> list[list[int]]:
    spots = (plan.fusion or {}).get("moved") or []
    return [[spot[side] for side in ("x", "y", "width", "height")] for spot in spots]


def _source(shown: Gathered) -> str | None:
    if shown.maps is None:
        return None
    data = b64encode(source_index(shown.maps)).decode("ascii")
    return f"data:image/webp;base64,{data}"


def _first_pair(plan: StackPlan) -> list[str]:
    """The frame that is worst and its better neighbour in focus: what to compare first."""
    used = plan.used()
    errors = [f.error_px if f.error_px is not None else np.inf for f in used]
    moving = [-1 if f.file == plan.reference else e for f, e in zip(used, errors, strict=True)]
    worst = int(np.argmax(moving))
    beside = [k for k in (worst - 1, worst + 1) if 0 <= k < len(used)]
    other = min(beside, key=lambda k: errors[k], default=worst)
    return [used[worst].file, used[other].file]
