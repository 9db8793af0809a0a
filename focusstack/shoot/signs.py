"""The signs that two neighbours give of a new stack, what each weighs, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    """What there is to say of the place between two pictures."""

    size = "size"
    series = "series"
    burst = "burst"
    bracket = "bracket"
    pause = "pause"
    hesitation = "hesitation"
    scene = "scene"
    change = "change"
    distance = "distance"
    focus = "focus"
    exposure = "exposure"
    names = "names"
    goes_on = "goes on"


WEIGHTS: dict[Sign, int] = {
    Sign.size: 4, Sign.series: 4, Sign.bracket: 4, Sign.pause: 3, Sign.scene: 3,
    Sign.distance: 3, Sign.focus: 2, Sign.burst: 1, Sign.hesitation: 1, Sign.change: 1,
    Sign.exposure: 1, Sign.names: 1, Sign.goes_on: -1,
}  # fmt: skip
"""How much each says for a new stack. Ranks, not measured: 2 in all make one, 3 a sure one."""


@dataclass(frozen=True)
class Found:
    """A sign, and how it is said.

    Attributes
    ----------
    sign : Sign
        What.
    words : str
        For people.
    """

    sign: Sign
    words: str


def seconds(value: float) -> str:
    """Return a time in words.

    >>> seconds(2.34), seconds(75), seconds(7300)
    ('2.3 s', '75 s', '2 h')
    """
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"
