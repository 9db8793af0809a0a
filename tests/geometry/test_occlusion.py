"""What a bar hides of the wall behind it, seen from another place."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect
from focusstack.geometry.occlusion import hidden_nodes, in_pixels
from focusstack.geometry.parallax import SceneDepth, Viewpoint

WIDTH, HEIGHT = 401, 201
BAR = slice(50, 60)
"""Columns of nodes, four pixels apart, at which the bar stands."""


def bar(bar_depth: float, near: int) -> SceneDepth:
    grid = np.full((51, 101), -bar_depth, np.float32)
    grid[:, BAR] = bar_depth
    return SceneDepth(grid, WIDTH, HEIGHT, 0.1, near)


def columns(scene: SceneDepth, travel: float) -> list[int]:
    nodes = hidden_nodes(scene, Viewpoint((travel, 0.0, 0.0), 0.0))
    return [] if nodes is None else np.flatnonzero(nodes[25]).tolist()


@pytest.mark.parametrize("near", [1, -1])
def test_the_bar_hides_as_much_of_the_wall_as_it_moves_against_it(near: int) -> None:
    # It is seen 8 pixels to the right and the wall 8 to the left: four nodes apart.
    assert columns(bar(0.5 * near, near), 16.0 * near) == list(range(60, 64))
    assert columns(bar(0.5 * near, near), -16.0 * near) == list(range(46, 50))


def test_a_wall_with_a_gap_hides_what_is_seen_through_it() -> None:
    hidden = columns(bar(0.5, -1), 16.0)
    assert hidden == list(range(56, 60))


def test_where_the_near_end_is_unknown_nothing_is_hidden() -> None:
    assert columns(bar(0.5, 0), 20.0) == []


@pytest.mark.parametrize(("travel", "hides"), [(1.0, False), (2.5, True)])
def test_what_hardly_moves_hides_nothing(travel: float, hides: bool) -> None:
    scene = bar(0.5, 1)
    fine = SceneDepth(np.repeat(scene.grid, 8, 1)[:, :801], WIDTH, HEIGHT, 0.1, 1)
    assert bool(columns(fine, travel)) == hides


def test_masks_lie_on_the_pixels_of_their_nodes() -> None:
    nodes = np.zeros((11, 21), bool)
    nodes[5, 10] = True
    rect = Rect(80, 20, 40, 60)
    found = in_pixels(nodes, (201, 101), rect)
    rows, across = np.nonzero(found)
    assert abs(rows.mean() + rect.y - 50) <= 0.5
    assert abs(across.mean() + rect.x - 100) <= 0.5
