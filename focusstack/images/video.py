"""A film of a focus sweep as frames (extra ``[video]``): the sharpest of each stretch.

The film is decoded once, small, to see how much changes from picture to picture and how sharp each
is. Repeated pictures are dropped; the rest is cut into stretches over which as much changes, and of
each the sharpest is a frame. Chosen frames are decoded again in full when they are read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from focusstack.errors import InputError
from focusstack.images.header import REPAIR, WITHOUT_EXTRA, UnreadableError
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Float32, Floats, Image
from focusstack.runtime.extras import extra

MOST_FRAMES = 48
"""Frames that a film gives at most: a stack of more gains nothing and costs time.

Chosen, not measured.
"""

REPEATED = 0.8
"""Mean difference in 8 bit codes, of pictures made small, below which one repeats another.

A picture shown again differs by up to 0.6 where the codec had been short of bits; that was seen on
single films, not measured by a benchmark.
"""

_SMALL = 320
"""Width, in pixels, at which pictures are looked at."""


@dataclass(frozen=True)
class Moment:
    """A picture of a film: its time stamp, and its number counted from 1."""

    stamp: int
    number: int


class Film:
    """Chosen pictures of a film.

    Parameters
    ----------
    path : path
        The film.

    Attributes
    ----------
    moments : list of Moment
        The pictures chosen, in the order of time.
    size : tuple of int
        Width and height, upright.
    deep : bool
        Whether pictures have more than 8 bits.

    Raises
    ------
    InputError
        If the extra is not installed, or it cannot be read as a film.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        with _decoder(path) as (container, stream):
            looks = list(_look_at(container, stream))
        if not looks:
            raise InputError(f"{path} holds no pictures.", REPAIR)
        changes = np.array([look.change for look in looks])
        sharpness = np.array([look.sharpness for look in looks])
        self.moments = [looks[i].moment for i in choose_pictures(changes, sharpness)]
        self.turns, self.deep = looks[0].turns, looks[0].deep
        width, height = looks[0].size
        self.size = (height, width) if self.turns % 2 else (width, height)

    def read(self, i: int) -> Picture:
        """Decode chosen picture `i`; may be called from several threads at once.

        Raises
        ------
        InputError
            If it cannot be decoded.
        """
        wanted = self.moments[i].stamp
        with self._lock, _decoder(self.path) as (container, stream):
            container.seek(wanted, stream=stream, backward=True)
            for frame in container.decode(stream):
                if frame.pts is not None and frame.pts >= wanted:
                    return Picture(self._pixels(frame), None, Metadata())
        raise InputError(f"{self.path} ends before its picture {self.moments[i].number}.", REPAIR)

    def _pixels(self, frame: Any) -> Image:
        # Films that do not say follow BT.709 from HD on, BT.601 below (ITU-R BT.709, 2015).
        told = int(frame.colorspace) in (1, 5, 6, 9)
        default = "ITU709" if frame.height >= 720 else "ITU601"
        space = {} if told else {"src_colorspace": default}
        rgb = frame.reformat(format="rgb48le" if self.deep else "rgb24", **space).to_ndarray()
        return np.ascontiguousarray(np.rot90(rgb, self.turns))


@dataclass(frozen=True)
class _Look:
    """What is kept of a picture of a film; turns are quarter turns to the left."""

    moment: Moment
    change: float
    sharpness: float
    size: tuple[int, int]
    turns: int
    deep: bool


def choose_pictures(changes: Floats, sharpness: Floats, most: int = MOST_FRAMES) -> list[int]:
    """Choose pictures: none that repeats another, the sharpest of each stretch of like change.

    Parameters
    ----------
    changes : (n,) ndarray
        Mean difference of each picture, in 8 bit codes, to the last one that was no repetition.
    sharpness : (n,) ndarray
        Of each picture.
    most : int
        How many stretches at most.

    Returns
    -------
    list of int
        Indices, rising.
    """
    kept = np.flatnonzero(np.r_[True, changes[1:] >= REPEATED])
    if len(kept) <= most:
        return [int(i) for i in kept]
    travelled = np.cumsum(changes[kept])
    stretch = np.minimum(travelled / travelled[-1] * most, most - 1e-9).astype(int)
    members = [kept[stretch == s] for s in range(most)]
    return [int(of_one[np.argmax(sharpness[of_one])]) for of_one in members if of_one.size]


@contextmanager
def _decoder(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open the film; whatever the decoder raises becomes an InputError."""
    try:
        av = extra("av", "video", f"is a film, {WITHOUT_EXTRA}", UnreadableError)
        with path.open("rb") as file, av.open(file) as container:
            if not container.streams.video:
                raise UnreadableError("holds no pictures")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield container, stream
    except UnreadableError as error:
        raise InputError(f"{path} {error.reason}.", error.remedy) from error
    except InputError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} cannot be read: {reason}.", REPAIR) from error
    except Exception as error:  # decoders fail in every possible way on broken data
        raise InputError(f"{path} is damaged or truncated ({error}).", REPAIR) from error


def _look_at(container: Any, stream: Any) -> Iterator[_Look]:
    last: Float32 | None = None
    for number, frame in enumerate(container.decode(stream), 1):
        if frame.pts is None:
            continue
        height = max(2, round(frame.height * _SMALL / frame.width))
        reduced = frame.reformat(width=_SMALL, height=height, format="gray").to_ndarray()
        grey = np.asarray(reduced, np.float32)
        change = 0.0 if last is None else float(np.abs(grey - last).mean())
        last = grey if last is None or change >= REPEATED else last
        yield _Look(
            Moment(frame.pts, number),
            change,
            sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
            size=(frame.width, frame.height),
            turns=round(getattr(frame, "rotation", 0) / 90) % 4,
            deep=frame.format.components[0].bits > 8,
        )
