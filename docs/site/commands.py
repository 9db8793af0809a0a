"""The reference of commands, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from focusstack.cli import app
from focusstack.cli.examples import EPILOG
from focusstack.cli.help_page import Entry, panels_of, usage_of


def commands_page() -> str:
    """Return all commands and options as Markdown, below a heading of the first level."""
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    rows = [f"| [`{n}`](#{n}) | {_first_line(c)} |" for n, c in group.commands.items()]
    parts = ["| command | |", "|---|---|", *rows, "", EPILOG, ""]
    for name, command in group.commands.items():
        parts += _command(name, command)
    return "\n".join(parts) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"```text\n{usage_of(f'focusstack {name}', command)}\n```\n"
    yield f"{(command.help or '').strip()}\n"
    for panel, entries in panels_of(command).items():
        if entries:
            yield "\n".join(_table(panel, entries)) + "\n"
    lines = re.findall(r"^- `(.*?)`(?: – (.*))?$", command.epilog or "", re.MULTILINE)
    shown = [f"# {why}\n{line}" if why else line for line, why in lines]
    yield "```sh\n" + "\n".join(shown) + "\n```\n"


def _table(panel: str, entries: list[Entry]) -> Iterator[str]:
    yield f"| {panel or 'What it takes'} | |"
    yield "|---|---|"
    for entry in entries:
        means = "<br>".join(_escaped(line) for line in entry.means.split("\n"))
        yield f"| `{_escaped(entry.typed)}` | {means} |"


def _escaped(text: str) -> str:
    """Text in a cell; what is typed stands in a fixed width."""
    text = text.replace("|", r"\|").replace("<", "&lt;") if "`" not in text else text
    return re.sub(r"(?<![\w`-])(--[a-z][a-z-]*)", r"`\1`", text) if text[:1] != "-" else text


def _first_line(command: Any) -> str:
    return (command.help or "").strip().split("\n\n")[0].replace("\n", " ")
