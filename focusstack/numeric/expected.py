"""What the stages expect of arrays from outside, told in words where it is not so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

KINDS = (np.uint8, np.uint16, np.float32)
"""Types of pixels."""


def check_picture(given: object, what: str = "a picture") -> None:
    """Make sure that something is a picture.

    Raises
    ------
    ValueError
        If it is no array ``(H, W[, C])`` with pixels.
    TypeError
        If its pixels are not uint8, uint16 or float32.

    Examples
    --------
    >>> check_picture(np.zeros((0, 7), np.uint8))
    Traceback (most recent call last):
    ValueError: a picture is an array (H, W) or (H, W, C) with pixels, not one of shape (0, 7)
    """
    if not isinstance(given, np.ndarray):
        raise ValueError(f"{what} is an array (H, W) or (H, W, C), not {type(given).__name__}")
    if given.ndim not in (2, 3) or not given.size:
        raise ValueError(
            f"{what} is an array (H, W) or (H, W, C) with pixels, not one of shape {given.shape}"
        )
    if given.dtype not in KINDS:
        raise TypeError(
            f"pixels of type {given.dtype} are not supported; use uint8, uint16 or float32"
        )


def check_pictures(given: object, fewest: int = 1, *, one_dtype: bool = True) -> None:
    """Make sure that something is a sequence of pictures of one shape and type.

    Raises
    ------
    ValueError
        If there are too few, one is no picture, or shapes or types differ.
    TypeError
        If their pixels are not uint8, uint16 or float32.

    Examples
    --------
    >>> check_pictures([np.zeros((4, 7), np.uint8)], fewest=2)
    Traceback (most recent call last):
    ValueError: at least two frames of one size are needed
    """
    if not isinstance(given, (Sequence, np.ndarray)) or isinstance(given, (str, bytes)):
        raise ValueError(f"frames are a list of arrays, not {type(given).__name__}")
    if len(given) < fewest:
        number = {1: "one frame is", 2: "two frames of one size are"}[fewest]
        raise ValueError(f"at least {number} needed")
    for place, one in enumerate(given):
        check_picture(one, f"frame {place}")
        if one.shape != given[0].shape or (one_dtype and one.dtype != given[0].dtype):
            raise ValueError(
                f"frames have one shape and one dtype: frame {place} is {one.shape} "
                f"{one.dtype}, frame 0 is {given[0].shape} {given[0].dtype}"
            )


def check_matrices(given: object, count: int | None = None) -> None:
    """Make sure that something is a matrix, or `count` of them, with inverses.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> check_matrices(np.zeros((3, 3)))
    Traceback (most recent call last):
    ValueError: a matrix has finite numbers and can be inverted
    """
    shape = (3, 3) if count is None else (count, 3, 3)
    if not isinstance(given, np.ndarray) or given.shape != shape:
        found = given.shape if isinstance(given, np.ndarray) else type(given).__name__
        raise ValueError(f"matrices are an array {shape}, not {found}")
    with np.errstate(all="ignore"):
        sizes = np.linalg.det(given.astype(float)) if np.isfinite(given).all() else np.zeros(1)
    if not (np.isfinite(sizes).all() and np.all(sizes != 0)):
        raise ValueError("a matrix has finite numbers and can be inverted")


def check_gain(gain: object, channels: int) -> None:
    """Make sure that something is a factor for each of so many channels, or one for all.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> check_gain(np.ones(2), channels=3)
    Traceback (most recent call last):
    ValueError: a gain has a positive factor for each of 3 channels
    """
    factors = gain if isinstance(gain, np.ndarray) else np.zeros(0)
    if factors.shape not in ((channels,), (1,)) or not np.all(np.isfinite(factors) & (factors > 0)):
        many = "each of 3 channels" if channels == 3 else f"{channels} channels"
        raise ValueError(f"a gain has a positive factor for {many}")
