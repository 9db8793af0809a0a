"""An output folder that is moved or removed while it is written to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from focusstack.errors import OutputError
from focusstack.output.resume import Unfinished
from focusstack.output.staging import UNFINISHED, StagedFolder
from tests.support.plans import plan


def away(folder: Path) -> None:
    folder.rename(folder.with_name("away"))


def replaced(folder: Path) -> None:
    away(folder)
    (folder / UNFINISHED).mkdir(parents=True)
    (folder / UNFINISHED / "somebody's").touch()


GONE: dict[str, Callable[[Path], None]] = {
    "removed": shutil.rmtree,
    "renamed": away,
    "replaced": replaced,
}


def left(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.mark.parametrize("how", GONE)
@pytest.mark.parametrize("moment", ["before a file", "at the end", "in a failure"])
@pytest.mark.parametrize("kept", [False, True])
def test_it_is_told_and_nothing_is_left(tmp_path: Path, how: str, moment: str, kept: bool) -> None:
    out = tmp_path / "out"

    def run() -> None:
        with StagedFolder(out) as staging:
            staging.staged(out / "a").write_text("a")
            if kept:
                staging.keep()
            GONE[how](out)
            if moment == "before a file":
                staging.staged(out / "aligned" / "b").write_text("b")
            elif moment == "in a failure":
                (staging.place / "none" / "b").write_text("b")

    with pytest.raises(OutputError, match="out was moved or removed") as caught:
        run()
    assert "Start again" in caught.value.remedy
    assert not getattr(caught.value, "__notes__", [])
    stays = [f"out/{UNFINISHED}", f"out/{UNFINISHED}/somebody's"]
    assert (
        left(tmp_path)
        == {
            "removed": [],
            "renamed": ["away"],
            "replaced": ["away", "out", *stays],
        }[how]
    )


def test_nothing_is_kept_where_the_folder_was(tmp_path: Path) -> None:
    """The plan, which is kept before the first frame, makes no folder of that name anew."""
    out = tmp_path / "out"

    def run() -> None:
        with StagedFolder(out) as staging:
            away(out)
            Unfinished(staging, {"frames": {}}).keep(plan("a.jpg", "b.jpg"))

    with pytest.raises(OutputError, match="out was moved or removed"):
        run()
    assert left(tmp_path) == ["away"]
