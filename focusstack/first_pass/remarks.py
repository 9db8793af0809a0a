"""Tell in warnings what the user should know of a stack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.crop import CommonArea
from focusstack.exposure.highlights import is_worth_a_word
from focusstack.exposure.recorded import contradictions
from focusstack.first_pass.findings import Findings
from focusstack.first_pass.light import CommonExposure
from focusstack.first_pass.measure import Measured
from focusstack.numeric.arrays import Floats

COSTLY_SHARE = 0.05
"""Share of the common area that a frame may alone take away without being named in a warning: what
one would crop without a thought. Chosen, not measured."""


def stack_warnings(found: Findings, exposure: CommonExposure, area: CommonArea) -> tuple[str, ...]:
    """Return all that pass 1 warns of, in the order of telling."""
    stack, used = found.stack, found.used
    return (
        *stack.notes,
        *([found.marks.in_words()] if found.marks else []),
        *_lost(stack, found.coarse),
        *found.coarse.notes,
        *_ungauged(stack, exposure.gains, used, exposure.filled),
        *_contradicted(stack, found.light.exposures, used),
        *_veiled(stack, found.light.veils, used),
        *_white(exposure.common, exposure.clipped_everywhere),
        *_costly(stack, used, area),
    )


def _lost(stack: Measured, coarse: Coarse) -> list[str]:
    return [f"left out: {stack.names[k]}: {coarse.reasons[k]}" for k in sorted(coarse.reasons)]


def _ungauged(
    stack: Measured, gains: Floats, used: Sequence[int], filled: Sequence[int]
) -> list[str]:
    found = []
    dark = [stack.names[k] for k in used if not np.isfinite(gains[k]).all()]
    if dark:
        found.append(f"exposure could not be compared and is left as it is: {', '.join(dark)}")
    if filled:
        names = ", ".join(stack.names[k] for k in filled)
        found.append(f"exposure could not be compared and is taken from EXIF: {names}")
    return found


def _contradicted(stack: Measured, gains: Floats, used: Sequence[int]) -> list[str]:
    found = contradictions(gains, stack.recorded, used)
    if not found:
        return []
    some = [
        f"{stack.names[k]} ({told:+.1f} recorded, {measured:+.1f} measured)"
        for k, (told, measured) in sorted(found.items())
    ]
    more = f" and {len(some) - 3} more" if len(some) > 3 else ""
    return [
        "the exposure recorded in EXIF is not the one measured, which is used: "
        f"{', '.join(some[:3])}{more}"
    ]


def _veiled(stack: Measured, veils: Floats | None, used: Sequence[int]) -> list[str]:
    if veils is None:
        return []
    light = {k: float(np.median(stack.statistics[k].blocks)) for k in used if veils[k].any()}
    some = [f"{stack.names[k]} ({100 * veils[k].mean() / light[k]:.0f} %)" for k in sorted(light)]
    more = f" and {len(some) - 3} more" if len(some) > 3 else ""
    return [
        "a veil of light, glare or haze, lies over "
        f"{', '.join(some[:3])}{more}, in shares of the frame's light: gains are measured without "
        "it, but it is not taken off"
    ]


def _white(common: float, nowhere: float) -> list[str]:
    found = []
    if common < 1:
        found.append(
            f"the common exposure is {-np.log2(common):.1f} EV below the reference's, so that no "
            "frame's highlights are lost"
        )
    if is_worth_a_word(nowhere):
        found.append(f"{100 * nowhere:.1f} % of the picture is clipped in every frame")
    return found


def _costly(stack: Measured, used: Sequence[int], area: CommonArea) -> list[str]:
    return [
        f"{stack.names[k]} alone takes {100 * cost:.0f} % of the common area"
        for k, cost in zip(used, area.costs, strict=True)
        if cost > COSTLY_SHARE
    ]
