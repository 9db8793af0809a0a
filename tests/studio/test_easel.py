"""What is painted is kept before it is answered, and taken back however long ago it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from focusstack.errors import OutputError
from focusstack.images.read import read_picture
from focusstack.retouch.paint_sources import SourceGoneError
from focusstack.retouch.record import read_retouch, write_retouch
from focusstack.retouch.replay import replay
from focusstack.retouch.result import open_result
from focusstack.retouch.strokes import Recipe
from focusstack.runtime.progress import Silent
from focusstack.studio import easel as easels
from focusstack.studio.easel import Easel
from focusstack.studio.jobs import StoppedError


@pytest.fixture
def easel(folder: Path) -> Iterator[Easel]:
    found = Easel(open_result(folder))
    yield found
    found.close()


def dab(easel: Easel, x: float, source: int = 0, **more: Any) -> dict[str, Any]:
    crop = easel.result.plan.crop
    name = easel.result.plan.focus_order[source]
    points = [[crop.x + x, crop.y + 60.0, 1.0], [crop.x + x + 20.0, crop.y + 80.0, 1.0]]
    plain: dict[str, Any] = {"kind": "paint", "source": f"frame:{name}", "size": 40.0}
    return plain | {"points": points} | more


def test_a_stroke_is_in_the_file_before_it_is_answered(easel: Easel) -> None:
    changed = easel.paint(dab(easel, 60))
    assert changed.rect.area
    assert len(read_retouch(easel.result.record).strokes) == 1
    easel.undo()
    kept = read_retouch(easel.result.record)
    assert (len(kept.strokes), len(kept.undone)) == (0, 1)


def test_numbers_are_kept_as_they_were_used(easel: Easel) -> None:
    easel.paint(dab(easel, 60.123456, size=33.98765, opacity=0.12345))
    again = open_result(easel.result.folder)
    assert np.array_equal(replay(again, again.retouch()), easel.picture.finished())


def test_what_cannot_be_kept_is_not_done(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OutputError("the disk is full", "Choose another --output.")

    before = easel.picture.finished()
    monkeypatch.setattr(easels, "write_retouch", full)
    with pytest.raises(OutputError) as told:
        easel.paint(dab(easel, 60))
    assert told.value.message == "the disk is full"
    assert "--" not in told.value.remedy  # a page has no options
    assert np.array_equal(easel.picture.finished(), before)
    assert easel.retouch.strokes == ()
    monkeypatch.setattr(easels, "write_retouched", full)
    with pytest.raises(OutputError) as told:
        easel.save(Silent())
    assert "--" not in told.value.remedy


def test_what_came_twice_is_done_once(easel: Easel) -> None:
    easel.paint(dab(easel, 60, opacity=0.5))
    once = easel.picture.finished()
    easel.paint(dab(easel, 60, opacity=0.5), again=True)
    assert np.array_equal(easel.picture.finished(), once)
    easel.paint(dab(easel, 60, opacity=0.5))
    assert not np.array_equal(easel.picture.finished(), once)


def test_all_is_undone_even_what_undoing_was_forgotten(
    easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(easels, "KEPT_UNDO", 1)
    states = [easel.picture.finished()]
    for k in range(5):
        easel.paint(dab(easel, 40 + 20 * k, k % 4, opacity=0.7))
        states.append(easel.picture.finished())
    for k in range(4, -1, -1):
        easel.undo()
        assert np.array_equal(easel.picture.finished(), states[k])
        assert np.array_equal(easel.pyramid.block(0, 0, 0), states[k])
    for k in range(1, 6):
        easel.redo()
        assert np.array_equal(easel.picture.finished(), states[k])


def test_no_more_is_kept_for_undoing_than_said(
    easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(easels, "KEPT_UNDO", 300_000)
    for k in range(8):
        easel.paint(dab(easel, 20 * k))
    held = sum(easels._bytes(before) for before, _ in easel._undo)
    assert held <= 300_000


def test_a_lost_source_is_told_and_the_rest_is_carried_out(folder: Path, easel: Easel) -> None:
    easel.paint(dab(easel, 60))
    with pytest.raises(SourceGoneError):
        easel.paint(dab(easel, 60) | {"source": "frame:nobody.png"})
    easel.paint(dab(easel, 120, 1))
    wanted = easel.picture.finished()
    easel.close()
    record = json.loads((folder / "retouch.json").read_text())
    record["strokes"].insert(1, record["strokes"][0] | {"source": "frame:nobody.png"})
    (folder / "retouch.json").write_text(json.dumps(record))
    again = Easel(open_result(folder))
    again.carry_out(Silent())
    assert len(again.lost) == 1
    assert "nobody.png" in again.lost[0]
    assert np.array_equal(again.picture.finished(), wanted)
    for _ in range(3):
        again.undo()
    assert np.array_equal(again.picture.finished(), again.picture.base)
    again.close()


def test_a_folder_is_open_once(folder: Path, easel: Easel) -> None:
    with pytest.raises(OutputError, match="is open already"):
        Easel(open_result(folder))


# What happens meanwhile -----------------------------------------------------------------------


def test_a_picture_that_was_carried_out_by_half_is_not_written(
    easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for x in (40, 80):
        easel.paint(dab(easel, x))
    wanted = easel.picture.finished()

    def stopped(*_: object) -> None:
        raise StoppedError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(Silent, "advance", stopped)
        with pytest.raises(StoppedError):
            easel.carry_out(Silent())
    assert not np.array_equal(easel.picture.finished(), wanted)
    easel.save(Silent())
    assert np.array_equal(read_picture(easel.result.retouched).pixels, wanted)


def test_a_stroke_that_cannot_be_carried_out_keeps_no_other_from_it(easel: Easel) -> None:
    easel.paint(dab(easel, 40))
    (first,) = easel.retouch.strokes
    lost = replace(first, source="made:all")
    recipe = Recipe("all", "auto", easel.result.plan.focus_order)
    write_retouch(
        easel.result.record, replace(easel.retouch, strokes=(lost, first), recipes=(recipe,))
    )
    wanted = easel.picture.finished()
    easel.close()
    again = Easel(open_result(easel.result.folder))
    (easel.result.folder / "retouch").write_bytes(b"in the way")
    again.carry_out(Silent())
    assert np.array_equal(again.picture.finished(), wanted)
    assert len(again.lost) == 1
    again.close()


def test_nothing_is_written_into_results_that_took_the_place_of_these(easel: Easel) -> None:
    folder = easel.result.folder
    moved = shutil.copytree(folder, folder.with_name("other"))
    shutil.rmtree(folder)
    moved.rename(folder)
    (folder / ".focusstack-lock").unlink()
    for act in (lambda: easel.paint(dab(easel, 40)), lambda: easel.save(Silent())):
        with pytest.raises(OutputError, match="removed or replaced"):
            act()
    assert not easel.result.record.exists()
    assert not easel.result.retouched.exists()
    assert np.array_equal(easel.picture.finished(), easel.picture.base)


def test_the_report_is_told_once_somebody_is_done(folder: Path) -> None:
    page = folder / "report.html"
    before = page.read_bytes()
    Easel(open_result(folder)).close()
    easel = Easel(open_result(folder))
    easel.paint(dab(easel, 60))
    assert page.read_bytes() == before
    easel.close()
    assert b"1 stroke: retouched.png." in page.read_bytes()
