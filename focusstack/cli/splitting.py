"""The command that finds the stacks of a shoot: split."""

from __future__ import annotations

import json as jsons
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from focusstack.cli.door import printable, printable_json, speak, whisper
from focusstack.cli.groups import spread_groups
from focusstack.cli.messages import Messages
from focusstack.cli.options import beside
from focusstack.cli.reporting import reporting, say
from focusstack.errors import AlignmentError, OutputError

if TYPE_CHECKING:
    from focusstack.cli.terminal import TerminalProgress
    from focusstack.options import StackOptions
    from focusstack.plan.model import StackPlan
    from focusstack.shoot.boundaries import Boundary
    from focusstack.shoot.shots import Shot
    from focusstack.shoot.splitting import Ask, How, Shoot
    from focusstack.shoot.stack_names import NamedStack

SHOOT = "Shoot"
"""Panel of the help."""

Roots = Annotated[
    list[Path],
    typer.Argument(metavar="ROOT", help="Folders, searched to the bottom.", show_default=False),
]


@dataclass(frozen=True)
class Splitting:
    """How a shoot is split, and what its stacks are called."""

    split: Annotated[
        str,
        typer.Option(
            "--split",
            metavar="auto|folder|gap=SECONDS|none",
            help="How: by all that pictures and cameras tell, each folder a stack, by pauses, or "
            "not at all.",
            rich_help_panel=SHOOT,
        ),
    ] = "auto"
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Of RAW and JPEG of one shot, take RAW.", rich_help_panel=SHOOT),
    ] = False
    name: Annotated[
        str,
        typer.Option(
            "--name",
            metavar="TEMPLATE",
            help="What stacks are called: {folder}, {first}, {last}, {number}, {frames}, {camera}, "
            "{time:%Y%m%d}, {catalogue}.",
            rich_help_panel=SHOOT,
        ),
    ] = "{folder}-{first}"
    names: Annotated[
        Path | None,
        typer.Option(
            "--names",
            metavar="FILE",
            show_default=False,
            help="CSV with columns file and name: catalogue numbers.",
            rich_help_panel=SHOOT,
        ),
    ] = None

    def how(self) -> How:
        """Return how to split."""
        from focusstack.shoot.splitting import parse_how

        return parse_how(self.split, raw=self.raw)

    def naming(self) -> tuple[str, dict[str, str]]:
        """Return the template of names, and catalogue numbers by files."""
        from focusstack.shoot.stack_names import TEMPLATE
        from focusstack.shoot.stacks_csv import read_catalogue

        catalogue = read_catalogue(self.names) if self.names else {}
        numbered = catalogue and self.name == TEMPLATE
        return "{catalogue}" if numbered else self.name, catalogue


@spread_groups
def split(
    roots: Roots,
    splitting: Splitting,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            show_default=False,
            help="Write the stacks as a table to edit, for batch --stacks.",
            rich_help_panel=SHOOT,
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Ask nothing: list what is not sure.", rich_help_panel=SHOOT
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of a table.", rich_help_panel=SHOOT)
    ] = False,
    *,
    messages: Messages,
) -> None:
    """Find the stacks of a shoot, in folders or one folder of thousands of pictures."""
    with reporting(messages) as progress:
        from focusstack.shoot import splitting as shoots
        from focusstack.shoot.stack_names import name_stacks
        from focusstack.shoot.stacks_csv import write_stacks

        ask = None if yes or json or not sys.stdin.isatty() else asking()
        shoot = shoots.split(roots, splitting.how(), progress, ask=ask)
        named = name_stacks(shoot.stacks, *splitting.naming())
        if csv is not None:
            write_stacks(csv, named, roots[0])
        if json:
            speak(printable_json(jsons.dumps(_plain(named, shoot), indent=1)) + "\n", end="")
        else:
            _show(named, shoot)
            say(f"next: {_next(roots, csv)}", quiet=messages.quiet)


@contextmanager
def telling_sweeps(
    inputs: list[Path], options: StackOptions, progress: TerminalProgress
) -> Iterator[Callable[[StackPlan], None]]:
    """Warn if what is given for one stack is several, and say what to type instead.

    What this gives is to be called with the plan: where the sweeps follow each other in focus, they
    are one, and nothing is said. If there is no plan, it is said why that may be.
    """
    from focusstack.shoot.sweeps import follow_on, in_words, several_sweeps

    # Who chooses frames, or gives a plan, knows what is in the folder.
    chosen = options.only or options.exclude or options.plan is not None
    sweeps = [] if chosen else several_sweeps(inputs)

    def warn() -> None:
        progress.warn(f"{in_words(sweeps)}. To stack each by itself: {_next(inputs, None)}")

    def told(plan: StackPlan) -> None:
        if sweeps and not follow_on(sweeps, plan.focus_order):
            warn()

    try:
        yield told
    except AlignmentError:
        if sweeps:
            warn()
        raise


def _next(roots: list[Path], table: Path | None) -> str:
    """What to type to stack what was found."""
    given = ["--stacks", str(table)] if table else []
    words = ["focusstack", "batch", *map(str, roots), *given, "-o", str(_place(beside(roots)))]
    return shlex.join(words)


def _place(folder: Path) -> Path:
    """Return `folder` if a batch may write there or go on there, else one beside it."""
    from focusstack.output.staging import free_name, refuse_filled
    from focusstack.shoot.state import States

    if States(folder).folder.is_dir():
        return folder
    try:
        refuse_filled(folder)
    except OutputError:
        return free_name(folder)
    return folder


def asking() -> Ask:
    """Return what asks people on the terminal."""

    def ask(before: Shot, behind: Shot, boundary: Boundary) -> bool:
        why = "; ".join(boundary.reasons) or "nothing is known"
        text = f"{before.path.name} | {behind.path.name}: {why}. Does a new stack begin?"
        return typer.confirm(printable(text), default=boundary.new, err=True)

    return ask


def _show(named: list[NamedStack], shoot: Shoot) -> None:
    """Print the stacks, what stands alone, and what is not sure."""
    wide = max((len(printable(one.name)) for one in named), default=0)
    for one in named:
        paths = one.stack.paths
        count = f"{len(paths)} frames" if len(paths) > 1 else "1 file"
        sure = "" if one.stack.begins is None or one.stack.begins.sure else "  (not sure)"
        files = f"{paths[0].name} … {paths[-1].name}" if len(paths) > 1 else paths[0].name
        reason = f"  {one.stack.reason}" if one.stack.reason else ""
        say(f"{one.name:<{wide}}  {count:>10}  {files}{reason}{sure}")
        for doubt in one.stack.doubts:
            why = "; ".join(doubt.reasons) or "nothing is known"
            say(f"{'':<{wide}}  perhaps another stack from {paths[doubt.at].name} on: {why}")
    if shoot.singles:
        names = ", ".join(s.paths[0].name for s in shoot.singles[:5])
        more = f" and {len(shoot.singles) - 5} more" if len(shoot.singles) > 5 else ""
        say(f"alone: {names}{more}")
    for note in shoot.notes:
        whisper(f"note: {note}")
    unsure = len(shoot.unsure)
    sure = f"; {unsure} not sure" if unsure else ""
    say(f"{_count(len(named), 'stack')}, {_count(len(shoot.singles), 'single picture')}{sure}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _plain(named: list[NamedStack], shoot: Shoot) -> dict[str, object]:
    return {
        "stacks": [
            {
                "name": one.name,
                "files": [str(path) for path in one.stack.paths],
                "reason": one.stack.reason,
                "sure": one.stack.begins is None or one.stack.begins.sure,
                "doubts": [{"at": d.at, "reasons": list(d.reasons)} for d in one.stack.doubts],
            }
            for one in named
        ],
        "singles": [str(s.paths[0]) for s in shoot.singles],
        "notes": list(shoot.notes),
    }
