"""Strokes carried out: at full depth, and taken back to the bit."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import InputError, OutputError
from focusstack.geometry.coordinates import Rect
from focusstack.images.metadata import Metadata
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.lock import FolderLock
from focusstack.pipeline import aligned_frames, stack
from focusstack.retouch.paint_sources import SourceGoneError
from focusstack.retouch.record import write_retouch
from focusstack.retouch.replay import paint, replay, retouch_folder, sources_of
from focusstack.retouch.result import Result, open_result
from focusstack.retouch.strokes import Point, Recipe, Retouch, Stroke
from focusstack.retouch.working import WorkingPicture
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import render_stack
from tests.support.cli_calls import done, failed


def blank(result: Result) -> Retouch:
    return Retouch(result.plan.reference, result.plan.canvas)


def everywhere(result: Result, source: str) -> Stroke:
    """An outline around the whole picture."""
    crop = result.plan.crop
    x, y = (crop.x - 50, crop.x + crop.width + 50), (crop.y - 50, crop.y + crop.height + 50)
    corners = (Point(x[0], y[0]), Point(x[1], y[0]), Point(x[1], y[1]), Point(x[0], y[1]))
    return Stroke("fill", corners, source)


def at(result: Result, x: float, y: float) -> Point:
    return Point(result.plan.crop.x + x, result.plan.crop.y + y)


def test_painting_all_of_a_frame_gives_the_aligned_frame(result: Result) -> None:
    name = result.plan.focus_order[1]
    retouch = blank(result).with_stroke(everywhere(result, f"frame:{name}"))
    aligned = read_picture(result.folder / "aligned" / name).pixels
    assert np.abs(replay(result, retouch).astype(int) - aligned).max() <= 1


def test_a_dab_changes_what_it_covers_and_nothing_else(result: Result) -> None:
    name = result.plan.focus_order[0]
    dab = Stroke("paint", (at(result, 100, 80),), f"frame:{name}", size=40, hardness=0.5)
    found = replay(result, blank(result).with_stroke(dab))
    fused, aligned = result.picture.pixels, read_picture(result.folder / "aligned" / name).pixels
    y, x = np.mgrid[: found.shape[0], : found.shape[1]]
    distance = np.hypot(x - 100, y - 80)
    assert np.array_equal(found[distance > 20], fused[distance > 20])
    assert np.abs(found[distance < 10].astype(int) - aligned[distance < 10]).max() <= 1


def test_erasing_brings_the_fused_back(result: Result) -> None:
    name = result.plan.focus_order[0]
    paint_it = Stroke("paint", (at(result, 100, 80),), f"frame:{name}", size=40)
    erase = Stroke("erase", (at(result, 100, 80),), size=60, hardness=1)
    retouch = blank(result).with_stroke(paint_it).with_stroke(erase)
    assert np.array_equal(replay(result, retouch), result.picture.pixels)


def test_clone_takes_from_beside_and_never_from_outside(result: Result) -> None:
    fused = result.picture.pixels
    clone = Stroke("clone", (at(result, 30, 30),), size=20, hardness=1, offset=(60, 20))
    found = replay(result, blank(result).with_stroke(clone))
    assert np.array_equal(found[25:35, 25:35], fused[45:55, 85:95])
    outside = replace(clone, offset=(-1000, 0))
    assert np.array_equal(replay(result, blank(result).with_stroke(outside)), fused)


def test_strokes_are_taken_back_one_by_one(result: Result) -> None:
    sources = sources_of(result, (), Silent(), 1)
    picture = WorkingPicture(result.picture.pixels)
    strokes = [
        Stroke("paint", (at(result, 40 + 12 * k, 60),), f"frame:{name}", size=50, opacity=0.6)
        for k, name in enumerate((*result.plan.focus_order, *result.plan.focus_order))
    ]
    states, undo = [picture.finished()], []
    for stroke in strokes:
        undo.append(paint(picture, stroke, result.plan.crop, sources))
        states.append(picture.finished())
    assert not np.array_equal(states[-1], states[0])
    while undo:
        assert np.array_equal(picture.finished(), states.pop())
        picture.restore(undo.pop().before)
    assert not picture.touched
    assert np.array_equal(picture.finished(), result.picture.pixels)


def test_a_recipe_of_all_frames_gives_the_composite_again(result: Result) -> None:
    recipe = Recipe("again", "auto", result.plan.focus_order)
    retouch = replace(blank(result), recipes=(recipe,)).with_stroke(
        everywhere(result, "made:again")
    )
    found = replay(result, retouch, threads=2)
    assert np.array_equal(found, result.picture.pixels)
    (made,) = (result.folder / "retouch").iterdir()
    before = made.stat().st_mtime_ns
    assert np.array_equal(replay(open_result(result.folder), retouch), found)
    assert made.stat().st_mtime_ns == before, "made once"


def test_a_part_fused_anew_agrees_with_the_whole_and_fills_only_itself(result: Result) -> None:
    crop = result.plan.crop
    part = Rect(crop.x + 100, crop.y + 90, 30, 24)
    names = result.plan.focus_order[:2]
    whole = Recipe("whole", "pyramid", names)
    retouch = replace(blank(result), recipes=(whole, replace(whole, name="part", rect=part)))
    all_of_it = replay(result, retouch.with_stroke(everywhere(result, "made:whole")))
    some = replay(result, retouch.with_stroke(everywhere(result, "made:part")))
    inner = np.s_[90:114, 100:130]
    assert np.abs(some[inner].astype(int) - all_of_it[inner]).mean() < 1
    assert np.array_equal(some[:20], result.picture.pixels[:20])


def test_a_source_that_is_gone_is_told(result: Result, folder: Path) -> None:
    lost = Stroke("paint", (at(result, 100, 80),), "frame:IMG_99.png", size=40)
    retouch = blank(result).with_stroke(lost)
    with pytest.raises(SourceGoneError, match=r"IMG_99\.png"):
        replay(result, retouch)
    assert np.array_equal(replay(result, retouch, skip_lost=True), result.picture.pixels)
    write_retouch(result.record, retouch)
    assert "IMG_99.png" in failed(3, "retouch", folder)
    told = done("retouch", folder, "--skip-lost")
    assert "left out a stroke: IMG_99.png" in told.stderr
    assert (folder / "retouched.png").is_file()


# Files ----------------------------------------------------------------------------------------


def test_without_strokes_the_file_is_that_of_the_composite(result: Result, folder: Path) -> None:
    write_retouch(result.record, blank(result))
    done("retouch", folder)
    assert (folder / "retouched.png").read_bytes() == result.fused.read_bytes()


def test_sixteen_bits_profile_and_exif_stay(tmp_path: Path) -> None:
    rendered = render_stack("plane", width=240, height=180, frames=3, seed=4)
    photos = tmp_path / "photos"
    photos.mkdir()
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for k, frame in enumerate(rendered.frames):
        deep = frame.astype(np.uint16) * 257 + np.uint16(k + 3)
        write_image(photos / f"{k}.tif", deep, Metadata(icc=icc))
    stack(photos, OutputOptions(tmp_path / "photos-stacked"))
    result = open_result(tmp_path / "photos-stacked")
    name = result.plan.focus_order[0]
    dab = Stroke("paint", (at(result, 100, 80),), f"frame:{name}", size=60, hardness=0.8)
    write_retouch(result.record, blank(result).with_stroke(dab))
    retouched = read_picture(retouch_folder(result))
    assert retouched.pixels.dtype == np.uint16
    assert retouched.metadata.icc == icc
    assert retouched.metadata.exif == read_picture(result.fused).metadata.exif
    aligned = next(f for f in aligned_frames(photos, result.plan) if f.name == name)
    there = np.s_[70:90, 90:110]
    exact = np.rint(np.clip(aligned.pixels[there], 0, 1) * 65535)
    assert np.abs(retouched.pixels[there] - exact).max() <= 1


def test_strokes_stay_in_place_after_a_run_with_another_reference(
    result: Result, folder: Path, tmp_path: Path
) -> None:
    name, other = result.plan.focus_order[0], result.plan.focus_order[2]
    dab = Stroke("paint", (at(result, 100, 80),), f"frame:{name}", size=40, hardness=1)
    write_retouch(result.record, blank(result).with_stroke(dab))
    assert other != result.plan.reference
    again = stack(
        tmp_path / "photos", OutputOptions(folder, overwrite=True), StackOptions(reference=other)
    )
    moved = open_result(folder)
    assert moved.plan.reference == other
    (stroke,) = moved.retouch().strokes
    frame = next(f for f in again.plan.frames if f.file == result.plan.reference)
    assert frame.matrix is not None
    x, y, w = frame.matrix @ (dab.points[0].x, dab.points[0].y, 1)
    assert (stroke.points[0].x, stroke.points[0].y) == pytest.approx((x / w, y / w))
    assert done("retouch", folder)


def test_what_another_run_writes_to_is_left_alone(result: Result, folder: Path) -> None:
    write_retouch(result.record, blank(result))
    lock = FolderLock(folder)
    lock.acquire()
    with pytest.raises(OutputError, match="is open already"):
        retouch_folder(result)
    lock.release()


# Opening --------------------------------------------------------------------------------------


def test_frames_are_found_beside_inside_and_where_told(folder: Path, tmp_path: Path) -> None:
    beside = tmp_path / "photos"
    home = folder.parent
    for place in (tmp_path / "elsewhere", folder / "frames", home / "zz", home / "a" / "b"):
        place.parent.mkdir(exist_ok=True)
        found = open_result(folder).frames
        assert found is not None
        assert {p.parent for p in found.paths} == {beside}
        beside = Path(shutil.move(beside, place))
    far = Path(shutil.move(beside, tmp_path.with_name(f"{tmp_path.name}-far")))
    opened = open_result(folder)
    assert opened.frames is not None  # those that the run has written
    assert opened.aligned
    shutil.rmtree(folder / "aligned")
    assert open_result(folder).frames is None
    told = open_result(folder, far).frames
    assert told is not None
    assert len(told) == 4


def test_frames_of_a_card_of_several_stacks_are_found(folder: Path, tmp_path: Path) -> None:
    card = tmp_path / "card-stacked" / "first"
    card.parent.mkdir()
    result = Path(shutil.move(folder, card))
    for place in (tmp_path / "card", tmp_path / "card" / "DCIM" / "100"):
        place.parent.mkdir(exist_ok=True, parents=True)
        frames = Path(shutil.move(tmp_path / "photos", place))
        opened = open_result(result)
        assert opened.frames is not None
        assert not opened.aligned
        assert {p.parent for p in opened.frames.paths} == {place}
        shutil.move(frames, tmp_path / "photos")


@pytest.mark.parametrize(
    ("gone", "words"), [("report.json", "no report.json"), ("fused.png", "no composite")]
)
def test_a_folder_without_results_is_refused(folder: Path, gone: str, words: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(InputError, match=words):
        open_result(folder)


def test_a_composite_of_another_run_is_refused(folder: Path) -> None:
    write_image(folder / "fused.png", np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(InputError, match="30 x 20"):
        open_result(folder)


def test_retouch_without_strokes_says_how_to_paint(folder: Path) -> None:
    assert f"focusstack review {folder}" in failed(3, "retouch", folder, "--quality", "80")


def test_inputs_are_not_touched(result: Result, folder: Path, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "photos").iterdir()}
    name = result.plan.focus_order[0]
    write_retouch(result.record, blank(result).with_stroke(everywhere(result, f"frame:{name}")))
    done("retouch", folder, "--quiet")
    assert {p: os.stat(p).st_mtime_ns for p in before} == before  # noqa: PTH116
