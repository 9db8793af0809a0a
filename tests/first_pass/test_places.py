"""Places in proxy pixels become places in full-size pixels."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.first_pass.places import full_size, place_frames
from focusstack.geometry.coordinates import Rect, transform, translation
from tests.support.findings import Stack


def test_a_movement_grows_with_the_picture() -> None:
    (H,) = full_size(translation(3, -2)[None], 0.25)
    assert transform(H, np.array([[10.0, 20.0]])) == pytest.approx(np.array([[22.0, 12.0]]))


def test_a_turn_is_about_the_same_spot_of_the_picture() -> None:
    turned = np.array([[0.0, -1, 299], [1, 0, 0], [0, 0, 1]])
    (H,) = full_size(turned[None], 0.5)
    # The outer corner of the proxy's first pixel is that of the picture's.
    corner = np.array([[-0.5, -0.5]])
    assert (transform(H, corner) + 0.5) * 0.5 == pytest.approx(transform(turned, corner) + 0.5)


def test_frames_left_out_stay_nowhere() -> None:
    places = place_frames(Stack(lost={2: "too dark"}, scale=0.5).found(), (800, 600))
    assert np.isnan(places.poses.matrices[2]).all()
    assert len(places.area.costs) == 4
    assert places.area.rect == Rect(0, 0, 800, 600)


def test_depth_is_kept_with_the_precision_of_the_report() -> None:
    stack = Stack(displaced=True, guessed={})
    places = place_frames(stack.found(), (400, 300))
    assert places.scene is not None
    assert np.array_equal(places.scene.grid, places.scene.rounded().grid)
    assert all(view is not None for view in places.views)
