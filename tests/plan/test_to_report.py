"""From plans to report.json and back: nothing is lost on the way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from focusstack.alignment.quality.residual import Residual
from focusstack.exposure.shading import EVEN, Shading
from focusstack.exposure.trial import LightChoice, Trial
from focusstack.geometry.coordinates import Rect
from focusstack.geometry.lens import STRAIGHT
from focusstack.numeric.arrays import Matrix
from focusstack.plan.file import plan_to_json, read_plan
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.runtime.version import __version__
from tests.support.plans import plan, saved

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


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
