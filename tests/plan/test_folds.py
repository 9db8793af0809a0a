"""Plans from outside whose displacement folds a frame over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.errors import InputError
from focusstack.geometry.coordinates import Rect
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.plan.folds import refuse_folds
from focusstack.plan.model import FramePlan, StackPlan

WIDTH, HEIGHT = 101, 81


def plan_with(slope: float, view: Viewpoint | None = None) -> StackPlan:
    """Two frames, of which the second is displaced by so much a pixel to the right."""
    x, _ = np.meshgrid(np.linspace(0, WIDTH - 1, 6), np.linspace(0, HEIGHT - 1, 5))
    field = Field(np.stack([slope * x, 0 * x], -1).astype(np.float32), WIDTH, HEIGHT)
    first = FramePlan("a.jpg", True, None, np.eye(3), np.ones(3), None, 0.0, 1.0)
    second = replace(first, file="b.jpg", field=field, view=view)
    canvas = (WIDTH, HEIGHT)
    return StackPlan("a.jpg", canvas, Rect(0, 0, *canvas), (first, second), ("a.jpg", "b.jpg"))


@pytest.mark.parametrize("slope", [-0.52, -1.0, -3.0])
def test_a_plan_that_folds_a_frame_is_refused_by_name(slope: float) -> None:
    with pytest.raises(InputError, match=r"b\.jpg") as error:
        refuse_folds(plan_with(slope))
    assert error.value.changes[0].add == ("--no-local",)
    assert refuse_folds(plan_with(slope).without_local()).least_determinant == 1


@pytest.mark.parametrize("slope", [-0.45, 0.0, 0.4])
def test_a_sound_plan_tells_its_least_determinant(slope: float) -> None:
    plan = refuse_folds(plan_with(slope))
    assert [f.least_determinant for f in plan.frames] == pytest.approx([1, 1 + slope], abs=1e-5)
    assert plan.least_determinant == pytest.approx(min(1, 1 + slope), abs=1e-5)


def test_depth_that_jumps_is_followed_as_far_as_nothing_folds() -> None:
    depth = np.where(np.arange(26) < 13, -0.5, 0.5) * np.ones((21, 1))
    plan = plan_with(0.0, Viewpoint((40.0, 0.0, 0.0), 0.0))
    scene = SceneDepth(depth.astype(np.float32), WIDTH, HEIGHT, 0.1)
    told = refuse_folds(replace(plan, scene=scene)).least_determinant
    assert told is not None
    assert told > 0.5
