"""Stacks as tasks of Dask: the same bytes, whatever becomes of the workers."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from benchmarks.shoots.shooting import digests
from focusstack.errors import UsageError
from focusstack.options import StackOptions
from focusstack.shoot.batch import batch
from focusstack.shoot.cluster import open_cluster
from focusstack.shoot.settings import BatchOptions
from focusstack.shoot.state import StackState
from tests.shoot.conftest import output

distributed = pytest.importorskip("distributed", reason="Dask is not installed")

STACK = StackOptions(threads=2, memory=4 << 30)


def test_a_worker_that_is_killed_costs_one_stack_one_try(
    shoot: Path, whole: Path, tmp_path: Path
) -> None:
    heard: list[StackState] = []
    killed: list[int] = []
    options = BatchOptions(stack=STACK, jobs=2)
    with open_cluster("local", options.stack, options.jobs) as workers:
        assert workers.room == 2
        assert workers.dashboard.startswith("http://")

        def kill_one() -> None:
            """Kill the worker that is at the third stack, in the middle of it."""
            while len(heard) < 2:
                time.sleep(0.05)
            client = workers._client
            busy = list(client.run(os.getpid).values())
            time.sleep(0.4)
            os.kill(busy[0], signal.SIGKILL)
            killed.append(busy[0])

        killing = threading.Thread(target=kill_one)
        killing.start()
        done = batch(shoot, output(tmp_path / "out"), options, workers, tell=heard.append)
        killing.join()
    assert killed
    assert [state.status for state in done.states] == ["done"] * 4
    assert sum(state.tries for state in done.states) <= 5
    assert digests(tmp_path / "out") == digests(whole)


def test_workers_give_the_threads_and_memory_that_they_have(shoot: Path, tmp_path: Path) -> None:
    from focusstack.shoot.cluster import SHARE, work_there
    from focusstack.shoot.one_stack import Outcome, Task

    task = Task("a", (shoot / "IMG_0001.jpg",), STACK, output(tmp_path), tmp_path / "a.jpg")
    with open_cluster("local", StackOptions(threads=3, memory=3 << 30), 1) as workers:
        taken = workers._client.submit(work_there, _told, task).result()
    assert isinstance(taken, Outcome)
    threads, memory = taken.row.words.split()
    assert int(threads) == 3
    assert int(memory) == pytest.approx(3 << 30, rel=0.01)
    assert SHARE < 0.95


def _told(task: object) -> object:
    from focusstack.shoot.one_stack import Outcome, Task
    from focusstack.shoot.state import Row

    assert isinstance(task, Task)
    return Outcome("a", 0, Row(words=f"{task.options.threads} {task.options.memory}"))


def test_a_scheduler_is_found_by_address_and_by_file(tmp_path: Path) -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, processes=False
    ) as cluster:
        with open_cluster(cluster.scheduler_address, STACK, None) as workers:
            assert workers.submit is not None
            assert workers.room == 1
        with distributed.Client(cluster) as client:
            client.write_scheduler_file(str(tmp_path / "scheduler.json"))
        with open_cluster(str(tmp_path / "scheduler.json"), STACK, None) as workers:
            assert workers.room == 1


@pytest.mark.parametrize("where", ["tcp://127.0.0.1:1", "nowhere.json", "nonsense://x"])
def test_where_no_scheduler_answers(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("focusstack.shoot.cluster.ANSWER", 1)
    with pytest.raises(UsageError, match="scheduler"), open_cluster(where, STACK, None):
        pass
