"""The command: how it begins, how it ends, and what it refuses."""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from focusstack.errors import InputError
from focusstack.output.lock import LOCK
from focusstack.retouch.record import write_retouch
from focusstack.retouch.result import Result, open_result
from focusstack.runtime.cleanup import remove_all
from focusstack.studio.reviewing import review_folder
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


def asked(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        found: bytes = answer.read()
    return found


def page_of(shown: list[str]) -> str:
    """Address that the file leads to which a browser is given."""
    end = time.monotonic() + 30
    while not shown:
        assert time.monotonic() < end
        time.sleep(0.01)
    text = Path(shown[0].removeprefix("file://")).read_text()
    return text.partition("url=")[2].partition('"')[0]


def test_the_page_is_there_before_its_picture(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    may_open, until = threading.Event(), threading.Event()
    told: list[str] = []

    def slow(folder: Path, frames: Path | None) -> Result:
        may_open.wait(60)
        return open_result(folder, frames)

    monkeypatch.setattr("focusstack.retouch.result.open_result", slow)
    with ThreadPoolExecutor(2) as pool:
        served = pool.submit(review_folder, folder, told.append, until=until)
        address = page_of(shown)
        assert b"Opening" in asked(address)
        state = pool.submit(asked, f"{address}review/0/api/state")
        time.sleep(0.2)
        assert not state.done()
        assert not told
        may_open.set()
        assert json.loads(state.result(60))["folder"] == folder.name
        until.set()
        served.result(60)
    assert told == [address]
    assert len(shown) == 1


def test_a_page_whose_result_cannot_be_opened_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "fused.png").write_bytes(b"no picture")
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    monkeypatch.setattr("focusstack.studio.reviewing.TO_ASK", 30)
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(review_folder, folder, print)
        address = page_of(shown)
        with pytest.raises(urllib.error.HTTPError) as refused:
            asked(f"{address}review/0/api/state")
        assert refused.value.code == 409
        assert b"fused.png" in refused.value.read()
        with pytest.raises(InputError, match=r"fused\.png"):
            served.result(60)


def test_no_browser_is_opened_for_what_is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    with pytest.raises(InputError, match=r"no report\.json"):
        review_folder(tmp_path, print)
    assert shown == []


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
