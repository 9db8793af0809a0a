"""What stands in report.json becomes the displacement that it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from focusstack.geometry.field import Field
from focusstack.plan.file import plan_to_json, read_plan
from tests.support.plans import plan, saved, with_parallax


def test_displacement_survives(tmp_path: Path) -> None:
    # Thousandths of a pixel are what a field holds.
    grid = np.random.default_rng(0).integers(-3000, 3000, (4, 5, 2)) / 1000
    made = plan("a.jpg", "b.jpg")
    bent = replace(made.frames[1], field=Field(grid.astype(np.float32), 400, 300))
    found = read_plan(saved(tmp_path, replace(made, frames=(made.frames[0], bent))))
    assert found.frames[0].field is None
    field = found.frames[1].field
    assert field is not None
    assert np.array_equal(field.grid, grid.astype(np.float32))
    assert (field.canvas_width, field.canvas_height) == (400, 300)


def test_parallax_survives(tmp_path: Path) -> None:
    made = with_parallax()
    found = read_plan(saved(tmp_path, made))
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
