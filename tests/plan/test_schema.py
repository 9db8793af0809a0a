"""The models of report.json: nothing broken is believed, and their schema is the published one."""

from __future__ import annotations

import base64
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docs.schema import PLACE, schema_text
from focusstack.errors import InputError
from focusstack.plan.file import plan_to_json, read_plan
from tests.support.json_schema import problems
from tests.support.plans import DAMAGES, DOCUMENT, damaged, places, plan, saved, with_parallax


@pytest.mark.parametrize(
    ("key", "value"),
    [("rows", 3), ("rows", 0), ("columns", "x"), ("slab", "nan"), ("zlib_base64", "AAAA")],
)
def test_a_broken_depth_map_is_refused(tmp_path: Path, key: str, value: object) -> None:
    document = json.loads(plan_to_json(with_parallax()))
    document["scene_depth"][key] = value
    with pytest.raises(InputError):
        read_plan(saved(tmp_path, json.dumps(document)))


@pytest.mark.parametrize("view", [3, {}, {"travel": [1, 2], "focus": 0}, {"travel": [1, 2, 3]}])
def test_a_broken_viewpoint_is_refused(tmp_path: Path, view: object) -> None:
    document = json.loads(plan_to_json(with_parallax()))
    document["frames"][1]["view"] = view
    with pytest.raises(InputError):
        read_plan(saved(tmp_path, json.dumps(document)))


@pytest.mark.parametrize("grid", [[], [[[0, 0]]], 3, "x", [[[0, 0], [0]]], [[[0, None]] * 2] * 2])
def test_a_broken_displacement_is_refused(tmp_path: Path, grid: object) -> None:
    document = json.loads(plan_to_json(plan("a.jpg", "b.jpg")))
    document["frames"][1]["local_px"] = grid
    with pytest.raises(InputError):
        read_plan(saved(tmp_path, json.dumps(document)))


@pytest.mark.parametrize("place", places(DOCUMENT), ids=lambda p: ".".join(map(str, p)))
def test_a_damaged_report_is_read_or_refused(tmp_path: Path, place: tuple[Any, ...]) -> None:
    refused = 0
    for damage in DAMAGES:
        try:
            found = read_plan(saved(tmp_path, damaged(place, damage)))
        except InputError:
            refused += 1
            continue
        assert [f.used for f in found.frames] == [f.matrix is not None for f in found.frames]
        assert found.reference in found.focus_order
    # Whatever a frame is rendered with must at least be a number.
    if place[0] in ("canvas", "crop") or "matrix" in place:
        assert refused >= 3


@pytest.mark.parametrize(
    ("place", "damage"),
    [
        (("canvas", "width"), 0),
        (("crop", "width"), 0),
        (("crop", "height"), -5),
        (("crop", "x"), -1),
        (("crop", "x"), 395),
        (("crop", "width"), float("inf")),
        (("frames", 1, "gain"), []),
        (("frames", 1, "gain"), [1, 1]),
        (("frames", 1, "gain", 0), 0),
        (("frames", 1, "gain", 0), -1.5),
        (("frames", 1, "gain", 0), float("nan")),
        (("frames", 1, "exponent"), 0),
        (("frames", 1, "exponent"), 9),
        (("frames", 1, "exponent"), float("nan")),
        (("frames", 1, "shading"), {"square": 40}),
        (("frames", 1, "shading"), {"square": float("nan")}),
        (("frames", 1, "shading"), {"round": 0.1}),
        (("light",), {"terms": "radial", "trials": [{}]}),
        (("frames", 1, "residual_px", "p95"), float("nan")),
        (("warnings",), "late"),
        (("warnings",), [[1]]),
    ],
)
def test_a_report_that_cannot_be_rendered_is_refused(
    tmp_path: Path, place: tuple[Any, ...], damage: object
) -> None:
    with pytest.raises(InputError):
        read_plan(saved(tmp_path, damaged(place, damage)))


def test_a_frame_listed_twice_is_named(tmp_path: Path) -> None:
    document = json.loads(plan_to_json(plan("a.jpg", "b.jpg")))
    document["frames"].append(document["frames"][0])
    del document["focus_order"]
    with pytest.raises(InputError, match=r"frames: 'a\.jpg' is listed twice"):
        read_plan(saved(tmp_path, json.dumps(document)))


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_a_frame_has_a_name(tmp_path: Path, name: str) -> None:
    document = json.loads(plan_to_json(plan("a.jpg", "b.jpg")))
    document["frames"].append({**document["frames"][0], "file": name, "used": False})
    with pytest.raises(InputError, match="frames: one of them has no name"):
        read_plan(saved(tmp_path, json.dumps(document)))


def test_no_more_of_a_depth_map_is_unpacked_than_its_size(tmp_path: Path) -> None:
    document = json.loads(plan_to_json(with_parallax()))
    bomb = base64.b64encode(zlib.compress(bytes(100_000_000), 9)).decode()
    document["scene_depth"]["zlib_base64"] = bomb
    path = saved(tmp_path, json.dumps(document))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"scene_depth: .* 7 x 9 nodes"):
            read_plan(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("rows", "fits"), [(525, True), (1070, False)])
def test_a_depth_map_has_fewer_nodes_than_a_proxy_has_pixels(
    tmp_path: Path, rows: int, fits: bool
) -> None:
    document = json.loads(plan_to_json(with_parallax()))
    packed = zlib.compress(np.zeros((rows, 1000), "<i2").tobytes())
    text = base64.b64encode(packed).decode()
    document["scene_depth"] |= {"rows": rows, "columns": 1000, "zlib_base64": text}
    path = saved(tmp_path, json.dumps(document))
    if fits:
        assert read_plan(path).scene is not None
    else:
        with pytest.raises(InputError, match="no depth map has 1070 x 1000 nodes"):
            read_plan(path)


@pytest.mark.parametrize(("scale", "moves"), [(0.7, False), (1.4, True)])
def test_a_matrix_must_leave_something_of_a_frame(
    tmp_path: Path, scale: float, moves: bool
) -> None:
    text = damaged(("frames", 1, "matrix"), [[1e-9 * scale, 0, 0], [0, 1, 0], [0, 0, 1]])
    path = saved(tmp_path, text)
    if moves:
        assert read_plan(path).frames[1].matrix is not None
    else:
        with pytest.raises(InputError, match="no inverse"):
            read_plan(path)


# The published schema ---------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_models() -> None:
    assert PLACE.read_text(encoding="utf-8") == schema_text(), "run python -m docs.schema"


def test_what_is_written_keeps_to_the_published_schema(plan: Path) -> None:
    schema = json.loads(PLACE.read_text(encoding="utf-8"))
    with_depth = json.loads(plan_to_json(with_parallax()))
    for document in (json.loads(plan.read_text()), DOCUMENT, with_depth):
        assert not problems(document, schema)
        unknown = set(document) - set(schema["properties"])
        unknown |= set(document["frames"][0]) - set(schema["$defs"]["FrameRecord"]["properties"])
        assert not unknown


@pytest.mark.parametrize(
    ("place", "damage"),
    [
        (("frames",), "nothing"),
        (("canvas", "width"), 0),
        (("frames", 1, "gain", 0), -1),
        (("frames", 1, "matrix", 1), [1, 0]),
        (("frames", 1, "used"), "yes"),
        (("schema",), 2),
    ],
)
def test_the_published_schema_refuses_what_is_no_report(
    place: tuple[Any, ...], damage: object
) -> None:
    schema = json.loads(PLACE.read_text(encoding="utf-8"))
    assert problems(json.loads(damaged(place, damage)), schema)
