"""Where everything that a run gives is found, and whether it may be written there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from focusstack.errors import OutputError
from focusstack.frames.sources import FrameSource
from focusstack.images.write import SUFFIXES, refuse_too_large, suffix_for
from focusstack.options import OutputOptions

USUAL_NAME = "fused"
"""What a composite is called if nothing else is asked for."""

ALIGNED = "aligned"
"""Folder beside the composite that aligned frames are written to."""

STACKED = "-stacked"
"""What a folder of results is called after the folder of its frames unless said otherwise."""


@dataclass(frozen=True)
class OutputPaths:
    """Names of the files in an output folder.

    Attributes
    ----------
    options : OutputOptions
        What is wanted.
    dtype : dtype
        Of the pictures written.
    """

    options: OutputOptions
    dtype: np.dtype[np.generic]

    @property
    def folder(self) -> Path:
        """Folder that all files lie in."""
        return self.options.folder

    @property
    def plan(self) -> Path:
        """The plan, report.json."""
        return self.folder / "report.json"

    @property
    def page(self) -> Path:
        """The report for people."""
        return self.folder / "report.html"

    @property
    def pages(self) -> Path:
        """The one file of all aligned frames, if they become its pages."""
        return self.folder / "aligned.tif"

    def aligned(self, name: str) -> Path:
        """Aligned frame of a frame's name."""
        if self.options.multipage:
            return self.pages
        return self.folder / ALIGNED / (Path(name).stem + self._suffix(name))

    def fused(self, reference: str) -> Path:
        """Composite, by the name of the reference frame."""
        return self.folder / f"{self.options.name}{self._suffix(reference)}"

    def maps(self) -> list[Path]:
        """Maps that are wanted."""
        return [self.folder / name for name in self.map_names()]

    def map_names(self) -> list[str]:
        """Names of the maps that are wanted."""
        if not self.options.fused:
            return []
        usual = self.options.name == USUAL_NAME
        return self.options.maps.names("" if usual else f"{self.options.name}-")

    def links(self, names: Iterable[str]) -> dict[str, str]:
        """Path of each aligned frame from the report; none where they are not written."""
        if not self.options.aligned:
            return {}
        return {name: self.aligned(name).relative_to(self.folder).as_posix() for name in names}

    def targets(self, names: Sequence[str]) -> list[Path]:
        """Every file that may be written for frames of these names."""
        aligned = [self.aligned(name) for name in names] if self.options.aligned else []
        fused = [self.fused(name) for name in names] if self.options.fused else []
        return [*aligned, *fused, *self.maps(), self.plan, *[self.page] * self.options.report]

    def in_words(self, fused: Path | None, frames: int) -> list[str]:
        """What the folder now holds: the composite, if there is one, and so many frames."""
        found = [fused.name] if fused else []
        if self.options.aligned:
            kind = self.pages.name if self.options.multipage else "aligned/"
            found.append(f"{kind} ({frames} frames)")
        found += [path.name for path in self.maps()]
        return [*found, *[self.page.name] * self.options.report, self.plan.name]

    def _suffix(self, name: str) -> str:
        return suffix_for(self.options.format, Path(name).suffix, self.dtype)


def output_dtype(options: OutputOptions, given: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """Dtype of the pictures that are written for frames of dtype `given`."""
    depths: dict[int | None, type] = {8: np.uint8, 16: np.uint16}
    return np.dtype(depths.get(options.bit_depth, given))


def check_targets(targets: Iterable[Path], frames: FrameSource) -> None:
    """Make sure, before the work, that pictures of the frames' size can become `targets`.

    Raises
    ------
    OutputError
        If a target is an input or a folder, or its format holds no picture so large.
    """
    inputs = {path.resolve() for path in frames.paths}
    for target in targets:
        if target.resolve() in inputs:
            raise OutputError(
                f"{target} is an input, and inputs are never overwritten",
                "Choose another --output.",
            )
        if target.is_dir():
            raise OutputError(
                f"{target} cannot be written: a folder of that name exists",
                "Choose another --output or remove the folder.",
            )
        kind = SUFFIXES.get(target.suffix.lower())
        if kind is not None:
            refuse_too_large(kind, *frames.size)
