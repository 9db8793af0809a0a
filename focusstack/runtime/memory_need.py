"""How much memory a run takes at most, known before it starts.

What the second pass holds at once does not depend on the number of frames: the fuser's state, the
frame that is fused, and the one that is decoded meanwhile. Where the bound does not allow that,
decoding waits; where it does not allow the fuser's state either, all that is as large as a frame
lies in a file and is brought into memory strip by strip. The pictures that come out are the same.
The first pass holds block means, features and tiles, two or three megabytes a frame, and keeps of
its proxies what then fits into what the second will take: of many frames it takes more.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE = 210 << 20
"""Interpreter, libraries and what is small."""

PROXY_BYTES, READING_BYTES = 100, 50
"""Per proxy pixel in the first pass, when frames are compared and while they are read."""

FRAME_BYTES = 1.5
"""Per proxy pixel of each frame in the first pass: its block means, features and tiles."""

FRAME_HELD = 1400 << 10
"""Bytes that the first pass holds of each frame whatever its size: a thousand features, and the
tiles of its pairs. With `EQUATIONS`, as measured: of 0.04 megapixels, 200 frames took 531 MB in
all, 400 took 911 (``python -m benchmarks.adversary.limits``)."""

EQUATIONS = 1400
"""Bytes for each two frames, whether they are compared or not: normal equations. Measured as
`FRAME_HELD`."""

KEPT_BYTES = 7
"""Per proxy pixel of each frame in the first pass, if it is kept: what is made of it and wanted
again."""

KEPT_MOST = 360 << 20
"""Bytes kept of all frames together: more leaves holes that the second pass cannot fill."""

FUSING = 100 << 20
"""What the second pass takes however large the frames are: the grid that movement is found on."""

FUSER_BYTES = {3: 32, 1: 21}
"""Per pixel of the composite, by channels: the fuser's state and what it needs for a frame."""

DEEP_BYTES = {3: 9, 1: 5}
"""Bytes per pixel that frames of more than 8 bits take besides, by channels."""

STRIP_BYTES = 12
"""Per pixel, if all that lies in a file."""

LAYERS_BYTES, LAYERS_SQUARE = 24, 80 << 20
"""Bytes per pixel that squares with steps in depth take where layers are asked for, and what
fitting one of them takes; each thread fits one. Measured: twelve frames of four layers, 53 MB."""

SPENDABLE = 1 << 30
"""Up to here memory is taken for a little more speed."""


@dataclass(frozen=True)
class StackSize:
    """What decides how much memory a stack takes.

    Attributes
    ----------
    pixels : int
        Of a frame.
    proxy_pixels : int
        Of what the first pass makes of it.
    channels : int
        1 or 3.
    itemsize : int
        Bytes of a value in a frame.
    count : int
        Of frames: the more, the less is kept of each.
    layers : bool
        Whether frames are explained by layers near steps in depth.
    """

    pixels: int
    proxy_pixels: int
    channels: int
    itemsize: int
    count: int
    layers: bool = False

    @property
    def decoding(self) -> int:
        """Bytes that decoding a frame takes: a decoder may hold a picture twice."""
        return 2 * self.pixels * self.channels * self.itemsize

    @property
    def aligned(self) -> int:
        """Bytes of an aligned frame: 16 bits a value for frames of 8 bits, else 32."""
        return self.pixels * self.channels * (2 if self.itemsize == 1 else 4)

    @property
    def fuser(self) -> int:
        """Bytes of the fuser's state and what it needs for a frame."""
        deep = 0 if self.itemsize == 1 else DEEP_BYTES[self.channels]
        layers = LAYERS_BYTES if self.layers else 0
        return self.pixels * (FUSER_BYTES[self.channels] + deep + layers)


@dataclass(frozen=True)
class MemoryNeed:
    """What is kept in memory at once, decided once for a run.

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
    bound : int
        The most that it may take.
    """

    readers: int
    kept: int
    ahead: int
    in_file: bool
    bytes: int
    bound: int


def memory_need(stack: StackSize, threads: int, bound: int) -> MemoryNeed:
    """Return the fastest way to work that stays within `bound`, or the leanest if none does.

    Parameters
    ----------
    stack : StackSize
        Of the frames.
    threads : int
        That share the work.
    bound : int
        Bytes.
    """
    base = BASE + FRAME_HELD * stack.count + EQUATIONS * stack.count**2
    reading = base + READING_BYTES * stack.proxy_pixels
    readers = max(1, min(threads, int((bound - reading) // stack.decoding)))
    first = max(reading + readers * stack.decoding, base + PROXY_BYTES * stack.proxy_pixels)
    ways = _ways_to_fuse(stack, threads)
    within = [way for way, need in ways.items() if need <= bound]
    ahead, in_file = within[0] if within else min(ways, key=lambda way: ways[way])
    # What the second pass takes in any case may be used by the first.
    second = ways[ahead, in_file]
    more = max(0, int(FRAME_BYTES * stack.proxy_pixels) - FRAME_HELD) * stack.count
    left = second - first - more
    kept = max(0, min(left, KEPT_BYTES * stack.proxy_pixels * stack.count, KEPT_MOST))
    return MemoryNeed(readers, kept, ahead, in_file, max(first, second), bound)


def _ways_to_fuse(stack: StackSize, threads: int) -> dict[tuple[int, bool], int]:
    """Bytes that the second pass takes, by frames ahead and whether in a file, fastest first."""
    fusing = BASE + FUSING + (threads * LAYERS_SQUARE if stack.layers else 0)
    picture = stack.decoding // 2
    roomy = fusing + stack.fuser + 2 * stack.aligned + stack.decoding
    ways = {
        (1, False): fusing + stack.fuser + stack.aligned + stack.decoding,
        (0, False): fusing + stack.fuser + max(stack.aligned + picture, stack.decoding),
        (0, True): fusing + max(stack.pixels * STRIP_BYTES, stack.decoding),
    }
    return {(2, False): roomy, **ways} if roomy <= SPENDABLE else ways
