"""What a page is told and shown: colours, sharpness, places."""

from __future__ import annotations

import json
import shutil
import threading
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
from focusstack.retouch.strokes import Point, Recipe, Stroke
from focusstack.retouch.worth_a_look import Place, places_of, state_of
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import render_stack
from focusstack.studio.display import Display
from focusstack.studio.jobs import Jobs
from focusstack.studio.rerunning import Again, common_outline, fitted_crop
from focusstack.studio.session import Session
from focusstack.studio.survey import CELL, STEPS, sharpness, taken_from
from focusstack.studio.telling import told_state
from focusstack.studio.web import ACTS


def test_all_sources_are_shown(session: Session, folder: Path) -> None:
    fused = read_picture(folder / "fused.png").pixels
    for of in ("result", "fused"):
        assert np.array_equal(session.block(of, 0, 0, 0), fused)
    for name in session.result.plan.focus_order:
        aligned = read_picture(folder / "aligned" / name).pixels
        shown = session.display.shown(session.block(f"frame:{name}", 0, 0, 0))
        assert np.abs(shown.astype(int) - aligned).max() <= 1


def test_without_frames_the_composite_is_shown_all_the_same(folder: Path) -> None:
    shutil.rmtree(folder.parent / "photos")
    shutil.rmtree(folder / "aligned")
    jobs = Jobs()
    session = Session(open_result(folder), jobs)
    assert told_state(session)["frames"] == []
    assert session.sharp() == session.taken() == b""
    assert session.block("result", 0, 0, 0).any()
    session.close()
    jobs.close()


def test_aligned_files_stand_in_for_frames_that_are_gone(session: Session, folder: Path) -> None:
    name = session.result.plan.focus_order[0]
    before = session.block(f"frame:{name}", 0, 0, 0)
    session.close()
    shutil.rmtree(folder.parent / "photos")
    result = open_result(folder)
    assert result.aligned
    jobs = Jobs()
    again = Session(result, jobs)
    assert told_state(again)["frames"] == list(result.plan.focus_order)
    aligned = read_picture(folder / "aligned" / name).pixels
    found = again.block(f"frame:{name}", 0, 0, 0)
    assert np.array_equal(again.display.shown(found), aligned)
    assert np.abs(found.astype(int) - before).max() <= 257
    order = result.plan.focus_order
    made = again.easel.make(Recipe("two", "auto", order[:2]), Silent())
    assert again.block(f"made:{made}", 0, 0, 0).any()
    with pytest.raises(UsageError, match="aligned anew"):
        again.run_again(Again(frames=list(order)))
    again.close()
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


def test_frames_are_looked_at_once_the_picture_is_asked_for(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey, started = session.survey, []
    assert survey is not None
    monkeypatch.setattr(survey, "start", lambda: started.append(survey))
    session.start()
    session.block("fused", 0, 0, 0)
    assert not started
    session.block("result", 0, 0, 0)
    assert started


def test_frames_are_looked_at_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    survey, ran = session.survey, threading.Semaphore(0)
    assert survey is not None
    monkeypatch.setattr(survey, "run", ran.release)
    survey.start()
    survey.start()
    assert ran.acquire(timeout=30)
    assert not ran.acquire(timeout=1)


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
    assert told_state(session)["places"][0]["state"] == "fine"
    assert json.loads((folder / "retouch.json").read_text())["fine"]
    session.mark_fine(0, fine=False)
    assert told_state(session)["places"][0]["state"] == "open"
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
    names = [recipe["name"] for recipe in told_state(session)["recipes"]]
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
    assert told_state(session)["bits"] == 16
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


# Run again ------------------------------------------------------------------------------------


def wait(session: Session) -> None:
    end = time.monotonic() + 120
    while session.busy:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_another_crop_and_fewer_frames_keep_what_was_painted(
    session: Session, folder: Path
) -> None:
    crop, order = session.result.plan.crop, session.result.plan.focus_order
    x, y = crop.x + 60.0, crop.y + 50.0
    stroke = {"kind": "paint", "source": f"frame:{order[0]}", "size": 20, "points": [[x, y, 1]]}
    session.easel.paint(stroke)
    asked = Again(
        frames=list(order[:-1]),
        crop={"x": crop.x + 11, "y": crop.y + 7, "width": 9999, "height": 90},  # type: ignore[arg-type]
    )
    session.run_again(asked)
    with pytest.raises(UsageError, match="being run again"):
        session.refuse_busy()
    wait(session)
    assert session.opened == 2
    found = session.result.plan
    assert (found.crop.x, found.crop.y, found.crop.height) == (crop.x + 11, crop.y + 7, 90)
    assert found.focus_order == order[:-1]
    assert [c["used"] for c in told_state(session)["choices"]].count(False) == 1
    assert session.result.picture.pixels.shape[:2] == (90, found.crop.width)
    session.easel.save(Silent())
    painted = read_picture(session.result.retouched).pixels
    fused = read_picture(session.result.fused).pixels
    changed = np.argwhere((painted != fused).any(-1))
    assert np.abs(changed.mean(0) - [50 - 7, 60 - 11]).max() < 3
    assert len([*(folder / "aligned").iterdir()]) == 3
    # And back: what was left out is taken in again, which is measured anew.
    session.run_again(Again(frames=list(order)))
    wait(session)
    assert session.result.plan.focus_order == order
    assert session.result.plan.crop.area >= crop.area


def test_another_reference_carries_strokes_over(session: Session) -> None:
    order, old = session.result.plan.focus_order, session.result.plan.reference
    other = next(name for name in order if name != old)
    asked = Again(frames=list(order), reference=other)
    session.run_again(asked)
    wait(session)
    assert session.result.plan.reference == other
    assert told_state(session)["reference"] == other


def test_a_run_that_fails_leaves_the_result_as_it_was(session: Session, folder: Path) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    order = list(session.result.plan.focus_order)
    crop = {"x": 0, "y": 0, "width": 5, "height": 5}
    session.run_again(Again(frames=order, crop=crop))  # type: ignore[arg-type]
    wait(session)
    (job,) = session.jobs.told()
    assert job["state"] == "failed"
    assert "no picture" in job["error"]
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    session.easel.mark_fine(Rect(1, 1, 2, 2), fine=True)  # and it is open


def test_a_crop_stays_inside_what_all_frames_share(session: Session) -> None:
    plan = session.result.plan
    assert fitted_crop(plan, None) == plan.crop
    corners = common_outline(plan)
    inside = cv2.pointPolygonTest(
        corners.astype(np.float32), tuple(map(float, plan.crop.corners()[2])), measureDist=True
    )
    assert inside >= -0.01
    wide = fitted_crop(plan, Rect(-50, 40, 9999, 20))
    assert wide.width >= plan.crop.width
    assert wide.height == 20
