"""Options in groups: what Typer sees of them, and what a command is given."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Annotated

import typer
from typer.testing import CliRunner

from focusstack.cli.groups import Only, spread_groups


@dataclass(frozen=True)
class Colours:
    """A group."""

    front: Annotated[str, typer.Option("--front")] = "red"
    back: Annotated[str, typer.Option("--back")] = "white"
    count: Annotated[int, typer.Option("--count", min=1)] = 3


taken: list[tuple[Path, Colours, bool]] = []


@spread_groups
def paint(
    folder: Annotated[Path, typer.Argument()],
    *,
    fast: Annotated[bool, typer.Option("--fast")] = False,
    colours: Annotated[Colours, Only("front", "count")],
) -> None:
    """Paint a folder."""
    taken.append((folder, colours, fast))


APP = typer.Typer()
APP.command()(paint)


def test_options_are_the_fields_of_the_groups() -> None:
    assert list(signature(paint).parameters) == ["folder", "fast", "front", "count"]
    assert paint.__name__ == "paint"
    assert paint.__doc__ == "Paint a folder."


def test_groups_are_filled_with_what_is_given_and_with_defaults() -> None:
    taken.clear()
    assert CliRunner().invoke(APP, ["here", "--fast", "--front", "blue"]).exit_code == 0
    assert taken == [(Path("here"), Colours("blue", "white", 3), True)]


def test_options_that_a_command_does_not_have_are_refused() -> None:
    assert CliRunner().invoke(APP, ["here", "--back", "blue"]).exit_code == 2
    assert CliRunner().invoke(APP, ["here", "--count", "0"]).exit_code == 2
