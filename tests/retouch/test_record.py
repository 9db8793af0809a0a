"""retouch.json: what is written is read back; what is not believed is named with its place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import InputError, OutputError
from focusstack.geometry.coordinates import Rect
from focusstack.retouch import record
from focusstack.retouch.record import (
    NAME,
    read_retouch,
    read_stroke,
    retouch_to_json,
    write_retouch,
)
from focusstack.retouch.strokes import Point, Recipe, Retouch, Stroke

LINE = (Point(10.25, 20.5), Point(30, 40, 0.5))
STROKES = (
    Stroke("paint", LINE, "frame:IMG_8.png", size=40, hardness=0.25, opacity=0.75),
    Stroke("erase", LINE, size=12),
    Stroke("clone", LINE, size=12, offset=(-40, 12)),
    Stroke("fill", (*LINE, Point(0, 0)), "made:slab", feather=3, blend="gradient"),
)
FULL = Retouch(
    "IMG_9.png",
    (240, 180),
    STROKES,
    STROKES[:1],
    (Recipe("slab", "pyramid", ("a.png", "b.png"), None, Rect(1, 2, 30, 40)),),
    (Rect(5, 6, 7, 8),),
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_retouch(tmp_path / "retouch.json", FULL)
    assert read_retouch(tmp_path / "retouch.json") == FULL


def test_strokes_stand_a_line_each() -> None:
    lines = retouch_to_json(FULL).splitlines()
    assert sum('"kind"' in line for line in lines) == 5


def spoilt(tmp_path: Path, change: dict[str, object]) -> str:
    data = json.loads(retouch_to_json(FULL)) | change
    path = tmp_path / "retouch.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InputError, match=r"retouch\.json") as caught:
        read_retouch(path)
    assert caught.value.remedy
    return caught.value.message


PAINT = json.loads(retouch_to_json(FULL))["strokes"][0]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"schema": 2}, "schema"),
        ({"reference": 3}, "reference"),
        ({"canvas": {"width": 0, "height": 3}}, "canvas.width"),
        ({"strokes": [PAINT | {"kind": "smear"}]}, "strokes[0]"),
        ({"strokes": [PAINT | {"source": "/etc/passwd"}]}, "strokes[0].paint.source"),
        ({"strokes": [PAINT | {"source": "frame:a\nerror: b"}]}, "strokes[0].paint.source"),
        ({"reference": "a\x1b[1m"}, "reference"),
        ({"strokes": [PAINT | {"size": 1e9}]}, "strokes[0].paint.size"),
        ({"strokes": [PAINT | {"points": []}]}, "strokes[0].paint.points"),
        ({"strokes": [PAINT | {"points": [[1e300, 0, 1]]}]}, "strokes[0].paint.points[0][0]"),
        ({"strokes": [PAINT | {"points": [[0, 0, 2]]}]}, "strokes[0].paint.points[0][2]"),
        ({"strokes": [PAINT] * 100_001}, "strokes"),
        ({"recipes": [{"name": "x", "method": "magic", "frames": ["a", "b"]}]}, "recipes[0]"),
        ({"recipes": [{"name": "x", "method": "auto", "frames": ["a"]}]}, "recipes[0].frames"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    tmp_path: Path, change: dict[str, object], place: str
) -> None:
    assert place in spoilt(tmp_path, change)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\0", '{"schema": NaN}'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "retouch.json").write_text(text)
    with pytest.raises(InputError, match=r"retouch\.json"):
        read_retouch(tmp_path / "retouch.json")


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        read_stroke(PAINT | {"size": float("nan")})


def test_undo_and_redo_go_through_all_strokes() -> None:
    done = replace(FULL, undone=())
    for _ in range(10):
        done = done.without_last()
    assert (done.strokes, done.undone) == ((), STROKES[::-1])
    for _ in range(10):
        done = done.with_last_again()
    assert (done.strokes, done.undone) == (STROKES, ())
    assert done.without_last().with_stroke(STROKES[0]).undone == ()


@pytest.mark.parametrize("zoom", [0.9, 1.1])
def test_the_smallest_and_largest_strokes_stay_readable_on_another_reference(
    tmp_path: Path, zoom: float
) -> None:
    far = (Point(-1e7, -1e7), Point(1e7, 1e7), Point(5, 1e7))
    strokes = (
        Stroke("erase", far, size=1),
        Stroke("clone", far, size=20_000, offset=(10_000_000.0, -10_000_000.0)),
        Stroke("fill", far, "frame:a", feather=2000),
    )
    H = np.diag([zoom, zoom, 1.0])
    H[2, :2] = 1e-7, 0  # what lies at x = -1e7 has no place
    moved = tuple(stroke.moved(H, (600, 400)) for stroke in strokes)
    write_retouch(tmp_path / NAME, Retouch("a", (600, 400), moved))
    assert len(read_retouch(tmp_path / NAME).strokes) == 3


def test_no_more_is_written_than_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Retouch("a", (600, 400), (Stroke("erase", (Point(1, 2),)),))
    write_retouch(tmp_path / NAME, few)
    before = (tmp_path / NAME).read_bytes()
    monkeypatch.setattr(record, "MOST_BYTES", len(before))
    write_retouch(tmp_path / NAME, few)
    with pytest.raises(OutputError, match="more strokes than can be read"):
        write_retouch(tmp_path / NAME, replace(few, strokes=few.strokes * 2))
    assert (tmp_path / NAME).read_bytes() == before


def test_a_file_of_empty_lists_takes_little_memory(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("[" + "[]," * 5_000_000 + "[]]")
    with pytest.raises(InputError, match="more entries"):
        read_retouch(tmp_path / NAME)
