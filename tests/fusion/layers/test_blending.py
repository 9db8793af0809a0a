"""What is proven goes into the composite, and nothing else."""

from __future__ import annotations

import numpy as np

from focusstack.fusion.layers.blending import (
    SHOWN_PX,
    Proven,
    blend,
    largest_changes,
    outside_share,
)
from focusstack.fusion.layers.borne_out import Finding
from focusstack.fusion.layers.near_steps import SIDE, STRIDE, Place
from focusstack.numeric.arrays import Float32

SHAPE = (SIDE, SIDE + STRIDE)


def finding(adopted: float, change: float = 0.1) -> Finding:
    plane = np.full((SIDE, SIDE), 1, np.float32)
    return Finding(np.stack([change * plane] * 3), np.float32(adopted) * plane, plane < 0)


def image() -> Float32:
    return np.random.default_rng(0).random((*SHAPE, 3), np.float32)


def two(one: Finding | None, other: Finding | None) -> list[Proven]:
    return [Proven(Place(0, 0, SIDE, ()), one), Proven(Place(STRIDE, 0, SIDE, ()), other)]


def test_squares_that_say_the_same_go_over_into_each_other() -> None:
    after = image()
    adopted = blend(after, two(finding(1), finding(1)))
    inside = np.s_[10:-10, 10:-10]
    assert np.abs(after - image() - 0.1)[inside].max() < 1e-5
    assert (adopted[inside] == 255).all()


def test_where_nothing_is_adopted_the_bytes_are_the_same() -> None:
    after = image()
    one = finding(0)
    one.adopted[40:60, 40:60] = 0.5
    adopted = blend(after, two(one, None))
    assert (after[adopted == 0] == image()[adopted == 0]).all()
    assert (after[45:55, 45:55] != image()[45:55, 45:55]).all()
    assert adopted[:30].max() == 0


def test_a_square_ends_softly_towards_one_that_says_nothing() -> None:
    after = image()
    blend(after, two(finding(1), None))
    change = (after - image())[64, :, 0]
    assert np.abs(np.diff(change[20:SIDE])).max() < 0.01
    assert np.abs(change[SIDE:]).max() == 0


def test_grey_pictures_change_as_well() -> None:
    after = np.zeros((SIDE, SIDE), np.float32)
    plane = np.ones((SIDE, SIDE), np.float32)
    blend(after, [Proven(Place(0, 0, SIDE, ()), Finding(0.2 * plane[None], plane, plane < 0))])
    assert abs(float(after[64, 64]) - 0.2) < 1e-6


def test_the_largest_changes_are_kept_as_they_were() -> None:
    found = two(finding(1), finding(2))
    first, *others = largest_changes(image(), found)
    assert not others  # the other square is too near to be shown as well
    assert first.x == STRIDE + (SIDE - SHOWN_PX) // 2
    assert (first.before == image()[first.y :, first.x :][:SHOWN_PX, :SHOWN_PX]).all()
    assert largest_changes(image(), two(None, None)) == ()


def test_pixels_that_no_frame_shows_are_counted_once() -> None:
    found = two(finding(1), finding(1))
    for proven in found:
        assert proven.finding is not None
        proven.finding.outside[64, 20:30] = True
    adopted = blend(image(), found)
    assert outside_share(found, adopted) == 20 / adopted.size
