"""Which tiles two steps may fill: by slope, bend, and how evenly rows follow each other."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.numeric.arrays import Float32, Floats
from focusstack.resample.loops.sizes import LANES, TILE_WIDTH, WIDE

COLUMNS, ROWS = 64, 5


def even(x: Floats, y: Floats, every: int = 8) -> bool:
    """What is said of rows at such positions ``(rows, columns)``, equally far apart."""
    from focusstack.resample.loops.evenness import hardly_turned

    places = np.stack([x, y], 1)
    whole = np.floor(places)
    phase: Float32 = (places - whole).astype(np.float32)
    return hardly_turned(whole.astype(np.int32), phase, x.shape[1], every, every)


def tile(columns: int = COLUMNS) -> tuple[Floats, Floats]:
    """Columns and rows of a tile, every eighth row."""
    x, y = np.meshgrid(np.arange(columns) + 300.3, 8 * np.arange(ROWS) + 200.6)
    return x, y


@pytest.mark.parametrize(("slope", "may"), [(0.07, True), (0.14, False)])
def test_a_tile_may_lean_by_a_tenth(slope: float, may: bool) -> None:
    x, y = tile()
    assert even(x, y + slope * (x - x[0, 0])) == may
    assert even(x * (1 + slope), y) == may


@pytest.mark.parametrize(("share", "may"), [(0.7, True), (1.4, False)])
def test_a_line_may_be_off_by_a_hundredth_of_a_pixel_where_rows_bend(
    share: float, may: bool
) -> None:
    # Columns 5 % wider than pixels lead away by 64 of them times that, and half a pixel, from
    # where a height is known; a bend of c there is c / 2 times the square of that.
    x, y = tile()
    c = share * 0.01 * 2 / (0.05 * 64 + 0.5) ** 2
    middle = x - x.mean()
    assert even(x + 0.05 * middle, y + c / 2 * middle**2) == may


@pytest.mark.parametrize(("share", "may"), [(0.7, True), (1.4, False)])
def test_rows_in_between_may_be_off_by_a_hundredth_of_a_pixel(share: float, may: bool) -> None:
    # Halfway between two rows a parabola is off by an eighth of its second difference.
    x, y = tile()
    row = np.arange(ROWS)[:, None]
    assert even(x, y + share * 0.01 * 8 / 2 * row**2) == may


@pytest.mark.parametrize(("columns", "may"), [(23, True), (11, False)])
def test_a_slope_needs_some_columns(columns: int, may: bool) -> None:
    assert even(*tile(columns)) == may


def test_a_row_of_a_tile_fits_a_line_in_memory() -> None:
    assert WIDE >= TILE_WIDTH + 2 * LANES
