"""A quick look: smaller pictures, fewer tiles, and nearly the same answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.first_pass.effort import QUICK, THOROUGH
from focusstack.first_pass.measure import glanced, spool_for
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.open import open_frames
from focusstack.geometry.coordinates import transform
from focusstack.images.read import Reading, read_picture
from focusstack.images.write import write_image
from focusstack.options import StackOptions
from focusstack.pipeline import plan_stack
from focusstack.scene.stack import RenderedStack


@pytest.fixture(scope="module")
def folder(steps_stack: RenderedStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("effort")
    for k, frame in enumerate(steps_stack.frames):
        write_image(place / f"{k}.jpg", frame)
    return place


def test_a_quick_look_finds_the_truth(folder: Path, steps_stack: RenderedStack) -> None:
    # Small enough that the files are decoded at half size.
    small = replace(QUICK, megapixels=0.04, features=0.04)
    plan = plan_stack(folder, StackOptions(f"{steps_stack.reference}.jpg"), effort=small)
    assert plan.quick
    assert plan.canvas == (480, 360)
    x, y = np.meshgrid(np.linspace(0, 479, 9), np.linspace(0, 359, 9))
    p = np.stack([x.ravel(), y.ravel()], 1)
    for frame, H in zip(plan.frames, steps_stack.matrices, strict=True):
        assert frame.matrix is not None
        off = transform(frame.matrix, p) - transform(H, p)
        assert np.sqrt(np.square(off).sum(1).mean()) < 0.3
    gains = np.stack([f.gain for f in plan.frames])
    assert gains == pytest.approx(steps_stack.gains, rel=0.02)


def test_what_a_run_measures_is_not_a_quick_look() -> None:
    assert QUICK.quick
    assert not THOROUGH.quick


def test_files_are_decoded_no_larger_than_needed(folder: Path) -> None:
    frames = open_frames(folder)
    for scale, width in ((1.0, 480), (0.51, 480), (0.5, 240), (0.3, 240), (0.2, 120), (0.1, 60)):
        assert glanced(frames, scale).read(0).pixels.shape[1] == width
    assert frames.size == (480, 360)
    assert frames.read(0).pixels.shape == (360, 480, 3)


@pytest.mark.parametrize("reduction", [1, 2, 4, 8])
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_reduced_jpegs_show_the_same(
    tmp_path: Path, mode: str, orientation: int, reduction: int
) -> None:
    # Turned, a remainder lies at the other end.
    y, x = np.mgrid[:131, :203] if orientation == 1 else np.mgrid[:128, :200]
    ramps = np.stack([40 + 0.8 * x, 30 + 1.1 * y, 200 - 0.5 * x], -1).astype(np.uint8)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    Pillow.fromarray(ramps).convert(mode).save(path, quality=98, exif=exif)
    full = read_picture(path).pixels
    found = read_picture(path, reading=Reading(reduction=reduction)).pixels
    height, width = full.shape[:2]
    assert found.shape == (-(-height // reduction), -(-width // reduction), *full.shape[2:])
    inside = full[: height // reduction * reduction, : width // reduction * reduction]
    size = (width // reduction, height // reduction)
    expected = cv2.resize(inside, size, interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(found[: size[1], : size[0]] - expected).max() < 6
    assert np.abs(found[: size[1], : size[0]] - expected).mean() < 1


def test_a_quick_look_takes_less_than_a_megapixel_of_each_frame() -> None:
    frames = ArrayFrames([np.full((3000, 4000, 3), k, np.uint8) for k in (0, 9)], ["a", "b"])
    spool, scale = spool_for(frames, QUICK.megapixels, 1_000_000)
    with spool:
        assert 0.5 < 12 * scale**2 < 1


def test_a_quick_look_compares_neighbours_and_their_neighbours(folder: Path) -> None:
    plan = plan_stack(folder, effort=QUICK)
    # Tiles are small enough for it to say how well it fits.
    assert plan.error_px is not None
    places = {name: k for k, name in enumerate(plan.focus_order)}
    assert {abs(places[a] - places[b]) for a, b in (p.frames for p in plan.pairs)} == {1, 2}
