"""The commands that do one stage: fuse, equalize, crop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from focusstack.cli.asked import output_options, stack_options
from focusstack.cli.fusing import Fusion
from focusstack.cli.groups import Only, spread_groups
from focusstack.cli.leaving_out import Wanted
from focusstack.cli.messages import Messages
from focusstack.cli.options import RESULTS, Alignment, Inputs, Results, Work
from focusstack.cli.reporting import announced, reporting, say

OF_PICTURES = Only("output", "format", "quality", "bit_depth", "overwrite")
"""Results where every frame becomes a picture."""


@spread_groups
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
    wanted: Wanted,
    results: Annotated[Results, Only("quality", "bit_depth", "overwrite")],
    fusion: Fusion,
    work: Annotated[Work, Only("max_megapixels", "keep_damaged")],
    messages: Messages,
) -> None:
    """Fuse frames that are already aligned, in natural order of their names."""
    with reporting(messages) as progress:
        from focusstack.stages import fuse_files

        target = output_options(output, results, fusion)
        fuse_files(inputs, target, progress, wanted.of(stack_options(Alignment(), work, fusion)))
        say(str(output), quiet=messages.quiet)


@spread_groups
def equalize(
    inputs: Inputs,
    wanted: Wanted,
    results: Annotated[Results, OF_PICTURES],
    alignment: Annotated[Alignment, Only("plan", "reference")],
    work: Work,
    messages: Messages,
) -> None:
    """Give all frames the reference's exposure and white balance; nothing moves."""
    with reporting(messages) as progress:
        from focusstack.stages import equalize_files

        target = output_options(announced(results, inputs, progress), results)
        equalize_files(inputs, target, wanted.of(stack_options(alignment, work)), progress)
        say(str(target.folder), quiet=messages.quiet)


@spread_groups
def crop(
    inputs: Inputs,
    wanted: Wanted,
    results: Annotated[Results, OF_PICTURES],
    work: Annotated[Work, Only("max_megapixels", "keep_damaged")],
    messages: Messages,
) -> None:
    """Crop aligned frames with borders or transparency to the area they share."""
    with reporting(messages) as progress:
        from focusstack.stages import crop_files

        target = output_options(announced(results, inputs, progress), results)
        rect = crop_files(inputs, target, progress, wanted.of(stack_options(Alignment(), work)))
        area = f"{rect.width} x {rect.height} pixels at {rect.x}, {rect.y}"
        say(f"{target.folder}: {area}", quiet=messages.quiet)
