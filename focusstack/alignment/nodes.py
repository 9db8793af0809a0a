"""The compiled loops between the nodes of displacement fields and the tiles that see them.

Each tile sees the bilinear mean of four nodes in its second frame minus that in its first: eight
numbers with their weights, in a fixed layout that needs no sparse matrix.

Import this module only when fields are to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.compiler import compiled, read_only, writable
from focusstack.once import once
from focusstack.typing import Indices, Points

SEEN = 8
"""Nodes that a tile sees."""


def _gather(nodes: Indices, weights: Points, values: Points, out: Points) -> None:
    for t in range(len(nodes)):
        x = y = 0.0
        for k in range(SEEN):
            n, w = nodes[t, k], weights[t, k]
            x += w * values[n, 0]
            y += w * values[n, 1]
        out[t, 0], out[t, 1] = x, y


def _spread(nodes: Indices, weights: Points, rest: Points, out: Points) -> None:
    for t in range(len(nodes)):
        x, y = rest[t, 0], rest[t, 1]
        for k in range(SEEN):
            n, w = nodes[t, k], weights[t, k]
            out[n, 0] += w * x
            out[n, 1] += w * y


def _pull(nodes: Indices, weights: Points, info: Points, values: Points, out: Points) -> None:
    for t in range(len(nodes)):
        x = y = 0.0
        for k in range(SEEN):
            n, w = nodes[t, k], weights[t, k]
            x += w * values[n, 0]
            y += w * values[n, 1]
        a = info[t, 0, 0] * x + info[t, 0, 1] * y
        b = info[t, 1, 0] * x + info[t, 1, 1] * y
        for k in range(SEEN):
            n, w = nodes[t, k], weights[t, k]
            out[n, 0] += w * a
            out[n, 1] += w * b


_TILES = read_only(np.int64, 2), read_only(np.float64, 2)
_VECTORS, _INFO = read_only(np.float64, 2), read_only(np.float64, 3)
_OUT = writable(np.float64, 2)

_gathering = once(lambda: compiled(_gather, *_TILES, _VECTORS, _OUT))
_spreading = once(lambda: compiled(_spread, *_TILES, _VECTORS, _OUT))
_pulling = once(lambda: compiled(_pull, *_TILES, _INFO, _VECTORS, _OUT))


def seen(nodes: Indices, weights: Points, values: Points) -> Points:
    """What each tile sees ``(T, 2)`` of the nodes' `values` ``(N, 2)``."""
    out = np.empty((len(nodes), 2))
    _gathering()(nodes, weights, values, out)
    return out


def spread(nodes: Indices, weights: Points, rest: Points, count: int) -> Points:
    """Sum over tiles of `rest` ``(T, 2)`` at each of `count` nodes: the transpose of `seen`."""
    out = np.zeros((count, 2))
    _spreading()(nodes, weights, rest, out)
    return out


def pull(nodes: Indices, weights: Points, info: Points, values: Points) -> Points:
    """`spread` of `info` ``(T, 2, 2)`` times `seen`, in one go."""
    out = np.zeros(values.shape)
    _pulling()(nodes, weights, info, values, out)
    return out
