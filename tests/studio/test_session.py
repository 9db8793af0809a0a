"""What a page is told and shown: colours, sharpness, places."""

from __future__ import annotations

import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ImageCms

from focusstack.errors import UsageError
from focusstack.geometry.coordinates import Rect
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.options import OutputOptions
from focusstack.pipeline import stack
from focusstack.retouch.recipes import RecipeError
from focusstack.retouch.result import open_result
from focusstack.retouch.strokes import Point, Stroke
from focusstack.scene.stack import render_stack
from focusstack.studio.display import Display
from focusstack.studio.jobs import Jobs
from focusstack.studio.session import Session
from focusstack.studio.survey import CELL, STEPS, sharpness, taken_from
from focusstack.studio.web import ACTS
from focusstack.studio.worth_a_look import Place, places_of, state_of


def test_all_sources_are_shown(session: Session, folder: Path) -> None:
    fused = read_picture(folder / "fused.png").pixels
    for of in ("result", "fused"):
        assert np.array_equal(session.block(of, 0, 0, 0), fused)
    for name in session.result.plan.focus_order:
        aligned = read_picture(folder / "aligned" / name).pixels
        shown = session.display.shown(session.block(f"frame:{name}", 0, 0, 0))
        assert np.abs(shown.astype(int) - aligned).max() <= 1


def test_without_frames_the_composite_is_shown_all_the_same(folder: Path) -> None:
    for path in (folder.parent / "photos").iterdir():
        path.unlink()
    jobs = Jobs()
    session = Session(open_result(folder), jobs)
    assert session.told()["frames"] == []
    assert session.sharp() == session.taken() == b""
    assert session.block("result", 0, 0, 0).any()
    session.close()
    jobs.close()


# Colours --------------------------------------------------------------------------------------


def swapped() -> bytes:
    """A profile whose red is sRGB's green and the other way round."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    names = bytearray(made)
    red, green = names.index(b"rXYZ", 128), names.index(b"gXYZ", 128)
    names[red : red + 4], names[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(names)


def test_a_profile_is_honoured() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[..., 0] = 200
    assert np.array_equal(Display(None).shown(picture), picture)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert not Display(srgb).converts
    display = Display(swapped())
    assert display.converts
    found = display.shown(picture)
    assert np.abs(found.astype(int) - picture[..., [1, 0, 2]]).max() <= 6


@pytest.mark.parametrize("icc", [b"", b"x" * 200])
def test_a_damaged_profile_is_no_reason_to_show_nothing(icc: bytes) -> None:
    picture = np.full((2, 2, 3), 7, np.uint8)
    assert np.array_equal(Display(icc).shown(picture), picture)


def test_grey_and_deep_pictures_are_shown() -> None:
    assert Display(None).shown(np.full((1, 1), 32896, np.uint16)).tolist() == [[[128] * 3]]
    assert Display(None).shown(np.full((1, 1, 3), 0.5, np.float32)).tolist() == [[[128] * 3]]


# Sharpness ------------------------------------------------------------------------------------


def test_sharpness_is_where_detail_is() -> None:
    rng = np.random.default_rng(2)
    picture = np.full((100, 150), 0.5, np.float32)
    picture[: 2 * CELL, CELL : 3 * CELL] += 0.2 * rng.random((2 * CELL, 2 * CELL), np.float32)
    soft = cv2.GaussianBlur(picture, (0, 0), 2)
    found, blurred = (sharpness(np.asarray(p), 7, 10) for p in (picture, soft))
    assert found.shape == (7, 10)
    assert found[:2, 1:3].min() > 20 * found[4:].max()
    assert found[:2, 1:3].min() > 3 * blurred[:2, 1:3].max()
    assert found.max() < 65535
    # What 8 bits can hold at all is still told: one step of one pixel in a cell.
    assert STEPS * np.sqrt(20 / 255**2 / CELL**2) > 1


def test_the_survey_sees_every_frame(session: Session) -> None:
    assert session.survey is not None
    session.survey.run()
    frames = len(session.result.plan.focus_order)
    assert session.survey.done == frames
    grid = np.frombuffer(session.sharp(), "<u2").reshape(frames, session.survey.rows, -1)
    assert (grid.max((1, 2)) > 0).all()
    thumbnail = session.survey.thumbnail(0)
    assert thumbnail is not None
    assert thumbnail[:2] == b"\xff\xd8"


def test_a_source_map_is_taken_where_it_fits(tmp_path: Path) -> None:
    crop = Rect(3, 3, 64, 32)
    assert taken_from(tmp_path, crop, 2, 4) is None
    cv2.imwrite(str(tmp_path / "source-map.png"), np.full((32, 64), 9, np.uint8))
    assert taken_from(tmp_path, crop, 2, 4) == b"\x09\x00" * 8
    assert taken_from(tmp_path, Rect(0, 0, 65, 32), 2, 4) is None
    (tmp_path / "source-map.png").write_bytes(b"no picture")
    assert taken_from(tmp_path, crop, 2, 4) is None


# Places ---------------------------------------------------------------------------------------


def test_places_are_those_of_the_report_the_worst_first(folder: Path) -> None:
    plan = open_result(folder).plan
    data = json.loads((folder / "report.json").read_text())
    names = list(plan.focus_order)
    rect = {"x": 10, "y": 12, "width": 30, "height": 20}
    data["fusion"] |= {
        "seams": {"places": [{"rect": rect, "frames": names[:2], "px": 3.75}]},
        "moved": [
            {"x": 1, "y": 2, "width": 3, "height": 4, "frame": 1},
            {"x": 5, "y": 6, "width": 30, "height": 40, "frame": 99},
            {"x": 5000, "y": 6, "width": 30, "height": 40, "frame": 0},
        ],
    }
    (folder / "report.json").write_text(json.dumps(data))
    found = places_of(folder / "report.json", plan)
    assert found == [
        Place(Rect(10, 12, 30, 20), f"{names[0]} and {names[1]} disagree by 3.8 px", names[0]),
        Place(Rect(5, 6, 30, 40), "something moved here"),
        Place(
            Rect(1, 2, 3, 4),
            f"something moved here; {names[1]} shows most of it",
            names[1],
        ),
    ]
    data["fusion"]["moved"] = "nonsense"
    (folder / "report.json").write_text(json.dumps(data))
    assert places_of(folder / "report.json", plan) == []


def test_a_place_is_done_when_it_is_fine_or_painted_on() -> None:
    place, crop = Place(Rect(10, 10, 20, 20), ""), Rect(100, 50, 300, 200)
    rim = Stroke("erase", (Point(100, 50), Point(112, 62)), size=6)
    inside = Stroke("erase", (Point(112, 62), Point(119, 69)), size=6)  # 14 x 14 of 20 x 20 pixels
    small = Stroke("erase", (Point(114, 64), Point(117, 67)), size=2)  # 6 x 6
    assert state_of(place, crop, (), (rim,)) == "open"
    assert state_of(place, crop, (), (small,)) == "open"
    assert state_of(place, crop, (), (rim, inside)) == "mended"
    assert state_of(place, crop, (Rect(110, 60, 20, 20),), ()) == "fine"


def test_a_place_is_marked_and_that_is_kept(session: Session, folder: Path) -> None:
    session.places.append(Place(Rect(10, 10, 20, 20), "look"))
    session.mark_fine(0, fine=True)
    assert session.told()["places"][0]["state"] == "fine"
    assert json.loads((folder / "retouch.json").read_text())["fine"]
    session.mark_fine(0, fine=False)
    assert session.told()["places"][0]["state"] == "open"
    with pytest.raises(ValueError, match="no place"):
        session.mark_fine(5, fine=True)


# Other sources --------------------------------------------------------------------------------


def waited(session: Session) -> None:
    """Wait until nothing is at work; nothing may have failed."""
    end = time.monotonic() + 120
    while any(job["state"] in ("waiting", "running") for job in session.jobs.told()):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert {job["state"] for job in session.jobs.told()} <= {"done"}, session.jobs.told()


def test_slabs_become_sources_once(session: Session) -> None:
    assert len(ACTS["slabs"](session, {"size": 3, "overlap": 2})["jobs"]) == 2
    waited(session)
    names = [recipe["name"] for recipe in session.told()["recipes"]]
    assert names == ["slab 1 of 3", "slab 2 of 3"]
    first, second = (session.block(f"made:{name}", 0, 0, 0) for name in names)
    assert not np.array_equal(first, second)
    assert ACTS["slabs"](session, {"size": 3, "overlap": 2})["jobs"] == []
    for size, overlap in ((1, 0), (3, 3), (3, -1)):
        with pytest.raises(ValueError, match="no slabs"):
            ACTS["slabs"](session, {"size": size, "overlap": overlap})


def test_a_recipe_needs_frames_that_are_there_and_a_name_of_its_own(session: Session) -> None:
    names = list(session.result.plan.focus_order)
    wanted = {"name": "two", "method": "pyramid", "frames": names[:2]}
    ACTS["fuse"](session, wanted)
    waited(session)
    with pytest.raises(UsageError, match="already"):
        ACTS["fuse"](session, wanted)
    with pytest.raises(RecipeError, match=r"nobody\.png"):
        ACTS["fuse"](session, wanted | {"name": "x", "frames": ["nobody.png", names[0]]})
    outside = {"x": 90_000, "y": 0, "width": 5, "height": 5}
    with pytest.raises(RecipeError, match="outside"):
        ACTS["fuse"](session, wanted | {"name": "x", "rect": outside})


@pytest.mark.parametrize("grey", [True, False])
def test_deep_and_grey_results_are_shown_and_painted_on(tmp_path: Path, *, grey: bool) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    frames = render_stack("plane", width=240, height=180, frames=3, seed=4).frames
    for k, frame in enumerate(frames):
        deep = frame.astype(np.uint16) * 257 + np.uint16(k)
        write_image(photos / f"{k}.tif", deep[..., 1].copy() if grey else deep)
    stack(photos, OutputOptions(tmp_path / "photos-stacked", aligned=False))
    jobs = Jobs()
    session = Session(open_result(tmp_path / "photos-stacked"), jobs)
    assert session.told()["bits"] == 16
    name, crop = session.result.plan.focus_order[0], session.result.plan.crop
    point = [crop.x + 100.0, crop.y + 80.0, 1.0]
    dab = {"kind": "paint", "source": f"frame:{name}", "size": 60.0, "points": [point]}
    ACTS["stroke"](session, {"stroke": dab})
    shown = session.display.shown(session.block("result", 0, 0, 0))
    source = session.display.shown(session.block(f"frame:{name}", 0, 0, 0))
    assert shown.shape == (crop.height, crop.width, 3)
    assert np.abs(shown[75:86, 95:106].astype(int) - source[75:86, 95:106]).max() <= 1
    assert session.easel.picture.finished().dtype == np.uint16
    session.close()
    jobs.close()
