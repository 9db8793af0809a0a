"""The commands that do one stage: fuse, equalize, crop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from focusstack.cli.options import (
    RESULTS,
    BitDepth,
    BitDepthOption,
    DebugOption,
    DepthOption,
    Format,
    FormatOption,
    Inputs,
    MegapixelsOption,
    MemoryOption,
    Method,
    MethodOption,
    OutputFolderOption,
    OverwriteOption,
    PlanOption,
    QualityOption,
    QuietOption,
    ReferenceOption,
    SourceMapOption,
    ThreadsOption,
    VerboseOption,
    beside,
    output_options,
    stack_options,
)
from focusstack.cli.reporting import reporting, say


def fuse(
    inputs: Inputs,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The composite.",
            show_default=False,
            rich_help_panel=RESULTS,
        ),
    ],
    quality: QualityOption = 95,
    bit_depth: BitDepthOption = BitDepth.auto,
    method: MethodOption = Method.auto,
    depth: DepthOption = False,
    source_map: SourceMapOption = False,
    overwrite: OverwriteOption = False,
    max_megapixels: MegapixelsOption = 537,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Fuse frames that are already aligned, in natural order of their names."""
    with reporting(quiet, verbose, debug) as progress:
        from focusstack.stages import fuse_files

        target = output_options(
            output,
            Format.auto,
            quality,
            bit_depth,
            overwrite,
            depth=depth,
            source_map=source_map,
        )
        fuse_files(inputs, target, method.value, progress, max_megapixels)
        say(quiet, str(output))


def equalize(
    inputs: Inputs,
    output: OutputFolderOption = None,
    format: FormatOption = Format.auto,
    quality: QualityOption = 95,
    bit_depth: BitDepthOption = BitDepth.auto,
    plan: PlanOption = None,
    reference: ReferenceOption = "auto",
    overwrite: OverwriteOption = False,
    max_megapixels: MegapixelsOption = 537,
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Give all frames the reference's exposure and white balance; nothing moves."""
    with reporting(quiet, verbose, debug) as progress:
        from focusstack.stages import equalize_files

        target = output_options(output or beside(inputs), format, quality, bit_depth, overwrite)
        options = stack_options(reference, plan, max_megapixels, threads, memory)
        equalize_files(inputs, target, options, progress)
        say(quiet, str(target.folder))


def crop(
    inputs: Inputs,
    output: OutputFolderOption = None,
    format: FormatOption = Format.auto,
    quality: QualityOption = 95,
    bit_depth: BitDepthOption = BitDepth.auto,
    overwrite: OverwriteOption = False,
    max_megapixels: MegapixelsOption = 537,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Crop aligned frames with borders or transparency to the area they share."""
    with reporting(quiet, verbose, debug) as progress:
        from focusstack.stages import crop_files

        target = output_options(output or beside(inputs), format, quality, bit_depth, overwrite)
        rect = crop_files(inputs, target, progress, max_megapixels)
        say(quiet, f"{target.folder}: {rect.width} x {rect.height} pixels at {rect.x}, {rect.y}")
