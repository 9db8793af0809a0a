"""Layers that are there are found; those that are not are not adopted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.fusion.layers import borne_out
from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.borne_out import (
    Finding,
    alike,
    between,
    find,
    near_rims,
    ramp,
    recoloured,
    seen_by_some,
)
from focusstack.fusion.layers.rendering import Layers
from focusstack.fusion.layers.tile import BLIND
from focusstack.images.colour import encode
from focusstack.numeric.arrays import Float32
from tests.fusion.layers.known_layers import LENS, Known, photographed

INSIDE = np.s_[..., BLIND:-BLIND, BLIND:-BLIND]


def found(known: Known, near: int = 1, blur: Blur = LENS) -> Finding:
    """What is found; nothing, where it finds nothing."""
    finding = find(known.tile, near, blur)
    nothing = np.zeros_like(known.tile.today)
    return Finding(nothing, nothing[0], nothing[0] > 0) if finding is None else finding


def decibels(image: Float32, known: Known) -> float:
    return -10 * float(np.log10(np.square(image - known.truth)[INSIDE].mean()))


@pytest.mark.parametrize("near_first", [True, False])
def test_known_layers_are_found_and_adopted(near_first: bool) -> None:
    known = photographed(near_first)
    finding = found(known, 1 if near_first else -1)
    today = encode(known.tile.today)
    better = today + finding.adopted * finding.change
    assert finding.adopted[INSIDE].mean() > 0.1
    assert decibels(better, known) > decibels(today, known) + 4


def test_with_the_wrong_end_in_front_nothing_gets_worse() -> None:
    known = photographed()
    finding = found(known, -1)
    today = encode(known.tile.today)
    assert decibels(today + finding.adopted * finding.change, known) > decibels(today, known) - 0.1


def test_with_a_wrong_start_nothing_gets_worse() -> None:
    known = photographed()
    depth = np.roll(known.tile.depth, 20, axis=1)  # the strip is said to be elsewhere
    wrong = replace(known, tile=replace(known.tile, depth=depth))
    finding = found(wrong)
    today = encode(known.tile.today)
    assert decibels(today + finding.adopted * finding.change, known) > decibels(today, known) - 0.1


def test_with_twice_the_blur_nothing_gets_worse() -> None:
    known = photographed()
    finding = found(known, blur=Blur(2 * LENS.step))
    today = encode(known.tile.today)
    assert decibels(today + finding.adopted * finding.change, known) > decibels(today, known) - 0.1


def test_nothing_is_changed_where_the_composite_is_true() -> None:
    known = photographed()
    true = replace(known.tile, today=np.asarray(known.layers.sharp(), np.float32))
    finding = found(replace(known, tile=true))
    assert np.abs(finding.adopted * finding.change)[INSIDE].max() < 4 / 255


def test_no_pixel_leaves_the_range_of_the_frames() -> None:
    known = photographed(noise=6 / 255)
    finding = found(known)
    sharp = encode(known.tile.today) + finding.change
    frames = encode(known.tile.light)
    assert sharp.max() <= frames.max() + borne_out.BEYOND + 1e-6
    assert sharp.min() >= frames.min() - borne_out.BEYOND - 1e-6


def test_three_frames_are_too_few() -> None:
    known = photographed()
    assert find(known.tile.some(np.s_[::3]), 1, LENS) is None


def test_one_layer_is_nothing_to_explain() -> None:
    known = photographed()
    level = replace(known.tile, depth=np.full_like(known.tile.depth, 3))
    assert find(level, 1, LENS) is None


def test_where_no_frame_says_anything_nothing_is_adopted() -> None:
    known = photographed()
    blind = replace(known.tile, weight=np.zeros_like(known.tile.weight))
    assert find(blind, 1, LENS) is None


def test_changes_that_are_alike_count_and_noise_does_not() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.standard_normal((3, 40, 40)).astype(np.float32) for _ in range(2))
    assert alike([one, one]).min() == 1
    assert alike([one, other]).mean() < 0.1


def test_recoloured_layers_show_what_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    cover = rng.random((3, 8, 8), np.float32)
    cover[-1] = 1
    layers = Layers(cover, rng.random((3, 1, 8, 8), np.float32))
    sharp = rng.random((1, 8, 8), np.float32)
    assert np.abs(recoloured(layers, sharp).sharp() - sharp).max() < 1e-4


def test_between_two_of_the_same_is_the_same() -> None:
    known = photographed()
    soft = Layers(np.clip(known.layers.cover, 0.1, 0.9), known.layers.colour)
    middle = between([soft, soft])
    assert np.abs(middle.cover - soft.cover).max() < 1e-5
    assert np.abs(middle.colour - soft.colour).max() < 1e-5


def test_ramp_rises_between_its_bounds() -> None:
    values = np.array([0.9, 1.0, 1.5, 2.0, 3.0], np.float32)
    assert ramp(values, (1.0, 2.0)).tolist() == [0, 0, 0.5, 1, 1]


def test_layers_are_used_near_rims_only() -> None:
    cover = np.stack([np.full((60, 60), 0.1, np.float32), np.ones((60, 60), np.float32)])
    cover[0, :, :20] = 0.9
    near = borne_out.near_rims(Layers(cover, np.zeros((2, 1, 60, 60), np.float32)))
    assert near[30, 19 - borne_out.REACH_PX + 1 : 20 + borne_out.REACH_PX].all()
    assert not near[:, : 18 - borne_out.REACH_PX].any()
    assert not near[:, 22 + borne_out.REACH_PX :].any()


def test_what_is_left_is_measured_by_what_is_usual_in_a_square() -> None:
    left = np.full((60, 60), 0.3, np.float32)
    left[20:24, 20:24] = 2.0
    assert borne_out.explained(left)[22, 22] == 0
    assert borne_out.explained(left)[40, 40] == 1
    assert borne_out.explained(left + 1)[22, 22] == 1  # no less than the stack's noise


def detailed(contrast: float) -> Float32:
    """What is believed of frames whose detail is so many times as strong as their noise."""
    tile, rng = photographed().tile, np.random.default_rng(4)
    noise = rng.standard_normal(tile.light.shape).astype(np.float32)
    stripes = np.float32(contrast) * np.where(np.arange(tile.light.shape[-1]) // 2 % 2, 1, -1)
    light = np.float32(0.5) + np.float32(0.01) * noise
    light[3] += np.float32(0.01) * stripes.astype(np.float32)
    weight = np.full_like(light, 100)
    return seen_by_some(replace(tile, light=light, weight=weight))[INSIDE]


def test_what_no_frame_shows_sharp_is_not_believed() -> None:
    assert detailed(0).max() == 0


def test_what_one_frame_shows_sharp_is_believed() -> None:
    assert detailed(2).min() == 1


@pytest.mark.parametrize("factor", [0.5, 2])
def test_how_much_detail_is_believed_matters(
    monkeypatch: pytest.MonkeyPatch, factor: float
) -> None:
    bounds = tuple(factor * bound for bound in borne_out.DETAIL)
    monkeypatch.setattr(borne_out, "DETAIL", bounds)
    assert detailed(0).max() > 0 or detailed(2).min() < 1


def layer(cover: float) -> Layers:
    one = np.zeros((64, 64), np.float32)
    one[:, 30:34] = cover
    return Layers(np.stack([one, np.ones_like(one)]), np.zeros((2, 1, 64, 64), np.float32))


def test_only_what_covers_clearly_has_a_rim() -> None:
    assert not near_rims(layer(0.6)).any()
    assert near_rims(layer(0.8))[32].sum() == 4 + 2 + 2 * borne_out.REACH_PX == 22


@pytest.mark.parametrize("factor", [0.5, 2])
def test_from_where_on_something_covers_matters(
    monkeypatch: pytest.MonkeyPatch, factor: float
) -> None:
    monkeypatch.setattr(borne_out, "COVERING", factor * borne_out.COVERING)
    assert near_rims(layer(0.6)).any() or not near_rims(layer(0.8)).any()
