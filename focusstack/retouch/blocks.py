"""Aligned frames, block by block and at any size, made from plan and originals when asked for.

A block is 512 pixels wide and high and lies on a grid over the composite at its level: level 0 is
full size, each next one half as large. Blocks of level 0 are what the second pass gives fusion;
smaller ones are of reduced frames, and only looked at. What is made is kept until its memory is
wanted for something else.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from focusstack.errors import FocusstackError
from focusstack.frames.sources import FrameSource
from focusstack.fusion.levels.validity import AROUND
from focusstack.geometry.coordinates import Rect, at_scale, cut, translation
from focusstack.geometry.field import Field
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Image
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.plan.reuse import check_places
from focusstack.resample.warp import Destination
from focusstack.retouch.made_lately import Kept
from focusstack.runtime.cores import usable_cores
from focusstack.second_pass.behind_marks import Small, Veil
from focusstack.second_pass.render import render

BLOCK = 512
"""Pixels along a side of a block: as large as what is shown at once, so that one is one picture of
the page. Speed only."""

KEPT_FRAMES = 256 << 20
"""Bytes of decoded frames that are kept, and at least one: three of 24 megapixels. Chosen so that
all that a session holds stays below a gigabyte (``docs/review.md``)."""

KEPT_BLOCKS = 96 << 20
"""Bytes of made blocks that are kept: sixty in colour, three screens. Chosen as `KEPT_FRAMES`."""

FASTEST = 8
"""Largest reduction that decoders know."""


@dataclass(frozen=True)
class BlockKey:
    """Which block: of what, at which level, in which column and row."""

    name: str
    level: int
    column: int
    row: int


def level_size(rect: Rect, level: int) -> tuple[int, int]:
    """Width and height of a picture at a level: halved, and rounded up, so often.

    Examples
    --------
    >>> level_size(Rect(0, 0, 1001, 600), 2)
    (251, 150)
    """
    return -(-rect.width >> level), -(-rect.height >> level)


def levels_of(rect: Rect) -> int:
    """How many levels a picture has: the last fits one block.

    Examples
    --------
    >>> levels_of(Rect(0, 0, 1500, 600))
    3
    """
    longest = max(rect.width, rect.height, BLOCK) - 1
    return longest.bit_length() - (BLOCK - 1).bit_length() + 1


def block_rect(rect: Rect, level: int, column: int, row: int) -> Rect:
    """Return the part of a level that a block covers; ValueError if there is no such block.

    Examples
    --------
    >>> block_rect(Rect(0, 0, 1500, 600), 1, 1, 0)
    Rect(x=512, y=0, width=238, height=300)
    """
    if not 0 <= level < levels_of(rect):
        raise ValueError(f"there is no level {level}")
    width, height = level_size(rect, level)
    x, y = column * BLOCK, row * BLOCK
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f"there is no block {column}, {row} at level {level}")
    return Rect(x, y, min(BLOCK, width - x), min(BLOCK, height - y))


def halved(image: Image) -> Image:
    """Half as large, each pixel the mean of four; an odd edge counts twice.

    Examples
    --------
    >>> halved(np.array([[0, 2, 8]], np.uint8))
    array([[1, 8]], dtype=uint8)
    """
    height, width = (n // 2 for n in image.shape[:2])
    found = np.empty(
        (-(-image.shape[0] // 2), -(-image.shape[1] // 2), *image.shape[2:]), image.dtype
    )
    if height and width:
        found[:height, :width] = _mean(image[: 2 * height, : 2 * width])
    if found.shape[1] > width:  # a copy of all of it with one more column would take far longer
        found[:, width:] = _mean(image[:, 2 * width :])
    if found.shape[0] > height:
        found[height:] = _mean(image[2 * height :])
    return found


def _mean(image: Image) -> Image:
    """Mean of each four pixels of a picture; what is missing at its edge is repeated."""
    height, width = image.shape[:2]
    down, across = height % 2, width % 2
    if down or across:
        image = np.asarray(cv2.copyMakeBorder(image, 0, down, 0, across, cv2.BORDER_REPLICATE))
    size = image.shape[1] // 2, image.shape[0] // 2
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


class AlignedBlocks:
    """Aligned frames of a stack, block by block.

    Parameters
    ----------
    frames : FrameSource
        The originals.
    plan : StackPlan
        Fitted to them.
    """

    def __init__(self, frames: FrameSource, plan: StackPlan) -> None:
        self._frames, self._plan = frames, plan
        self._used = {f.file: f for f in plan.used()}
        # Aligned files may have other suffixes than the frames that they were made of.
        self._index = {Path(name).stem: i for i, name in enumerate(frames.names)}
        self._highest = np.max([f.gain for f in plan.used()], axis=0)
        self._pictures = Kept[Picture](KEPT_FRAMES, lambda p: int(p.pixels.nbytes))
        self._blocks = Kept[Image](KEPT_BLOCKS, lambda block: int(block.nbytes))
        self._turns = threading.BoundedSemaphore(usable_cores())
        self._checking, self._checked = threading.Lock(), False
        self._small, rest = (None, None) if plan.marks is None else Small.of(plan.marks)
        self._veil = None
        if plan.marks is not None:
            self._veil = Veil(rest, self._small, plan.crop, None, plan.reference, 1)

    def __contains__(self, name: str) -> bool:
        return name in self._used

    def block(self, key: BlockKey) -> Image:
        """Return a block of an aligned frame: 16 bits a value, as fusion sees it.

        Raises
        ------
        ValueError
            If there is none.
        InputError
            If the frame cannot be read any more.
        """
        if key.name not in self._used:
            raise ValueError(f"there is no frame {key.name}")
        rect = block_rect(self._plan.crop, key.level, key.column, key.row)
        return self._blocks.get(key, lambda: self._made(key, rect))

    def whole(self, name: str, level: int) -> Image:
        """Return all of a frame at a level, 16 bits a value; nothing of it is kept.

        Raises
        ------
        ValueError, InputError
            As `block`.
        """
        if name not in self._used:
            raise ValueError(f"there is no frame {name}")
        rect = Rect(0, 0, *level_size(self._plan.crop, level))
        self.check()
        with self._turns:
            picture = self._decoded(name, level)
            return self._rendered(self._used[name], picture, rect, level)

    def prepare(self, name: str) -> None:
        """Decode a frame that will be asked for at full size, which takes most of a block's time.

        Nothing happens if there is none of that name, or it cannot be read: whoever asks is told.
        """
        if name in self._used:
            with suppress(FocusstackError), self._turns:
                self._picture(name, 0)

    def room(self) -> int:
        """How many decoded frames are kept, if all are like the first."""
        width, height = self._frames.size
        size = width * height * self._frames.channels * self._frames.dtype.itemsize
        return max(1, KEPT_FRAMES // size)

    def check(self) -> None:
        """Make sure that the plan takes no pixel from outside a frame; before the first is made.

        Raises
        ------
        InputError
            If it does.
        """
        with self._checking:
            if not self._checked:
                check_places(self._plan)  # loads the compiler, which takes a while
                self._checked = True

    def _made(self, key: BlockKey, rect: Rect) -> Image:
        self.check()
        with self._turns:
            picture = self._picture(key.name, key.level)
            return self._rendered(self._used[key.name], picture, rect, key.level)

    def _rendered(self, frame: FramePlan, picture: Picture, rect: Rect, level: int) -> Image:
        if level == 0:
            return self._full(frame, picture, rect)
        return self._reduced(frame, picture, rect, level)

    def _full(self, frame: FramePlan, picture: Picture, rect: Rect) -> Image:
        """Part of the composite's area as the second pass renders it."""
        crop, veil = self._plan.crop, self._veil
        wide = rect if veil is None else _widened(rect, 2 * AROUND, crop)
        place = Rect(wide.x + crop.x, wide.y + crop.y, wide.width, wide.height)
        moved = replace(frame, field=self._field(frame))
        coded = Destination(coded=picture.pixels.dtype == np.uint8)
        aligned = render(picture, moved, place, self._highest, coded)
        if veil is not None:
            aligned = replace(veil, rect=place).laid_over(aligned, moved)
        found = aligned.planes.rounded(np.dtype(np.uint16))
        inner = Rect(rect.x - wide.x, rect.y - wide.y, rect.width, rect.height)
        return np.ascontiguousarray(cut(found, inner))

    def _reduced(self, frame: FramePlan, picture: Picture, rect: Rect, level: int) -> Image:
        """Part of a smaller picture: for looking at."""
        assert frame.matrix is not None
        crop, scale = self._plan.crop, 2.0**-level
        # The composite's corner may lie between pixels of the smaller canvas.
        x, y = crop.x * scale, crop.y * scale
        H = translation(np.floor(x) - x, np.floor(y) - y) @ at_scale(frame.matrix, 1 / scale)
        field = self._field(frame)
        if field is not None:
            field = field.reduced(scale, *level_size(Rect(0, 0, *self._plan.canvas), level))
        moved = replace(frame, matrix=H, field=field)
        place = Rect(int(x) + rect.x, int(y) + rect.y, rect.width, rect.height)
        coded = Destination(coded=picture.pixels.dtype == np.uint8)
        aligned = render(picture, moved, place, self._highest, coded)
        return aligned.planes.rounded(np.dtype(np.uint16))

    def _field(self, frame: FramePlan) -> Field | None:
        return self._plan.displacement(frame, in_focus=self._plan.scene is not None)

    def _picture(self, name: str, level: int) -> Picture:
        """Return the frame at a level, decoded."""
        return self._pictures.get((name, level), lambda: self._decoded(name, level))

    def _decoded(self, name: str, level: int) -> Picture:
        reduction = min(1 << level, FASTEST)
        source = self._frames if level == 0 else self._frames.reduced(reduction)
        picture = source.read(self._index[Path(name).stem])
        pixels = picture.pixels
        width, height = self._frames.size
        wanted = level_size(Rect(0, 0, width, height), level)
        while pixels.shape[1] > wanted[0]:
            pixels = halved(pixels)
        return replace(picture, pixels=pixels, alpha=None if level else picture.alpha)


def _widened(rect: Rect, by: int, crop: Rect) -> Rect:
    """Return a part of the composite with what is around it."""
    x, y = max(0, rect.x - by), max(0, rect.y - by)
    right = min(crop.width, rect.x + rect.width + by)
    bottom = min(crop.height, rect.y + rect.height + by)
    return Rect(x, y, right - x, bottom - y)
