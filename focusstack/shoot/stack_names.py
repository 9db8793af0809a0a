"""What stacks are called: by a template, each by a name that every file system takes."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from focusstack.errors import UsageError
from focusstack.shoot.splitting import Stack

QUARANTINE = "quarantine"
"""Folder of the results, into which those go that are not to be used."""

TEMPLATE = "{folder}-{first}"
"""What stacks are called unless said otherwise."""

LONGEST_NAME = 100
"""Letters of a name. Chosen: file systems take 255 bytes, of which a letter may be four."""

FIELDS = ("folder", "first", "last", "frames", "number", "camera", "time", "catalogue")
"""What a template may name."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""

_OURS = {QUARANTINE, "index.html", "index.csv", "index.json"}
"""Names that a batch keeps for itself."""


@dataclass(frozen=True)
class NamedStack:
    """A stack, and what it is called.

    Attributes
    ----------
    name : str
        Of its folder of results: unlike all others, whatever the case of the letters.
    stack : Stack
        What it consists of.
    catalogue : str
        Its number in a collection; empty if none is given.
    """

    name: str
    stack: Stack
    catalogue: str = ""


def name_stacks(
    stacks: Sequence[Stack], template: str = TEMPLATE, catalogue: Mapping[str, str] | None = None
) -> list[NamedStack]:
    """Return the stacks with a name each.

    Parameters
    ----------
    stacks : sequence of Stack
        In order.
    template : str, optional
        With fields in braces: `FIELDS`, and dates as ``{time:%Y%m%d}``.
    catalogue : mapping of str to str, optional
        Numbers by the name of a file of the stack, with or without suffix.

    Raises
    ------
    UsageError
        If the template names another field, or is damaged.
    """
    found: list[NamedStack] = []
    taken: set[str] = set()
    for number, stack in enumerate(stacks, 1):
        given = _catalogued(stack, catalogue or {})
        wanted = safe_name(_filled(template, stack, number, given))
        name, again = wanted, 1
        while name.casefold() in taken:
            again += 1
            name = f"{wanted}-{again}"
        taken.add(name.casefold())
        found.append(NamedStack(name, stack, given))
    return found


def safe_name(text: str) -> str:
    r"""Return a name of a folder that is hidden nowhere, leads nowhere and steers no terminal.

    Examples
    --------
    >>> safe_name("../birds/IMG 1"), safe_name("=a\x1b[1m?."), safe_name("con"), safe_name("")
    ('birds_IMG 1', 'a_[1m', 'con_', 'stack')
    """
    text = unicodedata.normalize("NFC", text)  # some file systems know no other
    kept = "".join(c if c.isprintable() and c not in '<>:"/\\|?*' else "_" for c in text)
    kept = kept.lstrip(" ._=+-@'~")[:LONGEST_NAME].rstrip(" ._")
    if _RESERVED.fullmatch(kept) or kept.casefold() in _OURS:
        return f"{kept}_"
    return kept or "stack"


def _catalogued(stack: Stack, catalogue: Mapping[str, str]) -> str:
    """The number that one of its files is entered with."""
    names = (key for path in stack.paths for key in (path.name.casefold(), path.stem.casefold()))
    return next((catalogue[name] for name in names if name in catalogue), "")


class _Moment:
    """When a stack was begun; formats as a date does."""

    def __init__(self, time: float | None) -> None:
        self._time = time

    def __format__(self, form: str) -> str:
        if self._time is None:
            return "undated"
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self._time)
        return moment.strftime(form or "%Y%m%d-%H%M%S")


class _Template(string.Formatter):
    """Fills in fields by name, and nothing that could be reached through them."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        del args
        if field_name not in kwargs:
            raise KeyError(field_name)
        return kwargs[field_name], field_name


def _filled(template: str, stack: Stack, number: int, catalogue: str) -> str:
    first, last = stack.shots[0], stack.shots[-1]
    values: dict[str, object] = {
        "folder": stack.folder.resolve().name,
        "first": first.path.stem,
        "last": last.path.stem,
        "frames": len(stack.shots),
        "number": number,
        "camera": first.camera or "camera",
        "time": _Moment(first.time),
        "catalogue": catalogue or first.path.stem,
    }
    try:
        return _Template().vformat(template, (), values)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise UsageError(
            f"the name '{template:.80}' cannot be filled in",
            f"It may hold {', '.join('{' + field + '}' for field in FIELDS)}; "
            "dates as {time:%Y%m%d}.",
        ) from error
