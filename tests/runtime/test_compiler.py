"""Loops are compiled once, and anew when any of them has changed."""

from __future__ import annotations

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


def test_a_loop_is_compiled_anew_if_anything_it_is_made_of_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "focusstack"
    (package / "parts" / "loops").mkdir(parents=True)
    monkeypatch.setattr(compiler, "PACKAGE", package)
    texts = {
        "parts/loops/outer.py": "from focusstack.parts.loops.inner import double\n",
        "parts/loops/inner.py": "from focusstack.parts.codes import STEP\n",
        "parts/codes.py": "from focusstack.parts.other import THING\nSTEP = 1\n",
        "parts/loops/another.py": "x = 1\n",
        "parts/other.py": "THING = 1\n",
    }

    def digest(**changed: str) -> str:
        for name, text in texts.items():
            (package / name).write_text(text + changed.get(Path(name).stem, ""))
        for kept in ("_text", "_digest"):
            fresh = once(getattr(compiler, kept).__wrapped__)
            monkeypatch.setattr(compiler, kept, fresh)
        return compiler._digest(package / "parts" / "loops" / "outer.py")

    usual = digest()
    assert digest(outer="y = 1") != usual
    assert digest(inner="y = 1") != usual
    assert digest(codes="STEP = 2") != usual  # a constant is compiled in
    assert digest(another="y = 1", other="THING = 2") == usual


def test_loops_of_the_package_know_what_they_are_made_of() -> None:
    package = Path(focusstack.__file__).parent
    fill = {
        str(path.relative_to(package))
        for path in compiler.sources(package / "resample" / "loops" / "fill.py")
    }
    assert {"resample/loops/taps.py", "resample/loops/positions.py"} <= fill
    assert {"geometry/loops/field.py", "runtime/compiler.py"} <= fill
    rows = compiler.sources(package / "fusion" / "loops" / "rows.py")
    assert package / "images" / "colour.py" in rows


def test_the_cache_knows_a_loop_by_the_digest() -> None:
    def doubled(values: np.ndarray) -> None:
        for k in range(values.size):
            values[k] *= 2

    loop = compiler.compiled(doubled, compiler.writable(np.float64, 1))
    values = np.arange(4.0)
    loop(values)
    assert np.array_equal(values, [0, 2, 4, 6])
    assert f"_{compiler._digest(Path(__file__))}" in doubled.__qualname__


def test_signatures_of_one_loop_are_kept_in_files_of_their_own() -> None:
    def halved(values: np.ndarray) -> None:
        for k in range(values.size):
            values[k] /= 2

    names = set()
    for dtype in (np.float64, np.float32):
        compiler.compiled(halved, compiler.writable(dtype, 1))
        names.add(halved.__qualname__)
    assert len(names) == 2
