"""The compiled loops that blur layers and lay them over each other.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once

F4 = np.float32
"""Of all that is passed."""


def _mix(spectra: Float32, factors: Float32, out: Float32) -> None:
    """Sum of spectra ``(L, M, N)`` times the factors ``(L, N)`` of each: ``(M, N)``."""
    for m in range(spectra.shape[1]):
        for x in range(spectra.shape[2]):
            out[m, x] = spectra[0, m, x] * factors[0, x]
        for j in range(1, spectra.shape[0]):
            for x in range(spectra.shape[2]):
                out[m, x] += spectra[j, m, x] * factors[j, x]


def _lay(seen: Float32, light: Float32, cover: Float32, behind: Float32) -> None:
    """Lay a blurred layer ``(C + 1, N)``, coverage last, over the light ``(C, N)`` behind it."""
    channels = light.shape[0]
    for x in range(light.shape[1]):
        cover[x] = seen[channels, x]
    for c in range(channels):
        for x in range(light.shape[1]):
            behind[c, x] = light[c, x]
            light[c, x] = seen[c, x] + (np.float32(1) - cover[x]) * light[c, x]


def _pass_on(through: Float32, behind: Float32, cover: Float32, spoken: Float32) -> None:
    """Tell a layer ``(C + 1, N)`` what an error asks of it, and leave the rest to those behind.

    The error `through` ``(C, N)`` asks for light; coverage hides what is behind, whose light it
    loses whatever the layer's colour.
    """
    channels = through.shape[0]
    for x in range(cover.shape[0]):
        spoken[channels, x] = np.float32(0)
    for c in range(channels):
        for x in range(cover.shape[0]):
            spoken[c, x] = through[c, x]
            spoken[channels, x] -= through[c, x] * behind[c, x]
            through[c, x] *= np.float32(1) - cover[x]


mix = once(lambda: compiled(_mix, read_only(F4, 3), read_only(F4, 2), writable(F4, 2)))
"""Returns the compiled :func:`_mix`."""

lay = once(
    lambda: compiled(_lay, read_only(F4, 2), writable(F4, 2), writable(F4, 1), writable(F4, 2))
)
"""Returns the compiled :func:`_lay`."""

pass_on = once(
    lambda: compiled(_pass_on, writable(F4, 2), read_only(F4, 2), read_only(F4, 1), writable(F4, 2))
)
"""Returns the compiled :func:`_pass_on`."""
