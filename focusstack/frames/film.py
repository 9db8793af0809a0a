"""Frames of a film of a focus sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from focusstack.frames.checks import check_count
from focusstack.frames.identity import identity, refuse_changed
from focusstack.frames.sources import WithoutFiles
from focusstack.images.read import Picture


class FilmFrames(WithoutFiles):
    """Frames of a film of a focus sweep: the sharpest that do not repeat others.

    Parameters
    ----------
    path : path
        The film.

    Raises
    ------
    InputError
        If it cannot be read, or shows fewer than two different pictures.
    """

    channels = 3

    def __init__(self, path: Path) -> None:
        from focusstack.images.video import Film

        self._film = Film(path)
        self._identity = identity(path)
        self.paths = [path] * len(self._film.moments)
        self.names = [f"{path.stem}_{m.number:05d}.png" for m in self._film.moments]
        check_count(len(self.names))
        self.size = self._film.size
        self.dtype: np.dtype[np.generic] = np.dtype(np.uint16 if self._film.deep else np.uint8)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, i: int) -> Picture:
        """Decode frame `i`.

        Raises
        ------
        InputError
            If it cannot be decoded, or the film has changed since this object was made.
        """
        picture = self._film.read(i)
        refuse_changed(self.paths[i], self._identity)
        return picture
