"""The common exposure keeps highlights; what is lost is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.exposure.highlights import clipped_everywhere, headroom, is_worth_a_word
from focusstack.frames.proxies.proxy import Statistics, make_proxy
from focusstack.images.colour import encode, linearise, to_dtype
from focusstack.numeric.arrays import Image
from focusstack.pipeline import aligned_frames, plan_stack
from focusstack.scene.stack import render_stack


def statistics(light: float, spot: float = 0.0) -> Statistics:
    """Of an even grey with a bright spot in the middle."""
    linear = np.full((120, 160, 3), light, np.float32)
    linear[50:70, 70:90] = spot or light
    return make_proxy(to_dtype(encode(linear), np.dtype(np.uint16)), 1.0)[1]


def test_headroom_is_what_the_brightest_highlight_needs() -> None:
    facts = [statistics(0.2, 0.9), statistics(0.05, 0.5)]
    gains = np.array([[1.0] * 3, [4.0] * 3])
    assert headroom(gains, facts, [0, 1]) == pytest.approx(0.5, rel=0.01)
    assert headroom(gains, facts, [0]) == 1
    assert headroom(np.ones((2, 3)), facts, [0, 1]) == 1


def test_hot_pixels_are_no_highlights() -> None:
    linear = np.full((400, 600, 3), 0.1, np.float32)
    linear[7, 9] = 1
    facts = make_proxy(to_dtype(encode(linear), np.dtype(np.uint16)), 1.0)[1]
    assert facts.peak == pytest.approx([0.1] * 3, rel=0.01)


def test_only_what_all_frames_clip_is_clipped_everywhere() -> None:
    bright, dark = statistics(0.2, 1.0), statistics(0.05, 0.6)
    H = np.stack([np.eye(3)] * 2)
    assert clipped_everywhere([bright, dark], H, [0, 1]) == 0
    assert clipped_everywhere([bright, bright], H, [0, 1]) == pytest.approx(0.03, abs=0.02)


@pytest.mark.parametrize(("beyond", "left"), [(0.042, False), (0.021, True)])
def test_highlights_a_little_beyond_white_are_left_to_be_clipped(beyond: float, left: bool) -> None:
    facts = replace(statistics(0.2), peak=np.full(3, 1 + beyond))
    found = headroom(np.ones((1, 3)), [facts], [0])
    assert found == (1 if left else pytest.approx(1 / (1 + beyond)))


@pytest.mark.parametrize(("share", "told"), [(0.0014, True), (0.0007, False)])
def test_a_thousandth_of_the_picture_is_worth_a_word(share: float, told: bool) -> None:
    assert is_worth_a_word(share) == told


def bracketed(bits: int) -> list[Image]:
    """Frames two stops either way around the middle one, with highlights at the middle's white."""
    rendered = render_stack("plane", width=360, height=270, frames=5, seed=8, ev=0, wb=0, bits=16)
    frames = []
    for k, (frame, stops) in enumerate(zip(rendered.frames, (0, -2, 0.3, 2, -0.4), strict=True)):
        light = linearise(frame) * 0.3
        light[120:150, 160 + k : 200 + k] *= 20
        exposed = np.clip(light * np.float32(2.0**stops), 0, 1)
        frames.append(to_dtype(encode(exposed), np.dtype(np.uint16 if bits == 16 else np.uint8)))
    return frames


def test_sixteen_bit_frames_keep_every_highlight() -> None:
    frames = bracketed(16)
    plan = plan_stack(frames)
    assert plan.common_ev < -0.5
    assert all(f.used for f in plan.frames)
    assert any("no frame's highlights are lost" in w for w in plan.warnings)
    darkest = next(f for f in aligned_frames(frames, plan) if f.name == "frame_0002")
    assert darkest.pixels.max() < 1.03
    # Gains still tell exposures: only their common factor is another.
    gains = np.array([f.gain.mean() for f in plan.frames])
    assert np.log2(gains / gains[0]) == pytest.approx([0, 2, -0.3, -2, 0.4], abs=0.02)
    stops = [f.exposure_ev for f in plan.frames]
    at = [f.file for f in plan.frames].index(plan.reference)
    assert stops[at] == 0
    assert np.array(stops) - stops[0] == pytest.approx([0, -2, 0.3, 2, -0.4], abs=0.02)


def test_eight_bit_frames_keep_the_references_exposure() -> None:
    plan = plan_stack(bracketed(8))
    assert plan.common_ev == 0
    reference = next(f for f in plan.frames if f.file == plan.reference)
    assert np.array_equal(reference.gain, np.ones(3))
