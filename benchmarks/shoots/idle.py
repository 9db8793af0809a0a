"""Workers that do nothing: what is left is what a batch takes besides its stacks."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any

from focusstack.shoot.content import record_inputs
from focusstack.shoot.lanes import Lanes
from focusstack.shoot.one_stack import Outcome, Task
from focusstack.shoot.state import Row


class Idle(Executor):
    """Processes that do nothing of what they are given, and say they have."""

    def __init__(self) -> None:
        self._lanes = Lanes(2)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Let a process return an outcome."""
        del fn, kwargs
        return self._lanes.submit(done_at_once, *args)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        self._lanes.shutdown(wait, cancel_futures=cancel_futures)


def done_at_once(task: Task) -> Outcome:
    """Write a file and say that the stack is done."""
    task.output.folder.mkdir(parents=True, exist_ok=True)
    (task.output.folder / "report.json").write_text("{}")
    row = Row(folder=task.output.folder.name, grade="pass", words="nothing was done")
    return Outcome(task.name, 0, row, record_inputs(task.paths), {"report.json": 2})
