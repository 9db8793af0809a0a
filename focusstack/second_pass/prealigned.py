"""Frames that are aligned already: fuse them, or crop them to what they share."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import cv2
import numpy as np

from focusstack.errors import InputError
from focusstack.frames.sources import FrameSource
from focusstack.fusion.base import Fused
from focusstack.fusion.passes import name_pass, run_passes
from focusstack.fusion.registry import make_fuser
from focusstack.geometry.coordinates import Rect
from focusstack.images.colour import brightest_channel, full_scale, to_float
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Float32, Mask
from focusstack.options import FusionOptions
from focusstack.runtime.prefetch import prefetch
from focusstack.runtime.progress import Progress, Silent, track
from focusstack.runtime.threads import own_threads

BLACK = 2 / 255
"""Border pixels at most this bright, connected to the picture's edge, count as empty."""


def fuse_aligned(
    frames: FrameSource, options: FusionOptions | None = None, progress: Progress | None = None
) -> Fused:
    """Fuse frames that are aligned and equally exposed, in their given order.

    Transparent pixels (alpha) take no part.

    Parameters
    ----------
    frames : FrameSource
        The frames.
    options : FusionOptions, optional
        Defaults if not given.
    progress : Progress, optional
        Silent if not given.
    """
    progress = progress or Silent()
    width, height = frames.size
    shape = (height, width, 3) if frames.channels == 3 else (height, width)
    options = replace(options or FusionOptions(), deep=frames.dtype != np.uint8)
    fuser = make_fuser(shape, len(frames), options)

    def shown(number: int) -> Generator[tuple[Float32, Float32 | None], None, None]:
        stage = name_pass(number, fuser.passes)
        with track(progress, stage, _pictures(frames), len(frames)) as pictures:
            for picture in pictures:
                yield to_float(picture.pixels), picture.alpha

    with own_threads():
        return run_passes(fuser, shown)


def _pictures(frames: FrameSource) -> Generator[Picture, None, None]:
    return prefetch(frames.read, range(len(frames)))


def filled(picture: Picture) -> Mask:
    """Where a picture shows something: not transparent, and not in a black border.

    Parameters
    ----------
    picture : Picture
        With alpha, alpha decides; without, black areas that touch the picture's edge are borders.
    """
    if picture.alpha is not None:
        return np.asarray(picture.alpha > 0.999)
    pixels = picture.pixels
    brightest = brightest_channel(pixels)
    dark = (brightest <= BLACK * full_scale(pixels.dtype)).astype(np.uint8)
    count, labels = cv2.connectedComponents(dark, connectivity=4)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.zeros(count, bool)
    outside[np.unique(edge)] = True
    outside[0] = False
    return np.asarray(~outside[labels])


def shared_area(frames: FrameSource, progress: Progress | None = None) -> Rect:
    """Largest rectangle in which every frame shows something.

    Raises
    ------
    InputError
        If there is none.
    """
    width, height = frames.size
    shared = np.ones((height, width), bool)
    stage = "Finding borders"
    with track(progress or Silent(), stage, _pictures(frames), len(frames)) as pictures:
        for picture in pictures:
            shared &= filled(picture)
    rect = largest_true_rectangle(shared)
    if rect is None:
        raise InputError(
            "the frames share no area that is free of borders",
            "Check that the frames are aligned and show the same subject.",
        )
    return rect


def largest_true_rectangle(mask: Mask) -> Rect | None:
    """Largest rectangle of a mask that is True throughout, exactly; None if there is none.

    Row by row, the heights of the columns of True above form a histogram, whose largest
    rectangle is found with a stack. Only where the heights change is a column looked at, which
    on masks with few holes is rarely.
    """
    height = np.zeros(mask.shape[1] + 1, np.int64)
    best: tuple[int, ...] = (0, 0, 0, 0, 0)
    for y, row in enumerate(mask):
        height[:-1] = np.where(row, height[:-1] + 1, 0)
        # A rectangle that can still grow downwards is found later.
        if y + 1 < len(mask) and np.array_equal(mask[y + 1] & row, row):
            continue
        starts = np.r_[0, np.flatnonzero(np.diff(height)) + 1]
        best = max(best, _under_histogram(height[starts].tolist(), starts.tolist(), y))
    area, x, y, w, h = best
    return Rect(x, y, w, h) if area else None


def _under_histogram(heights: list[int], starts: list[int], y: int) -> tuple[int, ...]:
    """Largest rectangle under a run-length coded histogram: ``(area, x, y, width, height)``."""
    best: tuple[int, ...] = (0, 0, 0, 0, 0)
    open_bars: list[tuple[int, int]] = []
    for x, h in zip(starts, heights, strict=True):
        start = x
        while open_bars and open_bars[-1][1] >= h:
            start, tall = open_bars.pop()
            if tall * (x - start) > best[0]:
                best = (tall * (x - start), start, y - tall + 1, x - start, tall)
        open_bars.append((start, h))
    return best
