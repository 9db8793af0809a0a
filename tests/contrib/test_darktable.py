"""The script for darktable, run against a stand-in for darktable's interface, which stacks."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_calls import call

lua54 = pytest.importorskip("lupa.lua54", reason="lupa is not installed")

SCRIPT = Path(__file__).resolve().parents[2] / "contrib" / "darktable" / "focusstack.lua"


class Darktable:
    """What the script asks of darktable, and what it was asked."""

    def __init__(self, options: str = "", system: str = "linux") -> None:
        self.lua = lua54.LuaRuntime(unpack_returned_tuples=True)
        self.commands: list[list[str]] = []
        self.said: list[str] = []
        self.imported: list[str] = []
        self.grouped: list[str] = []
        self.settings = {"program": "focusstack", "options": options}
        table = self.lua.table_from
        stand_in = table({
            "preferences": table({"register": lambda *_: None, "read": self.read}),
            "configuration": table({"running_os": system}),
            "control": table({"execute": self.execute}),
            "database": table({"import": self.take}),
            "register_storage": self.register,
            "print": self.said.append,
        })  # fmt: skip
        self.lua.globals().package.loaded.darktable = stand_in
        self.lua.execute(SCRIPT.read_text(encoding="utf-8"))

    def read(self, module: str, name: str, kind: str) -> str:
        assert (module, kind) == ("focusstack", "string")
        return self.settings[name]

    def execute(self, command: str) -> int:
        self.commands.append(shlex.split(command))
        assert self.commands[-1][0] == "focusstack"
        return call(*self.commands[-1][1:], "--no-report").exit_code

    def take(self, path: str) -> Any:
        self.imported.append(path)
        assert Path(path).is_file()
        return self.lua.table_from({"group_with": lambda _, to: self.grouped.append(to.filename)})

    def register(self, name: str, label: str, store: Any, finalize: Any, supported: Any) -> None:
        assert (name, label, store) == ("focusstack", "focus stack", None)
        self.finalize, self.supported = finalize, supported

    def export(self, photos: Path, folder: Path) -> None:
        """Export photos of this folder to another, and let the script do the rest."""
        folder.mkdir(exist_ok=True)
        images = self.lua.table()
        for path in sorted(photos.glob("*.png"), reverse=True):
            image = self.lua.table_from({"path": str(photos), "filename": f"{path.stem}.NEF"})
            images[image] = str(shutil.copy(path, folder))
        self.finalize(None, images)


def test_the_selection_becomes_a_picture_beside_it(copies: Path, tmp_path: Path) -> None:
    darktable = Darktable("--method pyramid")
    darktable.export(copies, tmp_path / "it's exported")
    first = min(path.stem for path in copies.glob("*.png"))
    result = copies / f"{first}-stacked" / f"{first}-stacked.png"
    assert darktable.imported == [str(result)]
    assert darktable.grouped == [f"{first}.NEF"]
    assert darktable.commands[0][-2:] == ["--method", "pyramid"]
    assert "stacked: " in darktable.said[-1]


def test_a_second_one_takes_another_folder(copies: Path, tmp_path: Path) -> None:
    first = min(path.stem for path in copies.glob("*.png"))
    (tmp_path / "photos").mkdir()
    taken = tmp_path / "photos" / f"{first}-stacked"
    taken.mkdir()
    (taken / "report.json").write_text("of an earlier one")
    darktable = Darktable()
    for path in copies.iterdir():
        path.rename(tmp_path / "photos" / path.name)
    darktable.export(tmp_path / "photos", tmp_path / "exported")
    (result,) = darktable.imported
    assert Path(result).parent.name == f"{first}-stacked-2"
    assert (taken / "report.json").read_text() == "of an earlier one"


def test_what_goes_wrong_is_told(copies: Path, tmp_path: Path) -> None:
    darktable = Darktable("--no-such-option")
    darktable.export(copies, tmp_path / "exported")
    assert darktable.imported == []
    assert "ended with code 2" in darktable.said[-1]
    for path in sorted(copies.iterdir())[1:]:
        path.unlink()
    darktable.export(copies, tmp_path / "alone")
    assert "at least two" in darktable.said[-1]


def test_formats_that_composites_are_written_in() -> None:
    darktable = Darktable()
    asked = {s: darktable.supported(None, darktable.lua.table_from({"extension": s}))
             for s in ("jpg", "png", "tif", "exr", "webp")}  # fmt: skip
    assert [s for s, taken in asked.items() if taken] == ["jpg", "png", "tif"]
