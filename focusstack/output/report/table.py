"""The plan as text for a terminal: a table of the frames, a verdict, a summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from focusstack.output.report.light_words import light_fact
from focusstack.plan.model import FramePlan, StackPlan

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"pass": "green", "look": "yellow", "fail": "red"}
"""By grade."""

HEAD = (
    "frame", "EV", "zoom %", "rot °", "shift px", "sharp", "resid px", "95 %", "verdict"
)  # fmt: skip
"""Columns of the table of frames."""

UNKNOWN = "–"

WANTED = ("resid px", "shift px", "EV", "zoom %", "95 %", "sharp", "rot °")
"""Columns of numbers, those first that a narrow terminal keeps longest."""

LONGEST_NAME, LEAST_NAME, LEAST_VERDICT = 24, 8, 12
"""Letters of a name that stand on one line, even where there is room for few, and letters that a
line of a verdict has at least. Chosen."""


class Line(NamedTuple):
    """A frame in the table: its cells, and how the last one reads where its colour is seen."""

    cells: tuple[str, ...]
    words: str
    colour: str


def printable(name: str) -> str:
    """Return a file name on one line: what a terminal cannot show stands there by its code."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def frame_lines(plan: StackPlan) -> list[Line]:
    """Return the frames as the cells of a table, in the order of the input."""
    return [_line(f, plan) for f in plan.frames]


def _line(f: FramePlan, plan: StackPlan) -> Line:
    name = printable(f.file)
    if not f.used:
        blank = ("",) * (len(HEAD) - 2)
        told = f"left out: {printable(f.reason or '')}"
        return Line((name, *blank, told), told, "red")
    zoom, rotation, shift = f.movement(*plan.canvas)
    r = f.residual_px
    fit = (f"{r.median:.2f}", f"{r.p95:.2f}") if r else (UNKNOWN,) * 2
    verdict, words = str(f.verdict or "used"), f.verdict.words if f.verdict else "used"
    cells = (
        name,
        f"{f.exposure_ev + 0.0:+.2f}",
        f"{zoom:+.2f}",
        f"{rotation:+.2f}",
        f"{shift:.1f}",
        f"{f.sharpness:.2f}",
        *fit,
        printable(verdict),
    )
    return Line(cells, printable(words), COLOURS[f.verdict.grade] if f.verdict else "default")


def plan_table(plan: StackPlan) -> str:
    """Return the table as plain text, for files and other programs: a header, a line per frame."""
    rows = [HEAD, *(line.cells for line in frame_lines(plan))]
    wide = [max(len(row[k]) for row in rows) for k in range(len(HEAD) - 1)]
    lines = []
    for name, *numbers, last in rows:
        cells = (f"{n:>{w}}" for n, w in zip(numbers, wide[1:], strict=True))
        filled = "  ".join([f"{name:<{wide[0]}}", *cells])
        lines.append(f"{filled if any(numbers) else name}  {last}")
    return "\n".join(lines) + "\n"


def rich_table(plan: StackPlan, width: int = 80) -> Table:
    """Return the table for a terminal of so many columns: names and verdicts, and what fits."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    lines = frame_lines(plan)
    names, shown, verdicts = _fitting(lines, width)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    # What is left to the library, it cuts off where names are long.
    table.add_column(HEAD[0], overflow="fold", width=names)
    for title in (HEAD[k] for k in shown):  # the unit on a line of its own: narrow enough for 80
        table.add_column(title.replace(" ", "\n"), justify="right", no_wrap=True)
    table.add_column(HEAD[-1], overflow="fold", width=verdicts)
    for line in lines:
        name, *numbers, _ = line.cells
        chosen = (name, *(numbers[k - 1] for k in shown))
        table.add_row(*map(Text, chosen), Text(line.words, style=line.colour))
    return table


def _fitting(lines: Sequence[Line], width: int) -> tuple[int, list[int], int]:
    """Return how wide names and verdicts are, and which columns of numbers leave room for them.

    The numbers are told as indices of `HEAD`.
    """
    longest = max(len(line.cells[0]) for line in lines)
    left = width - 4  # what stands around and between
    names = max(LEAST_NAME, min(LONGEST_NAME, longest, left - LEAST_VERDICT))
    left -= names
    shown = []
    for title in WANTED:
        k = HEAD.index(title)
        wide = max(*(len(part) for part in title.split()), *(len(x.cells[k]) for x in lines))
        if wide + 2 > left - LEAST_VERDICT:
            break
        left -= wide + 2
        shown.append(k)
    wanted = max(len(HEAD[-1]), *(len(line.words) for line in lines))
    more = max(0, min(longest - names, left - wanted))  # names may be longer where all is told
    return names + more, sorted(shown), max(1, min(left, wanted))


def verdict_lines(plan: StackPlan) -> list[str]:
    """Return the verdict of the stack in words, and what to do once there is a composite."""
    if plan.verdict is None:
        return []
    return [printable(text) for text in plan.verdict.lines(advise=not plan.quick)]


def facts(plan: StackPlan, *, done: bool = False) -> list[tuple[str, str]]:
    """Return what there is to say of a stack, before or after it is `done`: names and values."""
    return [
        ("frames", _frames(plan)),
        ("fit", _fit(plan)),
        ("light", _light(plan, done=done)),
        ("area", _area(plan)),
    ]


def details(plan: StackPlan) -> list[str]:
    """Return what only who asks for more wants to know: a line each."""
    told = [f"motion model: {plan.model}"]
    if plan.local_median_px:
        before, after = plan.local_median_px
        told.append(
            f"local displacement: small tiles disagreed by {before:.2f} px, now {after:.2f}"
        )
    if plan.residual_px:
        told.append(f"tiles that tell how frames fit: {plan.residual_px.tiles}")
    return told


def summary(plan: StackPlan, written: Sequence[str]) -> list[str]:
    """Return the end of a run: the verdict, and five lines of facts.

    Parameters
    ----------
    plan : StackPlan
        Of the run.
    written : sequence of str
        What was written, the first being where.
    """
    where, *what = written
    told = [("written", f"{where}{': ' if what else ''}{', '.join(what)}"), *facts(plan, done=True)]
    return [*verdict_lines(plan), *(f"  {name:<8}  {printable(value)}" for name, value in told)]


def _frames(plan: StackPlan) -> str:
    used, total = len(plan.used()), len(plan.frames)
    count = f"{used} of {total} used" if used < total else f"all {total} used"
    return f"{count}, laid on {plan.reference}"


def _fit(plan: StackPlan) -> str:
    r = plan.residual_px
    if r is None:
        return "too little detail to tell"
    return f"details lie {r.median:.2f} px apart, 95 % of them less than {r.p95:.2f} px"


def _light(plan: StackPlan, *, done: bool) -> str:
    stops = [f.exposure_ev for f in plan.used()]
    spread = max(stops) - min(stops) if stops else 0.0
    more = light_fact(plan)
    more = f", and {more}" if more else ""
    return f"{spread:.2f} stops of difference{more} {'evened out' if done else 'found'}"


def _area(plan: StackPlan) -> str:
    c, (width, height) = plan.crop, plan.canvas
    share = 100 * c.area / (width * height)
    return f"{c.width} x {c.height} pixels, {share:.1f} % of a frame"
