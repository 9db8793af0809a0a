"""Connected parts of a graph."""

from __future__ import annotations

from collections.abc import Iterable


def connected_parts(count: int, links: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Parts of `count` nodes that `links` hold together, the largest first, each sorted.

    >>> connected_parts(5, [(0, 3), (4, 3)])
    [[0, 3, 4], [1], [2]]
    """
    label = list(range(count))

    def root(i: int) -> int:
        while label[i] != i:
            label[i] = label[label[i]]
            i = label[i]
        return i

    for i, j in links:
        a, b = root(i), root(j)
        label[max(a, b)] = min(a, b)
    parts: dict[int, list[int]] = {}
    for i in range(count):
        parts.setdefault(root(i), []).append(i)
    return sorted(parts.values(), key=lambda part: (-len(part), part))


def connected_to(node: int, count: int, links: Iterable[tuple[int, int]]) -> set[int]:
    """All of `count` nodes that `links` hold together with one of them, and that one.

    >>> sorted(connected_to(3, 5, [(0, 3), (4, 3), (1, 2)]))
    [0, 3, 4]
    """
    return next(set(part) for part in connected_parts(count, links) if node in part)
