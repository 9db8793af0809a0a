"""Reading ahead: order, bounds, errors, and threads that end."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.errors import InputError
from focusstack.runtime.prefetch import one_ahead, prefetch


def reading_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("prefetch")]


@given(count=st.integers(0, 20), ahead=st.integers(1, 5), threads=st.integers(1, 4))
def test_prefetch_keeps_order_and_bound(count: int, ahead: int, threads: int) -> None:
    started = 0
    lock = threading.Lock()

    def read(i: int) -> int:
        nonlocal started
        with lock:
            started += 1
        time.sleep((i * 7 % 3) * 1e-4)  # later items may be ready first
        return i * i

    results = []
    for result in prefetch(read, range(count), ahead, threads):
        results.append(result)
        with lock:
            assert started <= len(results) + ahead
    assert results == [i * i for i in range(count)]
    assert started == count
    assert not reading_threads()


def test_prefetch_reads_while_the_consumer_works() -> None:
    read_second = threading.Event()

    def read(i: int) -> int:
        if i == 1:
            read_second.set()
        return i

    results = prefetch(read, range(3), ahead=1)
    assert next(results) == 0
    assert read_second.wait(10)  # before it has been asked for
    assert list(results) == [1, 2]


def test_prefetch_raises_at_the_right_item() -> None:
    def read(i: int) -> int:
        if i == 2:
            raise InputError("third")
        return i

    results = prefetch(read, range(6), ahead=4, threads=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(InputError, match="third"):
        next(results)
    assert not reading_threads()


@pytest.mark.parametrize("way", ["close", "throw"])
def test_prefetch_ends_its_threads_with_the_consumer(way: str) -> None:
    calls: list[int] = []

    def read(i: int) -> int:
        calls.append(i)
        time.sleep(0.01)
        return i

    results = prefetch(read, range(1000), ahead=3, threads=2)
    next(results)
    assert reading_threads()
    if way == "close":
        assert hasattr(results, "close")
        results.close()
    else:
        assert hasattr(results, "throw")
        with pytest.raises(KeyboardInterrupt):
            results.throw(KeyboardInterrupt())
    assert not reading_threads()
    assert len(calls) <= 4


def test_prefetch_passes_on_an_error_of_the_indices() -> None:
    def indices() -> Iterator[int]:
        yield 0
        yield 1
        raise RuntimeError("indices")

    with pytest.raises(RuntimeError, match="indices"):
        list(prefetch(abs, indices(), ahead=1))
    assert not reading_threads()


def test_prefetch_needs_room() -> None:
    with pytest.raises(ValueError, match="at least one"):
        next(prefetch(abs, [1], ahead=0))
    with pytest.raises(ValueError, match="at least one"):
        next(prefetch(abs, [1], threads=0))


def test_the_next_item_is_made_while_one_is_in_use() -> None:
    made_second, closed = threading.Event(), threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            yield 0
            made_second.set()
            yield 1
            yield 2
        finally:
            closed.set()

    found = one_ahead(items())
    assert next(found) == 0
    assert made_second.wait(10)  # before it has been asked for
    assert list(found) == [1, 2]
    assert closed.is_set()
    assert not reading_threads()


def test_what_fails_ahead_is_told_at_its_item() -> None:
    def items() -> Generator[int, None, None]:
        yield 0
        raise InputError("second")

    found = one_ahead(items())
    assert next(found) == 0
    with pytest.raises(InputError, match="second"):
        next(found)
    assert not reading_threads()


def test_a_consumer_that_leaves_ends_what_is_made_ahead() -> None:
    closed = threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    found = one_ahead(items())
    next(found)
    found.close()
    assert closed.is_set()
    assert not reading_threads()
