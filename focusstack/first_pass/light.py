"""Find what brings all frames to the reference's light."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from focusstack.alignment.coarse import Coarse
from focusstack.exposure.gains import (
    GainRatio,
    RegisteredBlocks,
    gain_ratio,
    register_blocks,
    solve_gains,
)
from focusstack.exposure.terms import Terms, choose_terms, evened
from focusstack.first_pass.measure import Measured
from focusstack.frames.proxies.proxy import Statistics
from focusstack.numeric.arrays import Matrix, Points
from focusstack.runtime.threads import side_by_side


@dataclass(frozen=True)
class Light:
    """What brings all frames to the reference's light.

    Attributes
    ----------
    gains : (n, C) float64 ndarray
        Factors on linear light; NaN where nothing could be compared.
    terms : Terms
        What the frames need besides.
    statistics : list of Statistics
        Of the frames, with the terms applied.
    exposures : (n, C) float64 ndarray
        The gains that would do best alone.
    """

    gains: Points
    terms: Terms
    statistics: list[Statistics]
    exposures: Points


def find_light(stack: Measured, matrices: Matrix, coarse: Coarse, workers: int) -> Light:
    """Gains, and shading or an exponent where they are earned."""
    blocks = _registered(stack.statistics, matrices, coarse.used)
    with side_by_side(workers) as both:
        terms, exposures = both(
            lambda: choose_terms(blocks, matrices, coarse.pairs, coarse.reference, stack.size),
            lambda: _gains(blocks, coarse, workers),
        )
    if not terms.any:
        return Light(exposures, terms, stack.statistics, exposures)
    each = zip(stack.statistics, terms.shadings, terms.exponents, strict=True)
    statistics = [evened(s, shading, exponent, stack.size) for s, shading, exponent in each]
    gains = _gains(_registered(statistics, matrices, coarse.used), coarse, workers)
    return Light(gains, terms, statistics, exposures)


def find_gains(stack: Measured, matrices: Matrix, coarse: Coarse, workers: int) -> Points:
    """Gains ``(n, C)`` of all frames from registered blocks; NaN where nothing can be compared.

    Good enough for tiles to be compared; `find_light` looks again.
    """
    return _gains(_registered(stack.statistics, matrices, coarse.used), coarse, workers, step=4)


def _registered(
    statistics: Sequence[Statistics], matrices: Matrix, used: Sequence[bool]
) -> list[RegisteredBlocks | None]:
    return [
        register_blocks(s, H) if u else None
        for s, H, u in zip(statistics, matrices, used, strict=True)
    ]


def _gains(
    blocks: Sequence[RegisteredBlocks | None], coarse: Coarse, workers: int, step: int = 2
) -> Points:
    def compared(pair: tuple[int, int]) -> GainRatio | None:
        a, b = (blocks[index] for index in pair)
        return gain_ratio(*pair, a, b, step) if a and b else None

    with ThreadPoolExecutor(workers) as pool:
        ratios = [ratio for ratio in pool.map(compared, coarse.pairs) if ratio]
    channels = next(b.mean.shape[2] for b in blocks if b)
    return solve_gains(ratios, len(blocks), channels, coarse.reference)
