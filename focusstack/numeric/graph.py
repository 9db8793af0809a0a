"""Connected parts of a graph."""

from __future__ import annotations

from collections.abc import Iterable


def groups(count: int, links: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Connected components of the frames, the largest first, each sorted."""
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
    return sorted(parts.values(), key=lambda g: (-len(g), g))
