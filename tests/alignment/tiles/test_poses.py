"""From tiles on the canvas to points of the frames."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.tiles.poses import Poses
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.geometry.coordinates import transform, translation
from tests.alignment.tiles.known_shifts import HEIGHT, WIDTH, measured, moved, texture


def test_matches_lie_where_each_frame_saw_the_detail() -> None:
    turn = np.array([[1.01, 0.02, 3], [-0.02, 1.01, -2], [1e-5, 0, 1]])
    H = np.stack([np.eye(3), turn])
    centres = np.array([[100.0, 80], [200, 150], [300, 90]])
    shifts = np.array([[0.4, -0.2], [0, 0], [-0.1, 0.3]])
    root = np.broadcast_to(np.eye(2), (3, 2, 2))
    tiles = TileShifts(centres, shifts, root, np.ones(3))
    found = Poses.unbent(H, 0, (WIDTH, HEIGHT)).matches(0, 1, tiles)
    assert transform(H[0], found.p) == pytest.approx(centres - shifts / 2)
    assert transform(H[1], found.q) == pytest.approx(centres + shifts / 2)


def test_a_measured_shift_becomes_the_movement_between_the_frames() -> None:
    light, truth = texture(), np.array([0.2, -0.3])
    found = measured(moved(light), moved(light, *truth))
    H = np.stack([np.eye(3), translation(7, 5)])
    matches = Poses.unbent(H, 0, (WIDTH, HEIGHT)).matches(0, 1, found)
    # Frame 1 was brought to the canvas by (7, 5) and is still off by the shift there.
    assert np.median(matches.q - matches.p, axis=0) == pytest.approx(truth - [7, 5], abs=0.02)
