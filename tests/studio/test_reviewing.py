"""The command: how it begins, how it ends, and what it refuses."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from focusstack.output.lock import LOCK
from focusstack.retouch.record import write_retouch
from focusstack.retouch.result import open_result
from focusstack.runtime.cleanup import remove_all
from focusstack.studio.serving import opened
from tests.studio.conftest import Program
from tests.support.cli_calls import failed


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_asked_to(folder: Path, sent: signal.Signals) -> None:
    painted = sent == signal.SIGINT
    if painted:
        result = open_result(folder)
        write_retouch(result.record, result.retouch())
    program = Program("review", folder)
    assert (folder / LOCK).exists()
    program.process.send_signal(sent)
    assert program.process.stdout is not None
    assert ("what was painted is kept in" in program.process.stdout.read()) == painted
    assert program.process.wait(20) == 0
    assert not (folder / LOCK).exists()


def test_what_is_open_is_not_opened_twice(program: Program, folder: Path) -> None:
    assert "is open already" in failed(5, "review", folder, "--no-browser")


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    assert "no report.json" in failed(3, "review", tmp_path)
    assert "is no folder" in failed(3, "review", tmp_path / "nothing")


def test_no_program_is_told_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    with opened("http://127.0.0.1:1/secret/", show=True):
        (address,) = shown
        assert "secret" not in address
        path = Path(address.removeprefix("file://"))
        assert "http://127.0.0.1:1/secret/" in path.read_text()
        assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.exists()
    with opened("http://127.0.0.1:1/secret/", show=True):
        remove_all()
        assert not Path(shown[-1].removeprefix("file://")).exists()
