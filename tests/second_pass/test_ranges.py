"""Ranges of frames, fused apart and merged, give what one pass gives."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import UsageError
from focusstack.frames.open import open_frames
from focusstack.fusion.base import Fused
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.options import FusionOptions, StackOptions
from focusstack.pipeline import aligned_frames, plan_stack, stack
from focusstack.plan.model import StackPlan
from focusstack.runtime.scratch import Room
from focusstack.scene.stack import render_stack
from focusstack.second_pass.ranges import fuse_in_ranges
from focusstack.second_pass.run import Means, render_frames

PYRAMID = StackOptions(fusion=FusionOptions(method="pyramid"), threads=2)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("ranges")
    frames = render_stack("steps", width=300, height=220, frames=7, seed=2).frames
    found = [folder / f"IMG_{k}.png" for k in range(len(frames))]
    for path, frame in zip(found, frames, strict=True):
        write_image(path, frame)
    return found


@pytest.fixture(scope="module")
def plan(paths: list[Path]) -> StackPlan:
    return plan_stack(paths, PYRAMID)


@pytest.fixture(scope="module")
def whole(paths: list[Path], plan: StackPlan) -> Fused:
    fused = stack(paths, None, PYRAMID, plan=plan).fused
    assert fused is not None
    return fused


@pytest.mark.parametrize("ranges", [1, 2, 3, 7, 20])
def test_ranges_give_what_one_pass_gives(
    paths: list[Path], plan: StackPlan, whole: Fused, ranges: int
) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = fuse_in_ranges(paths, plan, pool, ranges, PYRAMID.fusion)
    assert np.abs(found.image - whole.image).max() < 1e-5
    assert np.array_equal(found.source, whole.source)
    assert np.array_equal(found.depth, whole.depth)
    assert np.abs(found.confidence - whole.confidence).max() < 1e-5


def test_ranges_go_to_other_processes(paths: list[Path], plan: StackPlan, whole: Fused) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = fuse_in_ranges(paths, plan, pool, 2)
    assert np.abs(found.image - whole.image).max() < 1e-5


def test_no_range_is_refused(paths: list[Path], plan: StackPlan) -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(UsageError, match="do no work"):
        fuse_in_ranges(paths, plan, pool, 0)


def test_some_frames_are_rendered_as_among_all_others(
    paths: list[Path], plan: StackPlan, tmp_path: Path
) -> None:
    bright = paths[3].name
    clipped = read_picture(paths[3]).pixels.copy()
    clipped[80:140, 120:180] = 255
    write_image(tmp_path / bright, clipped)
    frames = open_frames([tmp_path / bright if p.name == bright else p for p in paths])
    told = [replace(f, gain=f.gain * (0.5 if f.file == bright else 1)) for f in plan.frames]
    plan = replace(plan, frames=tuple(told))
    every = {frame.name: frame for frame in aligned_frames(frames, plan)}
    means = Means(1, 0, Room())
    ((alone, _),) = render_frames(frames, plan, (False,), means, buffers=0, only=(bright,))
    validity = every[bright].validity
    assert alone.validity is not None
    assert validity is not None
    assert np.array_equal(alone.validity, validity)
    assert float(np.min(validity)) < 255  # what is clipped counts less, as others hold it
