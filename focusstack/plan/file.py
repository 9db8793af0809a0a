"""report.json: a StackPlan written, read back, and checked when it comes from outside."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from focusstack.errors import InputError, UsageError
from focusstack.plan.model import StackPlan

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

# pydantic is loaded on first use: start-up does not wait for it.

SHOWN = 40
"""Characters of what a file holds that an error repeats: enough to find it by, within a line.
Chosen, not measured."""

MOST_BYTES = 64 << 20
"""Bytes of a file that is read as a plan: a stack of 1000 frames has a tenth. Chosen, not
measured."""

CHUNK = 1 << 20
"""Bytes that are read at once. Any size would do."""

MOST_UNPACKED = 256 << 20
"""Bytes that a plan may take in memory, about: two hundred frames with local displacement take
half of it. Chosen, not measured."""

VALUE_BYTES, LIST_BYTES, GROUP_BYTES = 40, 64, 240
"""Bytes that a number, a list and a group of named entries take at most in Python's memory."""

_GIVE_A_REPORT = "Give a report.json of an earlier run."


def plan_to_json(plan: StackPlan) -> str:
    r"""Return the plan as the text of report.json.

    Examples
    --------
    >>> from focusstack import plan_stack
    >>> from focusstack.scene import render_stack
    >>> frames = render_stack("plane", width=240, height=180, frames=3).frames
    >>> plan_to_json(plan_stack(frames))[:15]
    '{\n "schema": 1,'
    """
    return _in_lines(plain(plan)) + "\n"


def plain(plan: StackPlan) -> dict[str, Any]:
    """Return the plan as the content of report.json."""
    from focusstack.plan.to_report import content, to_report

    return dict(content(to_report(plan)))


def read_plan(path: str | Path) -> StackPlan:
    """Read the plan in an earlier report.json.

    Raises
    ------
    InputError
        If the file cannot be read or is not such a report; names the place of what is wrong.

    Examples
    --------
    >>> read_plan("photos-stacked/report.json").reference  # doctest: +SKIP
    'IMG_1005.jpg'
    """
    from pydantic import ValidationError

    try:
        data = json.loads(bounded_text(read_plan_bytes(path)))
    except RecursionError as error:
        raise InputError(
            f"{path} cannot be read as a plan: it is nested too deeply", _GIVE_A_REPORT
        ) from error
    except ValueError as error:
        told = str(error).split(";")[0]  # of numbers with too many digits, Python tells a remedy
        if isinstance(error, json.JSONDecodeError):
            told = f"something is wrong in line {error.lineno}"
        raise InputError(f"{path} cannot be read as a plan: {told}", _GIVE_A_REPORT) from error
    try:
        return from_plain(data)
    except ValidationError as error:
        raise InputError(
            f"{path} is not a report of focusstack: {tell_fault(error)}", _GIVE_A_REPORT
        ) from error


def given_plan(told: object) -> StackPlan:
    """Return a plan that is given as such, or as its file.

    Raises
    ------
    InputError
        As `read_plan`.
    UsageError
        If it is neither.
    """
    if isinstance(told, StackPlan):
        return told
    if isinstance(told, (str, Path)):
        return read_plan(told)
    raise UsageError(
        f"a plan cannot be read from {type(told).__name__}", "Give a StackPlan, or a report.json."
    )


def given_bytes(told: object) -> bytes:
    """Return the content of a plan that is given as such, or as its file."""
    if isinstance(told, (str, Path)):
        return read_plan_bytes(told)
    return plan_to_json(given_plan(told)).encode()


def read_plan_bytes(path: str | Path) -> bytes:
    """Return the content of a plan's file, which may neither be endless nor keep anybody waiting.

    Raises
    ------
    InputError
        If it cannot be read, is no file, or is larger than a plan.
    """
    try:
        # What is no file is opened without waiting for somebody to write to it.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ValueError("it is not a file")
            # How much there is may not be what the system tells.
            parts = iter(partial(file.read, CHUNK), b"")
            found = b"".join(islice(parts, MOST_BYTES // CHUNK + 1))
        if len(found) > MOST_BYTES:
            raise ValueError(f"it holds more than {MOST_BYTES >> 20} MB")
    except (OSError, ValueError) as error:
        told = (isinstance(error, OSError) and error.strerror) or str(error)
        raise InputError(f"{path} cannot be read as a plan: {told}", _GIVE_A_REPORT) from error
    return found


def bounded_text(found: bytes) -> str:
    """Return the text of a file that holds no more than can be unpacked within reason.

    Raises
    ------
    ValueError
        If it holds more, or no text.
    """
    unpacked = (
        VALUE_BYTES * found.count(b",")
        + LIST_BYTES * found.count(b"[")
        + GROUP_BYTES * found.count(b"{")
    )
    if unpacked > MOST_UNPACKED:
        raise ValueError("it holds more entries than a plan has")
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("it is not text in UTF-8") from error


def from_plain(data: Any) -> StackPlan:
    """Return the plan whose content `plain` gives; ValueError if it is not one."""
    from focusstack.plan.from_report import to_plan
    from focusstack.plan.schema import Report

    return to_plan(Report.model_validate(data))


def tell_fault(error: ValidationError) -> str:
    """Say what is wrong first, and where, as ``frames[3].matrix: is missing``."""
    found = error.errors(include_url=False)
    place, words = _place(found[0]["loc"]), _words(found[0])
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{place}: {words}{more}" if place else f"{words}{more}"


def _place(keys: Sequence[str | int]) -> str:
    text = ""
    for key in keys:
        if isinstance(key, str) and key.isidentifier():
            text += f".{key}" if text else key
        else:
            text += f"[{key!r:.{SHOWN}}]"
    return text


def _words(one: ErrorDetails) -> str:
    kind, text = one["type"], one["msg"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not known"
    if kind == "value_error":
        return text.removeprefix("Value error, ")
    if kind in ("model_type", "dict_type"):
        text = "must be a group of named entries in braces"
    text = text.replace("Input should be", "must be").replace("valid tuple", "valid list")
    given = one["input"]
    simple = given is None or isinstance(given, str | int | float)
    return f"{text}, not {json.dumps(given):.{SHOWN}}" if simple else text


def _in_lines(document: Mapping[str, Any]) -> str:
    """JSON with an entry a line, and a frame a line: to be read, and quickly written."""

    def line(value: object) -> str:
        return json.dumps(value, allow_nan=False)

    entries = []
    for name, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n  " + ",\n  ".join(line(one) for one in value) + "\n ]"
        else:
            text = line(value)
        entries.append(f" {line(name)}: {text}")
    return "{\n" + ",\n".join(entries) + "\n}"
