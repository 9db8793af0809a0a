"""What no matrix explains: parallax first, then whatever smooth displacement is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from focusstack.alignment.local import ROUNDS as LOCAL_ROUNDS
from focusstack.alignment.local import Local, find_fields
from focusstack.alignment.parallax import ROUNDS as PARALLAX_ROUNDS
from focusstack.alignment.parallax import Parallax, find_parallax
from focusstack.alignment.refine import Refined
from focusstack.proxies import Proxy
from focusstack.typing import Matrix

CONSIDERED_PX, CONSIDERED_P95_PX = 0.2, 0.7
"""Held-out residual (median, 95th percentile) below which matrices are as good as tiles can tell,
in proxy pixels."""

ROUNDS = len(PARALLAX_ROUNDS) + len(LOCAL_ROUNDS)
"""How often progress is reported."""


@dataclass(frozen=True)
class Displacement:
    """Proven local displacement of a stack.

    Attributes
    ----------
    matrices : (n, 3, 3) float64 ndarray
        Corrected: proxy pixel to reference proxy pixel.
    parallax : Parallax or None
        If proven.
    local : Local or None
        Smooth fields on top, if proven.
    before, after : float
        Held-out residual without and with all of it, proxy pixels.
    """

    matrices: Matrix
    parallax: Parallax | None
    local: Local | None
    before: float
    after: float


def find_displacement(
    load: Callable[[int], Proxy],
    refined: Refined,
    reference: int,
    pairs: Sequence[tuple[int, int]],
    gains: Sequence[float],
    size: tuple[int, int],
    workers: int = 2,
    advance: Callable[[], None] = lambda: None,
) -> Displacement | None:
    """Local displacement of all frames, if matrices leave enough and held-out tiles prove it.

    Parameters
    ----------
    load, reference, pairs, gains, size, workers, advance
        As for `focusstack.alignment.refine.refine`; frames in focus order.
    refined : Refined
        The alignment by matrices.
    """
    if refined.stack.median < CONSIDERED_PX and refined.stack.p95 < CONSIDERED_P95_PX:
        return None
    H = refined.matrices
    parallax = find_parallax(load, H, reference, pairs, gains, size, workers, advance)
    if parallax is not None and not parallax.proven:
        parallax = None
    if parallax is None:
        local = find_fields(load, H, reference, pairs, gains, size, workers, advance)
        if not local.proven:
            return None
        return Displacement(H, None, local, local.before, local.after)
    H = parallax.matrices
    local = find_fields(load, H, reference, pairs, gains, size, workers, advance, parallax.added_to)
    if not local.proven:
        return Displacement(H, parallax, None, parallax.before, parallax.after)
    return Displacement(H, parallax, local, parallax.before, local.after)
