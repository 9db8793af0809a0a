"""Collects the page's pictures in the course of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from focusstack.fusion.base import Fused
from focusstack.geometry.coordinates import Rect
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Image
from focusstack.output.report.camera_settings import Shot, shot_of
from focusstack.output.report.explained import Explained, explained
from focusstack.output.report.pictures import eight_bit, part, webp
from focusstack.output.report.samples import (
    Maps,
    Place,
    Sample,
    budget,
    composite,
    maps,
    places,
    sample,
    thumbnail,
)
from focusstack.plan.model import StackPlan
from focusstack.resample.planes import Planes

SEAM_SIDE, SEAM_BYTES = 360, 60_000
"""Pixels along a side of a place where frames disagree, shown at full size, and bytes of it:
three stand side by side. Chosen, not measured."""


@dataclass
class Gathered:
    """What the page shows of pixels.

    Attributes
    ----------
    places : list of Place
        What is shown at full size.
    frames : dict of str to Sample
        Of aligned frames, by file name.
    lost : dict of str to bytes
        Thumbnails of frames that are left out, by file name.
    composite : Sample or None
        None if nothing was fused.
    large : bytes or None
        The composite again, larger.
    maps : Maps or None
        Where it comes from.
    seams : list of bytes
        Of the composite at full size: where frames disagree visibly.
    explained : Explained or None
        What layers did near steps in depth, if they did anything.
    shots : dict of str to Shot
        How frames were taken, by file name.
    """

    places: list[Place]
    frames: dict[str, Sample] = field(default_factory=dict)
    lost: dict[str, bytes] = field(default_factory=dict)
    composite: Sample | None = None
    large: bytes | None = None
    maps: Maps | None = None
    seams: list[bytes] = field(default_factory=list)
    explained: Explained | None = None
    shots: dict[str, Shot] = field(default_factory=dict)


class Gathering:
    """Takes pictures as frames and results come; a few ten kilobytes of each stay.

    Parameters
    ----------
    plan : StackPlan
        Of the run.

    Attributes
    ----------
    found : Gathered
        What has been taken so far.
    """

    def __init__(self, plan: StackPlan) -> None:
        self._size = budget(len(plan.used()) + 1)
        self.found = Gathered(places(plan, self._size.place_side))

    def add(self, name: str, picture: Image | Planes, metadata: Metadata | None) -> None:
        """Take an aligned frame."""
        self.found.shots[name] = shot_of(metadata)
        self.found.frames[name] = sample(picture, metadata, self.found.places, self._size)

    def add_lost(self, name: str, picture: Picture) -> None:
        """Take a frame that is left out."""
        self.found.shots[name] = shot_of(picture.metadata)
        self.found.lost[name] = thumbnail(picture.pixels, picture.metadata.icc)

    def add_fused(self, fused: Fused, metadata: Metadata | None = None) -> None:
        """Take depth and origin of the composite, and what layers did."""
        self.found.maps = maps(fused)
        self.found.explained = explained(fused, metadata.icc if metadata else None)

    def add_composite(
        self, image: Image, metadata: Metadata | None, seams: Sequence[Rect] = ()
    ) -> None:
        """Take the composite, and at full size the places where frames disagree along `seams`."""
        self.found.seams = seam_crops(image, metadata.icc if metadata else None, seams)
        self.found.composite = sample(image, metadata, self.found.places, self._size)
        self.found.large = composite(image, metadata.icc if metadata else None)


def seam_crops(pixels: Image, icc: bytes | None, rects: Sequence[Rect]) -> list[bytes]:
    """Return places of the composite at full size, each with what surrounds it.

    Parameters
    ----------
    pixels : (H, W[, 3]) ndarray of any supported dtype
        The composite.
    icc : bytes or None
        Its colour profile.
    rects : sequence of Rect
        The places.
    """
    height, width = pixels.shape[:2]
    found = []
    for rect in rects:
        left = max(0, min(rect.x + (rect.width - SEAM_SIDE) // 2, width - SEAM_SIDE))
        top = max(0, min(rect.y + (rect.height - SEAM_SIDE) // 2, height - SEAM_SIDE))
        crop = part(pixels, slice(top, top + SEAM_SIDE), slice(left, left + SEAM_SIDE))
        found.append(webp(eight_bit(crop, icc), SEAM_BYTES))
    return found
