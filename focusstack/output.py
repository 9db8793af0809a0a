"""The output folder: aligned frames as they come, then composite and reports."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from focusstack.colour import to_dtype
from focusstack.errors import OutputError
from focusstack.frames import FileFrames, FrameSource
from focusstack.images.metadata import Metadata
from focusstack.images.write import atomic_write, suffix_for, write_image
from focusstack.options import OutputOptions
from focusstack.plan import StackPlan
from focusstack.render import AlignedFrame
from focusstack.report.html import report_page
from focusstack.typing import Image


class OutputFolder:
    """Writes what a run gives, every file complete or not at all.

    Parameters
    ----------
    options : OutputOptions
        Where and how.
    frames : FrameSource
        The input: decides format, bit depth and names.

    Raises
    ------
    OutputError
        If the folder holds files already and `overwrite` is off, or cannot be made.
    """

    def __init__(self, options: OutputOptions, frames: FrameSource) -> None:
        self.options = options
        self.frames = frames
        self._metadata: dict[str, Metadata] = {}
        claim_folder(options.folder, options.overwrite)
        targets = [self._fused(name) for name in frames.names]
        refuse_inputs([*targets, *map(self._aligned, frames.names)], frames)

    def add(self, frame: AlignedFrame) -> None:
        """Take an aligned frame; it is written if aligned frames are wanted."""
        self._metadata[frame.name] = frame.metadata
        if not self.options.aligned:
            return
        path = self._aligned(frame.name)
        make_folder(path.parent)
        pixels = to_dtype(frame.pixels, self.frames.dtype)
        write_image(path, pixels, frame.metadata, self.options.quality)

    def finish(self, plan: StackPlan, image: Image | None) -> None:
        """Write the composite, if there is one, and the reports."""
        folder = self.options.folder
        fused = None
        if image is not None and self.options.fused:
            fused = self._fused(plan.reference)
            metadata = self._metadata.get(plan.reference)
            write_image(fused, image, metadata, self.options.quality)
        atomic_write(folder / "report.json", plan.to_json().encode())
        page = report_page(plan, image, fused.name if fused else None)
        atomic_write(folder / "report.html", page.encode())

    def _aligned(self, name: str) -> Path:
        return self.options.folder / "aligned" / (Path(name).stem + self._suffix(name))

    def _fused(self, reference: str) -> Path:
        return self.options.folder / f"fused{self._suffix(reference)}"

    def _suffix(self, name: str) -> str:
        return suffix_for(self.options.format, Path(name).suffix, self.frames.dtype)


def claim_folder(folder: Path, overwrite: bool) -> None:
    """Make sure that `folder` exists and that nothing in it is overwritten unasked.

    Raises
    ------
    OutputError
        If it is a file, holds anything while `overwrite` is off, or cannot be made.
    """
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise OutputError(
            f"{folder} is not empty",
            "Choose another --output, or allow replacing with --overwrite.",
        )
    make_folder(folder)


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents.

    Raises
    ------
    OutputError
        If that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {folder} cannot be made: {error.strerror}",
            "Choose another --output or change its permissions.",
        ) from error


def refuse_inputs(targets: Iterable[Path], frames: FrameSource) -> None:
    """Make sure that no output would replace an input.

    Raises
    ------
    OutputError
        If one would.
    """
    if not isinstance(frames, FileFrames):
        return
    inputs = {path.resolve() for path in frames.paths}
    for target in targets:
        if target.resolve() in inputs:
            raise OutputError(
                f"{target} is an input, and inputs are never overwritten",
                "Choose another --output.",
            )
