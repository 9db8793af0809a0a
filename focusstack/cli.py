"""The command line: parses, calls the library, turns errors into exit codes. Nothing else.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from focusstack.errors import FocusstackError, UsageError
from focusstack.footprint import parse_bytes
from focusstack.interruption import prompt_interruption
from focusstack.terminal import TerminalProgress
from focusstack.version import __version__

if TYPE_CHECKING:
    from focusstack.map_options import MapOptions
    from focusstack.options import OutputOptions, StackOptions

app = typer.Typer(
    name="focusstack",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Turn a hand-held focus series into aligned frames and one image that is sharp everywhere."
    "\n\nEquals out exposure, aligns every frame to a fraction of a pixel, crops to exactly the "
    "area all frames share, and fuses.",
    epilog="**Exit codes**: 0 done, 2 usage, 3 input unusable, 4 the frames cannot be aligned, "
    "5 output cannot be written, 130 interrupted.\n\n"
    "**Example**: `focusstack run photos/` writes the result to `photos-stacked/`.",
)


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
    ),
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="Format of the pictures; auto: as the input.")
]
QualityOption = Annotated[int, typer.Option("--quality", min=1, max=100, help="JPEG quality.")]
BitDepthOption = Annotated[
    BitDepth, typer.Option("--bit-depth", help="Bits of the pictures; auto: as the input.")
]
MultipageOption = Annotated[
    bool, typer.Option("--multipage", help="Aligned frames as pages of one TIFF, aligned.tif.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on from what an interrupted run has left.")
]
MegapixelsOption = Annotated[
    float,
    typer.Option("--max-megapixels", metavar="N", help="Refuse pictures that claim to be larger."),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        show_default="one a core",
        help="Threads; the result is the same.",
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
    ),
]
PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        show_default=False,
        help="Reuse matrices, gains and crop of an earlier report.json.",
    ),
]
ReferenceOption = Annotated[
    str, typer.Option("--reference", metavar="NAME|auto", help="The frame that does not move.")
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace results of an earlier run.")
]
NoLocalOption = Annotated[
    bool, typer.Option("--no-local", help="Matrices only: no local displacement for parallax.")
]
MethodOption = Annotated[Method, typer.Option("--method", help="How the frames are fused.")]
DepthOption = Annotated[
    bool, typer.Option("--depth", help="Also write the depth map and how sure it is.")
]
SourceMapOption = Annotated[
    bool, typer.Option("--source-map", help="Also write which frame each pixel comes from.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say what is being done.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def main() -> None:
    """Run the command line."""
    # Until there is anything to clean up, Ctrl-C ends the program at once and in silence.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"focusstack {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@contextmanager
def _reporting(quiet: bool, verbose: bool, debug: bool) -> Iterator[TerminalProgress]:
    """Turn errors into messages and exit codes."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr, force=True)
    # What libraries say of broken files is in the error.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    progress = TerminalProgress(quiet)
    import_module("focusstack.pipeline")  # loading libraries cannot be interrupted later
    try:
        with prompt_interruption():
            yield progress
    except FocusstackError as error:
        progress.finish()
        if debug:
            traceback.print_exc()
        print("\n".join([f"error: {error}", *_notes(error)]), file=sys.stderr)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt as error:
        progress.finish()
        print("\n".join(["interrupted", *_notes(error)]), file=sys.stderr)
        raise typer.Exit(130) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        progress.finish()
        if debug:
            raise
        kind = type(error).__name__
        print(f"error: something unexpected happened ({kind}: {error})", file=sys.stderr)
        print("Run again with --debug and report what it prints.", file=sys.stderr)
        raise typer.Exit(1) from None


def _notes(error: BaseException) -> list[str]:
    """What was added to an error on its way: that a run can be gone on from."""
    return list(getattr(error, "__notes__", []))


@app.command(
    epilog="**Examples**: `focusstack run photos/` · "
    "`focusstack run IMG_*.jpg -o result --format tif` · "
    "`focusstack run raws/ --plan result/report.json`"
)
def run(
    inputs: Inputs,
    output: OutputFolderOption = None,
    format: FormatOption = Format.auto,
    quality: QualityOption = 95,
    bit_depth: BitDepthOption = BitDepth.auto,
    no_aligned: Annotated[
        bool, typer.Option("--no-aligned", help="Write the composite only.")
    ] = False,
    no_fuse: Annotated[bool, typer.Option("--no-fuse", help="Write aligned frames only.")] = False,
    multipage: MultipageOption = False,
    method: MethodOption = Method.auto,
    depth: DepthOption = False,
    source_map: SourceMapOption = False,
    plan: PlanOption = None,
    reference: ReferenceOption = "auto",
    no_local: NoLocalOption = False,
    overwrite: OverwriteOption = False,
    resume: ResumeOption = False,
    max_megapixels: MegapixelsOption = 537,
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Align a stack and fuse it: aligned frames, composite and report."""
    with _reporting(quiet, verbose, debug) as progress:
        if no_aligned and no_fuse:
            raise UsageError("--no-aligned and --no-fuse leave nothing to do", "Give at most one.")
        if no_fuse and (depth or source_map):
            raise UsageError("maps come from fusing", "Leave out --no-fuse, or the maps.")
        folder = output or _beside(inputs)
        target = _output(
            folder,
            format,
            quality,
            bit_depth,
            overwrite,
            aligned=not no_aligned,
            fused=not no_fuse,
            multipage=multipage,
            resume=resume,
        )
        target = replace(target, maps=_maps(depth, source_map))
        options = _options(reference, plan, max_megapixels, threads, memory, method, no_local)
        _stack(inputs, target, options, progress, quiet)


@app.command(epilog="**Example**: `focusstack align photos/ -o aligned --format tif`")
def align(
    inputs: Inputs,
    output: OutputFolderOption = None,
    format: FormatOption = Format.auto,
    quality: QualityOption = 95,
    bit_depth: BitDepthOption = BitDepth.auto,
    multipage: MultipageOption = False,
    plan: PlanOption = None,
    reference: ReferenceOption = "auto",
    no_local: NoLocalOption = False,
    overwrite: OverwriteOption = False,
    resume: ResumeOption = False,
    max_megapixels: MegapixelsOption = 537,
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Equalise, align and crop: aligned frames only."""
    with _reporting(quiet, verbose, debug) as progress:
        target = _output(
            output or _beside(inputs),
            format,
            quality,
            bit_depth,
            overwrite,
            fused=False,
            multipage=multipage,
            resume=resume,
        )
        options = _options(reference, plan, max_megapixels, threads, memory, no_local=no_local)
        _stack(inputs, target, options, progress, quiet)


@app.command(epilog="**Example**: `focusstack fuse aligned/ -o sharp.tif`")
def fuse(
    inputs: Inputs,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The composite.", show_default=False),
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
    with _reporting(quiet, verbose, debug) as progress:
        from focusstack.commands import fuse_files

        target = _output(output, Format.auto, quality, bit_depth, overwrite)
        target = replace(target, maps=_maps(depth, source_map))
        fuse_files(inputs, target, method.value, progress, max_megapixels)
        _say(quiet, str(output))


@app.command(epilog="**Example**: `focusstack equalize photos/ -o even`")
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
    with _reporting(quiet, verbose, debug) as progress:
        from focusstack.commands import equalize_files

        target = _output(output or _beside(inputs), format, quality, bit_depth, overwrite)
        options = _options(reference, plan, max_megapixels, threads, memory)
        equalize_files(inputs, target, options, progress)
        _say(quiet, str(target.folder))


@app.command(epilog="**Example**: `focusstack crop aligned/ -o cropped`")
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
    with _reporting(quiet, verbose, debug) as progress:
        from focusstack.commands import crop_files

        target = _output(output or _beside(inputs), format, quality, bit_depth, overwrite)
        rect = crop_files(inputs, target, progress, max_megapixels)
        _say(quiet, f"{target.folder}: {rect.width} x {rect.height} pixels at {rect.x}, {rect.y}")


@app.command(epilog="**Example**: `focusstack inspect photos/ --json > report.json`")
def inspect(
    inputs: Inputs,
    json: Annotated[
        bool, typer.Option("--json", help="Print report.json instead of a table.")
    ] = False,
    reference: ReferenceOption = "auto",
    max_megapixels: MegapixelsOption = 537,
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Measure a stack without moving a pixel: exposure, zoom, rotation, shift, sharpness."""
    with _reporting(quiet, verbose, debug) as progress:
        from focusstack.pipeline import plan_stack
        from focusstack.report.table import plan_table

        options = _options(reference, None, max_megapixels, threads, memory)
        plan = plan_stack(inputs, options, progress)
        print(plan.to_json() if json else plan_table(plan), end="")


@app.command(epilog="**Example**: `focusstack sample demo && focusstack run demo`")
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to.", show_default=False)],
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Render a small hand-held stack with known truth, to try the program on."""
    with _reporting(quiet, verbose, debug):
        from focusstack.scene import write_sample
        from focusstack.staging import StagedFolder

        with StagedFolder(folder, overwrite) as staging:
            write_sample(staging.place)
        _say(quiet, str(folder))


def _stack(
    inputs: list[Path],
    target: OutputOptions,
    options: StackOptions,
    progress: TerminalProgress,
    quiet: bool,
) -> None:
    from focusstack.pipeline import stack
    from focusstack.report.table import summary

    result = stack(inputs, target, options, progress)
    _say(quiet, f"{target.folder}: {summary(result.plan)}")


def _options(
    reference: str,
    plan: Path | None,
    max_megapixels: float,
    threads: int | None,
    memory: int | None,
    method: Method = Method.auto,
    no_local: bool = False,
) -> StackOptions:
    from focusstack.fusion.options import FusionOptions
    from focusstack.options import StackOptions
    from focusstack.threads import usable_cores

    return StackOptions(
        reference,
        plan,
        FusionOptions(method=method.value),
        not no_local,
        threads or usable_cores(),
        memory,
        max_megapixels,
    )


def _output(
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
) -> OutputOptions:
    from focusstack.options import OutputOptions

    depth = None if bit_depth is BitDepth.auto else int(bit_depth.value)
    return OutputOptions(
        folder, format.value, quality, aligned, fused, overwrite, depth, multipage, resume
    )


def _maps(depth: bool, source: bool) -> MapOptions:
    from focusstack.map_options import MapOptions

    return MapOptions(depth, source)


def _beside(inputs: list[Path]) -> Path:
    """Return ``<input folder>-stacked`` beside the input folder, as the user named it."""
    first = Path(os.path.abspath(inputs[0]))  # noqa: PTH100 - links stay as they are
    folder = first if first.is_dir() else first.parent
    return folder.with_name(f"{folder.name}-stacked")


def _say(quiet: bool, message: str) -> None:
    if not quiet:
        # A name that is not UTF-8 cannot be printed as it is.
        print(message.encode(errors="backslashreplace").decode())
