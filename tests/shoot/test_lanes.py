"""Processes side by side: none takes another with it, and none outlives its starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from focusstack.shoot.lanes import Lanes


def test_calls_run_in_other_processes_that_stay() -> None:
    with Lanes(2) as lanes:
        first = lanes.submit(os.getpid).result()
        assert first != os.getpid()
        assert lanes.submit(os.getpid).result() == first


def test_a_death_takes_nothing_else_with_it() -> None:
    with Lanes(2) as lanes:
        slow = lanes.submit(time.sleep, 0.5)
        dying = lanes.submit(os._exit, 9)
        with pytest.raises(BrokenProcessPool):
            dying.result()
        assert slow.result() is None
        assert lanes.submit(pow, 2, 3).result() == 8


def test_all_can_end_at_the_moment_at_which_one_dies() -> None:
    """None waits for what another holds: a broken pool holds a lock while it tells of it."""
    for _ in range(10):
        lanes = Lanes(2)
        lanes.submit(time.sleep, 0.01)
        lanes.submit(os._exit, 9)
        ending = threading.Thread(target=lanes.shutdown, daemon=True)
        ending.start()
        ending.join(20)
        assert not ending.is_alive()


def test_a_process_that_was_ended_while_idle_is_replaced() -> None:
    with Lanes(1) as lanes:
        idle = lanes.submit(os.getpid).result()
        os.kill(idle, signal.SIGKILL)
        assert gone(idle)
        time.sleep(0.2)  # until its pool has heard
        assert lanes.submit(pow, 2, 3).result() == 8


def test_there_is_no_queue() -> None:
    with Lanes(1) as lanes:
        busy = lanes.submit(time.sleep, 0.3)
        with pytest.raises(RuntimeError, match="busy"):
            lanes.submit(pow, 2, 3)
        busy.result()


def test_errors_come_back() -> None:
    with Lanes(1) as lanes, pytest.raises(ZeroDivisionError):
        lanes.submit(divmod, 1, 0).result()


def test_ctrl_c_is_the_starters_business() -> None:
    with Lanes(1) as lanes:
        child = lanes.submit(os.getpid).result()
        os.kill(child, signal.SIGINT)
        assert lanes.submit(os.getpid).result() == child


def gone(pid: int) -> bool:
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


def test_those_at_work_end_at_once() -> None:
    lanes = Lanes(1)
    child = lanes.submit(os.getpid).result()
    lanes.submit(time.sleep, 60)
    lanes.shutdown()
    assert gone(child)


def test_they_end_with_a_starter_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, time\n"
        "from focusstack.shoot.lanes import Lanes\n"
        "if __name__ == '__main__':\n"
        "    lanes = Lanes(1)\n"
        "    print(lanes.submit(os.getpid).result(), flush=True)\n"
        "    lanes.submit(time.sleep, 60)\n"
        "    time.sleep(0.3)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    (tmp_path / "starter.py").write_text(code)
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "starter.py")], capture_output=True, text=True, check=False
    )
    assert ended.returncode == -9, ended.stderr
    assert gone(int(ended.stdout))
