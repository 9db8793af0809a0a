"""The commands that do one stage only: fuse, equalize, crop."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from focusstack.errors import Change, OutputError, OutputExistsError, UsageError
from focusstack.exposure.apply import apply_gain
from focusstack.exposure.shading import apply_shading
from focusstack.frames.asked import open_asked
from focusstack.frames.memory_needed import memory_needed
from focusstack.frames.sources import FrameSource
from focusstack.geometry.coordinates import Rect, cut
from focusstack.images.colour import to_dtype, to_float
from focusstack.images.read import Picture
from focusstack.images.write import SUFFIXES, suffix_for, write_image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.maps import fusion_entry, motion_warning, write_maps
from focusstack.output.paths import check_targets, output_dtype
from focusstack.output.staging import StagedFolder, ways_past
from focusstack.pipeline import plan_of
from focusstack.runtime.allowances import check_allowances
from focusstack.runtime.prefetch import prefetch
from focusstack.runtime.progress import Progress, track
from focusstack.second_pass.prealigned import fuse_aligned, shared_area
from focusstack.second_pass.prepare import prepare


def fuse_files(
    inputs: Sequence[Path],
    target: OutputOptions,
    progress: Progress,
    options: StackOptions,
) -> None:
    """Fuse aligned frames into the file `target.folder`; metadata is the middle frame's.

    Maps are written beside it, their names starting with that of the file.
    """
    fusion = options.fusion
    check_allowances(fusion.threads)
    output = target.folder
    maps = [output.parent / name for name in target.maps.names(f"{output.stem}-")]
    check_composite(target)
    for path in maps:
        if path.exists() and not target.overwrite:
            raise OutputExistsError(
                f"{path} exists", "Replace it, or write elsewhere.", ways_past(output)
            )
    frames = open_asked(inputs, options, progress, every=True)
    check_targets([output, *maps], frames)
    prepare(frames, options, progress, "fuse")
    fused = fuse_aligned(frames, fusion, progress)
    for text in motion_warning(fusion_entry(fused, fusion.method_name, [])):
        progress.warn(text)
    write_maps(fused, len(frames), target.maps, maps)
    metadata = frames.read(len(frames) // 2).metadata
    pixels = to_dtype(fused.image, output_dtype(target, frames.dtype))
    count = (len(frames), len(frames))
    write_image(output, pixels, metadata, target.quality, frames=count)


def check_composite(target: OutputOptions) -> None:
    """Make sure that the file `target.folder` can be written, before any work.

    Raises
    ------
    OutputError
        If it exists and may not be replaced, or its folder does not exist or takes no files.
    UsageError
        If the format cannot have the bit depth asked for.
    """
    output = target.folder
    kind = SUFFIXES.get(output.suffix.lower())
    if kind is None:
        ways = [Change("To write TIFF", add=("--output", f"{output}.tif"))]
        raise OutputError(
            f"{output} does not end in .jpg, .png or .tif", "Choose one of these.", ways
        )
    if kind == "jpg" and target.bit_depth == 16:
        raise UsageError("JPEG holds 8 bits, not 16", "Choose .png or .tif.")
    if output.exists() and not target.overwrite:
        raise OutputExistsError(
            f"{output} exists", "Replace it, or write elsewhere.", ways_past(output)
        )
    folder = output.parent
    if not folder.is_dir():
        reason = "its folder is a file" if folder.exists() else "its folder does not exist"
        raise OutputError(f"{output} cannot be written: {reason}", "Create the folder first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"{output} cannot be written: you may not write there",
            "Choose another --output or change its permissions.",
        )


def equalize_files(
    inputs: Sequence[Path], target: OutputOptions, options: StackOptions, progress: Progress
) -> None:
    """Write every used frame at the reference's exposure."""
    check_allowances(options.threads)
    frames = open_asked(inputs, options, progress, every=True)
    with StagedFolder(target.folder, target.overwrite) as staging:
        check_targets([_path(target, frames, i) for i in range(len(frames))], frames)
        prepare(frames, options, progress, "measure")
        plan = plan_of(frames, options, memory_needed(frames, options), progress)
        used = {f.file: f for f in plan.frames if f.used}
        wanted = [i for i, name in enumerate(frames.names) if name in used]
        dtype = output_dtype(target, frames.dtype)
        with closing(_read(frames, wanted, "Equalising", progress)) as pictures:
            for i, picture in pictures:
                f = used[frames.names[i]]
                even = apply_gain(picture.pixels, f.gain, picture.transfer, f.exponent)
                even = apply_shading(even, f.shading, picture.transfer, options.threads)
                path = staging.staged(_path(target, frames, i))
                write_image(path, to_dtype(even, dtype), picture.metadata, target.quality)


def crop_files(
    inputs: Sequence[Path], target: OutputOptions, progress: Progress, options: StackOptions
) -> Rect:
    """Write aligned frames cropped to the area in which all show something."""
    check_allowances(1)
    frames = open_asked(inputs, options, progress, every=True)
    every = range(len(frames))
    with StagedFolder(target.folder, target.overwrite) as staging:
        check_targets([_path(target, frames, i) for i in every], frames)
        rect = shared_area(frames, progress)
        dtype = output_dtype(target, frames.dtype)
        with closing(_read(frames, every, "Cropping", progress)) as pictures:
            for i, picture in pictures:
                pixels = np.ascontiguousarray(cut(picture.pixels, rect))
                pixels = pixels if pixels.dtype == dtype else to_dtype(to_float(pixels), dtype)
                path = staging.staged(_path(target, frames, i))
                write_image(path, pixels, picture.metadata, target.quality)
    return rect


def _read(
    frames: FrameSource, indices: Iterable[int], stage: str, progress: Progress
) -> Generator[tuple[int, Picture], None, None]:
    wanted = list(indices)
    with track(progress, stage, prefetch(frames.read, wanted), len(wanted)) as pictures:
        yield from zip(wanted, pictures, strict=True)


def _path(target: OutputOptions, frames: FrameSource, index: int) -> Path:
    name = Path(frames.names[index])
    dtype = output_dtype(target, frames.dtype)
    return target.folder / (name.stem + suffix_for(target.format, name.suffix, dtype))
