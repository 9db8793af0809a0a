"""Tiles that are hardly turned, filled down and then across, are right everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect, transform, translation
from focusstack.geometry.field import Field
from focusstack.resample.warp import resample
from tests.support.waves import grid, inverse, moved_by, positions, rotation, waves


@pytest.mark.parametrize("degrees", [0.4, 2.5])
def test_a_wide_frame_that_is_hardly_turned_lands_where_the_matrix_says(degrees: float) -> None:
    # Tiles of this frame are filled in two steps, down and then across.
    H = translation(0.37, -0.21) @ rotation(degrees, 0.98, (300, 100))
    x, y = grid((200, 600))
    rect = Rect(30, 40, 540, 120)
    result = resample(waves(x, y).astype(np.float32), H, rect)
    assert np.abs(result - waves(*positions(H, rect))).max() < 2e-3
    assert np.abs(moved_by(result, waves(*positions(H, rect)))).max() < 0.002


def test_a_bent_field_is_followed_across_a_wide_tile() -> None:
    x, y = grid((200, 600))
    grid_x, grid_y = np.meshgrid(np.linspace(0, 599, 10), np.linspace(0, 199, 4))
    nodes = np.dstack([np.sin(grid_x / 90), np.cos(grid_x / 80 + grid_y / 70)]).astype(np.float32)
    field, rect = Field(nodes, 600, 200), Rect(20, 20, 560, 160)
    rows, columns = np.mgrid[20:180, 20:580].astype(float)
    places = np.stack([columns.ravel(), rows.ravel()], 1)
    at = transform(inverse(rotation(0.2, 0.96)), places + field.at(places))
    truth = waves(at[:, 0].reshape(160, 560), at[:, 1].reshape(160, 560))
    image = waves(x, y).astype(np.float32)
    result = resample(image, rotation(0.2, 0.96), rect, field=field)
    seen = truth[20:-20, 20:-20], result[20:-20, 20:-20]
    assert np.abs(seen[0] - seen[1]).max() < 2e-3


@pytest.mark.parametrize("bend", [0.0, 0.2, 1.0, 4.0])
@pytest.mark.parametrize("height", [66, 131, 158])
def test_rows_between_those_worked_out_lie_where_the_field_says(bend: float, height: int) -> None:
    # From a field that every eighth row tells, over every second, to one that needs them all.
    x, y = grid((200, 600))
    _, grid_y = np.meshgrid(np.linspace(0, 599, 20), np.linspace(0, 199, 20))
    nodes = bend * np.dstack([np.sin(grid_y / 14), np.cos(grid_y / 12)]).astype(np.float32)
    field, rect = Field(nodes.astype(np.float32), 600, 200), Rect(30, 20, 530, height)
    rows, columns = np.mgrid[20 : 20 + height, 30:560].astype(float)
    places = np.stack([columns.ravel(), rows.ravel()], 1)
    at = transform(inverse(rotation(0.1, 1.01)), places + field.at(places))
    truth = waves(at[:, 0].reshape(rows.shape), at[:, 1].reshape(rows.shape))
    result = resample(waves(x, y).astype(np.float32), rotation(0.1, 1.01), rect, field=field)
    assert np.abs(result - truth).max() < 3e-3
    assert np.abs(moved_by(result, truth)).max() < 0.002
