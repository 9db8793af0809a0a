"""A folder with everything that the pages' commands name, tiny."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.shoots.shooting import write_shoot
from focusstack.frames.search import find_files
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.retouch.record import write_retouch
from focusstack.retouch.result import open_result
from focusstack.retouch.strokes import Retouch
from focusstack.scene.stack import RenderedStack, render_stack
from focusstack.second_pass.prepare import Prepared
from focusstack.shoot.workers import Counted
from tests.support.cli_calls import done, written
from tests.support.page_blocks import ROOT
from tests.support.picture_files import as_film, as_pages

NAMES = [f"IMG_{k}" for k in range(1004, 1010)]


@pytest.fixture(scope="session")
def tiny() -> RenderedStack:
    return render_stack("steps", width=192, height=128, frames=len(NAMES), blur=3, seed=5)


@pytest.fixture(scope="session")
def everything(tiny: RenderedStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages name, made once: copied for each of them."""
    place = tmp_path_factory.mktemp("pages")
    frames = tiny.frames
    written(place / "photos", frames, [f"{name}.jpg" for name in NAMES])
    deep = [np.asarray(frame, np.uint16) * np.uint16(257) for frame in frames]
    written(place / "raws", deep, [f"{name}.tif" for name in NAMES])
    done("run", place / "photos", "--no-report")
    shutil.copy(place / "photos-stacked" / "report.json", place / "measured.json")
    height, width = frames[0].shape[:2]
    write_image(place / "white.jpg", np.full((height, width, 3), 200, np.uint8))
    for folder in ("card", "tether", "drawer-17"):
        write_shoot(place / folder, 1, 3)
    for stack in ("shoot/first", "shoot/second", "share/shoot"):
        write_shoot(place / stack, 1, 3)
    (place / "inventory.csv").write_text("file,name\nIMG_0001,Beetle 1\n")
    as_pages(place / "zstack.tif", deep)
    as_film(place / "pull.mp4", frames)
    (place / "samples" / "desk").mkdir(parents=True)
    for path in find_files([ROOT / "samples" / "desk"])[::2]:
        small = cv2.resize(read_picture(path).pixels, None, fx=0.2, fy=0.2,
                           interpolation=cv2.INTER_AREA)  # fmt: skip
        write_image(place / "samples" / "desk" / path.name, np.asarray(small))
    return place


def paint(folder: Path, *_: object, **__: object) -> None:
    """Look at a result and paint nothing, which is kept."""
    result = open_result(folder)
    write_retouch(result.record, Retouch(result.plan.reference, result.plan.canvas))


@pytest.fixture
def workplace(everything: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in, with the repository's own files beside; pages open no browser."""
    place = Path(shutil.copytree(everything, tmp_path / "work"))
    for name in ("contrib", "focusstack", "Dockerfile"):
        (place / name).symlink_to(ROOT / name)
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    serving = "focusstack.studio.reviewing"
    monkeypatch.setattr(f"{serving}.review_folder", paint)
    monkeypatch.setattr(f"{serving}.open_door_to_pictures", lambda *_, **__: None)
    monkeypatch.setattr(
        "focusstack.second_pass.prepare.prepare_everything", lambda _: Prepared(place, anew=True)
    )
    # Stacks of a batch in this process; those of a watch come when they come.
    monkeypatch.setattr(
        "focusstack.shoot.batch.Lanes", lambda jobs: Counted(ThreadPoolExecutor(1), jobs)
    )
    monkeypatch.setattr("focusstack.shoot.watching.watch_folder", lambda *_, **__: None)
    return place
