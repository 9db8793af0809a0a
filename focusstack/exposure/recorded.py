"""What EXIF records of exposure: it fills gaps and is held against what is measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.images.metadata import Metadata
from focusstack.numeric.arrays import Floats

CONTRADICTION_EV = 0.4
"""Stops between the recorded and the measured exposure that are worth a word: apertures and
shutters keep to a third of a stop, which cameras round to. Follows from that; not measured."""


def recorded_stops(metadata: Metadata) -> float | None:
    """Exposure recorded in EXIF, stops on an arbitrary scale; None without an exposure time.

    Twice the time, twice the ISO speed, or the f-number divided by the root of two, is a stop more
    (ISO 2720). What is not recorded counts as the same in all frames.
    """
    time = metadata.exposure_time
    if time is None or time <= 0:
        return None
    iso, number = metadata.iso or 100.0, metadata.f_number or 1.0
    return float(np.log2(time * iso / 100 / number**2)) if min(iso, number) > 0 else None


def with_recorded(
    gains: Floats, recorded: Sequence[float | None], used: Sequence[int], reference: int
) -> tuple[Floats, list[int]]:
    """Fill gains that could not be measured from EXIF.

    Parameters
    ----------
    gains : (n, C) ndarray
        NaN where they are not known. Not modified.
    recorded : sequence of float or None
        From `recorded_stops`, of each frame.
    used : sequence of int
        Frames that are filled.
    reference : int
        Frame whose gain is 1.

    Returns
    -------
    gains : (n, C) ndarray
        A copy.
    filled : list of int
        Which frames' gains are EXIF's word.
    """
    gains, filled, own = gains.copy(), [], recorded[reference]
    for k in used:
        stops = recorded[k]
        if own is not None and stops is not None and not np.isfinite(gains[k]).all():
            gains[k] = 2.0 ** (own - stops)
            filled.append(k)
    return gains, filled


def contradictions(
    gains: Floats, recorded: Sequence[float | None], used: Sequence[int]
) -> dict[int, tuple[float, float]]:
    """Find frames whose recorded exposure is not the measured one.

    Parameters
    ----------
    gains, recorded, used
        As for `with_recorded`.

    Returns
    -------
    dict of int to (float, float)
        Of each such frame, the recorded and the measured exposure in stops, relative to the
        stack's usual: the median frame contradicts nothing.
    """
    known = [k for k in used if recorded[k] is not None and np.isfinite(gains[k]).all()]
    if len(known) < 2:
        return {}
    measured = {k: -float(np.log2(gains[k]).mean()) for k in known}
    told = {k: float(recorded[k] or 0) for k in known}
    usual = float(np.median([measured[k] - told[k] for k in known]))
    return {
        k: (told[k] + usual, measured[k])
        for k in known
        if abs(measured[k] - told[k] - usual) > CONTRADICTION_EV
    }
