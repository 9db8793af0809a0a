"""Strips cover a picture once; the work on them is shared."""

from __future__ import annotations

import pytest

from focusstack.runtime.strips import Crew, cut_rows, even_rows, row_strips, strips


def test_strips_cover_every_row_once() -> None:
    for height, width in ((1, 10), (100, 100), (4000, 6000), (3, 1 << 20)):
        rows = [y for s in row_strips(height, width) for y in range(s.start, s.stop)]
        assert rows == list(range(height))
        parts = strips(height, width, 5)
        assert [y for s in parts for y in range(s.rows.start, s.rows.stop)] == rows
        halves = [y for s in parts for y in range(s.half.start, s.half.stop)]
        assert halves == list(range((height + 1) // 2))
        for part in parts:
            assert part.wide.start % 2 == 0
            assert part.wide.start == max(0, part.rows.start - 6)
            assert part.wide.stop == min(height, part.rows.stop + 6)


@pytest.mark.parametrize("threads", [1, 2])
def test_two_things_done_at_once_return_both_and_raise(threads: int) -> None:
    crew, rows, seen = Crew(threads), strips(200, 300, 0), list[int]()

    def count() -> int:
        crew.do(lambda strip: seen.append(strip.rows.start), rows)
        return len(rows)

    assert crew.both(count, lambda: "done") == (len(rows), "done")
    assert sorted(seen) == [strip.rows.start for strip in rows]
    with pytest.raises(ZeroDivisionError):
        crew.both(lambda: 0, lambda: 1 // 0)
    crew.close()


def test_rows_are_divided_evenly_at_multiples() -> None:
    assert even_rows(100, 8, 3) == [(0, 32), (32, 72), (72, 100)]
    assert even_rows(5, 8, 4) == [(0, 5)]
    assert cut_rows(10, 4) == [slice(0, 4), slice(4, 8), slice(8, 10)]
