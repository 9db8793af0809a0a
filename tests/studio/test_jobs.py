"""Work in its turn: progress, failure in words, and an end when asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from focusstack.errors import InputError
from focusstack.studio.jobs import MOST_REMEMBERED, Job, JobProgress, Jobs


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    found = Jobs()
    yield found
    found.close()


def ended(job: Job) -> Job:
    end = time.monotonic() + 20
    while job.state in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.005)
    return job


def test_jobs_are_done_in_their_order(jobs: Jobs) -> None:
    order: list[int] = []

    def work(number: int) -> Callable[[JobProgress], int]:
        def do(progress: JobProgress) -> int:
            progress.start("counting", 1)
            order.append(number)
            progress.advance()
            return number

        return do

    made = [jobs.add(str(k), work(k)) for k in range(5)]
    assert [ended(job).result for job in made] == [0, 1, 2, 3, 4]
    assert order == [0, 1, 2, 3, 4]
    told = jobs.told()[-1]
    assert (told["stage"], told["steps"], told["total"], told["state"]) == (
        "counting",
        1,
        1,
        "done",
    )


def test_what_fails_says_why_and_the_next_is_done(jobs: Jobs) -> None:
    def fail(_: JobProgress) -> None:
        raise InputError("it is gone", "Bring it back.")

    failed = ended(jobs.add("fails", fail))
    assert (failed.state, failed.error, failed.remedy) == ("failed", "it is gone", "Bring it back.")
    broken = ended(jobs.add("breaks", lambda _: 1 // 0))
    assert "something unexpected" in broken.error
    assert ended(jobs.add("works", lambda _: 7)).result == 7


def test_what_is_at_work_or_waiting_can_be_stopped(jobs: Jobs) -> None:
    begun = threading.Event()

    def work(progress: JobProgress) -> None:
        progress.start("long", 10**9)
        while True:
            begun.set()
            progress.advance()
            time.sleep(0.001)

    running, waiting = jobs.add("long", work), jobs.add("waits", lambda _: 1)
    assert begun.wait(20)
    jobs.stop(waiting.number)
    jobs.stop(running.number)
    assert ended(running).state == "stopped"
    assert ended(waiting).state == "stopped"
    assert ended(jobs.add("next", lambda _: 2)).result == 2
    with pytest.raises(KeyError):
        jobs.stop(99)


def test_only_so_many_are_remembered(jobs: Jobs) -> None:
    for _ in range(MOST_REMEMBERED + 9):
        ended(jobs.add("x", lambda _: None))
    assert len(jobs.told()) <= MOST_REMEMBERED + 1
