"""The recipe of the folder that needs no Python, the desktop's entry, the lowest versions."""

from __future__ import annotations

import configparser
import re
import shlex
import sys
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support.cli_calls import COMMAND
from tests.support.page_blocks import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# The folder -----------------------------------------------------------------------------------


def test_the_recipe_takes_all_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with stand-ins for what PyInstaller offers."""
    asked: dict[str, Any] = {}

    def collect_submodules(name: str) -> list[str]:
        return [f"{name}.everything"]

    def analysis(scripts: list[str], **told: Any) -> SimpleNamespace:
        asked.update(told, scripts=scripts)
        return SimpleNamespace(pure=[], scripts=[], binaries=[], datas=[])

    hooks = SimpleNamespace(
        collect_submodules=collect_submodules,
        collect_data_files=lambda name, **_: [(name, name)],
        copy_metadata=lambda name: [(f"{name}.dist-info", ".")],
    )
    for name in ("PyInstaller", "PyInstaller.utils", "PyInstaller.utils.hooks"):
        monkeypatch.setitem(sys.modules, name, hooks)
    recipe = ROOT / "contrib" / "bundle" / "focusstack.spec"
    names = dict.fromkeys(("EXE", "PYZ", "COLLECT", "BUNDLE"), lambda *_, **__: None)
    exec(
        compile(recipe.read_text(encoding="utf-8"), recipe.name, "exec"),
        {"SPECPATH": str(recipe.parent), "Analysis": analysis, **names},
    )
    assert asked["scripts"] == [str(recipe.with_name("start.py"))]
    assert recipe.with_name("start.py").is_file()
    assert "focusstack.everything" in asked["hiddenimports"]
    # Loops are known by their text, which must be there.
    assert asked["module_collection_mode"] == {"focusstack": "py"}
    needed = {Requirement(line).name.replace("-", "_") for line in PROJECT["dependencies"]}
    assert not needed & {*asked["excludes"]}


# The desktop ----------------------------------------------------------------------------------


def test_the_entry_of_the_menu_starts_the_door() -> None:
    name = "io.github.focusstack"
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read(ROOT / "contrib" / "desktop" / f"{name}.desktop", encoding="utf-8")
    entry = parser["Desktop Entry"]
    assert entry["Type"] == "Application"
    assert entry["Icon"] == name
    program, *words = shlex.split(entry["Exec"])
    assert program == "focusstack"
    assert isinstance(COMMAND, typer.core.TyperGroup)
    COMMAND.commands[words[0]].make_context(words[0], words[1:])
    assert entry["Categories"].endswith(";")


# The lowest versions --------------------------------------------------------------------------


def requirements() -> dict[str, Requirement]:
    """All that pyproject.toml asks for, but itself."""
    extras = PROJECT["optional-dependencies"].values()
    found = [Requirement(line) for line in PROJECT["dependencies"]]
    found += [Requirement(line) for lines in extras for line in lines]
    return {one.name: one for one in found if one.name != PROJECT["name"]}


def test_the_list_of_lowest_versions_is_of_what_is_asked_for() -> None:
    lines = (ROOT / "tests" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    asked = requirements()
    assert sorted(set(pins) - set(asked)) == ["click"], "what is not asked for directly"
    assert set(asked) <= set(pins)
    for name, one in asked.items():
        bound = next(Version(s.version) for s in one.specifier if s.operator == ">=")
        pin = Version(pins[name])
        assert one.specifier.contains(pin, prereleases=True), name
        assert pin.release[: len(bound.release)] == bound.release, f"{name}: {pin} is not {bound}"


def test_lower_bounds_stand_at_everything() -> None:
    for name, one in requirements().items():
        assert re.search(r">=", str(one.specifier)), name
