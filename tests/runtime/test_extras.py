"""What is said without an extra: the line that installs it, of every extra there is."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import focusstack
from focusstack.errors import FocusstackError
from focusstack.options import OutputOptions, StackOptions
from focusstack.pipeline import plan_stack
from focusstack.scene.stack import render_stack
from focusstack.scene.still_life import photograph
from focusstack.shoot.cluster import open_cluster
from focusstack.shoot.settings import BatchOptions
from focusstack.shoot.watching import Watch, watch_folder

ROOT = Path(__file__).resolve().parents[2]

FOR_WORK = {"test", "docs"}
"""Extras of those who change the program; nothing in it looks for them."""


def reading(name: str) -> Callable[[Path], Any]:
    """Plan a stack of files of which nothing but name and first bytes is of a format."""

    def read(folder: Path) -> object:
        for k in (1, 2):
            (folder / f"{k}{name}").write_bytes(b"\0\0\0\x20ftypheic" + bytes(100))
        return plan_stack(folder / f"1{name}" if name == ".mp4" else folder)

    return read


def watching(folder: Path) -> None:
    watch = Watch(folder, OutputOptions(folder / "out"), BatchOptions(jobs=1))
    watch_folder(watch, lambda _: None, ThreadPoolExecutor(1))


def clustered(_: Path) -> None:
    with open_cluster("local", StackOptions(), None):
        pass


USES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "heic": ("pillow_heif", reading(".heic")),
    "raw": ("rawpy", reading(".NEF")),
    "video": ("av", reading(".mp4")),
    "notebook": ("tqdm.auto", lambda _: focusstack.progress_bars("tqdm")),
    "watch": ("watchfiles", watching),
    "cluster": ("distributed", clustered),
    "sample": ("imageio.v3", lambda _: render_stack("desk", width=96, height=64)),
}
"""Extras, what each brings, and something that needs it."""


def extras() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, list[str]] = project["optional-dependencies"]
    return {name: lines for name, lines in found.items() if name not in FOR_WORK}


def test_every_extra_is_tried_and_is_told_in_the_readme() -> None:
    assert set(USES) == set(extras())
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in extras() if f"`[{name}]`" not in text] == []


@pytest.mark.parametrize("name", USES)
def test_the_line_that_installs_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, use = USES[name]
    photograph.cache_clear()  # another test may have seen it
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FocusstackError, match="not installed") as caught:
        use(tmp_path)
    assert f"Install it: pip install 'focusstack[{name}]'" in str(caught.value)
