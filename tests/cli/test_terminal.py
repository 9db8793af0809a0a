"""What people see on a terminal while the program works."""

from __future__ import annotations

import io
import re

import pytest
from rich.text import Text

from focusstack.cli.laid_out import filled, laid_out
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


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch, columns: int, done: int, name: str = "Reading frames"
) -> str:
    """The last line that a stage leaves."""
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("COLUMNS", str(columns))
    progress = TerminalProgress()
    progress.start(name, 12)
    progress.advance(done)
    progress.finish()
    last = [line for line in Text.from_ansi(stream.getvalue()).plain.splitlines() if line.strip()]
    return last[-1]


def test_a_stage_stays_with_the_time_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.search(r"Reading frames .* 12/12 +took 0 s", shown(monkeypatch, 100, 12))


def test_a_stage_that_needs_fewer_steps_ends_full(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "12/12" in shown(monkeypatch, 100, 3)


def test_a_stage_that_an_error_ends_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        raise ValueError
    except ValueError:
        assert " 3/12" in shown(monkeypatch, 100, 3)


@pytest.mark.parametrize("columns", [46, 60, 72, 80, 100, 200])
@pytest.mark.parametrize("name", ["Aligning", "Preparing for this machine, once"])
def test_bars_fit_whatever_the_width(
    monkeypatch: pytest.MonkeyPatch, columns: int, name: str
) -> None:
    line = shown(monkeypatch, columns, 12, name)
    assert len(line.rstrip()) <= columns
    if columns >= 60:
        assert name in line
        assert re.search(r"12/12 +took 0 s", line)


LINES = (
    "Good: aligned to 0.02 px.",
    "  IMG_1004.jpg may be off by 1.2 px. Look for double edges in the composite; leave out the "
    "frame they come from.",
    "  written   photos-stacked: fused.jpg, aligned/ (10 frames), report.html, report.json",
    "warning: frame_0001.jpg alone takes 6 % of the common area and costs more than all others",
    "  focusstack run photos --exclude IMG_1004.jpg --output a-folder-with-a-long-name --overwrite",
)


@pytest.mark.parametrize("columns", [30, 36, 40, 53, 80])
def test_no_word_is_broken_and_what_goes_on_goes_in(columns: int) -> None:
    whole = {word for line in LINES for word in line.split()}
    for line in LINES:
        first, *others = filled(line, columns).split("\n")
        assert {word for part in (first, *others) for word in part.split()} <= whole
        assert all(len(part) <= columns or len(part.split()) == 1 or "focusstack" in part
                   for part in (first, *others))  # fmt: skip
        lead = len(first) - len(first.lstrip())
        assert all(len(part) - len(part.lstrip()) > lead or not others for part in others)
    assert filled(LINES[4], columns) == LINES[4]  # can be copied


def test_values_stand_below_each_other() -> None:
    assert filled(LINES[2], 60).split("\n")[1].startswith(" " * 12 + "report.html")


def test_what_is_no_terminal_gets_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert laid_out(LINES[1], io.StringIO()) == LINES[1]
    assert "\n" in laid_out(LINES[1], Terminal())
