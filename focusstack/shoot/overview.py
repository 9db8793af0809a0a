"""The overview of a batch: one page, one table and one list, with a row for every stack.

The page needs nothing but itself. It is written anew while the batch runs, now and then, so that
a thousand stacks cost no thousand pages.
"""

from __future__ import annotations

import csv
import io
import json
import shlex
from base64 import b64encode
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from focusstack.errors import OutputError
from focusstack.frames.search import natural_key
from focusstack.output.page_templates import page_templates
from focusstack.output.report.addresses import file_address
from focusstack.runtime.files import write_atomically
from focusstack.runtime.version import __version__
from focusstack.shoot.state import StackState, States

if TYPE_CHECKING:
    from jinja2 import Template

SHARE = 20.0
"""Times as long as the overview took to write that it is left alone. Chosen: a twentieth of the
time of a batch goes into it at most."""

SOONEST = 2.0
"""Seconds between two overviews at least. Chosen: as often as people look."""

MOST_THUMBNAIL = 1 << 18
"""Bytes of a small picture that is taken into the page. Chosen: they have a tenth."""

COLUMNS = (
    "name", "status", "grade", "words", "frames", "used", "error_px", "spread_ev", "area",
    "seconds", "camera", "lens", "taken", "catalogue", "folder", "composite", "report", "doubt",
    "tries", "exit_code", "holder",
)  # fmt: skip
"""Of the table and the list."""

HEADINGS = (
    ("Stack", "name"), ("Verdict", "words"), ("Frames", "number"), ("Error px", "number"),
    ("Exposure EV", "number"), ("Area %", "number"), ("Seconds", "number"), ("Camera", "name"),
    ("Lens", "name"), ("Taken", "name"),
)  # fmt: skip
"""Of the page, with what kind of values stand below."""


class Overview:
    """Writes index.html, index.csv and index.json into the folder of the results.

    Parameters
    ----------
    folder : path
        Of the results.
    states : States
        What became of each stack.
    """

    def __init__(self, folder: Path, states: States) -> None:
        self._folder, self._states = folder, states
        self._due = 0.0

    def update(self, *, final: bool = False) -> None:
        """Write the overview, if it is time or the last chance.

        Raises
        ------
        OutputError
            If it cannot be written the last time; before that there will be another.
        """
        begun = monotonic()
        if not final and begun < self._due:
            return
        try:
            self._write()
        except OutputError:
            if final:
                raise
        spent = monotonic() - begun
        self._due = monotonic() + max(SOONEST, SHARE * spent)

    def _write(self) -> None:
        found = [self._states.read(name) for name in sorted(self._states.names(), key=natural_key)]
        states = [state for state in found if state is not None]
        rows = [plain_row(state) for state in states]
        write_atomically(self._folder / "index.csv", table(rows).encode("utf-8", "surrogateescape"))
        write_atomically(self._folder / "index.json", (json.dumps(rows, indent=1) + "\n").encode())
        page = overview_page(states, {s.name: self._thumbnail(s.name) for s in states})
        write_atomically(self._folder / "index.html", page.encode("utf-8", "replace"))

    def _thumbnail(self, name: str) -> str:
        """The small picture of a stack as an address; empty if there is none."""
        try:
            with self._states.thumbnail(name).open("rb") as file:
                data = file.read(MOST_THUMBNAIL + 1)
        except OSError:
            return ""
        if not data.startswith(b"\xff\xd8\xff") or len(data) > MOST_THUMBNAIL:
            return ""
        return f"data:image/jpeg;base64,{b64encode(data).decode('ascii')}"


def plain_row(state: StackState) -> dict[str, Any]:
    """Return what there is to say of a stack as plain data, by `COLUMNS`."""
    told = state.row.model_dump() | state.model_dump(exclude={"row", "inputs", "outputs"})
    return {column: told[column] for column in COLUMNS}


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows as CSV in which nothing is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str):
        text = value.replace("\n", " ")
        return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
    return "" if value is None else value


def overview_page(states: list[StackState], thumbnails: dict[str, str]) -> str:
    """Return the page.

    Parameters
    ----------
    states : list of StackState
        In the order they are shown.
    thumbnails : dict of str to str
        Addresses of small pictures by the names of the stacks; empty where there are none.
    """
    rows = [_shown(state, thumbnails.get(state.name, "")) for state in states]
    counts = Counter(row["kind"] for row in rows)
    return _template().render(
        version=__version__,
        rows=rows,
        counts=counts,
        headings=HEADINGS,
        running=counts["waiting"] + counts["working"] > 0,
        style=_part("index.css"),
        script=_part("index.js"),
        kinds=KINDS,
    )


KINDS = {
    "pass": ("✓", "good"),
    "look": ("!", "take a look"),
    "fail": ("✗", "not good"),
    "failed": ("✗", "could not be made"),
    "working": ("…", "being made"),
    "waiting": ("·", "not begun"),
    "unjudged": ("·", "made"),
}
"""Marks and words by what a row is."""


def _kind(state: StackState) -> str:
    if state.status == "failed":
        return "failed"
    if state.status == "done":
        return state.row.grade or "unjudged"
    return "working" if state.status == "claimed" else "waiting"


def _shown(state: StackState, thumbnail: str) -> dict[str, Any]:
    row = state.row
    folder = file_address(row.folder)
    done = state.status == "done"
    words, _, remedy = row.words.partition("\n")
    return {
        "name": state.name,
        "kind": _kind(state),
        "words": words,
        "remedy": remedy,
        "doubt": state.doubt,
        "thumbnail": thumbnail,
        "review": _review(row.folder) if done and row.composite else "",
        "report": f"{folder}/{file_address(row.report)}" if done and row.report else "",
        "composite": f"{folder}/{file_address(row.composite)}" if done and row.composite else "",
        "rank": list(KINDS).index(_kind(state)),
        "frames": f"{row.used} of {row.frames}" if done else f"{row.frames}",
        "values": [
            (row.frames, None),
            (row.error_px, "%.2f"),
            (row.spread_ev, "%.2f"),
            (None if row.area is None else 100 * row.area, "%.1f"),
            (row.seconds if done else None, "%.1f"),
        ],
        "camera": row.camera,
        "lens": row.lens,
        "taken": row.taken,
        "catalogue": row.catalogue,
    }


def _review(folder: str) -> str:
    """What to type in the folder of the overview to retouch a result."""
    return shlex.join(["focusstack", "review", f"./{folder}" if folder[:1] == "-" else folder])


def _part(name: str) -> str:
    return files("focusstack.shoot").joinpath("page", name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    return page_templates("focusstack.shoot").get_template("index.html.jinja")
