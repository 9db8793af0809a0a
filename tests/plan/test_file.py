"""The file report.json: what cannot be read is refused in words, with its place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import InputError
from focusstack.plan.file import plan_to_json, read_plan
from tests.support.plans import damaged, plan, saved


def test_what_is_no_number_is_not_written() -> None:
    made = plan("a.jpg", "b.jpg")
    broken = replace(made.frames[1], gain=np.array([np.nan, 1, 1]))
    with pytest.raises(ValueError, match="JSON"):
        plan_to_json(replace(made, frames=(made.frames[0], broken)))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", '"report"', "{}", '{"schema": 1}', '{"schema": 2}', "\0"]
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(InputError, match=r"report\.json") as caught:
        read_plan(path)
    assert caught.value.exit_code == 3
    assert caught.value.remedy


def test_missing_and_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.json cannot be read"):
        read_plan(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_plan(tmp_path)
    path = tmp_path / "latin.json"
    path.write_bytes(b'{"reference": "\xe9"}')
    with pytest.raises(InputError, match=r"latin\.json cannot be read"):
        read_plan(path)


def refusal(tmp_path: Path, place: tuple[str | int, ...], damage: object) -> str:
    with pytest.raises(InputError, match=r"report\.json is not a report") as caught:
        read_plan(saved(tmp_path, damaged(place, damage)))
    return caught.value.message.split("focusstack: ")[1]


@pytest.mark.parametrize(
    ("place", "damage", "words"),
    [
        (("frames",), "nothing", "frames: is missing"),
        (("frames", 1, "matrix"), "nothing", "frames[1].matrix: is missing"),
        (("frames", 1, "matrix", 0, 2), "x", "frames[1].matrix[0][2]: must be a valid number"),
        (("frames", 1, "matrix", 2), [1, 0], "frames[1].matrix[2][2]: is missing"),
        (("frames", 1, "matrix"), [[1, 0, 0]] * 3, "frames[1].matrix: a frame cannot be moved"),
        (("frames", 1, "gain", 0), -1.5, "frames[1].gain[0]: must be greater than"),
        (("frames", 1, "gain", 0), float("nan"), "frames[1].gain[0]: must be a finite number"),
        (("frames", 1, "bend"), [0.4, 0], "frames[1].bend: no lens bends by 0.4, 0"),
        (("frames", 1, "shading"), {"round": 0.1}, "frames[1].shading.round: is not known"),
        (("frames", 0), 7, "frames[0]: must be a group of named entries in braces, not 7"),
        (("canvas", "width"), 7.5, "canvas.width: must be a valid integer"),
        (("crop", "x"), 395, "crop: it is not inside the canvas"),
        (("reference",), "z.jpg", "reference: 'z.jpg' is not one of the used frames"),
        (("focus_order",), ["a.jpg"], "focus_order: it does not name the used frames"),
        (("warnings",), [3], "warnings[0]: must be a valid string"),
        (("schema",), 2, "schema: must be 1, not 2"),
        (("canvas", "width"), 10**400, "canvas.width: must be less than or equal to 10000000"),
        (("common_ev",), 17.0, "common_ev: must be less than or equal to 16, not 17"),
        (("frames", 1, "gain", 1), 1e5, "frames[1].gain[1]: must be less than or equal to 65536"),
        (("frames", 1, "matrix", 0, 2), 1e300, "frames[1].matrix[0][2]: must be less than"),
        (("frames", 1, "local_px"), [[[1e10, 0]] * 3] * 3, "frames[1].local_px[0][0][0]: must"),
        (("verdict",), {"grade": "good", "words": ""}, "verdict.grade: must be 'pass', 'look' or"),
        (("model_residual_px",), dict.fromkeys("ab", "x"), "model_residual_px.a: must be a valid"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, place: tuple[str | int, ...], damage: object, words: str
) -> None:
    assert refusal(tmp_path, place, damage).startswith(words)


def test_several_faults_are_counted(tmp_path: Path) -> None:
    assert refusal(tmp_path, ("crop",), {}).endswith("crop.x: is missing (and 3 more)")


def test_what_a_file_holds_is_repeated_in_part_and_without_control_characters(
    tmp_path: Path,
) -> None:
    told = refusal(tmp_path, ("frames", 0, "used"), "\x1b[31m" + "x" * 10_000)
    told += refusal(tmp_path, ("model_residual_px",), {"\x1b[31m" + "y" * 10_000: "x"})
    told += refusal(tmp_path, ("reference",), "\x1b[31m" + "z" * 10_000)
    assert len(told) < 400
    assert 20 < told.count("x") < 40
    assert "\x1b" not in told


@pytest.mark.parametrize("text", ["[" * 100_000, '{"fusion":' * 100_000, "[" * 900 + "]" * 900])
def test_deep_nesting_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"report\.json"):
        read_plan(saved(tmp_path, text))


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path) -> None:
    document = json.loads(plan_to_json(plan("a.jpg", "b.jpg")))
    document["later"] = document["crop"]["later"] = document["frames"][0]["later"] = [{"a": 1}]
    assert plan_to_json(read_plan(saved(tmp_path, json.dumps(document)))) == plan_to_json(
        plan("a.jpg", "b.jpg")
    )


def test_start_up_does_not_wait_for_models() -> None:
    code = "import sys, focusstack.plan.file, focusstack.cli; print('pydantic' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


@pytest.mark.parametrize(("share", "read"), [(0.7, True), (1.4, False)])
def test_a_file_is_read_up_to_64_megabytes(tmp_path: Path, share: float, read: bool) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b" " * int(share * (64 << 20)) + b"{}")
    with pytest.raises(InputError, match="is missing" if read else "more than 64 MB"):
        read_plan(path)


BOUNDS = {"gain": (65536.0, ("frames", 1, "gain", 0)), "common_ev": (16.0, ("common_ev",))}


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(("share", "read"), [(0.7, True), (1.4, False)])
def test_factors_and_stops_are_bounded(tmp_path: Path, name: str, share: float, read: bool) -> None:
    most, place = BOUNDS[name]
    path = saved(tmp_path, damaged(place, share * most))
    if read:
        assert read_plan(path)
    else:
        with pytest.raises(InputError, match="less than or equal"):
            read_plan(path)


GRIDS = {"local_px": [0, 0], "residual_map_px": 0.5}


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize(("share", "read"), [(0.7, True), (1.4, False)])
def test_grids_have_as_many_nodes_as_are_made(
    tmp_path: Path, name: str, share: float, read: bool
) -> None:
    rows = [[GRIDS[name]] * 100] * int(share * 117)
    place = ("frames", 1, name) if name == "local_px" else (name,)
    path = saved(tmp_path, damaged(place, rows))
    if read:
        assert read_plan(path)
    else:
        with pytest.raises(InputError, match=f"{name}: no grid has .* nodes"):
            read_plan(path)


@pytest.mark.parametrize("name", ["model_residual_px", "warnings"])
@pytest.mark.parametrize(("count", "read"), [(7_000, True), (14_000, False)])
def test_lists_are_bounded(tmp_path: Path, name: str, count: int, read: bool) -> None:
    many = {"model_residual_px": {str(k): 1 for k in range(count)}, "warnings": ["x"] * count}
    path = saved(tmp_path, damaged((name,), many[name]))
    if read:
        assert read_plan(path)
    else:
        with pytest.raises(InputError, match="14000 entries are more than"):
            read_plan(path)


@pytest.mark.parametrize("junk", [{"a": 1}, [], 0.5])
@pytest.mark.parametrize(("share", "read"), [(0.7, True), (1.4, False)])
def test_what_would_fill_the_memory_is_not_unpacked(
    tmp_path: Path, junk: object, share: float, read: bool
) -> None:
    taken = {"{": 280, "[": 104}.get(json.dumps(junk)[0], 40)
    text = json.dumps(junk) + ","
    path = tmp_path / "report.json"
    path.write_text("[" + int(share * (256 << 20) / taken) * text + "0]", encoding="utf-8")
    with pytest.raises(InputError, match="must be a group" if read else "more entries than"):
        read_plan(path)


def test_of_a_thousand_faults_the_first_is_told(tmp_path: Path) -> None:
    told = refusal(tmp_path, ("warnings",), [1] * 1000)
    assert told == "warnings[0]: must be a valid string, not 1"


def test_bytes_that_are_no_text_and_numbers_without_end_are_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    text = plan_to_json(plan("a.jpg", "b.jpg"))
    for encoding in ("utf-16", "utf-32"):
        path.write_bytes(text.encode(encoding))
        with pytest.raises(InputError, match="it is not text in UTF-8"):
            read_plan(path)
    path.write_bytes(text.encode("utf-8-sig"))
    assert read_plan(path)
    path.write_text(text.replace('"width": 400', '"width": ' + "9" * 5000))
    with pytest.raises(InputError, match="5000 digits") as caught:
        read_plan(path)
    assert "sys." not in str(caught.value)


def test_a_pipe_and_a_device_are_no_plan_and_keep_nobody_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), Path("/proc/self/mem")):
        with pytest.raises(InputError, match="cannot be read as a plan"):
            read_plan(path)


def test_a_depth_map_in_other_letters_is_damaged(tmp_path: Path) -> None:
    entry = {"rows": 3, "columns": 3, "slab": 0.1, "zlib_base64": "\u00e9"}
    assert refusal(tmp_path, ("scene_depth",), entry) == "scene_depth: the depth map is damaged"
