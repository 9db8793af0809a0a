"""The command that only measures: inspect."""

from __future__ import annotations

from typing import Annotated

import typer

from focusstack.cli.options import (
    DebugOption,
    Inputs,
    MegapixelsOption,
    MemoryOption,
    QuietOption,
    ReferenceOption,
    ThreadsOption,
    VerboseOption,
    stack_options,
)
from focusstack.cli.reporting import reporting


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
    with reporting(quiet, verbose, debug) as progress:
        from focusstack.pipeline import plan_stack
        from focusstack.report.table import plan_table

        options = stack_options(reference, None, max_megapixels, threads, memory)
        plan = plan_stack(inputs, options, progress)
        print(plan.to_json() if json else plan_table(plan), end="")
