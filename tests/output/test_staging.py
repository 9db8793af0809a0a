"""A folder of results: all of it or nothing, nobody else's files touched, one run at a time."""

# ruff: noqa: PT012 - what fails is the end of a block

from __future__ import annotations

import os
from pathlib import Path

import pytest

from focusstack.errors import OutputError
from focusstack.output.lock import LOCK
from focusstack.output.staging import STATE, UNFINISHED, StagedFolder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def stage(staging: StagedFolder, name: str, text: str) -> None:
    staging.staged(staging.folder / name).write_text(text)


def test_a_staged_folder_appears_at_once(tmp_path: Path) -> None:
    with StagedFolder(tmp_path / "out") as staging:
        staging.staged(tmp_path / "out" / "deep" / "a.txt").write_text("a")
        assert {p.name for p in (tmp_path / "out").iterdir()} == {UNFINISHED, LOCK}
    assert contents(tmp_path / "out") == {"deep/a.txt": b"a"}
    with pytest.raises(OutputError, match="not empty"), StagedFolder(tmp_path / "out"):
        pass


def test_what_a_killed_run_left_before_its_plan_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / UNFINISHED / "aligned").mkdir(parents=True)
    (tmp_path / UNFINISHED / "aligned" / ".a.png.part-00ff").write_bytes(b"half")
    with StagedFolder(tmp_path) as staging:
        staging.staged(tmp_path / "a").write_text("a")
    assert contents(tmp_path) == {"a": b"a"}


def test_another_run_may_not_write_there_meanwhile(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with StagedFolder(out) as first:
        stage(first, "a", "first")
        for overwrite, resume in ((False, False), (True, False), (False, True)):
            with (
                pytest.raises(OutputError, match="another run is writing"),
                StagedFolder(out, overwrite, resume),
            ):
                pass
        assert contents(out)[f"{UNFINISHED}/a"] == b"first"
    assert contents(out) == {"a": b"first"}


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_in_place_of_the_hidden_folder_is_not_followed(tmp_path: Path, inside: bool) -> None:
    out, photos = tmp_path / "out", tmp_path / ("out/photos" if inside else "photos")
    photos.mkdir(parents=True)
    (photos / "a.jpg").write_bytes(b"precious")
    (out / UNFINISHED).parent.mkdir(exist_ok=True)
    (out / UNFINISHED).symlink_to(photos, target_is_directory=True)
    for overwrite, resume in ((False, False), (True, False), (False, True)):
        with pytest.raises(OutputError, match="not a folder"), StagedFolder(out, overwrite, resume):
            pass
    assert contents(photos) == {"a.jpg": b"precious"}
    assert not (out / LOCK).exists()


def test_only_what_was_promised_is_moved(tmp_path: Path) -> None:
    with StagedFolder(tmp_path) as staging:
        stage(staging, "a", "asked for")
        (staging.place / "b").write_text("somebody else's")
    assert contents(tmp_path) == {"a": b"asked for"}


def test_what_was_promised_is_missed(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"2\.png has vanished"),
        StagedFolder(tmp_path) as staging,
    ):
        stage(staging, "aligned/1.png", "one")
        stage(staging, "aligned/2.png", "two")
        (staging.place / "aligned" / "2.png").unlink()
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("whole", [True, False])
def test_a_link_in_place_of_what_was_made_is_no_result(tmp_path: Path, whole: bool) -> None:
    """Neither of the file nor of its whole folder."""
    out, others = tmp_path / "out", tmp_path / "others"
    others.mkdir()
    (others / "1.png").write_text("somebody else's")
    with pytest.raises(OutputError, match=r"1\.png has vanished"), StagedFolder(out) as staging:
        stage(staging, "aligned/1.png", "one")
        made = staging.place / "aligned"
        (made / "1.png").unlink()
        if whole:
            made.rmdir()
            made.symlink_to(others)
        else:
            (made / "1.png").symlink_to(others / "1.png")
    assert contents(tmp_path) == {"others/1.png": b"somebody else's"}


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("overwrite", [True, False])
def test_what_appears_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool, overwrite: bool
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(95, "no links here")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    with (
        pytest.raises(OutputError, match="fused has appeared"),
        StagedFolder(tmp_path, overwrite) as staging,
    ):
        stage(staging, "fused", "ours")
        (tmp_path / "fused").write_text("theirs")
    assert contents(tmp_path) == {"fused": b"theirs"}


@pytest.mark.parametrize("links", [True, False])
def test_what_appears_at_the_last_moment_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    link, seen = os.link, os.path.lexists

    def late(source: Path, target: Path) -> None:
        Path(target).write_text("theirs")
        if not links:
            raise OSError(95, "no links here")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    monkeypatch.setattr(os.path, "lexists", seen)
    with pytest.raises(OutputError, match="has appeared"), StagedFolder(tmp_path) as staging:
        stage(staging, "fused", "ours")
    assert contents(tmp_path) == {"fused": b"theirs"}


def test_what_was_there_at_the_start_is_replaced_if_that_is_agreed(tmp_path: Path) -> None:
    (tmp_path / "fused").write_text("old")
    (tmp_path / "other").write_text("kept")
    with StagedFolder(tmp_path, overwrite=True) as staging:
        stage(staging, "fused", "new")
    assert contents(tmp_path) == {"fused": b"new", "other": b"kept"}


@pytest.mark.parametrize("overwrite", [True, False])
def test_an_interrupted_run_goes_on_with_what_it_agreed_to(tmp_path: Path, overwrite: bool) -> None:
    if overwrite:
        (tmp_path / "fused").write_text("old")
    with pytest.raises(KeyboardInterrupt) as error, StagedFolder(tmp_path, overwrite) as staging:
        (staging.place / STATE).parent.mkdir(exist_ok=True)
        (staging.place / STATE).write_text("{}")
        staging.keep()
        raise KeyboardInterrupt
    assert any("--resume" in note for note in error.value.__notes__)
    with StagedFolder(tmp_path, resume=True) as staging:
        stage(staging, "fused", "new")
    assert contents(tmp_path) == {"fused": b"new"}
    assert not overwrite or error


def test_a_run_that_goes_on_does_not_replace_what_appeared(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), StagedFolder(tmp_path) as staging:
        (staging.place / STATE).parent.mkdir(exist_ok=True)
        (staging.place / STATE).write_text("{}")
        staging.keep()
        raise KeyboardInterrupt
    (tmp_path / "fused").write_text("theirs")
    with pytest.raises(OutputError, match="appeared"), StagedFolder(tmp_path, resume=True) as again:
        stage(again, "fused", "ours")
    assert (tmp_path / "fused").read_text() == "theirs"
    (tmp_path / "fused").unlink()
    with StagedFolder(tmp_path, resume=True) as once_more:
        stage(once_more, "fused", "ours")
    assert contents(tmp_path) == {"fused": b"ours"}


def test_a_run_killed_while_its_files_are_moved_goes_on(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    with pytest.raises(Killed), StagedFolder(tmp_path) as staging:
        (staging.place / STATE).parent.mkdir(exist_ok=True)
        (staging.place / STATE).write_text("{}")
        staging.keep()
        stage(staging, "a", "one")
        stage(staging, "b", "two")
        with pytest.MonkeyPatch.context() as patch:
            moved = staging._manifest._move

            def once(path: Path, target: Path) -> None:
                moved(path, target)
                patch.setattr(staging._manifest, "_move", kill)

            patch.setattr(staging._manifest, "_move", once)
            staging._finish()
    assert (tmp_path / "a").read_text() == "one"
    with StagedFolder(tmp_path, resume=True) as again:
        again.staged(tmp_path / "a")
        again.staged(tmp_path / "b")
    assert contents(tmp_path) == {"a": b"one", "b": b"two"}


def test_what_cannot_be_gone_on_from_is_not_said_to_be_kept(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as error, StagedFolder(tmp_path / "out") as staging:
        staging.keep()
        raise RuntimeError
    assert not getattr(error.value, "__notes__", [])


def test_a_run_killed_before_it_moved_a_file_does_not_replace_it(tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), StagedFolder(tmp_path) as staging:
        (staging.place / STATE).parent.mkdir(exist_ok=True)
        (staging.place / STATE).write_text("{}")
        staging.keep()
        stage(staging, "a", "ours")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(staging._manifest, "_move", fail)
            staging._finish()
    (tmp_path / "a").write_text("theirs")
    with pytest.raises(OutputError, match="appeared"), StagedFolder(tmp_path, resume=True) as again:
        again.staged(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "theirs"
