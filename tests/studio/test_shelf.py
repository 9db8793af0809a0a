"""What stands behind the start page: folders, dropped files, what was made, copies."""

from __future__ import annotations

import asyncio
import io
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageCms

from focusstack.errors import InputError, OutputError
from focusstack.images.metadata import Metadata
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.runtime.progress import Silent
from focusstack.scene import render_stack
from focusstack.studio import recent as recents
from focusstack.studio.exporting import Copy, export
from focusstack.studio.folder_view import view_folder
from focusstack.studio.inbox import Inbox, safe_file_name
from focusstack.studio.jobs import Jobs
from focusstack.studio.page_files import PlainJSON
from focusstack.studio.recent import Recent, state_folder
from focusstack.studio.shelf import Shelf
from focusstack.studio.stacking import Wanted, find_stacks, target_of
from tests.support.picture_files import exif_of

# Folders --------------------------------------------------------------------------------------


def test_a_folder_is_shown_with_folders_pictures_and_results(folder: Path) -> None:
    (folder.parent / ".hidden").mkdir()
    seen = view_folder(str(folder.parent))
    assert [one["name"] for one in seen["folders"]] == ["photos", "photos-stacked"]
    assert not seen["result"]
    assert view_folder(str(folder))["result"]
    inside = view_folder(str(folder.parent / "photos"))
    assert inside["pictures"] == 4
    assert inside["names"][0] == "IMG_8.png"  # natural order
    assert view_folder("")["path"] == str(Path.home())
    assert view_folder("/")["parent"] is None


@pytest.mark.parametrize("place", ["relative", "/nowhere/at/all", "/etc/passwd", "/tmp\0/x"])
def test_what_is_no_folder_is_refused(place: str) -> None:
    with pytest.raises(InputError, match="is no folder"):
        view_folder(place)


# Dropped files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden.jpg", "a.txt", "a", "a\n.jpg", "x" * 300 + ".jpg", "a:b.jpg"]
)
def test_names_of_no_pictures_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        safe_file_name(name)


def test_a_name_cannot_lead_elsewhere() -> None:
    assert safe_file_name("../../etc/a.jpg") == "a.jpg"
    assert safe_file_name("C:\\x\\a.jpg") == "a.jpg"


def test_an_inbox_may_be_named_from_where_the_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inbox = Inbox(Path("inbox"))
    folder = inbox.folder(inbox.begin("ring"))
    assert folder == tmp_path / "inbox" / "ring"
    assert view_folder(str(folder))["path"] == str(folder)


async def parts(*data: bytes, fail: bool = False) -> AsyncIterator[bytes]:
    for one in data:
        yield one
    if fail:
        raise ConnectionResetError


def ran(work: Coroutine[None, None, None]) -> None:
    """Do it in a thread of its own: a browser that is driven has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def test_a_file_has_its_name_once_it_is_complete(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    key = inbox.begin("../My series")
    folder = inbox.folder(key)
    assert folder == tmp_path / "inbox" / "My series"
    ran(inbox.take(key, "a.jpg", parts(b"one", b"two")))
    assert (folder / "a.jpg").read_bytes() == b"onetwo"
    with pytest.raises(OutputError, match="is there already"):
        ran(inbox.take(key, "a.jpg", parts(b"x")))
    with pytest.raises(OutputError):
        ran(inbox.take(key, "b.jpg", parts(b"half", fail=True)))
    assert sorted(p.name for p in folder.iterdir()) == ["a.jpg"]
    assert inbox.folder(inbox.begin("My series")).name == "My series 2"
    with pytest.raises(KeyError):
        ran(inbox.take("guess", "a.jpg", parts()))


def test_folders_keep_files_of_one_name_apart(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    key = inbox.begin("card")
    for inside in ("100CANON", "101CANON", "../../101NIKON", ".."):
        ran(inbox.take(key, "a.jpg", parts(inside.encode()), inside))
    folder = inbox.folder(key)
    found = {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*.jpg")}
    assert found == {
        "100CANON/a.jpg": "100CANON",
        "101CANON/a.jpg": "101CANON",
        "101NIKON/a.jpg": "../../101NIKON",
        "a.jpg": "..",
    }


# What was made lately -------------------------------------------------------------------------


def test_results_are_remembered_the_latest_first(tmp_path: Path, folder: Path) -> None:
    memory = tmp_path / "state" / "recent.json"
    recent = Recent(memory)
    assert recent.folders() == []
    other = tmp_path / "other"
    other.mkdir()
    for one in (folder, other, folder):
        recent.add(one)
    assert Recent(memory).folders() == [folder], "what is no result is not shown"
    for text in ("", "{", "[3]", '["relative"]', "[" * 10_000, '["/a\\u0000b"]'):
        memory.write_text(text)
        assert Recent(memory).folders() == []


def test_no_more_are_remembered_than_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recents, "MOST", 3)
    recent = Recent(tmp_path / "recent.json")
    for k in range(5):
        recent.add(tmp_path / str(k))
    names = json.loads((tmp_path / "recent.json").read_text())
    assert [Path(name).name for name in names] == ["4", "3", "2"]


@pytest.mark.skipif(os.name != "posix", reason="paths are POSIX's")
def test_what_is_remembered_lies_where_the_system_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert state_folder() == Path("/somewhere/focusstack")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state_folder() == Path.home() / ".local/state/focusstack"
    monkeypatch.setattr("sys.platform", "darwin")
    assert state_folder() == Path.home() / "Library/Application Support/focusstack"


# Stacks ---------------------------------------------------------------------------------------


def test_stacks_of_a_folder_are_found(folder: Path) -> None:
    found = find_stacks(folder.parent / "photos", Silent())
    (stack,) = found["stacks"]
    assert (stack["name"], stack["count"], stack["first"]) == ("photos", 4, "IMG_8.png")
    wanted = Wanted(name=stack["name"], files=stack["files"])
    assert target_of(wanted, alone=True) == folder.with_name("photos-stacked-2")
    assert target_of(wanted, alone=False) == folder / "photos"


def test_what_was_told_apart_may_be_one_series(tmp_path: Path) -> None:
    for seed in (1, 2):
        for k, frame in enumerate(render_stack("plane", frames=3, seed=seed).frames, 3 * seed):
            write_image(tmp_path / f"IMG_{4 * k}.jpg", frame)
    found = find_stacks(tmp_path, Silent())
    assert len(found["stacks"]) == 2
    together = found["together"]
    assert (together["name"], together["count"]) == (tmp_path.name, 6)
    assert [Path(name).name for name in together["files"]] == [
        f"IMG_{4 * k}.jpg"
        for k in range(3, 9)  # in natural order
    ]
    (tmp_path / "below").mkdir()
    (tmp_path / "IMG_12.jpg").rename(tmp_path / "below" / "IMG_12.jpg")
    assert find_stacks(tmp_path, Silent())["together"] is None  # of two folders, two series


def test_one_series_needs_not_be_put_together(folder: Path) -> None:
    assert find_stacks(folder.parent / "photos", Silent())["together"] is None


def test_the_camera_is_told(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    for k in range(3):
        write_image(
            tmp_path / f"{k}.jpg", picture, Metadata(exif=exif_of(1).removeprefix(b"Exif\0\0"))
        )
    (stack,) = find_stacks(tmp_path, Silent())["stacks"]
    assert stack["camera"] == "Maker Camera 5"


def test_only_files_are_stacked(tmp_path: Path) -> None:
    for files in ([str(tmp_path)], ["relative.jpg"], [str(tmp_path / "gone.jpg")], ["/a\0b"]):
        with pytest.raises(InputError, match="is no file"):
            Wanted(name="x", files=files).paths()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    jobs = Jobs()
    found = Shelf(jobs, Inbox(tmp_path / "inbox"), Recent(tmp_path / "state" / "recent.json"))
    yield found
    found.close()
    jobs.close()


def test_stacks_queue(shelf: Shelf, copies: Path) -> None:
    files = [str(p) for p in sorted(copies.iterdir())]
    both = [Wanted(name=name, files=files) for name in ("one", "two")]
    numbers = shelf.run(both)
    end = time.monotonic() + 120
    while not all(j["state"] == "done" for j in shelf.told()["jobs"]):
        assert not any(j["state"] == "failed" for j in shelf.told()["jobs"])
        assert time.monotonic() < end
        time.sleep(0.05)
    assert numbers == [1, 2]
    recent = shelf.told()["recent"]
    assert [one["name"] for one in recent] == ["two", "one"]
    assert recent[0]["grade"] in ("pass", "look")
    assert recent[0]["verdict"].endswith(".")


def test_one_result_is_open_at_a_time(shelf: Shelf, folder: Path, stacked: Path) -> None:
    name = shelf.open(str(folder))
    assert shelf.open(str(folder)) == name
    first = shelf.session(name)
    other = folder.with_name("other-stacked")
    import shutil

    shutil.copytree(stacked, other)
    second = shelf.open(str(other))
    assert shelf.session(second) is not first
    with pytest.raises(KeyError):
        shelf.session(name)
    for place in ("relative", str(folder.parent), "/etc"):
        with pytest.raises(InputError, match="holds no results"):
            shelf.open(place)


def test_the_report_is_shown_outside_of_the_page(
    shelf: Shelf, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    shelf.show(str(folder), "report")
    shelf.show(str(folder), "folder")
    assert shown == [(folder / "report.html").as_uri(), folder.as_uri()]
    with pytest.raises(InputError, match="export is not there"):
        shelf.show(str(folder), "export")
    export(folder, Copy())
    shelf.show(str(folder), "export")
    assert shown[2:] == [(folder / "export").as_uri()]
    (folder / "report.html").unlink()
    with pytest.raises(InputError):
        shelf.show(str(folder), "report")


def test_covers_are_small(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "c.jpg").write_bytes(shelf.cover(str(folder)))
    assert max(read_picture(tmp_path / "c.jpg").pixels.shape) <= 480


# Copies ---------------------------------------------------------------------------------------


def result(tmp_path: Path, pixels: np.ndarray, icc: bytes | None = None) -> Path:
    folder = tmp_path / "beetle-stacked"
    folder.mkdir()
    (folder / "report.json").write_text("{}")
    write_image(folder / "fused.tif", pixels, Metadata(icc=icc))
    return folder


def test_a_copy_is_made_smaller_in_light_and_nothing_is_replaced(tmp_path: Path) -> None:
    fine = np.zeros((64, 128, 3), np.uint16)
    fine[:, ::2] = 65535
    folder = result(tmp_path, fine)
    path = export(folder, Copy(format="png", longest=64))
    assert path == folder / "export" / "beetle.png"
    found = read_picture(path).pixels
    assert found.shape == (32, 64, 3)
    assert found.dtype == np.uint16
    assert abs(int(found.mean()) / 65535 - 0.7354) < 0.005  # half of the light, encoded
    assert export(folder, Copy(format="png", longest=64)).name == "beetle-2.png"


def test_a_copy_for_the_web_is_in_srgb(tmp_path: Path) -> None:
    from tests.studio.test_session import swapped

    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    icc = swapped()
    folder = result(tmp_path, red, icc)
    found = read_picture(export(folder, Copy(format="png")))
    assert found.pixels[0, 0, 1] > 180
    assert ImageCms.getProfileDescription(
        ImageCms.ImageCmsProfile(io.BytesIO(found.metadata.icc or b""))
    ).startswith("sRGB")
    kept = read_picture(export(folder, Copy(format="tif", srgb=False)))
    assert np.array_equal(kept.pixels, red)
    assert kept.metadata.icc == icc


def test_the_retouched_picture_is_taken_where_there_is_one(tmp_path: Path) -> None:
    folder = result(tmp_path, np.zeros((8, 8, 3), np.uint8))
    assert not read_picture(export(folder, Copy(format="png"))).pixels.any()
    write_image(folder / "retouched.tif", np.full((8, 8, 3), 9, np.uint8))
    path = export(folder, Copy(format="png"))
    assert path.name == "beetle retouched.png"
    assert (read_picture(path).pixels == 9).all()
    assert not read_picture(export(folder, Copy(format="png", picture="fused"))).pixels.any()


def test_threads_end_with_the_shelf(shelf: Shelf) -> None:
    before = threading.active_count()
    jobs = Jobs()
    jobs.close()
    end = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < end
        time.sleep(0.01)


# What nobody means to do ----------------------------------------------------------------------


def test_names_of_stacks_lead_nowhere(tmp_path: Path) -> None:
    frame = tmp_path / "card" / "a.jpg"
    frame.parent.mkdir()
    frame.write_bytes(b"")
    for name, made in (("..", "stack"), ("../../x", "x"), ("a\0b", "a_b"), ("con", "con_")):
        wanted = Wanted(name=name, files=[str(frame)])
        assert target_of(wanted, alone=False) == tmp_path / "card-stacked" / made


def test_pictures_at_the_root_of_a_card_have_a_place_for_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Wanted, "paths", lambda _: [Path("/a.jpg")])
    assert target_of(Wanted(name="a", files=["/a.jpg"]), alone=True) == Path("/stacked")


def test_names_that_are_no_text_are_told() -> None:
    assert PlainJSON({"name": "a\udcff"}).body == b'{"name":"a\\udcff"}'


def test_where_no_folder_can_be_made_a_copy_says_so(folder: Path) -> None:
    (folder / "export").write_bytes(b"in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        export(folder, Copy())
