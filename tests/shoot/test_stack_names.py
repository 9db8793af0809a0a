"""Stacks are called by a template, each otherwise, and by no name that does harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from focusstack.errors import UsageError
from focusstack.shoot.shots import Shot
from focusstack.shoot.splitting import Stack
from focusstack.shoot.stack_names import LONGEST_NAME, name_stacks, safe_name


def stack(*names: str, time: float | None = 1714816800.0) -> Stack:
    return Stack(tuple(Shot(Path("/card/birds") / name, time=time) for name in names))


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{folder}-{first}-{time:%Y%m%d}", "birds-IMG_1-20240504"),
        ("{number:03}", "001"),
        ("{last} of {frames}", "IMG_2 of 2"),
        ("{time}", "20240504-100000"),
        ("{camera}", "camera"),
        ("{catalogue}", "IMG_1"),
        ("a/b", "a_b"),
    ],
)
def test_fields_are_filled_in(template: str, name: str) -> None:
    (one,) = name_stacks([stack("IMG_1.jpg", "IMG_2.jpg")], template)
    assert one.name == name


def test_what_has_no_time_is_undated() -> None:
    assert name_stacks([stack("a.jpg", time=None)], "{time:%Y}")[0].name == "undated"


@pytest.mark.parametrize(
    "template", ["{nonsense}", "{first.__class__}", "{first[0]}", "{0}", "{", "{number:q}", "{}"]
)
def test_other_fields_are_refused(template: str) -> None:
    with pytest.raises(UsageError, match="cannot be filled in"):
        name_stacks([stack("a.jpg")], template)


def test_every_name_is_another() -> None:
    stacks = [stack("a.jpg"), stack("A.png"), stack("a.tif"), stack("a-2.jpg")]
    names = [one.name for one in name_stacks(stacks, "{first}")]
    assert names == ["a", "A-2", "a-3", "a-2-2"]
    assert len({name.casefold() for name in names}) == 4


@pytest.mark.parametrize(
    "text", ["..", ".", "/", "~", "-rf", "nul.txt", "\x1b[2J", "\u202ejpg", ""]
)
def test_names_do_no_harm(text: str) -> None:
    name = safe_name(text)
    assert name
    assert name.isprintable()
    assert not name.startswith((".", "-", "~", "="))
    assert Path("/out", name).resolve().parent == Path("/out")
    assert safe_name(name) == name


def test_names_are_not_too_long() -> None:
    assert len(safe_name("x" * 500)) == LONGEST_NAME <= 127
    assert len(safe_name("x" * 90)) == 90
