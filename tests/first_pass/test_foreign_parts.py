"""Parts of a frame that show what no other does, cut out along rows of its file."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.first_pass.block_maps import DARK, BlockMap, as_seen_from, map_blocks
from focusstack.first_pass.foreign_parts import (
    ALIKE,
    BEHIND,
    FOREIGN,
    LEAST_ALONG,
    LEAST_SHIFT,
    LEAST_STEPS,
    THICK,
    foreign_blocks,
    is_cut_out,
    largest_shift,
    steps_at_thick_parts,
)
from focusstack.first_pass.row_faults import RowFaults
from focusstack.frames.proxies.proxy import BLOCK, Statistics
from focusstack.images.colour import linearise
from focusstack.numeric.arrays import Float32, Floats, Mask

SHAPE = (30, 40, 3)
KNOWN = np.ones(SHAPE[:2], bool)


def even(codes: float = 100) -> Float32:
    return np.full(SHAPE, codes, np.float32)


def along(row: float, first: int, last: int) -> Floats:
    """Steps at every pixel of a row, in blocks."""
    x = np.arange(first * BLOCK, last * BLOCK) / BLOCK
    return np.stack([x, np.full(len(x), row)], 1)


# Block maps -----------------------------------------------------------------------------------


def test_blocks_are_seen_where_they_lie() -> None:
    """A frame that lies two blocks to the right, and one down, is seen so."""
    values = np.random.default_rng(0).uniform(50, 200, SHAPE).astype(np.float32)
    first = BlockMap(values, np.ones(SHAPE[:2], np.float32))
    second = BlockMap(np.roll(values, (1, 2), (0, 1)), np.ones(SHAPE[:2], np.float32))
    moved = np.array([[1, 0, -2 * BLOCK], [0, 1, -BLOCK], [0, 0, 1.0]])
    seen, known = as_seen_from([first, second], np.stack([np.eye(3), moved]), 0, 1)
    assert np.allclose(seen[known], values[known], atol=0.01)
    assert known[:-2, :-3].all()
    assert not known[:, -2:].any()


@pytest.mark.parametrize(("codes", "usable"), [(0.6 * DARK, False), (1.6 * DARK, True)])
def test_what_is_black_or_clipped_is_not_compared(codes: float, usable: bool) -> None:
    light = linearise(np.full((4, 6, 3), codes / 255, np.float32), None)
    facts = Statistics(light, np.ones((4, 6), np.float32), light, 1.0, 0.0, np.ones(3))
    (found,) = map_blocks([facts], np.array([[np.nan] * 3]))
    assert found.codes == pytest.approx(codes, abs=0.1)
    assert bool(found.usable.all()) == usable


# What none of the others shows -----------------------------------------------------------------


@pytest.mark.parametrize(("more", "foreign"), [(0.7, False), (1.4, True)])
@pytest.mark.parametrize("sign", [1, -1])
def test_foreign_is_what_is_outside_of_all_others(more: float, foreign: bool, sign: int) -> None:
    frame, others = even(), [(even(96), KNOWN), (even(104), KNOWN)]
    frame[10:14, 10:14, 1] += sign * (4 + more * FOREIGN)
    found = foreign_blocks(frame, others)
    assert found[10:14, 10:14].all() == foreign
    assert not found[:9].any()
    assert 8 < FOREIGN < 20


def test_what_is_around_in_another_frame_may_be_here_in_this_one() -> None:
    frame, other = even(), even()
    frame[10:14, 10:14] = 180
    other[11:15, 11:15] = 180
    assert not foreign_blocks(frame, [(other, KNOWN), (even(), KNOWN)]).any()
    assert foreign_blocks(frame, [(even(), KNOWN), (even(), KNOWN)]).any()


def test_one_other_frame_is_no_witness() -> None:
    assert not foreign_blocks(even(200), [(even(), KNOWN)]).any()
    assert not foreign_blocks(even(200), [(even(), KNOWN), (even(), ~KNOWN)]).any()


# Steps around it -------------------------------------------------------------------------------


def part(high: int, wide: int) -> Mask:
    found = np.zeros(SHAPE[:2], bool)
    found[10 : 10 + high, 5 : 5 + wide] = True
    return found


@pytest.mark.parametrize(("high", "thick"), [(THICK - 1, False), (THICK, True)])
def test_thin_parts_do_not_count(high: int, thick: bool) -> None:
    """What is thin and alone in focus is foreign to all others: they have spread it."""
    steps = along(10, 5, 25)
    assert steps_at_thick_parts(part(high, 20), steps) == (len(steps) if thick else 0)
    assert THICK == 3


def test_steps_elsewhere_do_not_count() -> None:
    assert steps_at_thick_parts(part(6, 6), along(25, 5, 25)) == 0
    assert steps_at_thick_parts(part(6, 6), along(9, 5, 8)) == 3 * BLOCK
    assert steps_at_thick_parts(part(6, 6), np.array([[500.0, 12.0]])) == 0


# What comes after a row -------------------------------------------------------------------------


def test_all_that_is_brighter_behind_a_row_is_a_shift() -> None:
    frame, other = even(), even()
    frame[12:, :, 2] += 20
    others = [(even(), KNOWN), (even(90), KNOWN)]
    steps = along(12, 10, 30)
    assert largest_shift(frame, others, steps, len(steps)) == pytest.approx(20)
    assert largest_shift(frame, others, steps, len(steps) + 1) == 0
    other[12:, :, 2] += 20  # that is so in another frame, too: it is the scene's
    assert largest_shift(frame, [*others, (other, KNOWN)], steps, 1) == 0
    assert largest_shift(frame, others[:1], steps, 1) == 0
    assert largest_shift(frame, [(even(), ~KNOWN)] * 2, steps, 1) == 0


def test_a_shift_within_a_row_of_blocks_is_seen_beside_it() -> None:
    """Rows of a file end where they do, and blocks elsewhere."""
    frame = even()
    frame[12] += 10
    frame[13:] += 20
    assert largest_shift(frame, [(even(), KNOWN)] * 2, along(12.5, 10, 30), 1) == pytest.approx(20)


def test_a_shift_is_measured_close_to_its_row() -> None:
    frame = even()
    frame[12 : 12 + BEHIND] += 20  # a row of a JPEG between two restarts
    assert largest_shift(frame, [(even(), KNOWN)] * 2, along(12, 10, 30), 1) == pytest.approx(20)
    assert BEHIND == 2


@pytest.mark.parametrize(("most", "own"), [(24, True), (28, False)])
def test_a_frames_own_shift_is_as_much_against_all_others(most: int, own: bool) -> None:
    """Against frames that lie elsewhere, or are blurred more, it would be another."""
    frame, other = even(), even()
    frame[12:] += 20
    other[12:] -= most - 20
    found = largest_shift(frame, [(even(), KNOWN), (other, KNOWN)], along(12, 10, 30), 1)
    assert found == pytest.approx(20 if own else 0)
    assert 0.14 < ALIKE < 0.46


@pytest.mark.parametrize(("row", "told"), [(28, True), (28.5, False), (29.9, False)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_border_is_no_shift(row: float, told: bool, mirrored: bool) -> None:
    """Other programs leave some, where they have aligned a frame."""
    frame = even()
    frame[28:] += 20
    if mirrored:
        frame, row = frame[::-1], SHAPE[0] - row
    found = largest_shift(frame, [(even(), KNOWN)] * 2, along(row, 10, 30), 1)
    assert (found > LEAST_SHIFT) == told


# Both -------------------------------------------------------------------------------------------


def cut_out(
    frame: Float32,
    steps: Floats,
    scale: float = 1.0,
    *,
    turned: bool = False,
    other: Float32 | None = None,
) -> bool:
    """Whether the middle of three frames is told, given its steps in blocks."""
    usable = np.ones(SHAPE[:2], np.float32)
    others = BlockMap(even() if other is None else other, usable)
    maps = [others, BlockMap(frame, usable), others]
    places = (steps * BLOCK / scale).astype(np.int64)
    faults = RowFaults(0, places, turned)
    return is_cut_out(maps, np.stack([np.eye(3)] * 3), 1, (0, 2), faults, scale)


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize(("share", "told"), [(0.7, False), (1.4, True)])
def test_a_part_is_told_by_enough_steps(share: float, told: bool, scale: float) -> None:
    frame = even()
    frame[10:16, 5:11] = 200
    steps = along(10, 5, 11)
    steps = np.concatenate([steps + [0, k] for k in range(4)])[:: round(scale / 0.5)]
    count = round(share * LEAST_STEPS / scale)
    assert cut_out(frame, np.resize(steps, (count, 2)), scale) == told
    assert 30 < LEAST_STEPS < 80


def test_somebody_who_passed_by_is_not_told() -> None:
    frame = even()
    frame[5:25, 10:20] = 200
    assert not cut_out(frame, np.zeros((0, 2)))
    assert not cut_out(frame, along(28, 21, 40))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("shift", "told"), [(0.7, False), (1.4, True)])
@pytest.mark.parametrize(("length", "long"), [(0.75, False), (1.5, True)])
def test_a_shift_is_told_along_rows_of_the_file(
    shift: float, told: bool, length: float, long: bool, turned: bool
) -> None:
    """In texture, nothing of it is outside of what others show around."""
    texture = 100 + 20 * (-1.0) ** np.add.outer(np.arange(SHAPE[0]), np.arange(SHAPE[1]))
    other = np.repeat(texture[..., None], 3, 2).astype(np.float32)
    frame, steps = other.copy(), along(16, 4, 4 + round(length * LEAST_ALONG / BLOCK))
    (frame.swapaxes(0, 1) if turned else frame)[16:] += shift * LEAST_SHIFT
    steps = steps[:, ::-1] if turned else steps
    assert cut_out(frame, steps, turned=turned, other=other) == (told and long)
