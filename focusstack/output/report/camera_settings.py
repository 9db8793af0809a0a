"""How a frame was taken, as its EXIF says, in the words of photographers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from focusstack.images.metadata import Metadata

LONGEST = 60
"""Characters of a camera's or lens's name that are shown: names come from files. Chosen."""


@dataclass(frozen=True)
class Shot:
    """How a frame was taken; empty texts where that is not known.

    Attributes
    ----------
    camera, lens : str
        Their names.
    aperture, exposure, iso, focal_length : str
        Such as ``f/8``, ``1/125 s``, ``ISO 100`` and ``100 mm``.
    """

    camera: str = ""
    lens: str = ""
    aperture: str = ""
    exposure: str = ""
    iso: str = ""
    focal_length: str = ""

    @property
    def settings(self) -> str:
        """Aperture, exposure time and sensitivity in a line."""
        return ", ".join(one for one in (self.aperture, self.exposure, self.iso) if one)


def shot_of(metadata: Metadata | None) -> Shot:
    """Return what a frame's file says of how it was taken.

    Examples
    --------
    >>> shot_of(None).settings
    ''
    """
    if metadata is None:
        return Shot()
    f, iso, focal = metadata.f_number, metadata.iso, metadata.focal_length
    return Shot(
        _printable(metadata.camera),
        _printable(metadata.lens),
        f"f/{f:.3g}" if f else "",
        exposure_words(metadata.exposure_time),
        f"ISO {iso:.0f}" if iso else "",
        f"{focal:.3g} mm" if focal else "",
    )


def exposure_words(seconds: float | None) -> str:
    """Return an exposure time as cameras show it; empty if it is not known.

    Examples
    --------
    >>> [exposure_words(t) for t in (0.008, 0.5, 2.5)]
    ['1/125 s', '0.5 s', '2.5 s']
    """
    if not seconds or seconds <= 0:
        return ""
    return f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{seconds:.3g} s"


def shared_gear(shots: Iterable[Shot]) -> str:
    """Return camera, lens and focal length where all frames share them."""
    every = list(shots)
    names = ("camera", "lens", "focal_length")
    found = [{str(getattr(shot, name)) for shot in every} for name in names]
    return ", ".join(min(one) for one in found if len(one) == 1 and min(one))


def _printable(name: str) -> str:
    text = "".join(c for c in name if c.isprintable())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
