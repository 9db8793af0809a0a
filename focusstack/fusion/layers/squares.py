"""What frames show in chosen squares, kept while they pass by."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.base import Validity
from focusstack.fusion.layers.near_steps import SURE, Place
from focusstack.fusion.layers.tile import Tile, weighed
from focusstack.fusion.levels.validity import as_bytes
from focusstack.images.colour import decode
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import STEP, Planes
from focusstack.runtime.scratch import Room

TRUSTED = 255
"""Validity of what is to be trusted fully."""

PLAIN_SMOOTH_PX = 3.0
"""Pixels over which depth is smoothed where blur is measured. Chosen, not measured."""


class Square:
    """A square, and what frames show in it: 16 bits a value.

    Parameters
    ----------
    place : Place
        Where it is, and which frames matter.
    channels : int
        Of the frames.
    room : Room
        Where it lies.
    """

    def __init__(self, place: Place, channels: int, room: Room) -> None:
        self.place = place
        whole = (len(place.frames), channels, place.side, place.side)
        self._codes: NDArray[np.int16] = room.zeros(whole, np.int16)
        self._validity: NDArray[np.uint8] = room.zeros((whole[0], *whole[2:]), np.uint8)

    def take(self, number: int, planes: Planes, validity: Validity | None) -> None:
        """Keep what a frame shows, if it matters here.

        Parameters
        ----------
        number : int
            Of the frame.
        planes : Planes
            The frame.
        validity : (H, W) float32 or uint8 ndarray, optional
            How far its pixels are to be trusted.
        """
        if number not in self.place.frames:
            return
        at, (rows, columns) = self.place.frames.index(number), self.place.here
        values = planes.values[:, rows, columns]
        if values.dtype != np.int16:
            values = np.clip(np.rint(values * np.float32(1 / STEP)), -32767, 32767)
        self._codes[at] = values
        if validity is None:
            self._validity[at] = TRUSTED
        else:
            self._validity[at] = as_bytes(validity[rows, columns])

    def tile(self, image: Float32, depth: Float32, confidence: Float32, noise: float) -> Tile:
        """Return the square ready for a fit.

        Parameters
        ----------
        image : (H, W[, C]) float32 ndarray
            Composite.
        depth, confidence : (H, W) float32 ndarray
            Which frame is sharpest, and how sure that is.
        noise : float
            Standard deviation in the square root of light.
        """
        here = self.place.here
        encoded = self._codes * np.float32(STEP)
        light, weight = weighed(encoded, self._validity, noise)
        today = image[here] if image.ndim == 3 else image[here][..., None]
        return Tile(
            light,
            weight,
            np.asarray(self.place.frames, np.int64),
            np.ascontiguousarray(depth[here]),
            confidence[here] > SURE,
            decode(np.ascontiguousarray(np.moveaxis(np.clip(today, 0, 1), -1, 0))),
        )


def plain_tile(square: Square, image: Float32, depth: Float32, confidence: Float32) -> Tile:
    """Return a square in which blur is measured, its depth smoothed."""
    tile = square.tile(image, depth, confidence, 1.0)
    smooth = cv2.GaussianBlur(cv2.medianBlur(tile.depth, 5), (0, 0), PLAIN_SMOOTH_PX)
    return Tile(
        tile.light, tile.weight, tile.focus, np.asarray(smooth, np.float32), tile.sure, tile.today
    )


def at_once(places: Sequence[Place], channels: int, pixels: int, to_the_pixel: int) -> int:
    """Return how many squares are collected in one pass.

    Parameters
    ----------
    places : sequence of Place
        That wait.
    channels : int
        Of the frames.
    pixels : int
        Of the composite.
    to_the_pixel : int
        Bytes that may be taken.
    """
    each = max(len(place.frames) * place.side**2 * (2 * channels + 1) for place in places)
    return max(FEWEST, to_the_pixel * pixels // each)


FEWEST = 64
"""Squares that are collected in one pass in any case: 90 MB. Chosen, not measured."""
