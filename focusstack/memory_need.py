"""How much memory a run takes at most, known before it starts.

What the second pass holds at once does not depend on the number of frames: the fuser's state, the
frame that is fused, and the one that is decoded meanwhile. Where the bound does not allow that,
decoding waits; where it does not allow the fuser's state either, all that is as large as a frame
lies in a file and is brought into memory strip by strip. The pictures that come out are the same.
The first pass keeps of its proxies what fits into what the second will take; its block means,
features and tiles, two or three megabytes a frame, are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.frames.proxies.proxy import proxy_scale, proxy_size
from focusstack.frames.sources import FrameSource
from focusstack.options import StackOptions
from focusstack.runtime.memory import memory_bound

BASE = 200 << 20
"""Interpreter, libraries and what is small."""

PROXY_BYTES, READING_BYTES = 100, 50
"""Per proxy pixel in the first pass, when frames are compared and while they are read."""

FRAME_BYTES = 1.5
"""Per proxy pixel of each frame in the first pass: its block means, features and tiles."""

KEPT_BYTES = 7
"""The same for what is made of it and wanted again."""

KEPT_MOST = 360 << 20
"""For all frames: more leaves holes in the heap that the second pass cannot fill."""

FUSING = 90 << 20
"""What the second pass takes however large the frames are: the grid that movement is found on."""

FUSER_BYTES = {3: 30, 1: 20}
"""Per pixel of the composite, by channels: the fuser's state and what it needs for a frame."""

DEEP_BYTES = {3: 9, 1: 5}
"""So many more for frames of more than 8 bits."""

STRIP_BYTES = 12
"""Per pixel, if all that lies in a file."""

SPENDABLE = 1 << 30
"""Up to here memory is taken for a little more speed."""


@dataclass(frozen=True)
class Footprint:
    """What is kept in memory at once.

    Attributes
    ----------
    readers : int
        Frames that are decoded and reduced side by side in the first pass.
    kept : int
        Bytes of what is made of the frames in the first pass that stay in memory.
    ahead : int
        Frames that are prepared in the second pass while one is being fused: with 1 the next is
        decoded, with 2 the next is aligned and the one after it decoded.
    in_file : bool
        Whether in the second pass all that is as large as a frame lies in a file.
    bytes : int
        The most that a run is expected to take.
    """

    readers: int
    kept: int
    ahead: int
    in_file: bool
    bytes: int


def footprint(
    size: tuple[int, int], channels: int, itemsize: int, count: int, threads: int, bound: int
) -> Footprint:
    """Return the fastest way to work that stays within `bound`, or the leanest if none does.

    Parameters
    ----------
    size : tuple of int
        Width and height of the frames.
    channels, itemsize : int
        Of their pixels.
    count : int
        Of frames: the more, the less is kept of each.
    threads : int
        That share the work.
    bound : int
        Bytes.
    """
    pixels = size[0] * size[1]
    picture = pixels * channels * itemsize
    proxies = int(np.prod(proxy_size(*size, proxy_scale(*size))))
    aligned = pixels * channels * (2 if itemsize == 1 else 4)
    state = pixels * (FUSER_BYTES[channels] + (0 if itemsize == 1 else DEEP_BYTES[channels]))
    # A decoder may hold a picture twice.
    decoding = 2 * picture
    reading = BASE + READING_BYTES * proxies
    readers = max(1, min(threads, int((bound - reading) // decoding)))
    first = max(reading + readers * decoding, BASE + PROXY_BYTES * proxies)
    fusing = BASE + FUSING
    ways = {
        (1, False): fusing + state + aligned + decoding,
        (0, False): fusing + state + max(aligned + picture, decoding),
        (0, True): fusing + max(pixels * STRIP_BYTES, decoding),
    }
    if fusing + state + 2 * aligned + decoding <= SPENDABLE:
        ways = {(2, False): fusing + state + 2 * aligned + decoding, **ways}
    within = [way for way, need in ways.items() if need <= bound]
    ahead, in_file = within[0] if within else min(ways, key=lambda way: ways[way])
    # What the second pass takes in any case may be used by the first.
    second = ways[ahead, in_file]
    left = second - first - int(FRAME_BYTES * proxies) * count
    kept = max(0, min(left, KEPT_BYTES * proxies * count, KEPT_MOST))
    return Footprint(readers, kept, ahead, in_file, max(first, second))


def footprint_of(frames: FrameSource, options: StackOptions) -> Footprint:
    """Footprint of a run on `frames`."""
    bound = memory_bound(options.memory)
    pixel = frames.channels, frames.dtype.itemsize
    return footprint(frames.size, *pixel, len(frames), options.workers, bound)
