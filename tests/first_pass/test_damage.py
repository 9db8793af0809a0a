"""Damage that no decoder tells: what a frame shows gives it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.alignment.coarse import Coarse
from focusstack.errors import InputError
from focusstack.first_pass.damage import STEP, find_broken, refuse_too_many, signs_of
from focusstack.first_pass.effort import THOROUGH
from focusstack.first_pass.measure import Measured, measure_frames, spool_for
from focusstack.first_pass.row_faults import find_row_faults
from focusstack.first_pass.steps import find_alignment
from focusstack.frames.open import open_frames
from focusstack.frames.proxies.proxy import make_proxy
from focusstack.numeric.arrays import Float32, Floats, Image
from focusstack.options import StackOptions
from focusstack.pipeline import plan_stack
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import render_stack

FRAMES = render_stack("plane", width=600, height=450, frames=6, seed=5, blur=2).frames
SHAPE = (60, 80, 3)


def noise(codes: float, seed: int = 0) -> Float32:
    return np.random.default_rng(seed).normal(0, codes, SHAPE).astype(np.float32)


def usual(codes: float = 2.0) -> Float32:
    return np.full(SHAPE, codes, np.float32)


# Single signs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("channel", [0, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_step_along_a_whole_row(turned: bool, channel: int, sign: int) -> None:
    """4 codes of one colour from some row on are told; 1.5 codes are what shading does."""
    for codes, words in ((4.0, True), (1.5, False)):
        apart = noise(0.2)
        rows = apart.transpose(1, 0, 2) if turned else apart
        rows[35:, :, channel] += sign * codes
        assert (signs_of(apart, usual()).words() is not None) == words


def test_light_that_falls_off_is_no_step() -> None:
    apart = noise(0.2)
    apart += np.linspace(-8, 8, SHAPE[0], dtype=np.float32)[:, None, None]
    assert signs_of(apart, usual()).words() is None


def test_an_edge_that_lies_beside_its_place_is_no_step() -> None:
    """Over the whole width, six blocks: 48 proxy pixels."""
    apart = noise(0.2)
    apart[30:36] += 40
    assert signs_of(apart, usual()).words() is None


def test_a_part_of_a_row_is_something_that_moves() -> None:
    apart = noise(0.2)
    apart[30:, 20:60] += 10
    assert signs_of(apart, usual()).words() is None
    apart[30:, 4:76] += 10  # nine in ten: nothing that moves
    assert signs_of(apart, usual()).words() is not None


def test_other_content_from_some_row_on() -> None:
    """It differs without a common sign, everywhere."""
    apart = noise(0.2)
    apart[30:] += np.sign(noise(1.0, 1)[30:]) * 9
    signs = signs_of(apart, usual())
    assert signs.step < STEP < signs.onset
    assert signs.words() is not None


def test_a_scene_that_is_restless_everywhere_has_no_onset() -> None:
    apart = np.sign(noise(1.0, 1)) * np.float32(4)
    apart[30:] *= 2.2
    assert signs_of(apart, usual()).onset < STEP


def test_another_picture_here_and_there_is_not_damage() -> None:
    apart = noise(0.2)
    apart[np.random.default_rng(3).random(SHAPE[:2]) < 0.25] += 30  # far otherwise exposed
    found = signs_of(apart, usual())
    assert found.gross > 0.2
    assert found.words() is None


def test_what_is_not_known_tells_nothing() -> None:
    apart = noise(0.2)
    apart[30:] = np.nan
    assert signs_of(apart, usual()).words() is None


# Stacks ---------------------------------------------------------------------------------------


def shifted(frame: Image) -> None:
    """What a fault in a difference of mean values does to all that follows."""
    lower = frame[150:].astype(int) + np.array([24, -4, 7])
    frame[150:] = np.clip(lower, 0, 255)


def grey(frame: Image) -> None:
    """What a decoder fills in."""
    frame[180:] = 128


def overwritten(frame: Image) -> None:
    """Random bytes over part of a row, as in a file without checksums."""
    frame[201, 300:380] = np.random.default_rng(1).integers(0, 256, (80, 3))


def undecoded(frame: Image) -> None:
    """What a decoder makes of blocks whose data are another's."""
    blocks = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)
    frame[320:416, 440:568] = blocks.repeat(16, 0).repeat(16, 1)


def brighter(frame: Image) -> None:
    """One row of units between two restarts."""
    row = frame[240:256, 100:500].astype(int) + np.array([40, 30, 20])
    frame[240:256, 100:500] = np.clip(row, 0, 255)


@pytest.fixture(scope="module")
def sound() -> Iterator[tuple[Measured, Coarse, Floats]]:
    """The sound stack, measured and aligned."""
    frames = open_frames(FRAMES)
    spool, scale = spool_for(frames, THOROUGH.megapixels, 1 << 30)
    with spool:
        stack = measure_frames(frames, spool, scale, 1, Silent())
        yield stack, *find_alignment(stack, "auto", 1, Silent(), THOROUGH)


def broken(sound: tuple[Measured, Coarse, Floats], damaged: dict[int, Image]) -> list[int]:
    """Which frames are told, if some of a sound stack look like this."""
    stack, coarse, gains = sound
    facts, rows = list(stack.statistics), list(stack.rows)
    for i, frame in damaged.items():
        k = stack.order.index(i)
        facts[k], rows[k] = make_proxy(frame, stack.scale)[1], find_row_faults(frame)
    stack = replace(stack, statistics=facts, rows=rows)
    return sorted(stack.order[k] for k in find_broken(stack, coarse, gains))


@pytest.mark.parametrize("k", [0, 2, 5])
@pytest.mark.parametrize("damage", [overwritten, undecoded, brighter])
def test_damage_shows(
    sound: tuple[Measured, Coarse, Floats], damage: Callable[[Image], None], k: int
) -> None:
    frame = FRAMES[k].copy()
    damage(frame)
    assert broken(sound, {k: frame}) == [k]


def test_what_many_frames_show_is_no_fault_of_files(sound: tuple[Measured, Coarse, Floats]) -> None:
    frames = {k: FRAMES[k].copy() for k in range(3)}
    for frame in frames.values():
        overwritten(frame)
    assert broken(sound, frames) == []
    shifted(frames[1])  # what one alone shows beside that still is
    assert broken(sound, frames) == [1]


@pytest.mark.parametrize(("damage", "k"), [(grey, 0), (shifted, 3)])
def test_a_frame_that_shows_damage_is_left_out(damage: Callable[[Image], None], k: int) -> None:
    frames = [frame.copy() for frame in FRAMES]
    damage(frames[k])
    plan = plan_stack(frames)
    assert [f.used for f in plan.frames] == [i != k for i in range(len(frames))]
    assert "the file is damaged" in (plan.frames[k].reason or "")


def test_a_damaged_frame_is_kept_if_asked_for() -> None:
    frames = [frame.copy() for frame in FRAMES]
    shifted(frames[2])
    plan = plan_stack(frames, StackOptions(keep_damaged=True))
    assert all(f.used for f in plan.frames)
    assert any("frame_0003" in text and "used all the same" in text for text in plan.warnings)


def test_sound_frames_are_all_used() -> None:
    assert all(f.used for f in plan_stack(FRAMES).frames)


def test_what_the_decoder_tells_is_the_reason(tmp_path: Path) -> None:
    for k, frame in enumerate(FRAMES):
        Pillow.fromarray(frame).save(tmp_path / f"{k}.jpg", quality=93)
    data = (tmp_path / "4.jpg").read_bytes()
    (tmp_path / "4.jpg").write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    plan = plan_stack(tmp_path)
    assert [f.file for f in plan.frames if not f.used] == ["4.jpg"]
    assert plan.frames[4].reason == "the file is damaged (the JPEG data end too early)"
    with pytest.raises(InputError, match=r"The reference 4\.jpg is damaged"):
        plan_stack(tmp_path, StackOptions(reference="4.jpg"))


def test_too_many_damaged_frames_end_the_run() -> None:
    names = ["a", "b", "c", "d", "e"]
    refuse_too_many({1: "x"}, names, "auto")
    with pytest.raises(InputError, match="2 of 5 frames are damaged:\nb: x\nd: y"):
        refuse_too_many({3: "y", 1: "x"}, names, "auto")
    with pytest.raises(InputError, match="1 of 2"):
        refuse_too_many({0: "x"}, names[:2], "auto")
