"""The six taps: the kernel that errs least on what a camera records.

Between two pixels at phase ``t`` the kernel is linear interpolation plus a correction,

    w_k(t) = linear_k(t) + t (1 - t) (a_k + b_k (t - 1/2)),    k = -2 .. 3,

so that it is the identity at every pixel whatever the coefficients. The corrections sum to zero
(constants stay) and have no first moment (ramps stay), and mirror in each other
(``a_k = a_{1-k}``, ``b_k = -b_{1-k}``). Four numbers remain free. They are chosen by least
squares, over all phases and frequencies, against the exact shift ``exp(2 pi i f t)``, weighted by
the power that a picture has at that frequency: scenes fall off as 1/f², the lens, the sensor's
aperture and demosaicing together like a Gaussian (Schaum, "Theory and design of local
interpolators", CVGIP 55, 1993, for the approach; Field, JOSA A 4, 1987, for the 1/f² law).

Neither Lanczos nor cubic kernels hold the gain constant or are optimal for that spectrum; a higher
degree in t lowers the error by less than 0.1 dB.
"""

from __future__ import annotations

from functools import lru_cache
from math import erfc

import numpy as np

from focusstack.numeric.arrays import Float32, Floats

REACH_BEFORE = 2
"""Pixels that a sample at ``x`` needs before ``floor(x)``."""

REACH_AFTER = 3
"""Pixels that a sample at ``x`` needs after ``floor(x)``."""

CAMERA_BLUR = 0.7
"""Standard deviation in pixels of the blur of lens, aperture and demosaicing in a sharp photo.
Chosen as typical; no command of this project measures it."""

TAPS = np.arange(-REACH_BEFORE, REACH_AFTER + 1)
"""Places of the taps, in pixels from the one at or before the position."""

_EVEN = np.array([[1.0, 0], [0, 1], [-1, -1]])
_ODD = np.array([[1.0, 0], [0, 1], [-5, -3]])
"""Rows:  corrections of taps -2, -1, 0 in terms of the two free numbers. Their mirrors follow."""


@lru_cache(maxsize=1)
def coefficients() -> Float32:
    """Return ``(2, 3)``: ``a_k`` and ``b_k`` of taps -2, -1 and 0."""
    f = (np.arange(512) + 0.5) / 1024
    t = (np.arange(32) + 0.5) / 32
    # 1/f² x Gaussian² in two dimensions, integrated over the other axis.
    power = np.array([erfc(v) for v in 2 * np.pi * CAMERA_BLUR * f]) / f
    amplitude = np.sqrt(power)
    waves = amplitude * np.exp(2j * np.pi * np.outer(TAPS, f))
    exact = amplitude * np.exp(2j * np.pi * np.outer(t, f))
    rest = exact - linear(t) @ waves
    pairs = np.stack([waves[:3] + waves[:2:-1], waves[:3] - waves[:2:-1]])
    basis = np.stack([_EVEN.T @ pairs[0], _ODD.T @ pairs[1]])
    envelope = np.stack([t * (1 - t), t * (1 - t) * (t - 0.5)])
    columns = np.einsum("pt,pnf->pntf", envelope, basis).reshape(4, -1)
    system = np.concatenate([columns.real, columns.imag], axis=1).T
    free = np.linalg.lstsq(system, np.concatenate([rest.real.ravel(), rest.imag.ravel()]))[0]
    found: Float32 = np.stack([_EVEN @ free[:2], _ODD @ free[2:]]).astype(np.float32)
    return found


def linear(t: Floats) -> Floats:
    """Weights ``(N, 6)`` of linear interpolation at phases `t`, ``(N,)``."""
    w: Floats = np.maximum(0, 1 - np.abs(t[:, None] - TAPS))
    return w


def weights(t: Floats) -> Floats:
    """Weights ``(N, 6)`` of taps -2 .. 3 at phases `t`, ``(N,)``, from 0 to 1."""
    even, odd = coefficients().astype(float)
    a = np.concatenate([even, even[::-1]])
    b = np.concatenate([odd, -odd[::-1]])
    s = t[:, None]
    w: Floats = linear(t) + s * (1 - s) * (a + b * (s - 0.5))
    return w
