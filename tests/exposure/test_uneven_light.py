"""Whole stacks whose frames differ by more than a gain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from focusstack.exposure.shading import EVEN, Shading
from focusstack.images.colour import encode, linearise, to_dtype
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Float32, Image
from focusstack.options import OutputOptions, StackOptions
from focusstack.pipeline import StackResult, aligned_frames, plan_stack, stack
from focusstack.plan.model import StackPlan
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import RenderedStack, render_stack
from focusstack.stages import equalize_files
from tests.support.uneven_light import Fault, with_faults

SIZE = (480, 360)
COUNT = 5
NAMES = [f"IMG_{k}.png" for k in range(COUNT)]
REFERENCE = StackOptions(reference=NAMES[2])


@pytest.fixture(scope="module")
def plain() -> RenderedStack:
    return render_stack("steps", width=480, height=360, frames=COUNT, seed=12, bits=16, ev=0.3)


@pytest.fixture(scope="module")
def faulty(plain: RenderedStack) -> RenderedStack:
    """Vignetting that changes with focus, and a lamp that moves."""
    steps = (-1.0, -0.5, 0.0, 0.5, 1.0)
    return with_faults(plain, [Fault(Shading(0.25 * t, 0, 0.1 * t, 0.05 * t)) for t in steps])


def written(folder: Path, frames: list[Image]) -> Path:
    folder.mkdir(parents=True)
    for name, frame in zip(NAMES, frames, strict=True):
        write_image(folder / name, frame)
    return folder


@pytest.fixture(scope="module")
def photos(faulty: RenderedStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("home") / "photos", faulty.frames)


@pytest.fixture(scope="module")
def run(photos: Path) -> StackResult:
    return stack(photos, photos.with_name("out"), REFERENCE)


def means(encoded: Float32) -> Float32:
    """Linear light of patches of 40 pixels, of which blur changes little."""
    light = cv2.boxFilter(linearise(encoded), -1, (41, 41))
    return np.asarray(light[20:-20:20, 20:-20:20].mean(axis=2), np.float32)


def unlike(photos: Path, plan: StackPlan) -> float:
    """95th percentile of what patches of aligned frames differ by, stops."""
    frames = {f.name: means(f.pixels) for f in aligned_frames(photos, plan)}
    ev = [np.log2(m / frames[plan.reference]) for n, m in frames.items() if n != plan.reference]
    return float(np.percentile(np.abs(ev), 95))


def test_it_is_evened_out_and_told(run: StackResult, photos: Path) -> None:
    assert run.plan.light.terms == "radial, planar"
    assert "left_by_all" in (photos.with_name("out") / "report.json").read_text()
    assert "darker towards their corners" in (photos.with_name("out") / "report.html").read_text()
    assert run.plan.frames[2].shading.is_even


def test_frames_are_as_alike_as_without_the_fault(
    run: StackResult, photos: Path, plain: RenderedStack, tmp_path: Path
) -> None:
    clean = written(tmp_path / "clean", plain.frames)
    plan = plan_stack(clean, REFERENCE)
    assert plan.light.terms == "gain"
    floor = unlike(clean, plan)  # blur across edges of the scene
    assert unlike(photos, run.plan) < floor + 0.01
    # Gains alone leave what the corners differ by.
    frames = tuple(replace(f, shading=EVEN) for f in run.plan.frames)
    bare = replace(run.plan, frames=frames)
    assert unlike(photos, bare) > floor + 0.05


def test_a_plan_renders_the_same_bytes(run: StackResult, photos: Path, tmp_path: Path) -> None:
    out = photos.with_name("out")
    for threads in (1, 2):
        again = tmp_path / f"again{threads}"
        stack(photos, again, StackOptions(plan=out / "report.json", threads=threads))
        for path in [out / "fused.png", *sorted((out / "aligned").iterdir())]:
            assert (again / path.relative_to(out)).read_bytes() == path.read_bytes()


def test_sixteen_bits_and_inputs_are_kept(
    run: StackResult, photos: Path, faulty: RenderedStack
) -> None:
    first = read_picture(photos.with_name("out") / "aligned" / NAMES[0]).pixels
    assert first.dtype == np.uint16
    assert len(np.unique(first)) > 4096
    assert np.array_equal(read_picture(photos / NAMES[0]).pixels, faulty.frames[0])


def test_equalizing_evens_out_frames_where_they_stand(
    run: StackResult, photos: Path, tmp_path: Path, plain: RenderedStack
) -> None:
    options = StackOptions(plan=photos.with_name("out") / "report.json")
    equalize_files([photos], OutputOptions(tmp_path / "even"), options, Silent())
    common = np.float32(2.0**run.plan.common_ev)
    for k, name in enumerate(NAMES):
        found = read_picture(tmp_path / "even" / name).pixels
        gain = (plain.gains[k] / plain.gains[2]).astype(np.float32) * common
        truth = to_dtype(encode(linearise(plain.frames[k]) * gain), np.dtype(np.uint16))
        off = np.log2(means(found) / means(truth))
        assert np.percentile(np.abs(off), 95) < 0.012


def test_what_every_frame_clips_is_reported() -> None:
    rendered = render_stack("plane", width=360, height=270, frames=4, seed=8, ev=0.1, blur=3)
    frames = []
    for frame in rendered.frames:
        frame = frame.copy()
        frame[100:160, 140:220] = 255
        frames.append(frame)
    plan = plan_stack(frames)
    assert plan.clipped_everywhere == pytest.approx(60 * 80 / (360 * 270), rel=0.3)
    assert any("is clipped in every frame" in w for w in plan.warnings)
