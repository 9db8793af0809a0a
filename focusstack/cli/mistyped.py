"""What was typed wrong, in plain words, with what was probably meant."""

from __future__ import annotations

import glob
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from focusstack.errors import UsageError
from focusstack.images.suffixes import READABLE
from focusstack.runtime.alike import did_you_mean

CLICK_ERROR: type[Exception] = typer.BadParameter.__mro__[2]
"""Base of the errors of what parses the command line, wherever Typer has it from."""


def no_command(args: Sequence[str], commands: Sequence[str]) -> UsageError:
    """Return the error of a first word that is no command."""
    word = args[0]
    if _is_input(word):
        what = "a folder" if Path(word).is_dir() else "no command"
        return UsageError(
            f"{word} is {what}; say first what to do with it",
            f"To stack what is in it: {shlex.join(['focusstack', 'run', *args])}",
        )
    return UsageError(
        f"there is no command {word}",
        did_you_mean(word, {name: f"focusstack {name}" for name in commands})
        or "focusstack --help names them.",
    )


def _is_input(word: str) -> bool:
    """Whether a word means pictures."""
    known = Path(word).suffix.lower() in READABLE
    return known or Path(word).exists() or (glob.has_magic(word) or "/" in word)


def told(error: Any, group: Any, args: Sequence[str]) -> UsageError:
    """Return an error of the parser in this program's words.

    Parameters
    ----------
    error : ClickException
        From wherever Typer has it.
    group : group of Typer
        All commands.
    args : sequence of str
        What was typed.
    """
    command = next((group.commands[word] for word in args[:1] if word in group.commands), group)
    inside = command is not group
    name = f"focusstack {command.name}" if inside else "focusstack"
    options = _options(command)
    kind = type(error).__name__
    wrong = str(getattr(error, "option_name", "") or "")
    if kind == "NoSuchOption":
        return _no_option(wrong, name, options, inside=inside)
    if kind == "MissingParameter" and getattr(error, "param", None) is not None:
        return _missing(error.param, name)
    if wrong in options and getattr(options[wrong], "is_flag", False):
        return UsageError(f"{wrong} takes no value", f"Give it alone: {wrong}")
    if wrong in options:
        return UsageError(
            f"{wrong} lacks its value", f"Give one after it: {wrong} {options[wrong].metavar}"
        )
    text = str(getattr(error, "message", error)).rstrip(".")
    if more := re.fullmatch(r"Got unexpected extra arguments? *\(?s?\)? *\((.*)\)", text):
        return UsageError(
            f"{name} does not know what to do with {more[1]}",
            f"{name} --help shows what it takes.",
        )
    return UsageError(text[:1].lower() + text[1:], f"{name} --help shows how it is used.")


def _options(command: Any) -> dict[str, Any]:
    return {o: p for p in getattr(command, "params", []) for o in p.opts if o.startswith("-")}


def _no_option(wrong: str, name: str, options: Mapping[str, Any], *, inside: bool) -> UsageError:
    meant = did_you_mean(wrong, {o: o for o in options if o.startswith("--")})
    see = f"{name} --help shows all options."
    if not inside and not meant:
        return UsageError(
            f"{wrong} stands before the command", "As in: focusstack run photos/ " + wrong
        )
    return UsageError(f"{name} has no option {wrong}", f"{meant} {see}".strip())


def _missing(parameter: Any, name: str) -> UsageError:
    if parameter.param_type_name == "argument":
        what = str(parameter.metavar or "input").removesuffix("…")
        example = "demo" if what == "DIR" else "photos/"
        return UsageError(f"{name} needs {what}", f"As in: {name} {example}")
    option = max(parameter.opts, key=len)
    return UsageError(
        f"{name} needs {option}", f"Add {option} {parameter.metavar}, as {name} --help shows."
    )
