"""Some of the frames of a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from focusstack.frames.checks import check_count
from focusstack.frames.sources import FrameSource
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture


class Subset:
    """Some of the frames of a source, a `FrameSource` like it.

    Parameters
    ----------
    frames : FrameSource
        All frames.
    kept : sequence of int
        Indices of those that are part of it, at least two.
    notes : sequence of str, optional
        What to say besides what the source says.
    """

    def __init__(self, frames: FrameSource, kept: Sequence[int], notes: Sequence[str] = ()) -> None:
        check_count(len(kept))
        self._frames, self._kept = frames, list(kept)
        self.names = [frames.names[i] for i in self._kept]
        self.size: tuple[int, int] = frames.size
        self.dtype: np.dtype[np.generic] = frames.dtype
        self.channels: int = frames.channels
        self.paths: list[Path] = [frames.paths[i] for i in self._kept] if frames.paths else []
        self.notes = (*frames.notes, *notes)

    def __len__(self) -> int:
        return len(self._kept)

    def read(self, i: int) -> Picture:
        """Decode frame `i`."""
        return self._frames.read(self._kept[i])

    def metadata_of(self, i: int) -> Metadata | None:
        """Return what the file of frame `i` says besides its pixels."""
        return self._frames.metadata_of(self._kept[i])

    def reduced(self, reduction: int) -> Subset:
        """Return these frames as they are read for a small proxy."""
        return Subset(self._frames.reduced(reduction), self._kept)

    def one_by_one(self) -> Subset:
        """Return these frames for a reader who lets each go before the next is read."""
        return Subset(self._frames.one_by_one(), self._kept)
