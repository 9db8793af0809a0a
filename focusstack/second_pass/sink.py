"""What the second pass wants of whoever takes its aligned frames."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from focusstack.second_pass.frame import AlignedFrame


class FrameSink(Protocol):
    """Takes aligned frames as they come.

    Attributes
    ----------
    takes_frames : bool
        Whether it wants frames with all they show in place, as they are written to files.
    scratch : path or None
        A folder on the disk of the results, that vanishes with the run; None for the system's.
    """

    @property
    def takes_frames(self) -> bool:
        """Whether it wants frames with all they show in place."""

    @property
    def scratch(self) -> Path | None:
        """Folder on the disk of the results, that vanishes with the run."""

    def lacks(self, name: str) -> bool:
        """Whether the aligned frame of this name is still to be made."""

    def add(self, frame: AlignedFrame) -> None:
        """Take a frame; may be called from another thread, one frame at a time."""


class NoSink:
    """A `FrameSink` that wants nothing: frames are fused, or only looked at."""

    takes_frames = False
    scratch: Path | None = None

    def lacks(self, name: str) -> bool:  # noqa: ARG002
        """Return True: nothing has been made."""
        return True

    def add(self, frame: AlignedFrame) -> None:
        """Let it go."""
