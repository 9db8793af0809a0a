"""A second process does its part meanwhile; whatever happens to it, this one goes on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from focusstack.runtime.second_process import in_second_process

MODULE = __name__


def write(path: str, text: str) -> None:
    """Write a file, as the second process."""
    Path(path).write_text(text)


def fail(path: str) -> None:
    """Begin, and do not end well."""
    Path(path).write_text("begun")
    raise RuntimeError


def wait(path: str) -> None:
    """Tell which process this is, and take long."""
    new = Path(path + ".new")
    new.write_text(str(os.getpid()))
    new.rename(path)
    time.sleep(600)


def test_what_it_does_is_done_after_the_block(tmp_path: Path) -> None:
    made = tmp_path / "made with 'quotes' and spaces"
    with in_second_process(MODULE, "write", (str(made), "both")):
        pass
    assert made.read_text() == "both"


def test_failure_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made"
    with in_second_process(MODULE, "fail", (str(made),)):
        pass
    assert made.exists()
    other = tmp_path / "viewer"  # a program that Python is part of
    other.write_text(f"#!/bin/sh\necho opened > '{made}'\n")
    other.chmod(0o755)
    for program in (tmp_path / "python-nowhere", other):
        monkeypatch.setattr(sys, "executable", str(program))
        went_on = False
        with in_second_process(MODULE, "write", (str(made), "")):
            went_on = True
        assert went_on
        assert made.read_text() == "begun"
    assert capfd.readouterr() == ("", "")


def test_it_ends_with_what_it_was_for(tmp_path: Path) -> None:
    told = tmp_path / "number"

    def interrupted() -> None:
        with in_second_process(MODULE, "wait", (str(told),)):
            while not told.exists():
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)
