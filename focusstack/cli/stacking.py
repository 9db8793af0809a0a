"""The commands that align: run and align."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from focusstack.cli.terminal import TerminalProgress
from focusstack.errors import UsageError

if TYPE_CHECKING:
    from focusstack.options import OutputOptions, StackOptions
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
    MultipageOption,
    NoLocalOption,
    NoReportOption,
    OutputFolderOption,
    OverwriteOption,
    PlanOption,
    QualityOption,
    QuietOption,
    ReferenceOption,
    ResumeOption,
    SourceMapOption,
    ThreadsOption,
    VerboseOption,
    beside,
    output_options,
    stack_options,
)
from focusstack.cli.reporting import reporting, say


def run(
    inputs: Inputs,
    output: OutputFolderOption = None,
    format: FormatOption = Format.auto,
    quality: QualityOption = 95,
    bit_depth: BitDepthOption = BitDepth.auto,
    no_aligned: Annotated[
        bool,
        typer.Option("--no-aligned", help="Write the composite only.", rich_help_panel=RESULTS),
    ] = False,
    no_fuse: Annotated[
        bool, typer.Option("--no-fuse", help="Write aligned frames only.", rich_help_panel=RESULTS)
    ] = False,
    multipage: MultipageOption = False,
    plan: PlanOption = None,
    reference: ReferenceOption = "auto",
    no_local: NoLocalOption = False,
    method: MethodOption = Method.auto,
    depth: DepthOption = False,
    source_map: SourceMapOption = False,
    no_report: NoReportOption = False,
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
    with reporting(quiet, verbose, debug) as progress:
        if no_aligned and no_fuse:
            raise UsageError("--no-aligned and --no-fuse leave nothing to do", "Give at most one.")
        if no_fuse and (depth or source_map):
            raise UsageError("maps come from fusing", "Leave out --no-fuse, or the maps.")
        folder = output or beside(inputs)
        target = output_options(
            folder,
            format,
            quality,
            bit_depth,
            overwrite,
            aligned=not no_aligned,
            fused=not no_fuse,
            multipage=multipage,
            resume=resume,
            depth=depth,
            source_map=source_map,
            report=not no_report,
        )
        options = stack_options(reference, plan, max_megapixels, threads, memory, method, no_local)
        _stack(inputs, target, options, progress, quiet)


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
    no_report: NoReportOption = False,
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
    with reporting(quiet, verbose, debug) as progress:
        target = output_options(
            output or beside(inputs),
            format,
            quality,
            bit_depth,
            overwrite,
            fused=False,
            multipage=multipage,
            resume=resume,
            report=not no_report,
        )
        options = stack_options(reference, plan, max_megapixels, threads, memory, no_local=no_local)
        _stack(inputs, target, options, progress, quiet)


def _stack(
    inputs: list[Path],
    target: OutputOptions,
    options: StackOptions,
    progress: TerminalProgress,
    quiet: bool,
) -> None:
    from focusstack.output.report.table import summary
    from focusstack.pipeline import stack

    result = stack(inputs, target, options, progress)
    for line in summary(result.plan, [str(target.folder), *result.written]):
        say(quiet, line)
