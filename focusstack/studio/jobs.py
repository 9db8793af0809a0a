"""Work that takes a while: one after the other, with its progress, and stopped when asked to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Literal

from focusstack.errors import FocusstackError

State = Literal["waiting", "running", "done", "failed", "stopped"]

MOST_REMEMBERED = 50
"""Jobs that are told of: those that ended first are forgotten first. Chosen, not measured."""


class StoppedError(FocusstackError):
    """Somebody has stopped the job."""


@dataclass
class Job:
    """Something that is being done.

    Attributes
    ----------
    number : int
        By which it is called.
    title : str
        What it is, for people.
    state : str
        Waiting, running, done, failed or stopped.
    stage : str
        What is being done now.
    steps, total : int
        How far that is.
    warnings : list of str
        What was told on the way.
    error, remedy : str
        Why it failed, and what to do.
    result : Any
        What it gave, as plain data.
    """

    number: int
    title: str
    state: State = "waiting"
    stage: str = ""
    steps: int = 0
    total: int = 0
    warnings: list[str] = field(default_factory=list)
    error: str = ""
    remedy: str = ""
    result: Any = None
    stopping: bool = False

    def told(self) -> dict[str, Any]:
        """Return it as plain data."""
        hidden = {"stopping"}
        return {key: value for key, value in vars(self).items() if key not in hidden}


class JobProgress:
    """A Progress that writes into a job, and ends it at the next step once it is to stop.

    Parameters
    ----------
    job : Job
        Which.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    def start(self, stage: str, total: int) -> None:
        """Begin a stage."""
        self._check()
        self._job.stage, self._job.steps, self._job.total = stage, 0, total

    def advance(self, steps: int = 1) -> None:
        """Go on."""
        self._check()
        self._job.steps += steps

    def finish(self) -> None:
        """End the stage."""

    def note(self, message: str) -> None:
        """Let it go: a page has little room."""

    def warn(self, message: str) -> None:
        """Keep it."""
        self._job.warnings.append(message)

    def _check(self) -> None:
        if self._job.stopping:
            raise StoppedError("stopped")


Work = Callable[[JobProgress], Any]


class Jobs:
    """A queue of jobs, which one thread works off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._queue: SimpleQueue[tuple[Job, Work] | None] = SimpleQueue()
        self._count = 0
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def add(self, title: str, work: Work) -> Job:
        """Put a job at the end of the queue.

        Parameters
        ----------
        title : str
            What it is, for people.
        work : callable
            Is given a Progress; returns plain data.
        """
        with self._lock:
            self._count += 1
            job = Job(self._count, title)
            self._jobs[job.number] = job
            ended = [n for n, one in self._jobs.items() if one.state not in ("waiting", "running")]
            for number in ended[: max(0, len(self._jobs) - MOST_REMEMBERED)]:
                del self._jobs[number]
        self._queue.put((job, work))
        return job

    def told(self) -> list[dict[str, Any]]:
        """Return all jobs as plain data, the oldest first."""
        with self._lock:
            return [job.told() for job in self._jobs.values()]

    def stop(self, number: int) -> None:
        """Stop a job; KeyError if there is none of that number."""
        with self._lock:
            job = self._jobs[number]
            job.stopping = True
            if job.state == "waiting":
                job.state = "stopped"

    def close(self) -> None:
        """Stop everything and end."""
        with self._lock:
            for job in self._jobs.values():
                job.stopping = True
        self._queue.put(None)

    def _run(self) -> None:
        while (next_one := self._queue.get()) is not None:
            job, work = next_one
            with self._lock:
                if job.stopping:
                    job.state = "stopped"
                    continue
                job.state = "running"
            self._do(job, work)

    def _do(self, job: Job, work: Work) -> None:
        try:
            job.result = work(JobProgress(job))
            job.state = "done"
        except StoppedError:
            job.state = "stopped"
        except FocusstackError as error:
            job.error, job.remedy, job.state = error.message, error.remedy, "failed"
        except Exception as error:
            # A page has no traceback to show; who looks for the fault finds it in the log.
            logging.getLogger(__name__).exception("a job failed")
            told = f"something unexpected happened ({type(error).__name__}: {error})"
            job.error, job.state = told, "failed"
