"""What speaks against a frame as the one that does not move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.frames.proxies.proxy import Statistics

PER_STOP = 0.02
"""Cost of a stop too dark or too bright: as much as a movement of all other frames by this share of
the picture, since the reference's exposure becomes everyone's. Chosen, not measured."""

FREE_STOPS = 0.3
"""Stops from the stack's median within which exposure does not count: what a camera left to itself
wavers by. Chosen, not measured; ``python -m benchmarks.alignment --only exposure`` shows what it
does to a stack that goes far beyond."""

PER_END = 0.001
"""Cost of an end of the focus range, as such a share of the picture: where frames barely differ, a
middle one is chosen, which shares most with all others. Chosen small, not measured."""


def reservations(statistics: Sequence[Statistics]) -> list[float]:
    """Cost of each frame as the reference, as a share of the picture that others would move by.

    Parameters
    ----------
    statistics : sequence of Statistics
        In focus order.
    """
    light = [float(np.log2(np.median(s.blocks) + 1e-6)) for s in statistics]
    usual = float(np.median(light))
    count = len(statistics)
    return [
        s.clipped
        + PER_STOP * max(abs(ev - usual) - FREE_STOPS, 0)
        + PER_END * abs(2 * k / max(count - 1, 1) - 1)
        for k, (s, ev) in enumerate(zip(statistics, light, strict=True))
    ]
