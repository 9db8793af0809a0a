"""Folders that hold more than the frames: what is taken, what is left out, what is asked."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.frames.files import FileFrames
from focusstack.frames.search import find_files, survey
from focusstack.images.write import write_image
from focusstack.pipeline import plan_stack
from focusstack.scene.stack import render_stack


def picture(path: Path, width: int = 1600, height: int = 1200) -> Path:
    """A plain picture that is unlike every other."""
    path.parent.mkdir(exist_ok=True)
    colour = tuple(path.name.encode().rjust(12)[-9:-6])
    Pillow.new("RGB", (width, height), colour).save(path)
    return path


def names(folder: Path) -> list[str]:
    return [p.name for p in find_files([folder])]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for k in (1, 2, 10):
        picture(tmp_path / f"IMG_{k}.jpg")
    return tmp_path


FRAMES = ["IMG_1.jpg", "IMG_2.jpg", "IMG_10.jpg"]


def test_sidecars_and_films_are_listed(photos: Path) -> None:
    others = ["IMG_1.xmp", "IMG_1.jpg.pp3", "IMG_2.MOV", "catalog.lrcat", "Thumbs.db", "a.html"]
    for name in others:
        (photos / name).write_bytes(b"x")
    (photos / ".DS_Store").write_bytes(b"x")
    found = survey([photos])
    assert [p.name for p in found.files] == FRAMES
    assert {p.name for p in found.skipped} == set(others)
    assert not found.notes


def test_thumbnails_are_left_out(photos: Path) -> None:
    for k in (1, 2, 10):
        picture(photos / f"thumb{k}.jpg", 160, 120)
    found = survey([photos])
    assert [p.name for p in found.files] == FRAMES
    assert "reduced copies: thumb1.jpg, thumb2.jpg, thumb10.jpg" in found.notes[0]


def test_reduced_copies_are_known_by_their_names(photos: Path) -> None:
    for k in (1, 2, 10):
        picture(photos / f"IMG_{k}_web.jpg", 800, 600)
    assert names(photos) == FRAMES


def test_copies_are_half_as_large_at_most(photos: Path) -> None:
    for k in (1, 2, 10):
        picture(photos / f"IMG_{k}_small.jpg", 720, 540)
    assert names(photos) == FRAMES
    for k in (1, 2, 10):
        picture(photos / f"IMG_{k}_small.jpg", 1040, 780)
    with pytest.raises(InputError, match="3 of 1040 x 780 pixels"):
        names(photos)


def test_thumbnails_are_small(tmp_path: Path) -> None:
    for k in (1, 2, 10):
        picture(tmp_path / f"IMG_{k}.jpg", 2400, 1800)
        picture(tmp_path / f"thumb{k}.jpg", 480, 360)
    assert names(tmp_path) == FRAMES
    for k in (1, 2, 10):
        picture(tmp_path / f"thumb{k}.jpg", 960, 720)
    with pytest.raises(InputError, match="3 of 960 x 720 pixels"):
        names(tmp_path)


def test_two_sizes_are_asked_for(photos: Path) -> None:
    for k in (3, 4):
        picture(photos / f"other{k}.jpg", 1200, 900)
    with pytest.raises(InputError, match="3 of 1600 x 1200 pixels") as caught:
        names(photos)
    assert "2 of 1200 x 900 pixels (other3.jpg … other4.jpg)" in caught.value.message
    assert len(find_files([photos / "other*.jpg"])) == 2


def test_one_odd_picture_is_no_set(photos: Path) -> None:
    picture(photos / "IMG_3.jpg", 1500, 1200)
    with pytest.raises(InputError, match=r"but not IMG_3\.jpg \(1500 x 1200 pixels\)"):
        FileFrames(find_files([photos]))


def test_a_small_picture_in_the_place_of_a_frame_is_no_copy(photos: Path) -> None:
    picture(photos / "IMG_3.jpg", 160, 120)
    with pytest.raises(InputError, match=r"but not IMG_3\.jpg \(160 x 120 pixels\)"):
        FileFrames(find_files([photos]))


@pytest.mark.parametrize("suffix", [".NEF", ".dng", ".tif", ".HEIC"])
def test_pairs_are_asked_for(photos: Path, suffix: str) -> None:
    for k in (1, 2, 10):
        if suffix == ".tif":
            picture(photos / f"img_{k}.tif")
        else:
            (photos / f"IMG_{k}{suffix}").write_bytes(b"sensor data")
    with pytest.raises(InputError, match="the same frames more than once") as caught:
        names(photos)
    assert f"3 as {suffix}" in caught.value.message
    assert "3 as .jpg" in caught.value.message
    ways = [str(c.inputs[0]).casefold() for c in caught.value.changes]
    assert str(photos / f"IMG_*{suffix}").casefold() in ways
    assert [p.name for p in find_files([photos / "*.jpg"])] == FRAMES


def test_results_beside_frames_are_left_out(photos: Path) -> None:
    write_image(photos / "fused.tif", np.zeros((1100, 1500, 3), np.uint8), frames=(3, 3))
    write_image(photos / "depth.png", np.zeros((1100, 1500), np.uint16))
    found = survey([photos])
    assert [p.name for p in found.files] == FRAMES
    assert "results of focusstack: fused.tif, depth.png" in found.notes[0]
    # Where all that is given counts, it is asked whether they are meant.
    with pytest.raises(InputError, match=r"results of focusstack beside frames: fused\.tif\."):
        survey([photos], every=True)


def test_a_composite_of_another_name_is_asked_for(photos: Path) -> None:
    composite = photos / "ant.tif"
    write_image(composite, np.zeros((1100, 1500, 3), np.uint8), frames=(3, 3))
    with pytest.raises(InputError, match=r"beside frames: ant\.tif") as caught:
        survey([photos])
    alone, every = caught.value.changes
    assert alone.add == ("--exclude", "ant.tif")
    assert len(survey(every.inputs).files) == 4  # named outright


def test_frames_that_this_program_wrote_are_frames(photos: Path) -> None:
    """Such as aligned ones, some of which were retouched."""
    for path in (photos / "IMG_1.jpg", photos / "IMG_2.jpg"):
        write_image(path, np.asarray(Pillow.open(path)))
    for every in (False, True):
        assert [p.name for p in survey([photos], every=every).files] == FRAMES


def test_results_are_never_most_of_what_is_given(tmp_path: Path) -> None:
    for name in ("fused.png", "fused.tif"):
        write_image(tmp_path / name, np.full((60, 80, 3), len(name), np.uint8), frames=(3, 3))
    assert names(tmp_path / "*.png") == ["fused.png"]  # composites can be stacked, too
    picture(tmp_path / "IMG_1.jpg", 80, 60)
    with pytest.raises(InputError, match="results of focusstack beside frames"):
        names(tmp_path)


def test_thumbnails_beside_frames_of_the_sample_set(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for k in range(3):
        write_image(tmp_path / f"IMG_{k}.jpg", rng.integers(0, 255, (900, 1200, 3), np.uint8))
        Pillow.new("RGB", (160, 120), (k, k, k)).save(tmp_path / f"IMG_{k}_thumb.jpg")
    assert names(tmp_path) == ["IMG_0.jpg", "IMG_1.jpg", "IMG_2.jpg"]
    assert len(survey([tmp_path], every=True).files) == 6


def test_what_is_left_out_is_in_the_report(tmp_path: Path) -> None:
    rendered = render_stack("plane", width=240, height=180, frames=3, blur=3, seed=4)
    for k, frame in enumerate(rendered.frames):
        Pillow.fromarray(frame).save(tmp_path / f"{k}.png")
        Pillow.fromarray(frame[::4, ::4]).save(tmp_path / f"small{k}.png")
    plan = plan_stack(tmp_path)
    assert [f.file for f in plan.frames] == ["0.png", "1.png", "2.png"]
    assert any("reduced copies: small0.png" in w for w in plan.warnings)


def test_one_stack_in_a_file_is_taken_and_several_are_asked_for(tmp_path: Path) -> None:
    pages = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, 20, 30)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    assert names(tmp_path) == ["a.tif"]
    tifffile.imwrite(tmp_path / "b.tif", pages + 1, photometric="minisblack")
    with pytest.raises(InputError, match=r"several stacks: a\.tif \(3 pages\), b\.tif"):
        names(tmp_path)
    assert len(FileFrames(find_files([tmp_path / "b.tif"]))) == 3


def test_broken_pictures_stay_and_are_all_named(photos: Path) -> None:
    (photos / "IMG_1.jpg").write_bytes(b"")
    (photos / "IMG_2.jpg").write_bytes(b"text")
    assert names(photos) == FRAMES
    with pytest.raises(InputError, match=r"IMG_1\.jpg is empty.\n.*IMG_2\.jpg is not a picture"):
        FileFrames(find_files([photos]))


def test_a_link_to_nothing_is_a_missing_frame(photos: Path) -> None:
    (photos / "IMG_3.jpg").symlink_to(photos / "gone.jpg")
    with pytest.raises(InputError, match=r"IMG_3\.jpg cannot be read"):
        FileFrames(find_files([photos]))


def test_links_in_a_circle(photos: Path) -> None:
    (photos / "IMG_3.jpg").symlink_to(photos / "IMG_4.jpg")
    (photos / "IMG_4.jpg").symlink_to(photos / "IMG_3.jpg")
    with pytest.raises(InputError, match=r"IMG_3\.jpg|IMG_4\.jpg"):
        FileFrames(find_files([photos]))
    (photos / "here").symlink_to(photos)  # a folder within itself is not searched
    with pytest.raises(InputError, match=r"IMG_3\.jpg"):
        FileFrames(find_files([photos / "IMG_3.jpg"]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_no_picture(photos: Path) -> None:
    os.mkfifo(photos / "IMG_3.jpg")
    assert names(photos) == FRAMES
    with pytest.raises(InputError, match="is not a file"):
        find_files([photos / "IMG_3.jpg"])


def test_pictures_a_folder_deeper_are_pointed_out(tmp_path: Path) -> None:
    picture(tmp_path / "aligned" / "a.png")
    with pytest.raises(InputError, match="No pictures") as caught:
        names(tmp_path)
    assert "aligned" in caught.value.remedy
