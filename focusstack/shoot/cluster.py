"""Stacks as tasks of Dask: on this machine, or on whatever a scheduler has for workers.

Each worker is at one stack at a time, with the threads and the memory that it was given. What is
written goes to the folder of the results, which all machines must see under one name, as they must
the pictures. A worker that dies costs the stack that it was at one try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from focusstack.errors import UsageError
from focusstack.options import StackOptions
from focusstack.runtime.extras import extra
from focusstack.runtime.memory import memory_bound
from focusstack.shoot.one_stack import Outcome, Task
from focusstack.shoot.workers import Workers

SHARE = 0.8
"""Share of a worker's memory that a stack may take. Chosen: Dask ends workers at .95 of it, and the
libraries of a worker take some."""

ANSWER = 20
"""Seconds in which a scheduler must answer. Chosen: networks take one or two."""


class ClusterWorkers(Workers):
    """The workers of a Dask scheduler.

    Parameters
    ----------
    client : distributed.Client
        Of the scheduler.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)

    @property
    def room(self) -> int:
        """How many workers there are; 1 while none has come."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    @property
    def dashboard(self) -> str:
        """Address at which people can look on."""
        return str(self._client.dashboard_link)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a call made by a worker."""
        future: Future[Any] = self._executor.submit(work_there, fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of what is not done."""
        del wait, cancel_futures
        self._executor.shutdown(wait=False)


def work_there(work: Callable[[Task], Outcome], task: Task) -> Outcome:
    """Work on a stack with what the worker that does so may take."""
    import distributed

    worker = distributed.get_worker()
    limit = getattr(worker.memory_manager, "memory_limit", None)
    memory = int(SHARE * limit) if limit else task.options.memory
    options = replace(task.options, threads=max(1, worker.state.nthreads), memory=memory)
    return work(replace(task, options=options))


@contextmanager
def open_cluster(where: str, options: StackOptions, jobs: int | None) -> Iterator[ClusterWorkers]:
    """Connect to a Dask scheduler, or start one with workers on this machine.

    Parameters
    ----------
    where : str
        ``local``, the address of a scheduler, or the path of its file.
    options : StackOptions
        Threads and memory of all workers of this machine together.
    jobs : int or None
        How many of them there are; one a thread if not given.

    Raises
    ------
    UsageError
        If Dask is not installed, or no scheduler answers.
    """
    missing = "Dask, which runs clusters, is an extra that is not installed"
    distributed = extra("distributed", "cluster", missing)
    with _started(distributed, options, jobs) if where == "local" else _found(where) as given:
        try:
            connect: Any = distributed.Client
            client = connect(**given, timeout=ANSWER)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"no Dask scheduler answers at {where:.300}: {error!s:.200}",
                "Give local, an address such as tcp://host:8786, or its scheduler file.",
            ) from error
        with client:
            workers = ClusterWorkers(client)
            try:
                yield workers
            finally:
                workers.shutdown()


@contextmanager
def _found(where: str) -> Iterator[dict[str, Any]]:
    """How a client finds a scheduler."""
    if where.endswith(".json"):
        if not Path(where).is_file():
            raise UsageError(
                f"there is no scheduler file {where:.300}", "It is what dask scheduler writes."
            )
        yield {"scheduler_file": where}
    else:
        yield {"address": where}


@contextmanager
def _started(distributed: Any, options: StackOptions, jobs: int | None) -> Iterator[dict[str, Any]]:
    """Start workers on this machine."""
    count = max(1, min(jobs or options.threads, options.threads))
    with distributed.LocalCluster(
        n_workers=count,
        threads_per_worker=max(1, options.threads // count),
        memory_limit=int(memory_bound(options.memory) / count / SHARE),
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as cluster:
        yield {"address": cluster}
