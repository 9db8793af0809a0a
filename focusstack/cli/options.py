"""The options of the commands, each said once, in groups, and what the library is told of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from focusstack.cli.choices import ALSO, BitDepth, FailOn, Format
from focusstack.cli.values import amount_of_memory, number, one_of, whole_number
from focusstack.images.limits import MOST_MEGAPIXELS

RESULTS, ALIGNMENT, FUSION = "Results", "Alignment", "Fusion"
WORK, SCRIPTS = "Threads and memory", "For scripts"
"""Panels of the help."""

Inputs = Annotated[
    list[Path],
    typer.Argument(
        metavar="INPUT…", help="A folder, files, or globs in quotes.", show_default=False
    ),
]


WRITING = ("output", "format", "quality", "bit_depth", "multipage", "no_report", "overwrite")
"""Fields of `Results` of all commands that align stacks."""


@dataclass(frozen=True)
class Results:
    """What is written, and where."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder for the results.",
            show_default="<input folder>-stacked",
            rich_help_panel=RESULTS,
        ),
    ] = None
    format: Annotated[
        Format,
        typer.Option(
            "--format",
            metavar="auto|jpg|png|tif",
            parser=one_of("--format", Format, ALSO),
            help="Format of the pictures; auto: as the input.",
            rich_help_panel=RESULTS,
        ),
    ] = Format.auto
    quality: Annotated[
        int,
        typer.Option(
            "--quality",
            metavar="1-100",
            parser=whole_number("--quality", 1, 100),
            help="JPEG quality.",
            rich_help_panel=RESULTS,
        ),
    ] = 95
    bit_depth: Annotated[
        BitDepth,
        typer.Option(
            "--bit-depth",
            metavar="auto|8|16",
            parser=one_of("--bit-depth", BitDepth),
            help="Bits of the pictures; auto: as the input.",
            rich_help_panel=RESULTS,
        ),
    ] = BitDepth.auto
    name: Annotated[
        str,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Name of the composite, without suffix; {folder}, {first}, {last}, {frames} and "
            "{method} are filled in.",
            rich_help_panel=RESULTS,
        ),
    ] = "fused"
    no_aligned: Annotated[
        bool,
        typer.Option("--no-aligned", help="Write the composite only.", rich_help_panel=RESULTS),
    ] = False
    no_fuse: Annotated[
        bool, typer.Option("--no-fuse", help="Write aligned frames only.", rich_help_panel=RESULTS)
    ] = False
    multipage: Annotated[
        bool,
        typer.Option(
            "--multipage",
            help="Aligned frames as pages of one TIFF, aligned.tif.",
            rich_help_panel=RESULTS,
        ),
    ] = False
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Write no report.html.", rich_help_panel=RESULTS)
    ] = False
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace results of an earlier run.", rich_help_panel=RESULTS
        ),
    ] = False
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on from what an interrupted run has left.", rich_help_panel=RESULTS
        ),
    ] = False
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print report.json instead of a summary.", rich_help_panel=SCRIPTS
        ),
    ] = False
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on",
            metavar="look|fail",
            parser=one_of("--fail-on", FailOn),
            show_default=False,
            help="End with exit code 6 if the verdict is this or worse; results are written.",
            rich_help_panel=SCRIPTS,
        ),
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what would be read, left out and written, how long it would take, and how "
            "much memory.",
            rich_help_panel=SCRIPTS,
        ),
    ] = False

    def folder(self, inputs: list[Path]) -> Path:
        """Return where results go: beside the input folder unless said."""
        return self.output or beside(inputs)


@dataclass(frozen=True)
class Alignment:
    """How frames are aligned."""

    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            show_default=False,
            help="Place frames as an earlier report.json tells.",
            rich_help_panel=ALIGNMENT,
        ),
    ] = None
    reference: Annotated[
        str,
        typer.Option(
            "--reference",
            metavar="NAME|auto",
            help="The frame that does not move.",
            rich_help_panel=ALIGNMENT,
        ),
    ] = "auto"
    no_local: Annotated[
        bool,
        typer.Option(
            "--no-local",
            help="Move frames as a whole only: nothing is bent to follow near and far.",
            rich_help_panel=ALIGNMENT,
        ),
    ] = False
    dust: Annotated[
        Path | None,
        typer.Option(
            "--dust",
            metavar="FILE",
            show_default=False,
            help="A white or dark shot that shows marks on the sensor.",
            rich_help_panel=ALIGNMENT,
        ),
    ] = None


@dataclass(frozen=True)
class Work:
    """What a run may take of the computer."""

    max_megapixels: Annotated[
        float,
        typer.Option(
            "--max-megapixels",
            metavar="N",
            parser=number("--max-megapixels", 0.001),
            help="Refuse pictures that claim to be larger.",
            rich_help_panel=WORK,
        ),
    ] = MOST_MEGAPIXELS
    keep_damaged: Annotated[
        bool,
        typer.Option(
            "--keep-damaged",
            help="Use frames whose files are damaged as they decode.",
            rich_help_panel=WORK,
        ),
    ] = False
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads",
            metavar="N",
            parser=whole_number("--threads", 1),
            show_default="one a core",
            help="How many cores share the work; the result is the same.",
            rich_help_panel=WORK,
        ),
    ] = None
    memory: Annotated[
        int | None,
        typer.Option(
            "--memory",
            metavar="SIZE",
            parser=amount_of_memory("--memory"),
            show_default="half of what is free",
            help="Memory to stay within, such as 600M or 4G; the result is the same.",
            rich_help_panel=WORK,
        ),
    ] = None


def beside(inputs: list[Path]) -> Path:
    """Return ``<input folder>-stacked`` beside the input folder, as the user named it.

    Examples
    --------
    >>> beside([Path("photos/IMG_1.jpg"), Path("photos/IMG_2.jpg")]).as_posix()
    'photos-stacked'
    """
    from focusstack.output.paths import STACKED  # loads OpenCV

    first = inputs[0]
    folder = first if first.is_dir() else first.parent
    if folder.name in ("", ".."):  # such as where the terminal is
        folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay as they are
    return folder.with_name(f"{folder.name}{STACKED}")
