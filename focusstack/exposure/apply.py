"""How a frame's light is multiplied: a table for each channel, or a formula for floats."""

from __future__ import annotations

import numpy as np

from focusstack.images.colour import Transfer, codes, decode, encode, linearise, look_up
from focusstack.numeric.arrays import Float32, Floats, Image
from focusstack.numeric.expected import check_gain, check_picture


def tone_table(
    dtype: np.dtype[np.generic],
    gain: Floats,
    transfer: Transfer | None = None,
    exponent: float = 1.0,
) -> Float32:
    """Encoded value after `gain` and `exponent` for every code of an integer dtype.

    Linearisation, gain and encoding are one function of the stored code, so that a frame's
    exposure costs a table look-up. Values above 1 are kept.

    Parameters
    ----------
    dtype : dtype
        uint8 or uint16.
    gain : (C,) ndarray
        Factors on linear light.
    transfer : Transfer, optional
        How the codes relate to light; sRGB's way if not given.
    exponent : float, optional
        Power to which linear light is raised before the gain.

    Returns
    -------
    (C, 256 or 65536) float32 ndarray
        Encoded, 1 = white.

    Raises
    ------
    TypeError
        If the dtype is none of a picture's.

    Examples
    --------
    >>> table = tone_table(np.dtype(np.uint8), np.array([1.0, 2.0]))
    >>> table[:, 128].round(3)
    array([0.502, 0.688], dtype=float32)
    """
    unchanged = codes(dtype)

    def row(channel: int, factor: np.float32) -> Float32:
        if factor == 1 and exponent == 1:
            return unchanged
        if transfer is None:
            return encode(_toned(decode(unchanged), exponent) * factor)
        own = transfer.of_channel(channel)
        return own.encode(_toned(own.decode(unchanged), exponent) * factor)

    return np.stack([row(c, np.float32(g)) for c, g in enumerate(gain)])


def _toned(light: Float32, exponent: float) -> Float32:
    return light if exponent == 1 else np.power(np.maximum(light, 0), np.float32(exponent))


def apply_gain(
    image: Image, gain: Floats, transfer: Transfer | None = None, exponent: float = 1.0
) -> Float32:
    """Multiply linear light by `gain`; encoded float32 comes back, not clipped above.

    It is a copy: the frame stays as it is.

    Parameters
    ----------
    image : (H, W[, C]) ndarray
        uint8, uint16 or float32.
    gain : (C,) ndarray
        Factor of each channel.
    transfer : Transfer, optional
        How the codes relate to light; sRGB's way if not given.
    exponent : float, optional
        Power to which linear light is raised before the gain.

    Returns
    -------
    (H, W[, C]) float32 ndarray
        Encoded, 1 = white; more where the gain lifts light beyond white.

    Raises
    ------
    TypeError
        If the image is not uint8, uint16 or float32.
    ValueError
        If it is no picture, or the gain is not a positive factor for each channel.

    Examples
    --------
    >>> apply_gain(np.full((1, 2), 128, np.uint8), np.array([2.0])).round(3)
    array([[0.688, 0.688]], dtype=float32)
    """
    check_picture(image)
    check_gain(gain, image.shape[2] if image.ndim == 3 else 1)
    if image.dtype == np.float32 and np.all(gain == 1) and exponent == 1:
        return image.copy()
    if image.dtype == np.float32:
        factor = np.asarray(gain, np.float32)
        light = _toned(linearise(image, transfer), exponent)
        light = light * (factor if image.ndim == 3 else factor[0])
        return encode(light) if transfer is None else transfer.encode(light)
    return look_up(image, tone_table(image.dtype, gain, transfer, exponent))
