"""Whether a freer motion model is worth its freedom: what tiles held out of the fit say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.alignment.matrices.models import LENSES, Model
from focusstack.alignment.quality.held_out import Held, gaining_pairs, lengths
from focusstack.numeric.arrays import Floats

FREER_SHARED, FREER_FRAME, FREER_LENS = 0.97, 0.85, 0.9
"""A freer model must bring the held-out residual below this share of the stiffer one's: the first
for a few numbers more for the whole stack, the second for more numbers for every frame, the third
for a lens, which parallax and the growth of blurred edges can look like a little
(``python -m benchmarks.alignment``)."""


STEADY_GAIN, STEADY_PAIRS = 0.99, 0.85
"""A freer matrix is also earned by a small gain that this share of the pairs has: where tiles are
noisy, what they say together is far surer than any of them (``python -m benchmarks.alignment``,
*low light*)."""

BEYOND_UNSURE = 1.5
"""How many times as far as its own positions are unsure a freer model must put the frames from
where the stiffer one puts them, root mean square over all frames and their whole area: less, and
what is gained at the tiles is lost between and beyond them. Stacks that need the freedom have 2.6
and more, those that only seem to, as blurred edges grow, 1.1 and less (``python -m
benchmarks.alignment``, *grown edges*, *strong blur* and *hand-held*)."""

SMALLEST_GAIN_PX = 0.004
"""A gain below this, in proxy pixels, is within what tiles get wrong themselves
(``python -m benchmarks.alignment``)."""


@dataclass(frozen=True)
class Choice:
    """The model chosen.

    Attributes
    ----------
    model : Model
        The stiffest one that no freer one beats clearly.
    evidence : dict of str to float
        Held-out residual of every model tried, in proxy pixels.
    held : list of Held
        Held-out residuals of the chosen model.
    """

    model: Model
    evidence: dict[str, float]
    held: list[Held]


def gains_enough(freer: Choice, best: Choice) -> bool:
    """Whether what a freer model leaves of the same tiles is worth its freedom.

    Parameters
    ----------
    freer, best : Choice
        With held-out residuals of the same tiles in the same order.
    """
    error, so_far = (choice.evidence[choice.model.name] for choice in (freer, best))
    if freer.model in LENSES:
        share = FREER_LENS
    elif freer.model.per_frame > best.model.per_frame:
        share = FREER_FRAME
    else:
        share = FREER_SHARED
    if error < min(so_far * share, so_far - SMALLEST_GAIN_PX):
        return True
    if freer.model in LENSES or error >= STEADY_GAIN * so_far:
        return False
    number = {pair: k for k, pair in enumerate({(h.first, h.second) for h in best.held})}
    pair = np.repeat(
        [number[h.first, h.second] for h in best.held], [len(h.places) for h in best.held]
    )
    return gaining_pairs(pair, lengths(best.held), lengths(freer.held)) >= STEADY_PAIRS


def moves_beyond_doubt(moved: Floats, unsure: Floats) -> bool:
    """Whether a freer model puts frames farther from where a stiffer one does than it is unsure of.

    Parameters
    ----------
    moved : (n,) ndarray
        How far apart the two models put each frame, root mean square over its area.
    unsure : (n,) ndarray
        Estimated error of the freer one there. Frames that few tiles reach have the largest.

    Examples
    --------
    >>> moves_beyond_doubt(np.array([0.1, 0.1]), np.array([0.02, 0.03]))
    True
    """
    return float(np.sum(moved**2)) > BEYOND_UNSURE**2 * float(np.sum(unsure**2))
