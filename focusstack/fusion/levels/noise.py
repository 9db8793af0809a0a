"""How much of what a pyramid level holds is noise.

Noise is taken to be white in the frame, so that one number, its variance, says what it amounts to
at every level. Detail only ever adds to it, and nearly every frame has places that are plain or
out of focus and show the noise alone.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from focusstack.fusion.loops.codes import Codes, coded, decoded
from focusstack.numeric.arrays import Float32

QUIET_SHARE = 0.1
"""Share of a frame that is taken to be free of detail at the finest level: nearly every frame
has a plain or defocused tenth. Benchmark: ``python -m benchmarks.fusion``, *flat noise*."""

LEVEL_GAINS = (0.889, 0.0530, 0.01012, 0.00240)
"""Energy that white noise of unit variance has in the finest Laplacian levels; each further one
has a quarter of it. Follows from the binomial kernel;
``pytest tests/fusion/levels/test_noise.py`` measures it."""

LEAST_VARIANCE = (0.2 / 255) ** 2
"""Noise variance, in squares of encoded values, beneath that of a fifth of an 8-bit step:
nothing is trusted beyond, as resampling alone errs by that much. Chosen, not measured here."""


def level_noise(levels: int) -> list[float]:
    """Energy that white noise of unit variance has in each Laplacian level, finest first."""
    gains = list(LEVEL_GAINS)
    while len(gains) < levels:
        gains.append(gains[-1] / 4)
    return gains[:levels]


def noise_variance(finest_energy: Float32 | Codes, quiet_to_mean: float) -> float:
    """Noise variance of a frame from the window energy of its finest level.

    Parameters
    ----------
    finest_energy : (H, W) float32 ndarray, or of uint16 codes
        Mean square of the finest Laplacian level over small windows.
    quiet_to_mean : float
        Quantile ``QUIET_SHARE`` of such energies relative to their mean, in pure noise; below 1 as
        small windows differ.

    Returns
    -------
    float
        At least ``LEAST_VARIANCE``. Places without any noise at all (clipped, or filled in) are
        left out.
    """
    some, least = np.ascontiguousarray(finest_energy[::4, ::4]), LEAST_VARIANCE * LEVEL_GAINS[0] / 4
    if some.dtype == np.uint16:
        quiet = _quiet_code(cast(Codes, some), least)
    else:
        quiet = _quiet(cast(Float32, some).ravel(), least)
    return max(quiet / quiet_to_mean / LEVEL_GAINS[0], LEAST_VARIANCE)


def _quiet(energies: Float32, least: float) -> float:
    """The quantile of what exceeds `least`; 0 if nothing does."""
    sample = energies[energies > least]
    if sample.size == 0:
        return 0
    rank = int(QUIET_SHARE * (sample.size - 1))
    return float(np.partition(sample, rank)[rank])


def _quiet_code(energies: Codes, least: float) -> float:
    """The quantile of codes, which are so few that it is faster to count than to sort them."""
    from focusstack.fusion.loops.depth_tracker import count_codes  # loads the compiler

    counts = np.zeros(1 << 16, np.int64)
    count_codes()(energies, counts)
    counts[: int(coded(np.array([least], np.float32))[0]) + 1] = 0
    upto = np.cumsum(counts)
    if upto[-1] == 0:
        return 0
    rank = int(QUIET_SHARE * (upto[-1] - 1))
    code = np.searchsorted(upto, rank, side="right")
    return float(decoded(np.array([code], np.uint16))[0])
