"""Marks fixed to the sensor are found, and nothing else; what is behind them is aligned."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.numeric.arrays import Image
from focusstack.pipeline import plan_stack
from focusstack.plan.model import StackPlan
from tests.support.marked_stacks import SIZE, position_error, recorded, soft_stack, specks

CLEAR = np.ones(SIZE[::-1], np.float32)


def planned(light: list[Image], through: Image = CLEAR) -> StackPlan:
    return plan_stack([recorded(one, through, k) for k, one in enumerate(light)])


def matrices(plan: StackPlan) -> list[Image]:
    assert all(f.matrix is not None for f in plan.frames)
    return [np.asarray(f.matrix) for f in plan.frames]


@pytest.mark.parametrize(("seed", "step"), [(1, (1.7, -1.1)), (2, (-2.5, 0.8))])
def test_what_is_behind_specks_is_aligned(seed: int, step: tuple[float, float]) -> None:
    light, places = soft_stack(step=step, zoom=0.002, seed=seed)
    through, mask = specks(40, seed)
    plan = planned(light, through)
    assert position_error(matrices(plan), places) < 0.3
    assert plan.marks is not None
    strong = through < 0.85
    recall = plan.marks.mask[strong].mean()
    near = np.asarray(plan.marks.mask > 0) & (mask == 0)
    assert recall > 0.9
    assert near.mean() < 0.06, "their surroundings of some pixels and little else"


def test_nothing_is_found_where_no_speck_is() -> None:
    light, places = soft_stack(zoom=0.002)
    plan = planned(light)
    assert plan.marks is None
    assert position_error(matrices(plan), places) < 0.3


@pytest.mark.parametrize("zoom", [0.0, 0.004])
def test_nothing_is_found_where_the_hand_is_still(zoom: float) -> None:
    """On a tripod, whether the lens breathes or not, specks of the scene are the scene's."""
    light, _ = soft_stack(step=(0.0, 0.0), zoom=zoom)
    scene, _ = specks(40, 5)
    still = [one * scene[..., None] for one in light] if zoom == 0 else light
    plan = planned(still)
    assert plan.marks is None
    assert plan.verdict is not None
    assert "marks" not in plan.verdict.causes


def test_columns_that_differ_are_not_what_is_aligned() -> None:
    light, places = soft_stack(step=(0.9, 0.5), zoom=0.001, seed=3)
    columns = 1 + 0.08 * np.random.default_rng(0).standard_normal(SIZE[0])
    through = np.tile(columns.astype(np.float32), (SIZE[1], 1))
    plan = planned(light, through)
    assert position_error(matrices(plan), places) < 0.3


def test_a_scale_bar_takes_no_part() -> None:
    light, places = soft_stack(seed=4)
    through = CLEAR.copy()
    through[240:246, 250:330] = 0.02
    plan = planned(light, through)
    assert position_error(matrices(plan), places) < 0.3
    assert plan.marks is not None
    assert plan.marks.mask[240:246, 250:330].mean() > 0.95
