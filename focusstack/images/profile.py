"""ICC profiles: what the codes of a picture mean in linear light.

Matrix/TRC profiles (sRGB, Display P3, Adobe RGB, ProPhoto, …) and grey ones hold one tone curve per
channel, which is all that exposure and blur-aware comparison need. LittleCMS judges whether a
profile is sound and tells its primaries; it hands out no curves, so these are read here.

Source of the layout: ICC.1:2022, sections 7.3 (tag table), 10.6 (curveType), 10.18
(parametricCurveType).
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import ImageCms

from focusstack.images.colour import Transfer, decode
from focusstack.numeric.arrays import Floats

CODES = np.arange(65536) / 65535
"""The 16 bit codes as encoded values."""

SAME_CURVE = 5e-4
"""Difference in linear light, white at 1, below which curves are one curve.

Chosen, not measured by a benchmark: sRGB comes with many roundings, far below this; the nearest
other curve in use, gamma 2.2, is 0.0085 away.
"""

_PARAMETERS = (1, 3, 4, 5, 7)
"""How many numbers each kind of parametric curve has."""


class ProfileError(ValueError):
    """The profile is damaged or holds no tone curves."""


@lru_cache(maxsize=16)
def transfer_of(icc: bytes | None) -> Transfer | None:
    """Tone curves of an ICC profile; None for sRGB's and where there is no profile.

    Raises
    ------
    ProfileError
        If the profile is damaged, or made of look-up tables without curves.
    """
    if icc is None:
        return None
    _open(icc)
    names = [b"kTRC"] if icc[16:20] == b"GRAY" else [b"rTRC", b"gTRC", b"bTRC"]
    tags = _tags(icc)
    if any(name not in tags for name in names):
        raise ProfileError("holds no tone curves")
    curves = np.stack([_curve(tags[name]) for name in names])
    srgb = decode(CODES.astype(np.float32))
    return None if np.abs(curves - srgb).max() < SAME_CURVE else Transfer(curves)


@lru_cache(maxsize=16)
def colours_of(icc: bytes | None, channels: int) -> tuple[float, ...]:
    """Numbers that two profiles share if they mean the same colours, rounded to what is visible.

    Those of sRGB stand for no profile. A damaged profile has numbers of its own.
    """
    try:
        curve = transfer_of(icc)
    except ProfileError:
        return (float(hash(icc)),)
    steps = np.linspace(0.1, 0.9, 5)
    curves = decode(steps.astype(np.float32)) if curve is None else curve.curves[:, _nodes(steps)]
    numbers = np.round(
        np.broadcast_to(curves[:channels] if curves.ndim == 2 else curves, (channels, 5)), 2
    )
    return (*numbers.ravel().tolist(), *(_primaries(icc) if channels == 3 else ()))


def name_of(icc: bytes | None) -> str:
    """What the profile calls itself."""
    if icc is None:
        return "no profile"
    try:
        name = ImageCms.getProfileDescription(_open(icc)).strip()
    except (ProfileError, ImageCms.PyCMSError):
        name = ""
    return name or "an unnamed profile"


def _nodes(steps: Floats) -> Any:
    return np.round(steps * 65535).astype(int)


def _primaries(icc: bytes | None) -> tuple[float, ...]:
    """Chromaticities of the three primaries under D50, rounded."""
    made = icc is None
    opened = ImageCms.createProfile("sRGB") if made else _open(icc or b"").profile
    profile: Any = opened
    found: list[float] = []
    for name in ("red", "green", "blue"):
        colorant = getattr(profile, f"{name}_colorant", None)
        if colorant is not None:
            found += [round(v, 2) for v in colorant[1][:2]]
    return tuple(found)


def _open(icc: bytes) -> ImageCms.ImageCmsProfile:
    """Let LittleCMS read the profile."""
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc))
    except (OSError, ImageCms.PyCMSError) as error:
        raise ProfileError("is damaged") from error


def _tags(icc: bytes) -> dict[bytes, bytes]:
    """Tags of a profile by signature."""
    try:
        (count,) = struct.unpack_from(">I", icc, 128)
        entries = [struct.unpack_from(">4sII", icc, 132 + 12 * i) for i in range(min(count, 200))]
    except struct.error as error:
        raise ProfileError("is damaged") from error
    return {name: icc[start : start + size] for name, start, size in entries}


def _curve(tag: bytes) -> Floats:
    """Linear light of each of the 16 bit codes; rising, from the encoding of a curve tag."""
    try:
        values = {b"curv": _sampled, b"para": _parametric}[tag[:4]](tag)
    except (struct.error, KeyError, IndexError) as error:
        raise ProfileError("holds tone curves of an unknown kind") from error
    if not np.isfinite(values).all() or values[-1] - values[0] < 0.5:
        raise ProfileError("holds tone curves that do not rise")
    return np.maximum.accumulate(np.clip(values, 0, 1))


def _sampled(tag: bytes) -> Floats:
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return np.asarray(CODES)
    samples = np.frombuffer(tag, ">u2", count, 12) if len(tag) >= 12 + 2 * count else None
    if samples is None:
        raise ProfileError("is damaged")
    if count == 1:
        return np.asarray(CODES ** (float(samples[0]) / 256))
    return np.asarray(np.interp(CODES, np.linspace(0, 1, count), samples / 65535))


def _parametric(tag: bytes) -> Floats:
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = _PARAMETERS[kind]
    numbers = [v / 65536 for v in struct.unpack_from(f">{count}i", tag, 12)]
    g, a, b, c, d, e, f = [*numbers, *[0.0] * 7][:7]
    if kind == 0:
        return np.asarray(CODES**g)
    if kind in (1, 2):  # below -b/a there is only the offset
        offset = c if kind == 2 else 0.0
        return np.asarray(np.maximum(a * CODES + b, 0) ** g + offset)
    upper = np.maximum(a * CODES + b, 0) ** g + e
    return np.asarray(np.where(d <= CODES, upper, c * CODES + f))
