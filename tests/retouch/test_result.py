"""What is opened fits together, and is written to by one alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from focusstack.errors import BusyError, InputError, OutputError
from focusstack.output.lock import FolderLock
from focusstack.retouch.record import write_retouch
from focusstack.retouch.result import Result, lock_result, open_result
from focusstack.retouch.strokes import Retouch


def test_strokes_on_frames_of_another_size_are_told(result: Result) -> None:
    width, height = result.plan.canvas
    write_retouch(result.record, Retouch(result.plan.reference, (width + 1, height)))
    with pytest.raises(InputError, match=f"frames of {width + 1} x {height} pixels"):
        result.retouch()


def test_a_folder_that_somebody_writes_to_is_told_by_the_kind_of_error(tmp_path: Path) -> None:
    lock = lock_result(tmp_path)
    with pytest.raises(BusyError, match="is open already"):
        lock_result(tmp_path)
    lock.release()
    (tmp_path / ".focusstack-lock").mkdir()
    with pytest.raises(OutputError, match="is a folder") as told:
        lock_result(tmp_path)
    assert not isinstance(told.value, BusyError)


def test_half_files_of_a_killed_page_are_gone_once_another_opens(tmp_path: Path) -> None:
    kept = ["retouched.jpg", ".photo.jpg.part-0123abcd", ".retouched.jpg.part-mine"]
    for name in (*kept, ".retouched.jpg.part-0123abcd", ".retouch.json.part-89efab01"):
        (tmp_path / name).write_bytes(b"half")
    busy = FolderLock(tmp_path)
    busy.acquire()
    with pytest.raises(BusyError):
        lock_result(tmp_path)  # somebody may be writing them
    assert (tmp_path / ".retouched.jpg.part-0123abcd").exists()
    busy.release()
    lock_result(tmp_path).release()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_where_no_results_are_those_nearby_are_named(tmp_path: Path) -> None:
    for place in ("photos", "photos-stacked", "card/a", "card/b c", "card/empty"):
        (tmp_path / place).mkdir(parents=True)
    for place in ("photos-stacked", "card/a", "card/b c"):
        (tmp_path / place / "report.json").write_text("{}")
    for given, meant in (("photos", ["photos-stacked"]), ("card", ["card/a", "card/b c"])):
        with pytest.raises(InputError, match=r"holds no report\.json") as caught:
            open_result(tmp_path / given)
        inputs = [change.inputs for change in caught.value.changes]
        assert inputs == [(str(tmp_path / place),) for place in meant]
