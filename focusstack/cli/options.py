"""The options of the commands, each said once, and what the library is told of them."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from focusstack.runtime.memory import parse_bytes

if TYPE_CHECKING:
    from focusstack.options import OutputOptions, StackOptions


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


RESULTS, ALIGNMENT, FUSION = "Results", "Alignment", "Fusion"
WORK, MESSAGES = "Threads and memory", "Messages"
"""Panels of the help."""

Inputs = Annotated[
    list[Path],
    typer.Argument(metavar="INPUT", help="A folder, files or globs.", show_default=False),
]
OutputFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for the results.",
        show_default="<input folder>-stacked",
        rich_help_panel=RESULTS,
    ),
]
FormatOption = Annotated[
    Format,
    typer.Option(
        "--format", help="Format of the pictures; auto: as the input.", rich_help_panel=RESULTS
    ),
]
QualityOption = Annotated[
    int, typer.Option("--quality", min=1, max=100, help="JPEG quality.", rich_help_panel=RESULTS)
]
BitDepthOption = Annotated[
    BitDepth,
    typer.Option(
        "--bit-depth", help="Bits of the pictures; auto: as the input.", rich_help_panel=RESULTS
    ),
]
MultipageOption = Annotated[
    bool,
    typer.Option(
        "--multipage",
        help="Aligned frames as pages of one TIFF, aligned.tif.",
        rich_help_panel=RESULTS,
    ),
]
ResumeOption = Annotated[
    bool,
    typer.Option(
        "--resume", help="Go on from what an interrupted run has left.", rich_help_panel=RESULTS
    ),
]
MegapixelsOption = Annotated[
    float,
    typer.Option(
        "--max-megapixels",
        metavar="N",
        help="Refuse pictures that claim to be larger.",
        rich_help_panel=WORK,
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        show_default="one a core",
        help="Threads; the result is the same.",
        rich_help_panel=WORK,
    ),
]
MemoryOption = Annotated[
    int | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        parser=parse_bytes,
        show_default="half of what is free",
        help="Memory to stay within, such as 600M or 4G; the result is the same.",
        rich_help_panel=WORK,
    ),
]
PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        show_default=False,
        help="Reuse matrices, gains and crop of an earlier report.json.",
        rich_help_panel=ALIGNMENT,
    ),
]
ReferenceOption = Annotated[
    str,
    typer.Option(
        "--reference",
        metavar="NAME|auto",
        help="The frame that does not move.",
        rich_help_panel=ALIGNMENT,
    ),
]
OverwriteOption = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace results of an earlier run.", rich_help_panel=RESULTS),
]
NoReportOption = Annotated[
    bool, typer.Option("--no-report", help="Write no report.html.", rich_help_panel=RESULTS)
]
NoLocalOption = Annotated[
    bool,
    typer.Option(
        "--no-local",
        help="Matrices only: no local displacement for parallax.",
        rich_help_panel=ALIGNMENT,
    ),
]
MethodOption = Annotated[
    Method, typer.Option("--method", help="How the frames are fused.", rich_help_panel=FUSION)
]
DepthOption = Annotated[
    bool,
    typer.Option(
        "--depth", help="Also write the depth map and how sure it is.", rich_help_panel=FUSION
    ),
]
SourceMapOption = Annotated[
    bool,
    typer.Option(
        "--source-map", help="Also write which frame each pixel comes from.", rich_help_panel=FUSION
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, no summary.", rich_help_panel=MESSAGES)
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say what is being done.", rich_help_panel=MESSAGES)
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=MESSAGES)
]


def stack_options(
    reference: str,
    plan: Path | None,
    max_megapixels: float,
    threads: int | None,
    memory: int | None,
    method: Method = Method.auto,
    no_local: bool = False,
) -> StackOptions:
    """Return how a stack is to be worked on."""
    from focusstack.options import FusionOptions, StackOptions
    from focusstack.runtime.cores import usable_cores

    return StackOptions(
        reference,
        plan,
        FusionOptions(method=method.value),
        not no_local,
        threads or usable_cores(),
        memory,
        max_megapixels,
    )


def output_options(
    folder: Path,
    format: Format,
    quality: int,
    bit_depth: BitDepth,
    overwrite: bool,
    *,
    aligned: bool = True,
    fused: bool = True,
    multipage: bool = False,
    resume: bool = False,
    depth: bool = False,
    source_map: bool = False,
    report: bool = True,
) -> OutputOptions:
    """Return what is to be written, and how."""
    from focusstack.options import MapOptions, OutputOptions

    bits = None if bit_depth is BitDepth.auto else int(bit_depth.value)
    return OutputOptions(
        folder,
        format.value,
        quality,
        aligned,
        fused,
        overwrite,
        bits,
        multipage,
        resume,
        MapOptions(depth, source_map),
        report,
    )


def beside(inputs: list[Path]) -> Path:
    """Return ``<input folder>-stacked`` beside the input folder, as the user named it."""
    first = Path(os.path.abspath(inputs[0]))  # noqa: PTH100 - links stay as they are
    folder = first if first.is_dir() else first.parent
    return folder.with_name(f"{folder.name}-stacked")
