"""What was painted and looked at, told in the report: which places are mended, fine, or left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from html import escape

from focusstack.errors import OutputError
from focusstack.retouch.result import Result
from focusstack.retouch.strokes import Retouch
from focusstack.retouch.worth_a_look import Place, State, places_of, state_of
from focusstack.runtime.files import write_atomically

BEGIN, END = b"<!--retouched-->", b"<!--/retouched-->"
"""Between which it stands in the page; earlier versions have written pages without them."""

WORDS: dict[State, str] = {"mended": "mended", "fine": "found to be fine", "open": "left"}
"""What a place is called once somebody has begun to look."""


def tell_in_report(result: Result, retouch: Retouch) -> None:
    """Write into report.html what was done, if there is one that has room for it.

    Parameters
    ----------
    result : Result
        Whose report it is; locked.
    retouch : Retouch
        What was done.
    """
    path = result.folder / "report.html"
    try:
        page = path.read_bytes()
    except OSError:
        return
    head, begin, rest = page.partition(BEGIN)
    before, end, tail = rest.partition(END)
    told = as_section(result, retouch).encode("utf-8", "backslashreplace")
    if begin and end and told != before:
        with suppress(OutputError):  # the picture counts, not what is told of it
            write_atomically(path, head + begin + told + end + tail)


def as_section(result: Result, retouch: Retouch) -> str:
    """Return what was done, as a part of the page; empty if nothing was.

    Parameters
    ----------
    result : Result
        With its report.
    retouch : Retouch
        What was done.
    """
    if not (retouch.strokes or retouch.fine):
        return ""
    crop = result.plan.crop
    places = places_of(result.folder / "report.json", result.plan)
    states = [state_of(place, crop, retouch.fine, retouch.strokes) for place in places]
    count = len(retouch.strokes)
    strokes = f"{count} stroke{'s' if count != 1 else ''}: {escape(result.retouched.name)}. "
    told = f"{strokes if count else ''}{_counted(states)}"
    items = "".join(f"<li>{_item(p, s)}</li>" for p, s in zip(places, states, strict=True))
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<section class="retouched"><h2>Retouched</h2><p>{told}</p>{listed}</section>'


def _counted(states: Sequence[State]) -> str:
    counts = Counter(states)
    told = [f"{counts[state]} {words}" for state, words in WORDS.items() if counts[state]]
    return f"Places to look at: {', '.join(told)}." if told else ""


def _item(place: Place, state: State) -> str:
    return f"{escape(place.words)}: {WORDS[state]}"
