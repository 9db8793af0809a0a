"""What people see on a terminal while the program works."""

from __future__ import annotations

import io
import re

import pytest
from rich.text import Text

from focusstack.cli.terminal import TerminalProgress, duration, memory
from focusstack.runtime.memory import in_use


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00"), (125, "2 min 05"), (4200, "1 h 10")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_memory_in_words() -> None:
    assert memory(1_250_000_000) == "1.2 GB"
    assert memory(380_000_000) == "380 MB"
    assert memory(None) == ""


def test_memory_in_use_grows_with_what_is_held() -> None:
    before = in_use()
    if before is None:
        pytest.skip("this system does not tell")
    held = bytearray(b"1") * 200_000_000
    after = in_use()
    assert after is not None
    assert after - before > 150_000_000
    assert len(held) == 200_000_000


def test_a_stage_stays_with_the_time_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("COLUMNS", "100")
    progress = TerminalProgress()
    progress.start("Reading frames", 2)
    progress.advance(2)
    progress.finish()
    last = [line for line in Text.from_ansi(stream.getvalue()).plain.splitlines() if line.strip()]
    assert re.search(r"Reading frames .* 2/2 +took 0 s", last[-1])
