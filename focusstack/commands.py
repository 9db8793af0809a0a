"""The commands that do one stage only: fuse, equalize, crop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from focusstack.aligned import cut, fuse_aligned, shared_area
from focusstack.colour import to_dtype
from focusstack.errors import OutputError
from focusstack.exposure import equalised
from focusstack.frames import FrameSource, prefetch
from focusstack.fusion import FusionOptions
from focusstack.geometry import Rect
from focusstack.images.read import Picture
from focusstack.images.write import SUFFIXES, suffix_for, write_image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output import claim_folder, refuse_inputs
from focusstack.pipeline import open_frames, plan_stack
from focusstack.progress import Progress, track


def fuse_files(
    inputs: Sequence[Path],
    output: Path,
    method: str,
    quality: int,
    overwrite: bool,
    progress: Progress,
) -> None:
    """Fuse aligned frames into the file `output`; metadata is the middle frame's."""
    if output.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{output} does not end in .jpg, .png or .tif", "Choose one of these.")
    if output.exists() and not overwrite:
        raise OutputError(f"{output} exists", "Choose another name or give --overwrite.")
    frames = open_frames(inputs, progress)
    refuse_inputs([output], frames)
    fused = fuse_aligned(frames, FusionOptions(method=method), progress)
    metadata = frames.read(len(frames) // 2).metadata
    write_image(output, to_dtype(fused.image, frames.dtype), metadata, quality)


def equalize_files(
    inputs: Sequence[Path], target: OutputOptions, options: StackOptions, progress: Progress
) -> None:
    """Write every used frame at the reference's exposure."""
    frames = open_frames(inputs, progress)
    claim_folder(target.folder, target.overwrite)
    plan = plan_stack(frames, options, progress)
    gains = {f.file: f.gain for f in plan.frames if f.used}
    wanted = [i for i, name in enumerate(frames.names) if name in gains]
    refuse_inputs([_path(target, frames, i) for i in wanted], frames)
    for i, picture in _read(frames, wanted, "Equalising", progress):
        pixels = equalised(picture.pixels, gains[frames.names[i]], picture.transfer)
        write_image(_path(target, frames, i), pixels, picture.metadata, target.quality)


def crop_files(inputs: Sequence[Path], target: OutputOptions, progress: Progress) -> Rect:
    """Write aligned frames cropped to the area in which all show something."""
    frames = open_frames(inputs, progress)
    claim_folder(target.folder, target.overwrite)
    every = range(len(frames))
    refuse_inputs([_path(target, frames, i) for i in every], frames)
    rect = shared_area(frames, progress)
    for i, picture in _read(frames, every, "Cropping", progress):
        pixels = np.ascontiguousarray(cut(picture.pixels, rect))
        write_image(_path(target, frames, i), pixels, picture.metadata, target.quality)
    return rect


def _read(
    frames: FrameSource, indices: Iterable[int], stage: str, progress: Progress
) -> Iterator[tuple[int, Picture]]:
    wanted = list(indices)
    pictures = prefetch(frames.read, wanted)
    return zip(wanted, track(progress, stage, pictures, len(wanted)), strict=True)


def _path(target: OutputOptions, frames: FrameSource, index: int) -> Path:
    name = Path(frames.names[index])
    return target.folder / (name.stem + suffix_for(target.format, name.suffix, frames.dtype))
