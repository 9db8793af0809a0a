"""A stack that falls apart: what is said can be pasted, and works."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from focusstack.cli.group_commands import commands
from focusstack.frames.selection import Selection
from focusstack.images.write import write_image
from focusstack.scene import render_stack
from tests.support.cli_calls import done, failed


@pytest.mark.parametrize(
    "groups",
    [
        [["A1.jpg", "A2.jpg"], ["B1.jpg", "B2.jpg"]],
        [["1.jpg", "2.jpg", "11.jpg"], ["3.jpg", "12.jpg"]],
        [["a,b.jpg", "c.jpg"], ["d.jpg", "e.jpg", "f[1].jpg"]],
        [["a[1].jpg", "a[2].jpg"], ["b.jpg", "c d's.jpg"]],
    ],
)
def test_each_command_means_its_group_and_no_other(groups: list[list[str]]) -> None:
    every = [name for group in groups for name in group]
    for group, line in zip(groups, commands("run", [Path("p q")], Path("o"), groups), strict=True):
        words = shlex.split(line)
        assert words[:3] == ["focusstack", "run", "p q"]
        chosen = Selection([words[k + 1] for k, word in enumerate(words) if word == "--only"])
        assert [name for name in every if chosen.wants(name)] == group
        chosen.check()


def test_two_stacks_in_one_folder(tmp_path: Path) -> None:
    photos = tmp_path / "my photos"
    photos.mkdir()
    for letter, seed in (("A", 1), ("B", 8)):
        found = render_stack("plane", width=320, height=240, frames=3, seed=seed)
        for k, pixels in enumerate(found.frames, 1):
            write_image(photos / f"{letter}{k}.png", pixels)
    said = failed(4, "inspect", photos)
    assert "A1.png … A3.png (3 frames); B1.png … B3.png (3 frames)" in said
    assert "(fuse aligns nothing)" in said
    lines = [shlex.split(line) for line in said.splitlines() if " --only " in line]
    assert [line[-1] for line in lines] == [f"{photos}-stacked-{k}" for k in (1, 2)]
    for _, command, *rest in lines:
        assert command == "run"
        done("inspect", *rest[:-2])
    given = tmp_path / "here"
    said = failed(4, "align", photos, "-o", given)
    assert f"--output {given}-2" in said
    assert "focusstack align" in said
