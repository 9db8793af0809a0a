"""From the stacks of a shoot to what is to be done: names that no others have, and options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from focusstack.options import OutputOptions
from focusstack.runtime.progress import Progress
from focusstack.shoot.content import is_of_others, key_of, readable, sizes_of
from focusstack.shoot.one_stack import Task
from focusstack.shoot.overrides import OverrideFiles
from focusstack.shoot.settings import BatchOptions
from focusstack.shoot.sharing import share_out
from focusstack.shoot.splitting import Ask, Stack, split
from focusstack.shoot.stack_names import NamedStack, name_stacks
from focusstack.shoot.stacks_csv import read_stacks
from focusstack.shoot.state import Row, StackState, States


@dataclass
class Entry:
    """A stack on its way.

    Attributes
    ----------
    task : Task
        What is to be done.
    key : str
        Digest of how.
    doubt : str
        What is not sure about its cuts.
    deaths : int
        Processes that have died of it.
    tried : bool
        Whether it has come to an end in this batch.
    """

    task: Task
    key: str
    doubt: str = ""
    deaths: int = 0
    tried: bool = False


def find_stacks(
    roots: Sequence[Path], out: Path, options: BatchOptions, progress: Progress, ask: Ask | None
) -> list[NamedStack]:
    """Return the stacks of a shoot by name, from an edited table if there is one.

    Raises
    ------
    InputError, UsageError
        As `split` and `read_stacks`.
    """
    if options.stacks is not None:
        return read_stacks(options.stacks, roots)
    shoot = split(roots, options.how, progress, leave=[out], ask=ask)
    for note in shoot.notes:
        progress.warn(note)
    if shoot.singles:
        progress.note(f"{len(shoot.singles)} single pictures belong to no stack")
    return name_stacks(shoot.stacks, options.template, options.catalogue)


def plan_entries(
    named: Sequence[NamedStack],
    roots: Sequence[Path],
    output: OutputOptions,
    options: BatchOptions,
    states: States,
) -> tuple[list[Entry], int]:
    """Return what is to be done of each stack, and how many side by side.

    A name that another stack has in these results, one of other pictures, gets a number. No two
    have the same.

    Raises
    ------
    InputError, UsageError
        If a file of overrides cannot be understood.
    """
    jobs, shared = share_out([one.stack for one in named], options.stack, options.jobs)
    files = OverrideFiles(roots)
    entries: list[Entry] = []
    taken: set[str] = set()
    for one in named:
        name = _own_name(one, states, taken)
        taken.add(name.casefold())
        asked, target = files.applied(one.name, one.stack.folder, shared, output)
        target = replace(
            target,
            folder=output.folder / name,
            overwrite=False,
            resume=False,
            catalogue=one.catalogue,
        )
        paths = tuple(path.resolve() for path in one.stack.paths)
        task = Task(name, paths, asked, target, states.thumbnail(name), ours=output.overwrite)
        entry = Entry(task, key_of(asked, target), _doubt(one.stack))
        if states.read(name) is None:
            row = Row(folder=name, frames=len(paths), catalogue=one.catalogue)
            expected = sizes_of(paths)
            states.write(
                StackState(name=name, key=entry.key, doubt=entry.doubt, expected=expected, row=row)
            )
        entries.append(entry)
    return entries, jobs


def _own_name(one: NamedStack, states: States, taken: set[str]) -> str:
    """The name of a stack, or with a number, where it has been given to other pictures."""
    name, again = one.name, 1
    while name.casefold() in taken or _is_of_others(one, states.read(name)):
        again += 1
        name = f"{one.name}-{again}"
    return name


def _is_of_others(one: NamedStack, state: StackState | None) -> bool:
    return state is not None and is_of_others(one.stack.paths, state)


def _doubt(stack: Stack) -> str:
    """What is not sure about the cuts of a stack, for people."""
    words = []
    if stack.begins is not None and not stack.begins.sure:
        words.append(f"perhaps part of the stack before ({stack.reason})")
    for doubt in stack.doubts:
        name = stack.paths[doubt.at].name
        why = f" ({'; '.join(doubt.reasons)})" if doubt.reasons else ""
        words.append(f"perhaps another stack from {name} on{why}")
    return readable("; ".join(words))[:2000]
