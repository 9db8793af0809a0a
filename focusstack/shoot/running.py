"""The stacks of a batch on their way: claimed, worked on, noted, put aside."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import sleep

from focusstack.errors import OutputError
from focusstack.runtime.files import output_errors
from focusstack.shoot.claims import Claim, Claims
from focusstack.shoot.content import outputs_there, report_digest, same_inputs, sizes_of
from focusstack.shoot.one_stack import DISK_FULL, UNEXPECTED, Outcome, recovered, work
from focusstack.shoot.planning import Entry
from focusstack.shoot.settings import BatchOptions
from focusstack.shoot.stack_names import QUARANTINE
from focusstack.shoot.state import Row, StackState, States
from focusstack.shoot.workers import Workers

POLL = 0.3
"""Seconds between two looks at what others have done. Chosen: a hundredth of what a stack takes."""

MOST_DEATHS = 2
"""Processes that may die of a stack before it fails. Chosen: the first may have had bad luck."""

MOST_FULL = 3
"""Stacks in a row that cannot be written before the batch ends: the disk is full, or gone.
Chosen."""

TRANSIENT = frozenset([UNEXPECTED, DISK_FULL])
"""Exit codes of what is not the stack's fault: it is tried again the next time."""

Over = StackState | None
"""How a stack ended; None if it has not."""


class Runner:
    """Works on stacks, as many side by side as it may.

    Parameters
    ----------
    states : States
        Where it is noted what becomes of them.
    claims : Claims
        Who works on which.
    options : BatchOptions
        What to do with bad results, and with stacks that failed earlier.
    workers : Workers
        Do the work.
    """

    def __init__(
        self,
        states: States,
        claims: Claims,
        options: BatchOptions,
        workers: Workers,
    ) -> None:
        self._states, self._claims, self._options = states, claims, options
        self._workers = workers
        self._running: dict[Future[Outcome], tuple[Entry, Claim]] = {}
        self._full = 0

    def run(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, StackState]]:
        """Yield every stack with its state once it is over, whoever has worked on it.

        Raises
        ------
        OutputError
            If nothing can be written any more.
        """
        waiting = deque(entries)
        while waiting or self._running:
            room = self._workers.room
            for _ in range(len(waiting)):
                if len(self._running) >= room:
                    break
                entry = waiting.popleft()
                state = self._begun(entry)
                if state is not None:
                    yield entry, state
                elif not any(entry is one for one, _ in self._running.values()):
                    waiting.append(entry)  # somebody else is at it
            for entry, state in self._ended():
                if state is None:
                    waiting.append(entry)
                else:
                    yield entry, state

    def let_go(self) -> None:
        """Let others have what is not finished."""
        for entry, claim in list(self._running.values()):
            state = self._states.read(entry.task.name)
            if state is not None and state.status == "claimed" and not claim.lost:
                with suppress(OutputError):
                    self._states.write(state.model_copy(update={"status": "planned"}))
        self._running.clear()
        self._claims.release_all()

    def _begun(self, entry: Entry) -> Over:
        """Begin to work on a stack; return its state if it is over already."""
        name = entry.task.name
        before = self._states.read(name)
        if before is not None and self._is_over(entry, before):
            return before
        claim = self._claims.claim(name)
        if claim is None:
            return None
        before = self._states.read(name) or StackState(name=name)  # others may have been here
        if self._is_over(entry, before):
            self._claims.release(claim)
            return before
        folder = entry.task.output.folder
        report = report_digest(folder)
        begun = before.status in ("claimed", "planned") and before.tries > 0
        expected = sizes_of(entry.task.paths)
        same = (before.key, before.expected) == (entry.key, expected)
        if begun and same and report not in ("", before.before):
            outcome = recovered(entry.task)
            if outcome is not None:
                return self._noted(entry, claim, outcome)
        state = StackState(
            name=name,
            status="claimed",
            key=entry.key,
            doubt=entry.doubt,
            expected=expected,
            before=report,
            holder=self._claims.holder(name),
            tries=before.tries + 1,
            row=Row(folder=folder.name, frames=len(entry.task.paths)),
        )
        self._states.write(state)
        task = replace(entry.task, ours=entry.task.ours or before.tries > 0)
        self._running[self._workers.submit(work, task)] = entry, claim
        return None

    def _is_over(self, entry: Entry, state: StackState) -> bool:
        """Whether a state is that of this very stack, with these options, and stays."""
        if state.status not in ("done", "failed") or state.key != entry.key:
            return False
        if not same_inputs(entry.task.paths, state.inputs):
            return False
        if state.status == "failed":
            again = self._options.retry or state.exit_code in TRANSIENT
            return not again or entry.tried
        return outputs_there(self._states.folder.parent / state.row.folder, state)

    def _ended(self) -> Iterator[tuple[Entry, Over]]:
        """Wait a little; return what has ended, with None if it must be tried again."""
        if not self._running:
            sleep(POLL)
            return
        done, _ = wait(self._running, POLL, FIRST_COMPLETED)
        for future in done:
            entry, claim = self._running.pop(future)
            outcome = _outcome(future, entry)
            if outcome is None or claim.lost:
                state = self._states.read(entry.task.name)
                if state is not None and not claim.lost:
                    self._states.write(state.model_copy(update={"status": "planned"}))
                self._claims.release(claim)
                yield entry, None
            else:
                yield entry, self._noted(entry, claim, outcome)

    def _noted(self, entry: Entry, claim: Claim, outcome: Outcome) -> StackState:
        """Note how a stack has ended, and let go of it."""
        entry.tried = True
        before = self._states.read(outcome.name) or StackState(name=outcome.name)
        state = StackState(
            name=outcome.name,
            status="failed" if outcome.exit_code else "done",
            key=entry.key,
            doubt=entry.doubt,
            inputs=outcome.inputs,
            outputs=outcome.outputs or {},
            holder=before.holder,
            tries=before.tries,
            exit_code=outcome.exit_code,
            row=outcome.row,
        )
        if self._options.on.get(outcome.row.grade) == "quarantine":
            state = self._put_aside(state)
        self._states.write(state)
        self._claims.release(claim)
        self._full = self._full + 1 if outcome.exit_code == DISK_FULL else 0
        if self._full >= MOST_FULL:
            words, _, remedy = outcome.row.words.partition("\n")
            raise OutputError(words, f"{remedy} Then start again: what is done is kept.")
        return state

    def _put_aside(self, state: StackState) -> StackState:
        """Move results of this program's that are not to be used into the quarantine."""
        home = self._states.folder.parent
        folder, again = home / QUARANTINE / state.name, 1
        with output_errors(folder):
            folder.parent.mkdir(exist_ok=True)
            while os.path.lexists(folder):
                if _is_result(folder):  # of an earlier try
                    shutil.rmtree(folder)
                else:  # somebody else's
                    again += 1
                    folder = folder.with_name(f"{state.name}-{again}")
            (home / state.name).rename(folder)
        row = state.row.model_copy(update={"folder": f"{QUARANTINE}/{folder.name}"})
        return state.model_copy(update={"row": row})


def _is_result(folder: Path) -> bool:
    """Whether a run has written a folder."""
    return not folder.is_symlink() and (folder / "report.json").is_file()


def _outcome(future: Future[Outcome], entry: Entry) -> Outcome | None:
    """What a stack has come to; None if who worked on it died and it is worth another try."""
    try:
        return future.result()
    except (Exception, CancelledError) as error:
        entry.deaths += 1
        if entry.deaths < MOST_DEATHS:
            return None
        words = (
            f"the process that worked on it died {entry.deaths} times ({type(error).__name__})\n"
            "Perhaps memory ran out: give --jobs 1, or less --memory."
        )
        task = entry.task
        row = Row(folder=task.output.folder.name, frames=len(task.paths), words=words)
        return Outcome(task.name, UNEXPECTED, row)
