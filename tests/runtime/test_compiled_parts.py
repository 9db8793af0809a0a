"""What only compiled code calls is compiled once, without machine code of its own."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from focusstack.runtime.compiled_parts import Part
from focusstack.runtime.compiler import inlined, inner, writable


@inner
def scaled(values: Any, factor: int, to: Any) -> int:
    """Multiply values with a factor; how many there are."""
    for k in range(values.size):
        to[k] = values[k] * factor
    return int(values.size)


@inlined
def larger(first: float, second: float) -> float:
    """Return the larger one."""
    return first if first > second else second


def twice(values: Any, most: Any) -> None:
    count = scaled(values, 2, values)
    scaled(values, 1, values)
    scaled(values, count, values)
    for k in range(1, 3):
        most[0] = larger(most[0], values[k])


def test_a_number_in_a_call_does_not_compile_a_part_once_more() -> None:
    values, most = np.arange(4.0), np.zeros(1)
    line = writable(np.float64, 1)
    numba.njit(numba.types.void(line, line))(twice)(values, most)  # not from the cache
    np.testing.assert_array_equal(values, [0, 8, 16, 24])
    assert most[0] == 16
    (kinds,) = scaled.overloads  # type: ignore[attr-defined]
    assert kinds[1] == numba.types.int64


def test_with_a_numba_that_is_not_known_the_usual_way_gives_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("numba.version_info", numba.version_info._replace(short=(0, 99)))
    usual, to = inlined(larger.py_func), np.empty(3)  # type: ignore[attr-defined]
    assert not isinstance(usual, Part)
    assert usual(1.0, 2.0) == larger(1.0, 2.0)
    assert inner(scaled.py_func)(np.arange(3.0), 3, to) == 3  # type: ignore[attr-defined]
    np.testing.assert_array_equal(to, [0, 3, 6])


def test_a_part_has_no_machine_code_but_python_may_call_it() -> None:
    to = np.empty(3)
    assert scaled(np.arange(3.0), 3, to) == 3
    np.testing.assert_array_equal(to, [0, 3, 6])
    assert larger(1.0, 2.0) == 2.0
    for made in scaled.overloads.values():  # type: ignore[attr-defined]
        assert made.library.get_function(made.fndesc.mangled_name)
        assert not made.library.codegen._engine.is_symbol_defined(made.fndesc.mangled_name)
