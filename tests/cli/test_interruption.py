"""Ctrl-C: quick, and without leftovers, even in the middle of a library's work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from focusstack.cli.interruption import SIGNALS, prompt_interruption
from focusstack.runtime.cleanup import remove_all, remove_if_ended

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no such signals on Windows")

BUSY = """
import os, signal, sys, time
from contextlib import ExitStack
from pathlib import Path
from focusstack.cli.interruption import SIGNALS, prompt_interruption
from focusstack.output.staging import StagedFolder
from focusstack.runtime.files import replacing

folder = Path(sys.argv[1])
kept = sys.argv[2] == "kept"
for number in SIGNALS:  # whoever runs the tests in the background or by nohup ignores some
    signal.signal(number, signal.SIG_DFL)
with ExitStack() as stack:
    stack.enter_context(prompt_interruption())
    staging = stack.enter_context(StagedFolder(folder))
    if kept:
        (staging.place / ".state").mkdir()
        (staging.place / ".state" / "run.json").write_text("whole")
        staging.keep()
    file = stack.enter_context(replacing(staging.staged(folder / "a.tif")))
    file.write(b"half a picture")
    told = False
    while True:  # as a library that hears of nothing, from the first word on
        try:
            if not told:
                told = True
                print("busy", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass
"""


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("kept", ["kept", "thrown away"])
def test_a_program_that_does_not_listen_is_ended(
    tmp_path: Path, kept: str, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", BUSY, str(tmp_path / "out"), kept]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"busy\n"
        running.send_signal(number)
        try:
            _, said = running.communicate(timeout=30)
        finally:
            running.kill()
    assert running.returncode == 130
    assert said.startswith(b"interrupted\n")
    assert (b"--resume goes on" in said) == (kept == "kept")
    left = [p.name for p in tmp_path.rglob("*") if p.is_file()]
    assert left == (["run.json"] if kept == "kept" else [])
    assert (tmp_path / "out").exists() == (kept == "kept")


def test_what_is_ignored_stays_ignored() -> None:
    """A program that was started with `nohup` outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with prompt_interruption():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGHUP, before)


def test_without_an_interruption_nothing_happens() -> None:
    before = signal.getsignal(signal.SIGINT)
    with prompt_interruption():
        pass
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_only_what_is_pending_is_removed(tmp_path: Path) -> None:
    done, half = tmp_path / "done", tmp_path / "half"
    for path in (done, half):
        path.touch()
    with remove_if_ended(done.unlink):
        pass
    with remove_if_ended(half.unlink):
        remove_all()
    assert [p.name for p in tmp_path.iterdir()] == ["done"]
