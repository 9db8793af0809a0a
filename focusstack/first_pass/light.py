"""Find what brings all frames to the reference's light."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.exposure.gains import (
    GainRatio,
    RegisteredBlocks,
    compare_gains,
    register_blocks,
    solve_gains,
)
from focusstack.exposure.highlights import clipped_everywhere, headroom
from focusstack.exposure.recorded import with_recorded
from focusstack.exposure.terms import Terms, choose_terms, evened
from focusstack.exposure.veil import find_veils, without_veil
from focusstack.first_pass.measure import Measured
from focusstack.frames.proxies.proxy import Statistics
from focusstack.geometry.field import Fields, undisplaced
from focusstack.numeric.arrays import Floats, Matrix
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
    veils : (n, C) float64 ndarray or None
        Light that glare or haze adds to each frame, in the statistics' units; None without any.
    """

    gains: Floats
    terms: Terms
    statistics: list[Statistics]
    exposures: Floats
    veils: Floats | None = None


@dataclass(frozen=True)
class CommonExposure:
    """How all frames are exposed in the end.

    Attributes
    ----------
    gains : (n, C) float64 ndarray
        Factors on linear light to the reference's exposure, gaps filled from EXIF; NaN where
        nothing tells.
    exposures : (n, C) float64 ndarray
        The gains that would do best alone, filled alike.
    filled : list of int
        Frames whose gains are EXIF's word.
    common : float
        Factor that all frames get besides, below 1 where that keeps highlights.
    clipped_everywhere : float
        Share of the picture that is clipped in every frame.
    """

    gains: Floats
    exposures: Floats
    filled: list[int]
    common: float
    clipped_everywhere: float

    def gain(self, k: int) -> Floats:
        """Factor ``(C,)`` on a frame's linear light; what is not known is left as it is."""
        return np.where(np.isfinite(self.gains[k]), self.gains[k], 1.0) * self.common

    def stops(self, k: int) -> float:
        """How much brighter than the reference a frame was exposed; 0 if nothing tells."""
        alone = np.where(np.isfinite(self.exposures[k]), self.exposures[k], 1.0)
        return round(-float(np.log2(alone).mean()), 4)


def find_common_exposure(
    stack: Measured, coarse: Coarse, light: Light, matrices: Matrix, *, deep: bool
) -> CommonExposure:
    """Fill gaps from EXIF; with `deep` frames, lower all until no highlights are beyond white.

    Parameters
    ----------
    stack : Measured
        The frames.
    coarse : Coarse
        Which of them are used.
    light : Light
        What was measured.
    matrices : (n, 3, 3) ndarray
        Proxy pixel to reference proxy pixel.
    deep : bool
        Frames have more than 8 bits, so that nothing is lost to rounding by lowering them.
    """
    used = coarse.kept
    gains, filled = with_recorded(light.gains, stack.recorded, used, coarse.reference)
    exposures, _ = with_recorded(light.exposures, stack.recorded, used, coarse.reference)
    common = headroom(gains, _unlifted(light, stack.lift), used) if deep else 1.0
    nowhere = clipped_everywhere(stack.statistics, matrices, used)
    return CommonExposure(gains, exposures, filled, common, nowhere)


def _unlifted(light: Light, lift: float) -> list[Statistics]:
    """Statistics whose peaks are those of the frames' own light, evened out."""
    if lift == 1:
        return light.statistics
    return [
        replace(s, peak=s.peak / lift**exponent)
        for s, exponent in zip(light.statistics, light.terms.exponents, strict=True)
    ]


def find_light(
    stack: Measured, matrices: Matrix, coarse: Coarse, threads: int, fields: Fields = undisplaced
) -> Light:
    """Gains, and shading or an exponent where they are earned.

    Parameters
    ----------
    stack : Measured
        The frames.
    matrices : (n, 3, 3) ndarray
        Proxy pixel to reference proxy pixel.
    coarse : Coarse
        Which of them are used, and which are compared.
    threads : int
        Threads; no result depends on them.
    fields : callable, optional
        What is displaced besides of each frame index, in proxy pixels.
    """
    measured = stack.statistics
    blocks = _registered(measured, matrices, coarse.used, fields)
    veils = find_veils(blocks, coarse.pairs, coarse.reference)
    if veils is not None:  # what it adds is no gain, and no tone curve
        measured = [without_veil(s, v) for s, v in zip(measured, veils, strict=True)]
        blocks = _registered(measured, matrices, coarse.used, fields)
    with side_by_side(threads) as both:
        terms, exposures = both(
            lambda: choose_terms(blocks, matrices, coarse.pairs, coarse.reference, stack.size),
            lambda: _gains(blocks, coarse, threads),
        )
    if not terms.any:
        return Light(exposures, terms, stack.statistics, exposures, veils)
    each = zip(measured, terms.shadings, terms.exponents, strict=True)
    statistics = [evened(s, shading, exponent, stack.size) for s, shading, exponent in each]
    gains = _gains(_registered(statistics, matrices, coarse.used, fields), coarse, threads)
    # A power of lifted light is not that of the frame's own.
    gains *= (stack.lift ** (np.array(terms.exponents) - 1))[:, None]
    return Light(gains, terms, statistics, exposures, veils)


def find_gains(stack: Measured, matrices: Matrix, coarse: Coarse, threads: int) -> Floats:
    """Gains ``(n, C)`` of all frames from registered blocks; NaN where nothing can be compared.

    Good enough for tiles to be compared; `find_light` looks again.
    """
    return _gains(_registered(stack.statistics, matrices, coarse.used), coarse, threads, step=4)


def _registered(
    statistics: Sequence[Statistics],
    matrices: Matrix,
    used: Sequence[bool],
    fields: Fields = undisplaced,
) -> list[RegisteredBlocks | None]:
    return [
        register_blocks(s, H, fields(k)) if u else None
        for k, (s, H, u) in enumerate(zip(statistics, matrices, used, strict=True))
    ]


def _gains(
    blocks: Sequence[RegisteredBlocks | None], coarse: Coarse, threads: int, step: int = 2
) -> Floats:
    def compared(pair: tuple[int, int]) -> GainRatio | None:
        a, b = (blocks[index] for index in pair)
        return compare_gains(*pair, a, b, step) if a and b else None

    with ThreadPoolExecutor(threads) as pool:
        ratios = [ratio for ratio in pool.map(compared, coarse.pairs) if ratio]
    channels = next(b.mean.shape[2] for b in blocks if b)
    return solve_gains(ratios, len(blocks), channels, coarse.reference)
