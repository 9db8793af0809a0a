"""retouch.json: strokes written, read back, and checked, as nothing in a file is believed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from focusstack.errors import InputError, OutputError
from focusstack.plan.file import MOST_BYTES, bounded_text, read_plan_bytes, tell_fault
from focusstack.retouch.strokes import Retouch, Stroke
from focusstack.runtime.files import write_atomically
from focusstack.runtime.version import __version__

if TYPE_CHECKING:
    from focusstack.retouch.stroke_schema import RetouchRecord

# pydantic is loaded on first use: start-up does not wait for it.

NAME = "retouch.json"
"""Of the file beside the composite."""

_START_AGAIN = "Put it aside and start again, or mend it by hand."


def retouch_to_json(retouch: Retouch) -> str:
    r"""Return the text of retouch.json: a stroke a line.

    Examples
    --------
    >>> retouch_to_json(Retouch("IMG_1.jpg", (600, 400)))[:15]
    '{\n "schema": 1,'
    """
    width, height = retouch.canvas
    head: dict[str, Any] = {
        "schema": 1,
        "focusstack": __version__,
        "reference": retouch.reference,
        "canvas": {"width": width, "height": height},
        "recipes": [asdict(recipe) for recipe in retouch.recipes],
        "fine": [asdict(rect) for rect in retouch.fine],
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for key, strokes in (("strokes", retouch.strokes), ("undone", retouch.undone)):
        told = ",\n  ".join(json.dumps(plain_stroke(s), allow_nan=False) for s in strokes)
        lines.append(f" {json.dumps(key)}: [\n  {told}\n ]" if told else f" {json.dumps(key)}: []")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def plain_stroke(stroke: Stroke) -> dict[str, Any]:
    """Return a stroke as the file holds it: what its kind needs, hundredths of a pixel."""
    found: dict[str, Any] = {"kind": stroke.kind}
    if stroke.source:
        found["source"] = stroke.source
    if stroke.kind == "fill":
        found |= {"feather": round(stroke.feather, 2), "blend": stroke.blend}
    else:
        found |= {"size": round(stroke.size, 2), "hardness": round(stroke.hardness, 3)}
    if stroke.kind == "clone":
        found["offset"] = [round(v) for v in stroke.offset]
    found["opacity"] = round(stroke.opacity, 3)
    found["points"] = [[round(p.x, 2), round(p.y, 2), round(p.pressure, 3)] for p in stroke.points]
    return found


def write_retouch(path: Path, retouch: Retouch) -> None:
    """Write retouch.json, complete or not at all.

    Raises
    ------
    OutputError
        If that is not possible, or it would be more than is read again.
    """
    data = retouch_to_json(retouch).encode()
    try:
        if len(data) > MOST_BYTES:
            raise ValueError
        bounded_text(data)
    except ValueError as error:
        raise OutputError(
            f"{path} would hold more strokes than can be read again",
            "Save the picture, and go on from that one.",
        ) from error
    write_atomically(path, data)


def read_retouch(path: Path) -> Retouch:
    """Read a retouch.json.

    Raises
    ------
    InputError
        If the file cannot be read or is not one; names the place of what is wrong.
    """
    from pydantic import ValidationError

    from focusstack.retouch.stroke_schema import RetouchRecord

    try:
        data = json.loads(bounded_text(_bytes(path)))
        record = RetouchRecord.model_validate(data)
    except ValidationError as error:
        raise InputError(
            f"{path} is not a retouch.json: {tell_fault(error)}", _START_AGAIN
        ) from error
    except (ValueError, RecursionError) as error:
        told = str(error).split(";")[0]
        raise InputError(f"{path} cannot be read: {told}", _START_AGAIN) from error
    return _strokes_of(record)


def read_stroke(data: object) -> Stroke:
    """Return the stroke that plain data tell of; ValueError if they tell of none."""
    from focusstack.retouch.stroke_schema import stroke_of

    return stroke_of(data)


def _bytes(path: Path) -> bytes:
    try:
        return read_plan_bytes(path)
    except InputError as error:
        told = error.message.replace("cannot be read as a plan", "cannot be read")
        raise InputError(told, _START_AGAIN) from error


def _strokes_of(record: RetouchRecord) -> Retouch:
    return Retouch(
        record.reference,
        (record.canvas.width, record.canvas.height),
        tuple(one.stroke() for one in record.strokes),
        tuple(one.stroke() for one in record.undone),
        tuple(one.recipe() for one in record.recipes),
        tuple(one.rect() for one in record.fine),
    )
