"""Loops are compiled once, and anew when any of them has changed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from focusstack import compiler
from focusstack.once import once


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
    monkeypatch.setattr(compiler, "__file__", str(tmp_path / "compiler.py"))
    loops, other = tmp_path / "loops.py", tmp_path / "other.py"

    def digest(inner: str, unrelated: str) -> str:
        loops.write_text(f"from focusstack.compiler import inner\n{inner}")
        other.write_text(unrelated)
        monkeypatch.setattr(compiler, "_digest", once(compiler._digest.__wrapped__))  # type: ignore[attr-defined]
        return compiler._digest()

    assert digest("x = 1", "y = 1") == digest("x = 1", "y = 2")
    assert digest("x = 1", "y = 1") != digest("x = 2", "y = 1")


def test_the_cache_knows_a_loop_by_the_digest() -> None:
    def doubled(values: np.ndarray) -> None:
        for k in range(values.size):
            values[k] *= 2

    loop = compiler.compiled(doubled, compiler.writable(np.float64, 1))
    values = np.arange(4.0)
    loop(values)
    assert np.array_equal(values, [0, 2, 4, 6])
    assert doubled.__qualname__.endswith(compiler._digest())
