"""The plug-in for Lightroom, run against a stand-in for Lightroom's interface, which stacks."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_calls import call

lua51 = pytest.importorskip("lupa.lua51", reason="lupa is not installed")

PLUGIN = Path(__file__).resolve().parents[2] / "contrib" / "lightroom" / "focusstack.lrplugin"


class Lightroom:
    """What the plug-in asks of Lightroom, and what it was asked."""

    def __init__(self, windows: bool = False) -> None:
        self.lua = lua51.LuaRuntime(unpack_returned_tuples=True)
        self.commands: list[str] = []
        self.said: list[str] = []
        self.added: list[tuple[str, str]] = []
        table = self.lua.table_from
        names: dict[str, dict[str, Any]] = {
            "LrApplication": {"activeCatalog": lambda: table({
                "withWriteAccessDo": lambda _, __, change: change(),
                "addPhoto": self.add,
            })},
            "LrDialogs": {"message": lambda *told: self.said.append(" ".join(told))},
            "LrFileUtils": {"exists": lambda path: Path(path).exists()},
            "LrPathUtils": {
                "removeExtension": lambda path: str(Path(path).with_suffix("")),
                "extension": lambda path: Path(path).suffix.removeprefix("."),
                "leafName": lambda path: Path(path).name,
                "child": lambda folder, name: str(Path(folder) / name),
                "addExtension": lambda name, suffix: f"{name}.{suffix}",
            },
            "LrTasks": {"execute": self.execute},
            "LrView": {"bind": lambda name: name},
        }  # fmt: skip
        self.lua.globals()["import"] = lambda name: table(names[name])
        self.lua.globals().WIN_ENV = windows or None
        self.info = self.lua.execute((PLUGIN / "Info.lua").read_text(encoding="utf-8"))
        told = self.info.LrExportServiceProvider.file
        self.service = self.lua.execute((PLUGIN / told).read_text(encoding="utf-8"))

    def execute(self, command: str) -> int:
        self.commands.append(command)
        words = shlex.split(command)
        assert words[0] == "/opt/focus stack/focusstack"
        return call(*words[1:], "--no-report").exit_code

    def add(self, _: Any, path: str, photo: Any, where: str) -> None:
        assert Path(path).is_file()
        self.added.append((path, where))
        assert photo.getRawMetadata(photo, "path")

    def export(self, photos: Path, folder: Path, *, options: str = "", broken: int = -1) -> None:
        """Render the photos to a folder, and let the plug-in do the rest."""
        folder.mkdir()
        table = self.lua.table_from
        renditions = []
        for k, path in enumerate(sorted(photos.glob("*.png"))):
            file = str(shutil.copy(path, folder))
            render = (
                (lambda _: (False, "no")) if k == broken else (lambda _, file=file: (True, file))
            )
            photo = table(
                {"getRawMetadata": lambda _, __, path=path: str(path.with_suffix(".NEF"))}
            )
            renditions.append(table({"waitForRender": render, "photo": photo}))
        walk = self.lua.eval("function(list) return function() return ipairs(list) end end")
        settings = {
            "focusstackProgram": "/opt/focus stack/focusstack",
            "focusstackOptions": options,
        }
        context = table({"propertyTable": table(settings), "renditions": walk(table(renditions))})
        self.service.processRenderedPhotos(None, context)


def test_photos_become_one_beside_the_first(copies: Path, tmp_path: Path) -> None:
    lightroom = Lightroom()
    lightroom.export(copies, tmp_path / "it's rendered", options="--method pyramid")
    first = min(copies.glob("*.png"), key=lambda path: path.name).stem
    folder = copies / f"{first}-stacked"
    assert lightroom.added == [(str(folder / f"{folder.name}.png"), "above")]
    assert lightroom.commands[0].endswith("--method pyramid")
    lightroom.export(copies, tmp_path / "again")
    assert Path(lightroom.added[1][0]).parent.name == f"{folder.name}-2"
    assert lightroom.said == []


def test_what_goes_wrong_is_told(copies: Path, tmp_path: Path) -> None:
    lightroom = Lightroom()
    lightroom.export(copies, tmp_path / "wrong", options="--no-such-option")
    lightroom.export(copies, tmp_path / "broken", broken=1)
    assert lightroom.added == []
    assert "ended with code 2" in lightroom.said[0]
    assert "could not be rendered" in lightroom.said[1]
    assert len(lightroom.commands) == 1


def test_the_shell_of_windows_gets_quotes_around_all(copies: Path, tmp_path: Path) -> None:
    lightroom = Lightroom(windows=True)
    with pytest.raises(AssertionError):  # this shell reads them otherwise
        lightroom.export(copies, tmp_path / "rendered")
    (command,) = lightroom.commands
    assert command.startswith('""/opt/focus stack/focusstack" run "')
    assert command.endswith('"')


def test_the_dialog_asks_for_what_is_used() -> None:
    lightroom = Lightroom()
    asked = {field.key for field in lightroom.service.exportPresetFields.values()}
    shown: set[str] = set()
    table = lightroom.lua.table_from
    factory = table({
        "row": lambda _, row: row,
        "static_text": lambda _, field: field,
        "edit_field": lambda _, field: shown.add(field.value),
    })  # fmt: skip
    lightroom.service.sectionsForTopOfDialog(factory, None)
    assert shown == asked == {"focusstackProgram", "focusstackOptions"}
    assert {*lightroom.service.allowFileFormats.values()} == {"TIFF", "JPEG"}
