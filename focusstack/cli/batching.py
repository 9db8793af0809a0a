"""The command that stacks every stack of a shoot: batch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from focusstack.cli.asked import output_options, stack_options
from focusstack.cli.door import finish_output, printable_json, speak, whisper
from focusstack.cli.fusing import Fusion
from focusstack.cli.groups import Only, spread_groups
from focusstack.cli.messages import Messages
from focusstack.cli.options import WORK, WRITING, Alignment, Results, Work, beside
from focusstack.cli.reporting import reporting, say
from focusstack.cli.splitting import SHOOT, Roots, Splitting, asking
from focusstack.errors import VERDICT_EXIT_CODE, UsageError

if TYPE_CHECKING:
    from focusstack.shoot.batch import BatchResult
    from focusstack.shoot.settings import Action, BatchOptions
    from focusstack.shoot.state import StackState

StackResults = Annotated[Results, Only(*WRITING, "no_aligned", "no_fuse")]
"""Results of every stack."""

StackAlignment = Annotated[Alignment, Only("no_local", "dust")]
"""Alignment of every stack: what names frames is of one alone."""


def batch_options(
    splitting: Splitting, alignment: Alignment, fusion: Fusion, work: Work
) -> BatchOptions:
    """Return the library's options of many stacks, whenever they are shot."""
    from focusstack.shoot.settings import BatchOptions

    template, catalogue = splitting.naming()
    return BatchOptions(
        stack=stack_options(alignment, work, fusion),
        how=splitting.how(),
        template=template,
        catalogue=catalogue,
    )


@dataclass(frozen=True)
class Batching:
    """What is done with the stacks, and how many at a time."""

    stacks: Annotated[
        Path | None,
        typer.Option(
            "--stacks",
            metavar="FILE",
            show_default=False,
            help="Split as this table says, which split --csv has written.",
            rich_help_panel=SHOOT,
        ),
    ] = None
    on: Annotated[
        list[str],
        typer.Option(
            "--on",
            metavar="look|fail=keep|quarantine",
            show_default=False,
            help="What is done with results that are to be looked at, or not good.",
            rich_help_panel=SHOOT,
        ),
    ] = field(default_factory=list)
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", help="Try stacks again that have failed.", rich_help_panel=SHOOT
        ),
    ] = False
    jobs: Annotated[
        str,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N|auto",
            help="Stacks side by side; they share threads and memory.",
            rich_help_panel=WORK,
        ),
    ] = "auto"

    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="local|ADDRESS|FILE.json",
            show_default=False,
            help="Work on a Dask cluster: one of this machine, or that of a scheduler.",
            rich_help_panel=WORK,
        ),
    ] = None

    @contextmanager
    def executor(self, options: BatchOptions) -> Iterator[Executor | None]:
        """Open the cluster that is asked for; None if none is."""
        if self.cluster is None:
            yield None
            return
        from focusstack.shoot.cluster import open_cluster

        with open_cluster(self.cluster, options.stack, options.jobs) as workers:
            whisper(f"cluster: look on at {workers.dashboard}")
            yield workers

    def added_to(self, options: BatchOptions) -> BatchOptions:
        """Return the library's options with these."""
        on = cast("dict[str, Action]", dict(_halves(one) for one in self.on))  # looked at there
        return replace(
            options, stacks=self.stacks, jobs=_jobs(self.jobs), on=on, retry=self.retry_failed
        )


def _halves(text: str) -> tuple[str, str]:
    verdict, _, action = text.partition("=")
    return verdict, action


def _jobs(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal():
        raise UsageError(f"--jobs takes a number or auto, not '{text:.40}'", "Give --jobs auto.")
    return int(text)


@spread_groups
def batch(
    roots: Roots,
    splitting: Splitting,
    batching: Batching,
    results: StackResults,
    alignment: StackAlignment,
    fusion: Fusion,
    work: Work,
    *,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Ask nothing about cuts.", rich_help_panel=SHOOT),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print index.json at the end.", rich_help_panel=SHOOT)
    ] = False,
    messages: Messages,
) -> None:
    """Stack every stack of a shoot; started again, it goes on where it was."""
    with reporting(messages) as progress:
        from focusstack.shoot import batch as batches

        options = batching.added_to(batch_options(splitting, alignment, fusion, work))
        target = output_options(results.output or beside(roots), results, fusion)
        teller = Teller(quiet=messages.quiet or json)
        ask = None if yes or json or not sys.stdin.isatty() else asking()
        with batching.executor(options) as executor:
            result = batches.batch(roots, target, options, executor, progress, teller.tell, ask)
        if json:
            index = (target.folder / "index.json").read_text(encoding="utf-8")
            speak(printable_json(index), end="")
        else:
            conclude(result, quiet=messages.quiet)
        if result.bad:
            finish_output()
            raise typer.Exit(VERDICT_EXIT_CODE)


class Teller:
    """Says of every stack how it went, as soon as it is over.

    Parameters
    ----------
    quiet : bool
        Says nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._count = quiet, 0

    def tell(self, state: StackState) -> None:
        """Say how a stack went."""
        self._count += 1
        words = state.row.words.partition("\n")[0]
        failed = "failed: " if state.status == "failed" else ""
        say(f"{self._count:>4}  {state.name}  {failed}{words}", quiet=self._quiet)


def conclude(result: BatchResult, *, quiet: bool) -> None:
    """Say how many stacks are done, which failed and what to do, and where the overview is."""
    failed = [state for state in result.states if state.status == "failed"]
    done = len(result.states) - len(failed)
    say(f"{done} of {len(result.states)} stacks done: {result.index}", quiet=quiet)
    for state in failed[:20]:
        whisper(f"{state.name}: {state.row.words}")
    if len(failed) > 20:
        whisper(f"and {len(failed) - 20} more: see {result.index}")
