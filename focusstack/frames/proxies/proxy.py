"""What pass 1 keeps of a frame: a small linear-light image and a few statistics.

A proxy is at most `PROXY_MEGAPIXELS` large; the full-size frame is dropped as soon as its proxy is
made. Proxies beyond a fixed amount wait in a temporary file: memory does not grow with the stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np

from focusstack.images.colour import (
    LUMA,
    Transfer,
    brightest_channel,
    encode,
    full_scale,
    light_table,
    linearise,
)
from focusstack.numeric.arrays import Float32, Floats, Image
from focusstack.runtime.spool import Spool, as_bits, from_bits

PROXY_MEGAPIXELS = 3.0
"""Megapixels at which a frame is measured: fewer lose precision, more take time and memory.

``python -m benchmarks.alignment`` tells the precision at this size (and at a sixth of it,
``--small``), ``python -m benchmarks.speed`` the time.
"""

BLOCK = 8
"""Side of a statistics block in proxy pixels.

Chosen as the smallest unit that is compared in light; wider ones are made of it where blur asks for
that. Not measured by itself.
"""

CLIPPED_CODE = 0.985
"""Share of full scale from which on a channel counts as clipped: 251.2 of 255.

JPEG blurs white by a few codes. Chosen so, not measured.
"""

SIGNATURE_TILES = (16, 24)
"""Rows and columns of the tiles by which frames are compared in focus.

Chosen, not measured: fine beside depth in a picture, coarse beside movement from frame to frame.
"""

WHOLE = (0.85, 1.15)
"""Least and most that a reduction by a whole number may give of the pixels that were asked for.

No pixel is then split, which is faster (``python -m benchmarks.speed``); that is worth about a
seventh of the pixels. Chosen, not measured by itself.
"""


@dataclass(frozen=True)
class Statistics:
    """Small per-frame facts that stay in memory.

    Attributes
    ----------
    blocks : (h, w, C) float32 ndarray
        Linear light, mean over blocks of 8 x 8 proxy pixels.
    clean : (h, w) float32 ndarray
        Share of each block's pixels in which no channel is clipped.
    signature : (rows, columns) float32 ndarray
        Logarithm of fine detail relative to brightness, tile by tile: where the frame is sharp.
    sharpness : float
        Fine detail of the frame as a whole, relative to its brightness; comparable within a stack.
    clipped : float
        Share of pixels with a clipped channel.
    peak : (C,) float64 ndarray
        Linear light of the highlights: what all but one pixel in a hundred thousand stay below.
    """

    blocks: Float32
    clean: Float32
    signature: Float32
    sharpness: float
    clipped: float
    peak: Floats


@dataclass(frozen=True)
class Proxy:
    """A frame made small.

    Attributes
    ----------
    luma : (h, w) float32 ndarray
        Linear luminance, 1 = white.
    clipped : (h, w) uint8 ndarray
        1 where any channel is clipped in any of the pixels beneath.
    """

    luma: Float32
    clipped: Image

    def picture(self) -> Image:
        """Return an encoded, contrast-normalised uint8 view for feature detection."""
        encoded = encode(self.luma)
        low, high = np.percentile(encoded[::4, ::4], (0.5, 99.5))
        stretched = (encoded - low) * np.float32(255 / max(high - low, 1e-3))
        return np.asarray(np.clip(stretched, 0, 255).astype(np.uint8))


def proxy_scale(width: int, height: int, megapixels: float = PROXY_MEGAPIXELS) -> float:
    """Return the factor (at most 1) that brings a frame down to about `megapixels`.

    One over a whole number where that is near: no pixel is then split.
    """
    scale = float(min(1.0, np.sqrt(megapixels * 1e6 / (width * height))))
    whole = 1 / round(1 / scale)
    return whole if WHOLE[0] < (whole / scale) ** 2 < WHOLE[1] else scale


def proxy_size(width: int, height: int, scale: float) -> tuple[int, int]:
    """Width and height of a proxy."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def make_proxy(
    pixels: Image,
    scale: float,
    transfer: Transfer | None = None,
    size: tuple[int, int] | None = None,
) -> tuple[Proxy, Statistics]:
    """Reduce a frame.

    Parameters
    ----------
    pixels : ndarray
        The frame as decoded, any supported dtype, not modified.
    scale : float
        From `proxy_scale`.
    transfer : Transfer, optional
        How the codes relate to light; sRGB's way if not given.
    size : tuple of int, optional
        Width and height of the proxy, where `pixels` may have been reduced already.
    """
    size = size or proxy_size(pixels.shape[1], pixels.shape[0], scale)
    light, clipped = _reduce(pixels, size, transfer)
    proxy = Proxy(_luma(light), clipped)
    return proxy, _statistics(light, proxy)


def _reduce(
    pixels: Image, size: tuple[int, int], transfer: Transfer | None
) -> tuple[Float32, Image]:
    """Mean linear light ``(C, h, w)`` over every proxy pixel, and where any beneath is clipped."""
    limit = CLIPPED_CODE * full_scale(pixels.dtype)
    if pixels.dtype != np.float32:
        # Loads the compiler, which takes a while.
        from focusstack.frames.proxies.loops.reduction import reduce_light

        return reduce_light(pixels, light_table(pixels.dtype, transfer), ceil(limit), size)
    linear = linearise(pixels, transfer)
    clipped = (brightest_channel(pixels) >= limit).astype(np.uint8)
    if size != pixels.shape[1::-1]:
        linear = np.asarray(cv2.resize(linear, size, interpolation=cv2.INTER_AREA), np.float32)
        share = cv2.resize(clipped * np.uint8(255), size, interpolation=cv2.INTER_AREA)
        clipped = (share > 0).astype(np.uint8)
    return np.stack(cv2.split(linear)), clipped


def _luma(light: Float32) -> Float32:
    """Luminance of planes of linear light."""
    if len(light) == 1:
        return np.asarray(light[0], np.float32)
    red, green, blue = (float(share) for share in LUMA)
    luma = cv2.addWeighted(light[0], red, light[1], green, 0)
    return np.asarray(cv2.scaleAdd(light[2], blue, luma, dst=luma), np.float32)


def _block_mean(image: Float32) -> Float32:
    h, w = image.shape[0] // BLOCK, image.shape[1] // BLOCK
    whole = image[: max(h, 1) * BLOCK, : max(w, 1) * BLOCK]
    return np.asarray(cv2.resize(whole, (max(w, 1), max(h, 1)), interpolation=cv2.INTER_AREA))


def _statistics(light: Float32, proxy: Proxy) -> Statistics:
    clean = clean_share(proxy.clipped)
    relative = relative_detail(proxy.luma)
    return Statistics(
        np.stack([_block_mean(plane) for plane in light], -1),
        clean,
        signature_of(relative),
        sharpness=float(np.sqrt(relative.mean())),
        clipped=cv2.countNonZero(proxy.clipped) / proxy.clipped.size,
        peak=np.array([_peak(plane) for plane in light]),
    )


def clean_share(clipped: Image) -> Float32:
    """Share of each block's pixels that are not clipped, of 1 where a pixel is."""
    return np.asarray(1 - _block_mean(clipped.astype(np.float32)), np.float32)


def relative_detail(luma: Float32) -> Float32:
    """Energy of fine detail over squared brightness, tile by tile, of linear luma ``(h, w)``."""
    # Loads the compiler, which takes a while.
    from focusstack.frames.proxies.loops.bands import gaussian_difference

    rows, columns = SIGNATURE_TILES
    detail = gaussian_difference(luma, 1.0, 3.0, 1.0)
    energy, brightness = (
        cv2.resize(_block_mean(image), (columns, rows), interpolation=cv2.INTER_AREA)
        for image in (np.square(detail, out=detail), luma)
    )
    return np.asarray(energy / np.maximum(brightness, 0.01) ** 2, np.float32)


def signature_of(relative: Float32) -> Float32:
    """Logarithm of what `relative_detail` returns, as frames are compared by it."""
    return np.asarray(np.log(relative + 1e-7), np.float32)


def _peak(plane: Float32) -> float:
    """Highlights of a channel; a few hot pixels are none."""
    rank = plane.size // 100_000
    if rank < len(plane):  # the brightest pixels lie in as many rows, or fewer
        plane = plane[np.argpartition(plane.max(axis=1), -1 - rank)[-1 - rank :]]
    return float(np.partition(plane.ravel(), -1 - rank)[-1 - rank])


_ONE, _NOTHING = np.ones(1, np.float32), np.zeros(1, np.float32)
"""Factor and summand that change nothing: OpenCV converts to and from half floats on the way."""


class ProxySpool:
    """Proxies of a stack: put in any order, read back by index.

    Luma is kept as half floats: their 0.05 % step is far below a camera's noise.
    Use as a context manager; all vanish with it. Threads may read and write at once.

    Parameters
    ----------
    width, height : int
        Of the proxies.
    room : int, optional
        Bytes of them, and of what else is kept of the frames, that may be in memory.

    Attributes
    ----------
    size : tuple of int
        As given.
    arrays : Spool
        Has room for what else is kept of the frames.
    """

    def __init__(self, width: int, height: int, room: int = 0) -> None:
        self.size = (width, height)
        self.arrays = Spool(room)

    def __enter__(self) -> ProxySpool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.arrays.__exit__(*exception)

    def put(self, index: int, proxy: Proxy) -> None:
        """Store the proxy of frame `index`."""
        # A product with 1 rounds to half floats as NumPy does, in a quarter of the time.
        half = cv2.multiply(proxy.luma, _ONE, dtype=cv2.CV_16F)
        self.arrays.put(("proxy", index), half, as_bits(proxy.clipped))

    def get(self, index: int) -> Proxy:
        """Read the proxy of frame `index`."""
        half, clipped = self.arrays.get(("proxy", index))
        luma = np.asarray(cv2.add(half, _NOTHING, dtype=cv2.CV_32F), np.float32)
        return Proxy(luma, from_bits(clipped, luma.shape))
