"""Aligned frames as files, or as pages of one file."""

from __future__ import annotations

from focusstack.images.pages import PageWriter
from focusstack.images.write import write_image
from focusstack.output.paths import OutputPaths
from focusstack.output.resume import Unfinished
from focusstack.output.staging import StagedFolder
from focusstack.plan.model import StackPlan
from focusstack.second_pass.frame import AlignedFrame


class AlignedWriter:
    """Writes aligned frames as they come, except those that an interrupted run has written.

    Parameters
    ----------
    paths : OutputPaths
        Where to.
    staging : StagedFolder
        Where they lie until all are complete.
    unfinished : Unfinished
        Is told of each that is complete.
    """

    def __init__(self, paths: OutputPaths, staging: StagedFolder, unfinished: Unfinished) -> None:
        self._paths = paths
        self._staging = staging
        self._unfinished = unfinished
        self._pages: PageWriter | None = None

    def begin(self, plan: StackPlan, channels: int) -> None:
        """Promise all frames, and open the one file if they become its pages."""
        if not self._paths.options.aligned:
            return
        if not self._paths.options.multipage:
            for frame in plan.used():
                self._staging.staged(self._paths.aligned(frame.file))
        else:
            path = self._staging.staged(self._paths.pages)
            bytes_a_frame = plan.crop.area * channels * self._paths.dtype.itemsize
            self._pages = PageWriter(path, bytes_a_frame * len(plan.used()))

    def lacks(self, name: str) -> bool:
        """Whether the aligned frame of this name is still to be written."""
        path = self._staging.looked_up(self._paths.aligned(name))
        return self._pages is not None or not self._unfinished.holds(path)

    def add(self, frame: AlignedFrame) -> None:
        """Write a frame that is still to be written."""
        if not self._paths.options.aligned or not self.lacks(frame.name):
            return
        pixels = frame.planes.rounded(self._paths.dtype)
        if self._pages is not None:
            self._pages.add(pixels, frame.metadata)
            return
        path = self._staging.staged(self._paths.aligned(frame.name))
        write_image(path, pixels, frame.metadata, self._paths.options.quality)
        self._unfinished.note(path)

    def finish(self) -> None:
        """Complete the one file, if there is one."""
        if self._pages is not None:
            self._pages.close()

    def abandon(self) -> None:
        """Close the one file as it is."""
        if self._pages is not None:
            self._pages.abandon()
