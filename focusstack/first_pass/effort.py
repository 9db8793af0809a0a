"""How closely pass 1 looks at a stack: as a run needs it, or at a glance."""

from __future__ import annotations

from dataclasses import dataclass

from focusstack.alignment.coarse import FEATURE_MEGAPIXELS
from focusstack.alignment.refine import ROUNDS
from focusstack.alignment.tiles.measure import Round
from focusstack.frames.proxies.proxy import PROXY_MEGAPIXELS


@dataclass(frozen=True)
class Effort:
    """What is spent on measuring a stack.

    Attributes
    ----------
    megapixels : float
        Size of the proxies.
    features : float
        Megapixels at which features are found.
    rounds : sequence of sequence of Round
        How tiles are measured in each round of the alignment.
    model : str or None
        The motion model; None for the one that held-out tiles ask for.
    local : bool
        Whether displacement that no matrix follows is looked for, if the options allow it.
    apart : int or None
        Pairs further apart than this in focus order are not measured; None measures all.
    """

    megapixels: float
    features: float
    rounds: tuple[tuple[Round, ...], ...]
    model: str | None
    local: bool
    apart: int | None

    @property
    def quick(self) -> bool:
        """Whether less is measured than a run does."""
        return self.megapixels < PROXY_MEGAPIXELS


THOROUGH = Effort(PROXY_MEGAPIXELS, FEATURE_MEGAPIXELS, ROUNDS, None, local=True, apart=None)
"""What a run does."""

QUICK = Effort(0.75, 0.2, ((Round(1, 1.0, 6.0, 64),),), "rotation", local=False, apart=2)
"""What tells whether a stack belongs together, how it moves, and about how well it fits: proxies
and features in megapixels, one round of tiles in full, and no pairs beyond the second neighbour.
Chosen for about a tenth of a run's cost, not measured by a benchmark."""
