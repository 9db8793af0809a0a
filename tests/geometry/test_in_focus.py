"""The depth that places what is sharp in one frame."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.geometry.field import Field
from focusstack.geometry.in_focus import depth_in_focus
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Float32

SLAB = 0.1
WALL, STEM = -0.4, 0.4


def stem(width: int = 3, broken: slice = slice(0, 0)) -> Float32:
    """A stem before a wall, of which a piece was not found."""
    depth = np.full((60, 80), WALL, np.float32)
    depth[:, 40 : 40 + width] = STEM
    depth[broken] = WALL
    return depth


def test_a_frame_focused_on_a_stem_moves_as_the_stem_does() -> None:
    found = depth_in_focus(stem(broken=slice(20, 32)), STEM, SLAB)
    np.testing.assert_allclose(found[:, 37:46], STEM, atol=0.1)  # of 0.8
    np.testing.assert_allclose(found[36:, 40:43], STEM, atol=0.002)


def test_a_frame_focused_on_the_wall_moves_as_the_wall_does() -> None:
    np.testing.assert_allclose(depth_in_focus(stem(), WALL, SLAB), WALL, atol=0.012)


def test_between_both_each_keeps_its_own_depth() -> None:
    found = depth_in_focus(stem(20), 0.0, 0.4)
    assert found[30, 10] == pytest.approx(WALL, abs=0.01)
    assert found[30, 50] == pytest.approx(STEM, abs=0.01)


@pytest.mark.parametrize(("slab", "followed"), [(0.05, 0.0042), (0.1, 0.103), (0.2, 0.181)])
def test_how_far_from_the_plane_depth_is_followed(slab: float, followed: float) -> None:
    """A surface that rises beside one in focus: what is a slab away still counts somewhat."""
    depth = np.zeros((40, 60), np.float32)
    depth[:, 30:] = 0.2
    assert depth_in_focus(depth, 0.0, slab)[20, 31] == pytest.approx(followed, rel=0.1, abs=1e-3)


def test_where_nothing_is_in_focus_depth_is_kept() -> None:
    depth = np.full((40, 60), 0.3, np.float32)
    np.testing.assert_allclose(depth_in_focus(depth, -0.5, 0.01), 0.3, atol=1e-4)


def test_how_much_sharp_things_weigh_against_the_blurred() -> None:
    """A sharp spot amid what is blurred: farther and farther away it tells less."""
    depth = np.full((100, 200), 0.5, np.float32)
    depth[45:55, 95:105] = -0.5
    found = depth_in_focus(depth, -0.5, SLAB)
    assert found[50, 110] == pytest.approx(-0.24, abs=0.06)
    assert found[50, 150] == pytest.approx(-0.06, abs=0.1)


def test_a_stem_is_not_torn_where_depth_jumps() -> None:
    scene = SceneDepth(stem(broken=slice(20, 32)), 320, 240, SLAB)
    view = Viewpoint((24.0, -6.0, 0.0), STEM)
    moved = scene.untorn(view, in_focus=True).grid
    np.testing.assert_allclose(moved[:, 39:44, 0], 24 * STEM, atol=2.5)  # of 19 pixels


def test_displacement_that_was_asked_for_is_kept_for_the_same_question_alone() -> None:
    scene = SceneDepth(stem(), 320, 240, SLAB)
    view = Viewpoint((6.0, 0.0, 0.0), STEM)
    once = scene.untorn(view, in_focus=True)
    assert scene.untorn(view, in_focus=True) is once
    more = Field(np.ones((2, 2, 2), np.float32), 320, 240)
    for other in (scene.untorn(view), scene.untorn(view, more, in_focus=True)):
        assert not np.array_equal(other.grid, once.grid)
