"""Frames whose files are damaged, though a decoder makes pictures of them."""

from __future__ import annotations

from dataclasses import replace

from focusstack.errors import KEEP_DAMAGED, InputError
from focusstack.frames.sources import FrameSource
from focusstack.images.metadata import join_notes
from focusstack.images.read import Picture

REMEDY = "Copy it again from its source."
"""What can be done about a damaged frame."""


class DamagedError(InputError):
    """A frame is damaged: some of its pixels are not what they were.

    Parameters
    ----------
    name : str
        The frame.
    picture : Picture
        What became of it; `Picture.damage` is given.
    """

    def __init__(self, name: str, picture: Picture) -> None:
        super().__init__(f"{name} is damaged: {picture.damage}.", REMEDY, [KEEP_DAMAGED])
        self.picture = picture


def read_anyway(frames: FrameSource, i: int) -> Picture:
    """Return frame `i` as it decodes, damaged or not."""
    try:
        return frames.read(i)
    except DamagedError as error:
        return error.picture


def checked(picture: Picture, name: str, *, keep: bool) -> Picture:
    """Return a picture that is sound, or that is wanted as it is, which a note tells then.

    Raises
    ------
    DamagedError
        If it is neither.

    Examples
    --------
    >>> import numpy as np
    >>> from focusstack.images.metadata import Metadata
    >>> rotten = Picture(np.zeros((2, 2)), None, Metadata(), damage="it ends too early")
    >>> checked(rotten, "a.jpg", keep=True).note
    'damaged (it ends too early), and used all the same'
    """
    if picture.damage is None:
        return picture
    if not keep:
        raise DamagedError(name, picture)
    note = f"damaged ({picture.damage}), and used all the same"
    return replace(picture, note=join_notes(picture.note, note), damage=None)
