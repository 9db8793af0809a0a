"""The help of a command, laid out here: the same lines whatever version of Typer is installed."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

NARROWEST, WIDEST = 40, 100
"""Columns between which the help fits itself to the terminal: wider lines are hard to read."""

MOST_LEFT = 26
"""Columns of the names of options; a longer name stands on a line of its own. Chosen."""

NARROW, UNDERNEATH = 60, 6
"""Columns below which what an option means stands underneath, and how far it goes in. Chosen."""

OTHERS = "Other"
"""Panel of what is in none."""


OF_TYPER = {
    "--install-completion": "Complete commands and options with Tab in this shell.",
    "--show-completion": "Print what --install-completion would write.",
}
"""Help of the options that Typer adds, whose words change with its version."""


class Entry(NamedTuple):
    """A line of a panel: what is typed, and what it means, in one or more lines."""

    typed: str
    means: str


def columns() -> int:
    """Return how many columns the help has."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, NARROWEST), WIDEST)


def command_page(name: str, command: Any) -> str:
    """Return the help of a command as text.

    Parameters
    ----------
    name : str
        As it is typed, such as ``focusstack run``.
    command : command of Typer
        With parameters that say what they mean.
    """
    return _page(usage_of(name, command), command, panels_of(command))


def usage_of(name: str, command: Any) -> str:
    """Return how a command is typed."""
    typed = "".join(f" {_argument(p)}" for p in command.params if _is_argument(p))
    return f"{name} [OPTIONS]{typed}"


def panels_of(command: Any) -> dict[str, list[Entry]]:
    """Return what a command takes, panel by panel: arguments first, under an empty name."""
    panels: dict[str, list[Entry]] = {}
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.hidden:
            panel = getattr(parameter, "rich_help_panel", None) or OTHERS
            panels.setdefault(panel, []).append(_option(parameter))
    panels.setdefault(OTHERS, []).append(Entry("-h, --help", "Show this help."))
    panels[OTHERS] = panels.pop(OTHERS)  # at the end
    told = [Entry(_argument(p), p.help or "") for p in command.params if _is_argument(p)]
    return {"": told, **panels}


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def group_page(name: str, group: Any) -> str:
    """Return the help of the program as text."""
    panels: dict[str, list[Entry]] = {}
    for called, command in group.commands.items():
        if not command.hidden:
            panel = getattr(command, "rich_help_panel", None) or OTHERS
            panels.setdefault(panel, []).append(Entry(called, _first_line(command.help)))
    own = [_option(p) for p in group.params if p.param_type_name == "option" and not p.hidden]
    panels["Options"] = [*own, Entry("-h, --help", "Show this help, or that of a command.")]
    return _page(f"{name} COMMAND …", group, panels)


def _page(usage: str, command: Any, panels: Mapping[str, list[Entry]]) -> str:
    wide = columns()
    lines = [*_hanging(f"{_bold('Usage:')} {usage}", 7, wide), ""]
    for text in (command.help or "").strip().split("\n\n"):
        lines += [*_filled(_on_one_line(text), wide), ""]
    for panel, entries in panels.items():
        if entries:
            lines += [_bold(panel)] if panel else []
            lines += [*_entries(entries, wide), ""]
    lines += _ending(command.epilog or "", wide)
    return "\n".join(lines).rstrip() + "\n"


def _entries(entries: list[Entry], wide: int) -> Iterator[str]:
    most = MOST_LEFT if wide >= NARROW else UNDERNEATH - 2
    left = max((len(e.typed) for e in entries if len(e.typed) <= most), default=most)
    for entry in entries:
        start = f"  {entry.typed:<{left}}"
        if len(entry.typed) > left:
            yield start
            start = " " * (left + 2)
        for k, text in enumerate(entry.means.split("\n")):
            name, colon, _ = text.partition(": ")
            more = len(name) + 2 if k and colon else 0  # a choice and what it means
            for line in _filled(text, wide - left - 4, more) or [""]:
                yield f"{start}  {line}".rstrip()
                start = " " * (left + 2)


def _option(parameter: Any) -> Entry:
    """How an option is typed, and what it means."""
    short = [o for o in parameter.opts if not o.startswith("--")]
    typed = ", ".join([*short, *(o for o in parameter.opts if o.startswith("--"))])
    if not parameter.is_flag and parameter.metavar:
        typed += f" {parameter.metavar}"
    first, *more = (OF_TYPER.get(typed) or parameter.help or "").split("\n")
    default = _default(parameter)
    return Entry(typed, "\n".join([f"{first} [{default}]" if default else first, *more]))


def _default(parameter: Any) -> str:
    """What an option is if it is not given; nothing where there is nothing to say."""
    shown = parameter.show_default
    if isinstance(shown, str):
        return shown
    value = parameter.default
    if shown is False or parameter.is_flag or callable(value) or value in (None, [], ()):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _argument(parameter: Any) -> str:
    """How an argument is typed."""
    name = str(parameter.metavar or parameter.name.upper())
    many = parameter.nargs == -1 and "…" not in name
    return f"{name}…" if many else name


def _ending(text: str, wide: int) -> Iterator[str]:
    """Examples and what else stands at the end: paragraphs, and lists of commands."""
    for paragraph in text.split("\n\n"):
        for line in paragraph.split("\n"):
            if example := re.fullmatch(r"- `(.*?)`(?: – (.*))?", line):
                yield f"  {example[1]}"  # on one line, so that it can be copied
                yield from (f"      {one}" for one in _filled(example[2] or "", wide - 6))
            elif heading := re.fullmatch(r"\*\*(.*?)\*\*", line):
                yield _bold(heading[1])
            else:
                yield from _filled(_plain(line), wide)
        if not re.fullmatch(r"\*\*.*\*\*", paragraph):
            yield ""


def _filled(text: str, wide: int, more: int = 0) -> list[str]:
    """Lines of at most so many columns, no word broken; all but the first go in by `more`."""
    return textwrap.wrap(
        text, wide, subsequent_indent=" " * more, break_long_words=False, break_on_hyphens=False
    )


def _hanging(text: str, more: int, wide: int) -> list[str]:
    return _filled(text, wide, more)


def _on_one_line(text: str) -> str:
    return _plain(" ".join(text.split()))


def _plain(text: str) -> str:
    return text.replace("**", "").replace("`", "")


def _first_line(text: str | None) -> str:
    return _on_one_line((text or "").strip().split("\n\n")[0])


def _bold(text: str) -> str:
    """A heading, where a terminal shows it."""
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text
