"""Loops are compiled once, and anew when any of them has changed."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import focusstack
from focusstack.runtime import compiler
from focusstack.runtime.once import once


def test_threads_wait_for_what_another_one_makes() -> None:
    made = []

    @once
    def slow(name: str) -> str:
        time.sleep(0.05)
        made.append(name)
        return name * 2

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(slow, ["a", "b"] * 8))
    assert found == ["aa", "bb"] * 8
    assert sorted(made) == ["a", "b"]


def test_a_changed_inner_loop_is_not_taken_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "focusstack"
    (package / "parts").mkdir(parents=True)
    monkeypatch.setattr(compiler, "PACKAGE", package)

    def digest(inner: str, constant: str, unrelated: str) -> str:
        head = f"from {compiler.__name__} import inner\n"
        head += "from focusstack.parts.codes import STEP\n"
        (package / "parts" / "loops.py").write_text(head + inner)
        (package / "parts" / "codes.py").write_text(constant)
        (package / "other.py").write_text(unrelated)
        monkeypatch.setattr(compiler, "_digest", once(compiler._digest.__wrapped__))  # type: ignore[attr-defined]
        return compiler._digest()

    assert digest("x = 1", "STEP = 1", "y = 1") == digest("x = 1", "STEP = 1", "y = 2")
    assert digest("x = 1", "STEP = 1", "y = 1") != digest("x = 2", "STEP = 1", "y = 1")
    assert digest("x = 1", "STEP = 1", "y = 1") != digest("x = 1", "STEP = 2", "y = 1")


def test_all_loops_of_the_package_are_in_the_digest() -> None:
    package = Path(focusstack.__file__).parent
    holding = {
        path
        for path in package.rglob("*.py")
        if re.search(r"^from focusstack.*compiler import", path.read_text(), re.MULTILINE)
    }
    assert len(holding) >= 20
    assert holding <= set(compiler.sources())


def test_the_cache_knows_a_loop_by_the_digest() -> None:
    def doubled(values: np.ndarray) -> None:
        for k in range(values.size):
            values[k] *= 2

    loop = compiler.compiled(doubled, compiler.writable(np.float64, 1))
    values = np.arange(4.0)
    loop(values)
    assert np.array_equal(values, [0, 2, 4, 6])
    assert doubled.__qualname__.endswith(compiler._digest())
