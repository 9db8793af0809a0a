"""The options of the commands, each said once, in groups, and what the library is told of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from focusstack.images.limits import MOST_MEGAPIXELS
from focusstack.runtime.memory import parse_bytes

if TYPE_CHECKING:
    pass


class Format(StrEnum):
    """Formats that are written."""

    auto = "auto"
    jpg = "jpg"
    png = "png"
    tif = "tif"


class BitDepth(StrEnum):
    """Bits of a channel that are written."""

    auto = "auto"
    eight = "8"
    sixteen = "16"


class Method(StrEnum):
    """Fusion methods."""

    auto = "auto"
    pyramid = "pyramid"
    weighted = "weighted"
    depth = "depth"


class Moved(StrEnum):
    """What is done about things that move."""

    auto = "auto"
    off = "off"


RESULTS, ALIGNMENT, FUSION = "Results", "Alignment", "Fusion"
WORK, MESSAGES = "Threads and memory", "Messages"
"""Panels of the help."""

Inputs = Annotated[
    list[Path],
    typer.Argument(metavar="INPUT", help="A folder, files or globs.", show_default=False),
]


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
            "--format", help="Format of the pictures; auto: as the input.", rich_help_panel=RESULTS
        ),
    ] = Format.auto
    quality: Annotated[
        int,
        typer.Option("--quality", min=1, max=100, help="JPEG quality.", rich_help_panel=RESULTS),
    ] = 95
    bit_depth: Annotated[
        BitDepth,
        typer.Option(
            "--bit-depth", help="Bits of the pictures; auto: as the input.", rich_help_panel=RESULTS
        ),
    ] = BitDepth.auto
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
            help="Reuse matrices, gains and crop of an earlier report.json.",
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
            help="Matrices only: no local displacement for parallax.",
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
class Fusion:
    """How frames are fused, and which maps come with it."""

    method: Annotated[
        Method, typer.Option("--method", help="How the frames are fused.", rich_help_panel=FUSION)
    ] = Method.auto
    moved: Annotated[
        Moved,
        typer.Option(
            "--moved",
            help="auto: what moved is taken from one frame; off: it is not looked for.",
            rich_help_panel=FUSION,
        ),
    ] = Moved.auto
    depth: Annotated[
        bool,
        typer.Option(
            "--depth", help="Also write the depth map and how sure it is.", rich_help_panel=FUSION
        ),
    ] = False
    source_map: Annotated[
        bool,
        typer.Option(
            "--source-map",
            help="Also write which frame each pixel comes from.",
            rich_help_panel=FUSION,
        ),
    ] = False


@dataclass(frozen=True)
class Work:
    """What a run may take of the computer."""

    max_megapixels: Annotated[
        float,
        typer.Option(
            "--max-megapixels",
            metavar="N",
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
            min=1,
            show_default="one a core",
            help="Threads; the result is the same.",
            rich_help_panel=WORK,
        ),
    ] = None
    memory: Annotated[
        int | None,
        typer.Option(
            "--memory",
            metavar="SIZE",
            parser=parse_bytes,
            show_default="half of what is free",
            help="Memory to stay within, such as 600M or 4G; the result is the same.",
            rich_help_panel=WORK,
        ),
    ] = None


@dataclass(frozen=True)
class Messages:
    """What is said on the way."""

    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="No progress, no summary.", rich_help_panel=MESSAGES),
    ] = False
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Say what is being done.", rich_help_panel=MESSAGES),
    ] = False
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=MESSAGES),
    ] = False


def beside(inputs: list[Path]) -> Path:
    """Return ``<input folder>-stacked`` beside the input folder, as the user named it."""
    first = Path(os.path.abspath(inputs[0]))  # noqa: PTH100 - links stay as they are
    folder = first if first.is_dir() else first.parent
    return folder.with_name(f"{folder.name}-stacked")
