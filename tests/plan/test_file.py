"""The plan as report.json: nothing is lost on the way, nothing broken is believed."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from focusstack.alignment.quality.residual import Residual
from focusstack.errors import InputError, UsageError
from focusstack.exposure.shading import EVEN, Shading
from focusstack.exposure.trial import LightChoice, Trial
from focusstack.geometry.coordinates import Rect
from focusstack.geometry.field import Field
from focusstack.geometry.lens import STRAIGHT
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Matrix
from focusstack.plan.file import plan_to_json, read_plan
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.plan.reuse import fitted_to
from focusstack.runtime.version import __version__

finite = st.floats(-1e6, 1e6)
small = st.floats(-0.2, 0.2)
ratio = st.floats(0.01, 100)


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    """Any invertible movement, to the last bit of its numbers."""
    H = np.array(
        [
            [1 + draw(small), draw(small), draw(st.floats(-500, 500))],
            [draw(small), 1 + draw(small), draw(st.floats(-500, 500))],
            [draw(small) * 1e-4, draw(small) * 1e-4, 1],
        ]
    )
    assume(abs(np.linalg.det(H)) > 1e-3)
    return H


residuals = st.none() | st.builds(Residual, *[st.floats(0, 100)] * 3, tiles=st.integers(0, 100_000))


cells = st.floats(0, 100) | st.just(np.nan)
residual_maps = st.none() | st.integers(1, 4).flatmap(
    lambda columns: st.lists(
        st.lists(cells, min_size=columns, max_size=columns), min_size=1, max_size=3
    ).map(lambda rows: np.array(rows, float))
)


shadings = st.just(EVEN) | st.builds(Shading, *[st.floats(-0.7, 0.7)] * 4)
trials = st.builds(Trial, st.text(), *[st.floats(0, 9)] * 4, earned=st.booleans())
choices = st.builds(
    LightChoice, st.text(), st.none() | st.floats(0, 1), st.lists(trials, max_size=3).map(tuple)
)


@st.composite
def frame_plans(draw: st.DrawFn, name: str, used: bool) -> FramePlan:
    channels = draw(st.sampled_from([1, 3]))
    return FramePlan(
        file=name,
        used=used,
        reason=None if used else draw(st.text(min_size=1)),
        matrix=draw(matrices()) if used else None,
        gain=np.array([draw(ratio) for _ in range(channels)]),
        residual_px=draw(residuals),
        exposure_ev=draw(st.floats(-8, 8)),
        sharpness=draw(st.floats(0, 1)),
        clipped=draw(st.floats(0, 1)),
        area_cost=draw(st.floats(0, 1)),
        bend=draw(st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))) if used else STRAIGHT,
        exponent=draw(st.floats(0.4, 2.5)),
        shading=draw(shadings),
        recorded_ev=draw(st.none() | st.floats(-8, 8)),
    )


@st.composite
def plans(draw: st.DrawFn) -> StackPlan:
    stems = draw(st.lists(st.text("aé1 _-<&", min_size=1), min_size=2, max_size=5, unique=True))
    names = [f"{stem}.jpg" for stem in stems]
    used = [True, *(draw(st.booleans()) for _ in names[1:])]
    kept = [name for name, u in zip(names, used, strict=True) if u]
    return StackPlan(
        reference=names[0],
        canvas=(400, 300),
        crop=Rect(*(draw(st.integers(1, 100)) for _ in range(4))),
        frames=tuple(draw(frame_plans(n, u)) for n, u in zip(names, used, strict=True)),
        focus_order=tuple(draw(st.permutations(kept))),
        model=draw(st.sampled_from(["similarity", "homography"])),
        evidence=draw(st.dictionaries(st.text(), st.floats(0, 100), max_size=3)),
        residual_px=draw(residuals),
        warnings=tuple(draw(st.lists(st.text(), max_size=3))),
        residual_map_px=draw(residual_maps),
        light=draw(choices),
    )


def plan(
    *names: str, lost: tuple[str, ...] = (), canvas: tuple[int, int] = (400, 300)
) -> StackPlan:
    """A plan of frames that shift by a tenth of a pixel from one to the next."""
    frames = []
    for k, name in enumerate(names):
        H = np.eye(3)
        H[0, 2] = k / 10
        frames.append(
            FramePlan(
                file=name,
                used=name not in lost,
                reason="too little detail" if name in lost else None,
                matrix=None if name in lost else H,
                gain=np.array([1 + k / 100] * 3),
                residual_px=Residual(0.03, 0.1, 0.15, 50),
                exposure_ev=-k / 70,
                sharpness=0.5,
            )
        )
    kept = tuple(n for n in names if n not in lost)
    return StackPlan(kept[0], canvas, Rect(3, 4, 390, 280), tuple(frames), kept)


def saved(folder: Path, text: str | StackPlan) -> Path:
    path = folder / "report.json"
    path.write_text(text if isinstance(text, str) else plan_to_json(text), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


# There and back -------------------------------------------------------------------------------


@given(made=plans())
@settings(max_examples=40, deadline=None)
def test_what_renders_a_stack_survives_to_the_last_bit(folder: Path, made: StackPlan) -> None:
    found = read_plan(saved(folder, made))
    assert (found.reference, found.canvas, found.crop) == (made.reference, made.canvas, made.crop)
    assert found.focus_order == made.focus_order
    for a, b in zip(found.frames, made.frames, strict=True):
        assert (a.file, a.used, a.reason) == (b.file, b.used, b.reason)
        assert np.array_equal(a.gain, b.gain)
        assert (a.exponent, a.shading) == (b.exponent, b.shading)
        assert (a.matrix is None) == (b.matrix is None)
        if a.matrix is not None and b.matrix is not None:
            assert np.array_equal(a.matrix, b.matrix)


@given(made=plans())
@settings(max_examples=40, deadline=None)
def test_what_is_for_people_survives_as_printed(folder: Path, made: StackPlan) -> None:
    found = read_plan(saved(folder, made))
    assert found.model == made.model
    assert found.evidence == pytest.approx(made.evidence, abs=1e-4)
    assert found.warnings == made.warnings
    assert found.light.terms == made.light.terms
    for t, u in zip(found.light.trials, made.light.trials, strict=True):
        assert (t.terms, t.earned) == (u.terms, u.earned)
        assert (t.before_ev, t.spread) == pytest.approx((u.before_ev, u.spread), abs=1e-4)
    for a, b in zip(found.frames, made.frames, strict=True):
        assert a.exposure_ev == pytest.approx(b.exposure_ev, abs=1e-4)
        assert a.recorded_ev == (b.recorded_ev and pytest.approx(b.recorded_ev, abs=1e-4))
        assert a.sharpness == pytest.approx(b.sharpness, abs=1e-4)
        assert a.clipped == pytest.approx(b.clipped, abs=1e-5)
        assert a.area_cost == pytest.approx(b.area_cost, abs=1e-5)
    assert (found.residual_map_px is None) == (made.residual_map_px is None)
    if found.residual_map_px is not None and made.residual_map_px is not None:
        assert found.residual_map_px == pytest.approx(made.residual_map_px, abs=1e-4, nan_ok=True)
    assert (found.residual_px is None) == (made.residual_px is None)
    if found.residual_px and made.residual_px:
        assert found.residual_px.p95 == pytest.approx(made.residual_px.p95, abs=1e-4)
        assert found.residual_px.tiles == made.residual_px.tiles
    # Once printed, it is printed alike for ever.
    assert plan_to_json(found) == plan_to_json(read_plan(saved(folder, found)))


def test_the_contract_of_report_json() -> None:
    data = json.loads(plan_to_json(plan("a.jpg", "b.jpg", "c.jpg", lost=("b.jpg",))))
    assert data["schema"] == 1
    assert data["focusstack"] == __version__
    assert data["reference"] == "a.jpg"
    assert data["canvas"] == {"width": 400, "height": 300}
    assert data["crop"] == {"x": 3, "y": 4, "width": 390, "height": 280}
    assert data["warnings"] == []
    a, b, c = data["frames"]
    assert (a["file"], a["used"], a["reason"]) == ("a.jpg", True, None)
    assert (b["file"], b["used"], b["matrix"]) == ("b.jpg", False, None)
    assert b["reason"]
    assert c["matrix"] == [[1, 0, 0.2], [0, 1, 0], [0, 0, 1]]
    assert c["gain"] == [1.02, 1.02, 1.02]
    assert c["exposure_ev"] == pytest.approx(-2 / 70, abs=1e-4)
    assert c["sharpness"] == 0.5
    assert {"median", "p95", "edge_p95"} <= set(c["residual_px"])


def test_displacement_survives(folder: Path) -> None:
    # Thousandths of a pixel are what a field holds.
    grid = np.random.default_rng(0).integers(-3000, 3000, (4, 5, 2)) / 1000
    made = plan("a.jpg", "b.jpg")
    bent = replace(made.frames[1], field=Field(grid.astype(np.float32), 400, 300))
    found = read_plan(saved(folder, replace(made, frames=(made.frames[0], bent))))
    assert found.frames[0].field is None
    field = found.frames[1].field
    assert field is not None
    assert np.array_equal(field.grid, grid.astype(np.float32))
    assert (field.canvas_width, field.canvas_height) == (400, 300)


def with_parallax() -> StackPlan:
    made = plan("a.jpg", "b.jpg")
    depth = np.random.default_rng(0).uniform(-0.5, 0.5, (7, 9)).astype(np.float32)
    scene = SceneDepth(depth, 400, 300, 0.1).rounded()
    moved = replace(made.frames[1], view=Viewpoint((1.25, -3.5, 0.125), 0.3))
    return replace(made, frames=(made.frames[0], moved), scene=scene)


def test_parallax_survives(folder: Path) -> None:
    made = with_parallax()
    found = read_plan(saved(folder, made))
    assert plan_to_json(found) == plan_to_json(made)
    assert found.scene is not None
    assert made.scene is not None
    assert np.array_equal(found.scene.grid, made.scene.grid)
    for in_focus in (False, True):
        a, b = (p.displacement(p.frames[1], in_focus) for p in (made, found))
        assert a is not None
        assert b is not None
        assert np.array_equal(a.grid, b.grid)
    assert found.displacement(found.frames[0]) is None
    plain = found.without_local()
    assert plain.scene is None
    assert plain.displacement(plain.frames[1]) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("rows", 3), ("rows", 0), ("columns", "x"), ("slab", "nan"), ("zlib_base64", "AAAA")],
)
def test_a_broken_depth_map_is_refused(folder: Path, key: str, value: object) -> None:
    document = json.loads(plan_to_json(with_parallax()))
    document["scene_depth"][key] = value
    with pytest.raises(InputError):
        read_plan(saved(folder, json.dumps(document)))


@pytest.mark.parametrize("view", [3, {}, {"travel": [1, 2], "focus": 0}, {"travel": [1, 2, 3]}])
def test_a_broken_viewpoint_is_refused(folder: Path, view: object) -> None:
    document = json.loads(plan_to_json(with_parallax()))
    document["frames"][1]["view"] = view
    with pytest.raises(InputError):
        read_plan(saved(folder, json.dumps(document)))


@pytest.mark.parametrize("grid", [[], [[[0, 0]]], 3, "x", [[[0, 0], [0]]], [[[0, None]] * 2] * 2])
def test_a_broken_displacement_is_refused(folder: Path, grid: object) -> None:
    document = json.loads(plan_to_json(plan("a.jpg", "b.jpg")))
    document["frames"][1]["local_px"] = grid
    with pytest.raises(InputError):
        read_plan(saved(folder, json.dumps(document)))


def test_movement_in_words() -> None:
    frame = plan("a.jpg", "b.jpg").frames[1]
    zoom, rotation, shift = frame.movement(400, 300)
    assert (zoom, rotation, shift) == pytest.approx((0, 0, 0.1))
    lost = replace(frame, used=False, matrix=None)
    assert lost.movement(400, 300) == (0, 0, 0)


def test_used_frames_come_in_focus_order() -> None:
    made = plan("a.jpg", "b.jpg", "c.jpg", lost=("b.jpg",))
    made = replace(made, focus_order=("c.jpg", "a.jpg"))
    assert [f.file for f in made.used()] == ["c.jpg", "a.jpg"]


def test_more_warnings_are_added_at_the_end() -> None:
    made = plan("a.jpg", "b.jpg").with_warnings(["one"]).with_warnings(["two", "three"])
    assert made.warnings == ("one", "two", "three")


def test_what_is_no_number_is_not_written() -> None:
    made = plan("a.jpg", "b.jpg")
    broken = replace(made.frames[1], gain=np.array([np.nan, 1, 1]))
    with pytest.raises(ValueError, match="JSON"):
        plan_to_json(replace(made, frames=(made.frames[0], broken)))


# Broken files ---------------------------------------------------------------------------------


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


def places(node: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to all parts of a JSON document."""
    found = [path] if path else []
    if isinstance(node, (dict, list)):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            found += places(value, (*path, key))
    return found


DOCUMENT = json.loads(plan_to_json(plan("a.jpg", "b.jpg", "c.jpg", lost=("c.jpg",))))
DAMAGES: list[Any] = ["nothing", None, [], {}, "x", -1, 0, 7.5, [[1]], float("nan")]


def damaged(place: tuple[Any, ...], damage: object) -> str:
    """The document with another value in one place, or without it."""
    document = copy.deepcopy(DOCUMENT)
    node = document
    for key in place[:-1]:
        node = node[key]
    if damage == "nothing":
        del node[place[-1]]
    else:
        node[place[-1]] = damage
    return json.dumps(document)


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


# Other frames ---------------------------------------------------------------------------------


def test_the_same_frames_in_another_format() -> None:
    made = plan("IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg", lost=("IMG_2.jpg",))
    found = fitted_to(made, ["IMG_1.tif", "IMG_2.tif", "IMG_3.tif"], (400, 300))
    assert [f.file for f in found.frames] == ["IMG_1.tif", "IMG_2.tif", "IMG_3.tif"]
    assert found.reference == "IMG_1.tif"
    assert found.focus_order == ("IMG_1.tif", "IMG_3.tif")
    assert [f.file for f in found.used()] == ["IMG_1.tif", "IMG_3.tif"]
    assert found.crop == made.crop
    assert np.array_equal(found.used()[1].gain, made.used()[1].gain)


def test_a_frame_that_was_left_out_may_be_missing() -> None:
    made = plan("a.jpg", "b.jpg", "c.jpg", lost=("b.jpg",))
    found = fitted_to(made, ["a.jpg", "c.jpg"], (400, 300))
    assert [f.file for f in found.used()] == ["a.jpg", "c.jpg"]


def test_missing_frames_are_named() -> None:
    with pytest.raises(UsageError, match=r"frames are missing: b\.jpg") as caught:
        fitted_to(plan("a.jpg", "b.jpg", "c.jpg"), ["a.jpg", "c.jpg"], (400, 300))
    assert caught.value.exit_code == 2
    assert "--plan" in caught.value.remedy


def test_unknown_frames_are_named() -> None:
    with pytest.raises(UsageError, match=r"does not know: other\.jpg"):
        fitted_to(plan("a.jpg", "b.jpg"), ["a.jpg", "b.jpg", "other.jpg"], (400, 300))


def test_another_size_is_refused() -> None:
    with pytest.raises(UsageError, match="400 x 300") as caught:
        fitted_to(plan("a.jpg", "b.jpg"), ["a.jpg", "b.jpg"], (300, 400))
    assert "300 x 400" in caught.value.message


def made(error: float | None, guessed: float = 0.0) -> FramePlan:
    frame = FramePlan("a.png", True, None, np.eye(3), np.ones(3), None, 0.0, 1.0)
    return replace(frame, error_px=error, guessed_px=guessed)


def test_a_guess_is_no_part_of_the_error_of_what_there_is_to_see() -> None:
    frame = made(0.5, 0.4)
    assert frame.seen_error_px == pytest.approx(0.3)
    assert made(0.2).seen_error_px == pytest.approx(0.2)
    assert made(None).seen_error_px is None
