"""Dim stacks are measured as if they had been exposed longer, all frames alike.

Counts of a 12-bit camera in 16 bits, or a dark field, are far below white throughout. What is dark,
what is noise and how strong detail is beside brightness is then asked of the stack's own peak: a
power of two, which changes no digit, lifts the light of all frames until the brightest is bright.
Pictures are not lifted: it is only for measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from focusstack.frames.proxies.proxy import Proxy, Statistics, relative_detail, signature_of

DIM = 0.125
"""Peak of the brightest frame, in linear light, below which a stack is dim: three stops below
white, where a camera's meter puts no subject's highlights. Chosen so that stacks that are merely
underexposed are measured as they are; ``python -m benchmarks.alignment --only dim``."""

LIFTED = 0.5
"""Linear light that the peak of a dim stack is lifted to at most: what noise adds must not clip.
Chosen, not measured; half as much finds the same."""

MOST_OF_8_BITS = 4.0
"""Factor by which frames of 8 bits are lifted at most: what counts as dark is then half a code.
Follows from the step of codes in the shadows, 1 / (255 · 12.92), not measured."""


def find_lift(statistics: Sequence[Statistics], dtype: np.dtype[np.generic]) -> float:
    """Power of two, at least 1, that the light of all frames is to be multiplied with.

    Parameters
    ----------
    statistics : sequence of Statistics
        Of all frames of a stack.
    dtype : dtype
        Of their pixels.

    Examples
    --------
    >>> from focusstack.frames.proxies.proxy import make_proxy
    >>> dim = np.full((64, 64), 4095, np.uint16)  # 0.0051 of white in light
    >>> find_lift([make_proxy(dim, 1.0)[1]], dim.dtype)
    64.0
    """
    peak = max(float(s.peak.max()) for s in statistics)
    if not 0 < peak < DIM:
        return 1.0
    factor = float(2.0 ** np.floor(np.log2(LIFTED / peak)))
    return min(factor, MOST_OF_8_BITS) if dtype == np.uint8 else factor


def lift_proxy(proxy: Proxy, factor: float) -> Proxy:
    """Return a proxy with `factor` times the light; the same one for 1."""
    return proxy if factor == 1 else replace(proxy, luma=proxy.luma * np.float32(factor))


def lift_statistics(facts: Statistics, lifted: Proxy, factor: float) -> Statistics:
    """Return the statistics of a frame with `factor` times the light.

    Parameters
    ----------
    facts : Statistics
        Of the frame as it is.
    lifted : Proxy
        From `lift_proxy`.
    factor : float
        Of light.
    """
    if factor == 1:
        return facts
    relative = relative_detail(lifted.luma)
    return replace(
        facts,
        blocks=facts.blocks * np.float32(factor),
        signature=signature_of(relative),
        sharpness=float(np.sqrt(relative.mean())),
        peak=facts.peak * factor,
    )
