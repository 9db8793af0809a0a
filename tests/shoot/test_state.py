"""State files: complete, and read as if anybody had written them."""

from __future__ import annotations

from pathlib import Path

import pytest

from focusstack.shoot.state import MOST_BYTES, InputRecord, Row, StackState, States


@pytest.fixture
def states(tmp_path: Path) -> States:
    found = States(tmp_path)
    found.folder.mkdir()
    return found


def test_a_state_comes_back(states: States) -> None:
    record = InputRecord(path="/a/é.jpg", size=3, changed=-4, sha256="0" * 64)
    row = Row(folder="a", grade="look", words="Take a look", error_px=0.25, frames=8, used=7)
    state = StackState(name="a", status="done", key="k", inputs=(record,), row=row, tries=2)
    states.write(state)
    assert states.read("a") == state
    assert states.names() == ["a"]
    assert states.read("b") is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '{"name": "b"}', '{"name": 3}', '{"name": "a", "status": "x"}'),
        '{"name": "a", "tries": -1}',
        '{"name": "a", "row": {"error_px": NaN}}',
        '{"name": "a", "row": {"error_px": 1e999}}',
        '{"name": "a", "row": {"words": "' + "x" * 5000 + '"}}',
        '{"name": "a", "inputs": [{"path": "x", "size": 1, "changed": 0, "sha256": "no"}]}',
        "[" * 100000,
    ],
)
def test_what_is_no_state_counts_as_none(states: States, text: str) -> None:
    states.path("a").write_text(text)
    assert states.read("a") is None


def test_no_file_is_read_that_is_too_large(states: States) -> None:
    with states.path("a").open("wb") as file:
        file.write(b'{"name": "a"}')
        file.truncate(MOST_BYTES + 1)
    assert states.read("a") is None
