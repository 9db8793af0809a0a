"""Pair fits from whole frames, where features leave a stack apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from focusstack.alignment.features.correlation import correlate_all
from focusstack.alignment.features.focus_order import pairs_in_order
from focusstack.alignment.features.sift import PairFit
from focusstack.alignment.features.triangles import consistent
from focusstack.alignment.groups import dominates
from focusstack.alignment.tiles.measure import reduced
from focusstack.frames.proxies.proxy import Proxy, proxy_scale
from focusstack.numeric.graph import connected_parts

APART = (1, 2)
"""How far apart in focus order whole frames are compared: where detail repeats, near ones share
most of it, and three that agree confirm each other. Chosen, not measured."""


def complete_fits(
    fits: Sequence[PairFit],
    load: Callable[[int], Proxy],
    size: tuple[int, int],
    frames: Sequence[int],
    threads: int,
    megapixels: float,
) -> tuple[list[PairFit], bool]:
    """Add pair fits from whole frames where features do not link all frames.

    Parameters
    ----------
    fits : sequence of PairFit
        From features.
    load : callable
        Proxy of a frame.
    size : tuple of int
        Width and height of the proxies.
    frames : sequence of int
        Which are to be linked, in focus order.
    threads : int
        The result does not depend on them.
    megapixels : float
        Scale of features.

    Returns
    -------
    fits : list of PairFit
        As given, if all hang together. If most do, with what links the others to them; else what
        whole frames say goes before what features say, which a repeating pattern deceives.
    guided : bool
        False if some of them rest on detail alone, which may repeat.
    """
    count = max(frames, default=-1) + 1
    true = consistent(fits, count, size)
    linked = [(f.first, f.second) for f in true]
    parts = [part for part in connected_parts(count, linked) if set(part) & set(frames)]
    if len(parts) < 2:
        return list(fits), True
    main = set(parts[0]) if dominates(parts) else set()
    pairs = [p for p in pairs_in_order(frames, APART) if not set(p) <= main]
    pairs = [(min(pair), max(pair)) for pair in pairs]
    scale = proxy_scale(*size, megapixels)
    found, guided = correlate_all(lambda k: reduced(load(k), scale), pairs, scale, threads)
    known = {(f.first, f.second) for f in found}
    return [f for f in fits if (f.first, f.second) not in known] + found, guided
