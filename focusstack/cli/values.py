"""What may be typed as the value of an option: read, and refused in the program's own words.

Typer changes its words with its version; these stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from focusstack.errors import UsageError
from focusstack.runtime.alike import did_you_mean
from focusstack.runtime.memory import parse_bytes

E = TypeVar("E", bound=StrEnum)
N = TypeVar("N", int, float)


def one_of(option: str, kind: type[E], also: Mapping[str, str] = {}) -> Callable[[str], E]:
    """Return what reads one of the names in `kind`.

    Parameters
    ----------
    option : str
        Whose value it is, for the error.
    kind : type
        The names.
    also : mapping of str to str, optional
        What else is understood, in lower case, and which name it stands for.
    """

    def read(text: str) -> E:
        name = str(text).casefold()
        name = also.get(name, name)
        if name in {one.value for one in kind}:
            return kind(name)
        names = [one.value for one in kind]
        raise UsageError(
            f"{option} {text} is none of {', '.join(names)}",
            did_you_mean(name, {one: f"{option} {one}" for one in names})
            or f"Give one of them, as in {option} {names[0]}.",
        )

    return read


def number(option: str, least: float, most: float | None = None) -> Callable[[str], float]:
    """Return what reads a number of at least `least` and at most `most`."""
    usual = f"{most if most is not None else max(least, 1):g}"
    return _within(option, float, "number", (least, most), usual)


def whole_number(option: str, least: int, most: int | None = None) -> Callable[[str], int]:
    """Return what reads a whole number of at least `least` and at most `most`."""
    usual = str(most if most is not None else max(least, 2))
    return _within(option, int, "whole number", (least, most), usual)


def _within(
    option: str, kind: Callable[[str], N], called: str, span: tuple[N, N | None], usual: str
) -> Callable[[str], N]:
    """Return what reads a number within a span, of which `usual` is told as an example."""
    least, most = span

    def read(text: str) -> N:
        try:
            given = kind(text)
        except ValueError:
            given = None
        if given is not None and given >= least and (most is None or given <= most):
            return given
        raise UsageError(
            f"{option} {text} is not a {called} of {_span(least, most)}",
            f"Give one, as in {option} {usual}.",
        )

    return read


def amount_of_memory(option: str) -> Callable[[str], int]:
    """Return what reads an amount of memory."""

    def read(text: str) -> int:
        try:
            return parse_bytes(str(text))
        except ValueError as error:
            raise UsageError(
                f"{option} {text} is not an amount of memory",
                f"Give megabytes or gigabytes, as in {option} 600M or {option} 4G.",
            ) from error

    return read


def _span(least: float, most: float | None) -> str:
    return f"{least:g} to {most:g}" if most is not None else f"{least:g} or more"
