"""Parts of a graph are what links hold together, however they are found."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from focusstack.numeric.graph import connected_parts, connected_to

Links = list[tuple[int, int]]


@given(
    count=st.integers(1, 12),
    links=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20),
)
def test_parts_are_what_links_hold_together(count: int, links: Links) -> None:
    links = [(i % count, j % count) for i, j in links]
    reached = np.eye(count, dtype=bool)
    for i, j in links:
        reached[i, j] = reached[j, i] = True
    for _ in range(count):
        reached |= reached @ reached
    expected = {tuple(np.flatnonzero(row).tolist()) for row in reached}
    found = connected_parts(count, links)
    assert {tuple(part) for part in found} == expected
    assert [len(part) for part in found] == sorted((len(p) for p in expected), reverse=True)
    for node in range(count):
        assert connected_to(node, count, links) == set(np.flatnonzero(reached[node]).tolist())


def test_a_node_without_links_is_a_part_of_its_own() -> None:
    assert connected_to(1, 3, []) == {1}
    assert connected_parts(3, [(0, 2)]) == [[0, 2], [1]]
