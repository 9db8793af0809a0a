"""What the compiled loops of fusion are given, each array by its name.

Nothing here loads the compiler, which sees through named tuples at no cost.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.loops.codes import Codes
from focusstack.numeric.arrays import Float32

Values: TypeAlias = NDArray[np.float32] | NDArray[np.int16]
"""Numbers as they are, or whole multiples of a step."""

A = TypeVar("A", bound=NDArray[Any])


class Scaled(NamedTuple):
    """Planes ``(C, H, W)`` in steps.

    Attributes
    ----------
    values : (C, H, W) float32 or int16 ndarray
        int16 holds whole multiples of `step`.
    step : float32
        What 1 stands for. 0 marks a mean of float32, which is not rounded to steps at all.
    """

    values: Values
    step: np.float32


class Halves(NamedTuple):
    """A frame at half the size, to be filled in.

    Attributes
    ----------
    signal : (1 or C, h, w) float32 ndarray
        Its luma if there is `colour`, else all channels.
    colour : (2, h, w) float32 ndarray
        What red and blue differ from the luma by; may be empty.
    grey : (h, w) float32 ndarray
        Its luma; may be that of `signal`.
    """

    signal: Float32
    colour: Float32
    grey: Float32


class Energies(NamedTuple):
    """Mean square of the finest band over a window, to be filled in.

    Attributes
    ----------
    luma : (H, W) uint16 ndarray
        As codes.
    colour : (h, w) float32 ndarray
        Sum over the two colour differences, at half the size; may be empty.
    """

    luma: Codes
    colour: Float32


class Extremes(NamedTuple):
    """Least and most luma of all frames so far around each place, at half the size.

    Attributes
    ----------
    low, high : (h, w) float32 or int16 ndarray
        int16 holds whole multiples of `step`.
    step : float32
        What 1 stands for; 0 for float32, which is kept as it is.
    """

    low: Values
    high: Values
    step: np.float32


class Coarse(NamedTuple):
    """What is known of a frame at half the size when its finest band is blended.

    Attributes
    ----------
    signal : (C, h, w) float32 ndarray
        Its luma if there is `colour`, else all channels.
    colour : (2, h, w) float32 ndarray
        What red and blue differ from the luma by; may be empty.
    colour_shares : (h, w) float32 ndarray
        The frame's shares in the mean of these; may be empty.
    """

    signal: Float32
    colour: Float32
    colour_shares: Float32


class Evidence(NamedTuple):
    """How sharp a frame is at the finest level, and how far it is to be trusted.

    Attributes
    ----------
    energy : (H, W) uint16 ndarray
        Mean square of its finest band over a window, as codes.
    floor : float32
        What of it is noise.
    second : (h, w) float32 ndarray
        Energy above the noise of the second level; may be empty.
    validity : (H, W) uint8 ndarray
        In 255ths; may be empty.
    """

    energy: Codes
    floor: np.float32
    second: Float32
    validity: NDArray[np.uint8]


class Weight(NamedTuple):
    """Weight of all frames so far.

    Attributes
    ----------
    amplitude : (h, w) float32 ndarray
        Square root of the energy above the noise that one frame of that weight would have.
    scale : float32
        Turns it into quality, which is 1 where there is nothing but noise.
    """

    amplitude: Float32
    scale: np.float32


class Limits(NamedTuple):
    """What detail must keep to that is found elsewhere in another frame; all float32.

    Attributes
    ----------
    astray, astray_part : float32
        Cells, and part of the way, by which the way there and back may differ.
    equally_sharp, equally_blurred : float32
        Amplitude of the weaker by that of the stronger, for detail that is sharp in both frames,
        and for what is blurred.
    least_detail : float32
        Amplitude of what can be found again.
    in_focus : float32
        Energy finer than the grid by that on the grid, from which on detail is sharp.
    alike : float32
        Energy of all finer detail around it in the one frame by that in the other.
    least_energy : float32
        Added to both.
    far_shift, alike_shift, least_shift : float32
        Cells by which blurred detail, sharp detail, and detail beside such must be displaced.
    """

    astray: np.float32
    astray_part: np.float32
    equally_sharp: np.float32
    equally_blurred: np.float32
    least_detail: np.float32
    in_focus: np.float32
    alike: np.float32
    least_energy: np.float32
    far_shift: np.float32
    alike_shift: np.float32
    least_shift: np.float32


class Band(NamedTuple):
    """A band that is not stored: what a picture holds beyond its half.

    Attributes
    ----------
    picture : (C, h, w) float32 ndarray
        One level of a Gaussian pyramid.
    half : (C, ceil(h / 2), ceil(w / 2)) float32 ndarray
        The next.
    """

    picture: Float32
    half: Float32


def read_only(array: A) -> A:
    """Return a view that cannot be written to, as loops want those of a tuple's that they read."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return cast(A, view)
