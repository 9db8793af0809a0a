"""A veil of light: glare or haze that adds the same to all of a frame, dark and bright.

Of an area that two frames show, the light in one is then ``s`` times that in the other, plus a
constant. Where the constant is left out, dark areas pull the gain: by half a stop for a veil of a
third of the picture's light. It is told from a gain by areas that range from dark to bright, and
from another tone curve by which of the two leaves less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.exposure.gains import DARKEST, RegisteredBlocks
from focusstack.frames.proxies.proxy import Statistics
from focusstack.numeric.arrays import Floats
from focusstack.numeric.graph import connected_parts
from focusstack.numeric.robust import geman_mcclure_weight, scale_of_values

VEILED = 0.1
"""Share of a frame's median light from which on a veil counts: it would pull the gain by a tenth of
a stop. Chosen: blur that carries light from bright areas into dark ones looks like less."""

SIGMAS = 6.0
"""Standard errors by which a veil must be told from none. Chosen, not measured."""

LEAVES = 0.7
"""Share of what a gain alone leaves that gain and veil may leave at most. Chosen, not measured."""

RANGE = 2.0
"""How many times as bright the bright tenth of the areas must be as the dark tenth. Chosen: in an
evenly lit picture, a veil and a gain are the same."""

ENOUGH = 4000
"""Areas that are compared of a pair, about: more tell no more of two numbers. Speed only (``python
-m benchmarks.speed``)."""

FEWEST = 60
"""Areas in common without which a pair tells nothing of a veil, as for other terms of light."""

STEPS = 12
"""Reweightings: robust fits settle to a thousandth of their error in fewer."""

INDEPENDENT = 6.0
"""Areas of which one is independent, as windows of five blocks overlap at every second block."""

TINY = 1e-30
"""Least determinant of a line's equations: a line through areas of one light is not determined."""

LINKED = 0.75
"""Share of the frames that must hang together by comparisons of neighbours for these to tell that
there is no veil. Chosen, not measured."""


@dataclass(frozen=True)
class _Line:
    """Light in the second frame of a pair over that in the first, in one channel.

    Attributes
    ----------
    slope, offset : float
        Of the line.
    sigma : float
        Standard error of the offset.
    by_gain, by_line, by_power : float
        What a factor, the line and a power leave, as a spread of logarithms.
    """

    slope: float
    offset: float
    sigma: float
    by_gain: float
    by_line: float
    by_power: float


def find_veils(
    blocks: Sequence[RegisteredBlocks | None], pairs: Sequence[tuple[int, int]], reference: int
) -> Floats | None:
    """Light that a veil adds to each frame, or None where no frame has one.

    Parameters
    ----------
    blocks : sequence of RegisteredBlocks or None
        Of each frame that is used.
    pairs : sequence of (int, int)
        Frames that are compared.
    reference : int
        The frame to whose light the others are brought.

    Returns
    -------
    (n, C) float64 ndarray or None
        Linear light, white 1; 0 for frames without a veil.

    Examples
    --------
    >>> light = np.linspace(0.05, 0.6, 1200, dtype=np.float32).reshape(30, 40, 1)
    >>> usable = np.ones((30, 40), bool)
    >>> frames = [RegisteredBlocks(m, usable) for m in (light, light / 2 + np.float32(0.1))]
    >>> find_veils(frames, [(0, 1)], reference=0).round(2).tolist()
    [[0.0], [0.1]]
    """
    usual = np.array([_usual(b) if b is not None else np.inf for b in blocks])
    near = [(i, j) for i, j in pairs if abs(i - j) == 1]
    lines: dict[tuple[int, int], list[_Line]] = {}
    for some in (near, pairs):  # those next to each other tell whether there is anything to find
        lines |= {
            (i, j): found
            for i, j in some
            if (i, j) not in lines and (found := _compared(blocks[i], blocks[j])) is not None
        }
        veils = _veils(lines, len(blocks), reference)
        known = some is near and _links(lines, blocks)
        if known and veils is not None and float((veils.mean(1) / usual).max()) < VEILED / 2:
            return None
    if veils is None:
        return None
    compared = {pair: lines[pair] for pair in pairs if pair in lines}
    share = veils.mean(1) / usual
    veiled = {int(k) for k in np.flatnonzero(share >= VEILED)}
    proven = {k for k in veiled if _is_proven(k, veiled, compared)}
    if not proven:
        return None
    veils[[k for k in range(len(blocks)) if k not in proven]] = 0
    return np.maximum(veils, 0)


def _veils(lines: dict[tuple[int, int], list[_Line]], count: int, reference: int) -> Floats | None:
    """Light added to each frame ``(count, C)``; None if nothing could be compared."""
    if len({reference, *(k for pair in lines for k in pair)}) < 2:
        return None
    channels = len(next(iter(lines.values())))
    veils = np.zeros((count, channels))
    for c in range(channels):
        veils[:, c] = _solved({p: each[c] for p, each in lines.items()}, count, reference)
    return veils


def _links(
    lines: dict[tuple[int, int], list[_Line]], blocks: Sequence[RegisteredBlocks | None]
) -> bool:
    """Whether nearly all frames that are used hang together by what was compared.

    What is too even to be compared with its neighbours is so with any other frame.
    """
    used = sum(b is not None for b in blocks)
    return len(connected_parts(len(blocks), list(lines))[0]) >= LINKED * used


def without_veil(facts: Statistics, veil: Floats) -> Statistics:
    """Statistics of a frame, less the light that a veil adds."""
    if not veil.any():
        return facts
    least = np.float32(DARKEST / 100)
    blocks = np.maximum(facts.blocks - veil.astype(np.float32), least)
    return replace(facts, blocks=blocks)


def _usual(blocks: RegisteredBlocks) -> float:
    seen = np.asarray(blocks.usable, bool)
    return float(np.median(blocks.mean[seen])) if seen.any() else np.inf


def _compared(a: RegisteredBlocks | None, b: RegisteredBlocks | None) -> list[_Line] | None:
    """Lines of all channels; None where the frames share too little, or too even light."""
    if a is None or b is None:
        return None
    both = (a.usable & b.usable)[::2, ::2].astype(bool)
    p, q = (x.mean[::2, ::2][both].astype(float) for x in (a, b))
    lit = np.minimum(p, q).min(axis=1) > DARKEST
    if lit.sum() < FEWEST:
        return None
    step = max(1, int(lit.sum()) // ENOUGH)
    p, q = p[lit][::step], q[lit][::step]
    dark, bright = np.quantile(p.mean(1), (0.1, 0.9))
    if bright < RANGE * dark:
        return None
    return [_line(p[:, c], q[:, c]) for c in range(p.shape[1])]


def _line(p: Floats, q: Floats) -> _Line:
    """Robust line through the light of two frames; errors are shares of the light."""
    constant, logarithm = np.ones_like(p), np.log(p)
    slope, offset, sigma, by_line = _fitted(np.stack([p, constant], 1), q, 1 / q)
    factor = np.median(np.log(q) - logarithm)
    by_gain = float(scale_of_values(np.log(q) - logarithm - factor))
    columns = np.stack([logarithm, constant], 1)
    *_, by_power = _fitted(columns, np.log(q), constant)
    return _Line(slope, offset, sigma, by_gain, by_line, by_power)


def _fitted(A: Floats, y: Floats, scale: Floats) -> tuple[float, float, float, float]:
    """Two robust coefficients, the second's standard error, and the spread of scaled residuals."""
    (a, b), z = (A * scale[:, None]).T, y * scale
    # Products of columns, and of columns with what they explain: each turn only weighs their sums.
    products = np.stack([a * a, a * b, b * b, a * z, b * z])
    weight = np.ones(len(z))
    for _ in range(STEPS):
        aa, ab, bb, az, bz = products @ weight
        determinant = aa * bb - ab * ab
        x = np.array([bb * az - ab * bz, aa * bz - ab * az]) / max(determinant, TINY)
        off = a * x[0] + b * x[1] - z
        spread = float(scale_of_values(off)) + 1e-5
        weight = geman_mcclure_weight(np.square(off / (2 * spread)))
    aa, ab, bb, _, _ = products @ weight
    variance = aa / max(aa * bb - ab * ab, TINY)
    sigma = spread * float(np.sqrt(variance * INDEPENDENT))
    return float(x[0]), float(x[1]), sigma + 1e-6, spread


def _solved(lines: dict[tuple[int, int], _Line], count: int, reference: int) -> Floats:
    """Light added to each frame in one channel, the least veiled frame having none."""
    A, y = np.zeros((len(lines) + 1, count)), np.zeros(len(lines) + 1)
    B, z = np.zeros((len(lines) + 1, count)), np.zeros(len(lines) + 1)
    for row, ((i, j), line) in enumerate(lines.items()):
        A[row, j], A[row, i] = 1 / line.sigma, -line.slope / line.sigma
        y[row] = line.offset / line.sigma
        B[row, j], B[row, i], z[row] = 1, -1, np.log(max(line.slope, 1e-6))
    A[-1, reference] = 1e6
    B[-1, reference] = 1e3
    added = np.linalg.lstsq(A, y, rcond=None)[0]
    factor = np.exp(np.linalg.lstsq(B, z, rcond=None)[0])  # over the reference's light
    # Where the reference has one, the others have less than none.
    least = min(float(np.quantile(added / factor, 0.25)), 0.0)
    return np.asarray(added - least * factor, float)


def _is_proven(frame: int, veiled: set[int], compared: dict[tuple[int, int], list[_Line]]) -> bool:
    """Whether its pairs with frames that have no veil say so, clearly and alone."""
    lines = [
        (line, frame == pair[0])
        for pair, several in compared.items()
        if frame in pair and not set(pair) <= veiled
        for line in several
    ]
    if not lines:
        return False
    sure = np.median([abs(line.offset) / line.sigma for line, _ in lines]) > SIGMAS
    better = np.median([line.by_line / line.by_gain for line, _ in lines]) < LEAVES
    no_curve = np.median([line.by_line / line.by_power for line, _ in lines]) < 1
    return bool(sure and better and no_curve)
