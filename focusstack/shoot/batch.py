"""Every stack of a shoot, one after the other or side by side; what is done is not done again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from focusstack.options import OutputOptions
from focusstack.output.staging import refuse_filled
from focusstack.runtime.cleanup import remove_if_ended
from focusstack.runtime.files import output_errors
from focusstack.runtime.progress import Progress, Silent, stage
from focusstack.shoot.claims import Claims
from focusstack.shoot.lanes import Lanes
from focusstack.shoot.overview import Overview
from focusstack.shoot.planning import find_stacks, plan_entries
from focusstack.shoot.running import Runner
from focusstack.shoot.settings import BatchOptions
from focusstack.shoot.splitting import Ask
from focusstack.shoot.stack_names import QUARANTINE
from focusstack.shoot.state import StackState, States
from focusstack.shoot.workers import Counted, Workers

Tell = Callable[[StackState], None]
"""Hears of every stack that is over."""


@dataclass(frozen=True)
class BatchResult:
    """What a batch gives.

    Attributes
    ----------
    states : tuple of StackState
        Of every stack, in the order of the shoot.
    index : path
        The overview, index.html.
    """

    states: tuple[StackState, ...]
    index: Path

    @property
    def bad(self) -> list[StackState]:
        """Stacks that failed, are judged so, or went into quarantine."""
        return [state for state in self.states if is_bad(state)]


def is_bad(state: StackState) -> bool:
    """Whether a stack has failed, is judged so, or is in quarantine."""
    aside = state.row.folder.startswith(f"{QUARANTINE}/")
    return state.status == "failed" or state.row.grade == "fail" or aside


def batch(
    roots: Path | str | Sequence[Path | str],
    output: OutputOptions | Path | str,
    options: BatchOptions | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    ask: Ask | None = None,
) -> BatchResult:
    """Stack every stack of a shoot; what has been done already is not done again.

    Several processes, on one machine or many, may do so in one folder of results at the same time:
    they share the work.

    Parameters
    ----------
    roots : path or sequence of path
        Folders of the shoot.
    output : OutputOptions or path
        Where the results go: a folder for each stack, and an overview.
    options : BatchOptions, optional
        Defaults if not given.
    executor : concurrent.futures.Executor, optional
        Does the work; processes of this machine if not given. So many stacks are handed to it at
        once as `options.jobs` says; to `Workers`, as many as they have room for.
    progress : Progress, optional
        Silent if not given.
    tell : callable, optional
        Hears of every stack that is over.
    ask : callable, optional
        Decides what is not sure about the cuts; see `split`.

    Raises
    ------
    InputError, UsageError
        If there is no stack, or what is asked for makes no sense. A stack that fails raises
        nothing: its state says why.
    OutputError
        If nothing can be written.

    Examples
    --------
    >>> import tempfile
    >>> from focusstack.scene import render_stack
    >>> from focusstack.images.write import write_image
    >>> card = Path(tempfile.mkdtemp())
    >>> for k, frame in enumerate(render_stack("plane", width=240, height=180, frames=3).frames):
    ...     write_image(card / f"IMG_{k}.jpg", frame)
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor() as threads:
    ...     done = batch(card, card / "stacked", executor=threads)
    >>> [(state.status, state.row.used) for state in done.states]
    [('done', 3)]
    """
    given = [Path(roots)] if isinstance(roots, (str, Path)) else [Path(root) for root in roots]
    target = output if isinstance(output, OutputOptions) else OutputOptions(Path(output))
    options, progress = options or BatchOptions(), progress or Silent()
    states = States(target.folder)
    if not (target.overwrite or states.folder.is_dir()):
        refuse_filled(target.folder)
    named = find_stacks(given, target.folder, options, progress, ask)
    with output_errors(states.folder):
        states.folder.mkdir(parents=True, exist_ok=True)
    entries, jobs = plan_entries(named, given, target, options, states)
    overview = Overview(target.folder, states)
    overview.update(final=True)
    over: dict[str, StackState] = {}
    with ExitStack() as ending:
        if executor is None:
            executor = Lanes(jobs)
            ending.callback(executor.shutdown)
        workers = executor if isinstance(executor, Workers) else Counted(executor, jobs)
        claims = ending.enter_context(Claims(states.folder))
        runner = Runner(states, claims, options, workers)
        ending.enter_context(remove_if_ended(runner.let_go))
        ending.callback(overview.update, final=True)
        ending.callback(runner.let_go)
        with stage(progress, "Stacking", len(entries)):
            for entry, state in runner.run(entries):
                over[entry.task.name] = state
                progress.advance()
                overview.update()
                if tell is not None:
                    tell(state)
    found = [over[entry.task.name] for entry in entries]
    return BatchResult(tuple(found), target.folder / "index.html")
