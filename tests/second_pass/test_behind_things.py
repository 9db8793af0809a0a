"""What a near thing hides in a frame takes no part in fusion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from focusstack.geometry.coordinates import Rect
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.images.metadata import Metadata
from focusstack.plan.file import read_plan
from focusstack.plan.model import StackPlan
from focusstack.resample.planes import Planes
from focusstack.second_pass.behind_things import without_hidden
from focusstack.second_pass.frame import AlignedFrame
from tests.support.plans import plan, saved


def with_bar(near: int) -> StackPlan:
    """A bar of 40 pixels before a wall; the second frame sees it 16 pixels to the right."""
    depth = np.full((76, 101), -0.5, np.float32)
    depth[:, 50:60] = 0.5
    made = plan("a.jpg", "b.jpg", canvas=(401, 301))
    moved = replace(made.frames[1], view=Viewpoint((16.0, 0.0, 0.0), 0.3))
    scene = SceneDepth(depth, 401, 301, 0.1, near)
    return replace(made, crop=Rect(10, 20, 380, 240), frames=(made.frames[0], moved), scene=scene)


def frame(validity: np.ndarray | None = None) -> AlignedFrame:
    planes = Planes.of(np.zeros((240, 380), np.float32))
    return AlignedFrame("b.jpg", planes, validity, Metadata())


def test_what_the_bar_hides_is_not_valid() -> None:
    made = with_bar(1)
    validity = without_hidden(frame(), made, made.frames[1]).validity
    assert validity is not None
    hidden = np.flatnonzero(validity[100] == 0) + made.crop.x
    assert abs(hidden.min() - 238) <= 1  # halfway between the bar's last node and the next
    assert abs(len(hidden) - 16) <= 1
    assert set(np.unique(validity)) == {0, 255}


def test_what_was_not_valid_stays_so() -> None:
    made = with_bar(1)
    validity = without_hidden(
        frame(np.full((240, 380), 9, np.uint8)), made, made.frames[1]
    ).validity
    assert validity is not None
    assert validity.max() == 9
    assert validity.min() == 0


def test_the_reference_and_unknown_ends_hide_nothing() -> None:
    for made, which in ((with_bar(1), 0), (with_bar(0), 1)):
        given = frame()
        assert without_hidden(given, made, made.frames[which]) is given


def test_a_plan_on_disk_knows_its_near_end(tmp_path: Path) -> None:
    scene = read_plan(saved(tmp_path, with_bar(-1))).scene
    assert scene is not None
    assert scene.near == -1
