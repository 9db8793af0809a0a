"""The commands that align: run and align."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from focusstack.cli.advice import without_doubtful
from focusstack.cli.asked import output_options, stack_options
from focusstack.cli.choices import Method
from focusstack.cli.door import printable_json, speak
from focusstack.cli.fusing import Fusion
from focusstack.cli.group_commands import naming_groups
from focusstack.cli.groups import Only, spread_groups
from focusstack.cli.judged import end_by_verdict, print_report, whisper_verdict
from focusstack.cli.leaving_out import Wanted
from focusstack.cli.messages import Messages
from focusstack.cli.options import WRITING, Alignment, Inputs, Results, Work
from focusstack.cli.reporting import announced, reporting, say
from focusstack.cli.splitting import telling_sweeps
from focusstack.cli.terminal import TerminalProgress
from focusstack.errors import Change, UsageError

if TYPE_CHECKING:
    from focusstack.options import OutputOptions, StackOptions
    from focusstack.pipeline import StackResult

_FUSING = Change("To fuse", drop=("--no-fuse",))
_NO_MAPS = Change("To write no maps", drop=("--depth", "--source-map"))
_NO_METHOD = Change("To fuse nothing", drop=("--method",))

OF_ALIGNING = Only(*WRITING, "resume", "json", "fail_on", "dry_run")
"""Results where nothing is fused."""


@spread_groups
def run(
    inputs: Inputs,
    wanted: Wanted,
    results: Results,
    alignment: Alignment,
    fusion: Fusion,
    work: Work,
    messages: Messages,
) -> None:
    """Align a stack and fuse it: aligned frames, composite and report."""
    with reporting(messages) as progress:
        if results.no_aligned and results.no_fuse:
            raise UsageError(
                "--no-aligned and --no-fuse leave nothing to do",
                "Give one of them.",
                [
                    Change("For the composite only", drop=("--no-fuse",)),
                    Change("For aligned frames only", drop=("--no-aligned",)),
                ],
            )
        if results.no_fuse and (fusion.depth or fusion.source_map):
            raise UsageError("maps come from fusing", "Nothing is fused.", [_FUSING, _NO_MAPS])
        if results.no_fuse and fusion.method is not Method.auto:
            raise UsageError(
                "--method is how frames are fused", "Nothing is fused.", [_FUSING, _NO_METHOD]
            )
        target = output_options(announced(results, inputs, progress), results, fusion)
        options = wanted.of(stack_options(alignment, work, fusion))
        with naming_groups("run", inputs, results.output):
            _stack(inputs, target, options, progress, results, messages)


@spread_groups
def align(
    inputs: Inputs,
    wanted: Wanted,
    results: Annotated[Results, OF_ALIGNING],
    alignment: Alignment,
    work: Work,
    messages: Messages,
) -> None:
    """Equalise, align and crop: aligned frames only."""
    with reporting(messages) as progress:
        target = output_options(announced(results, inputs, progress), results)
        options = wanted.of(stack_options(alignment, work))
        with naming_groups("align", inputs, results.output):
            _stack(inputs, target, options, progress, results, messages)


def _stack(
    inputs: list[Path],
    target: OutputOptions,
    options: StackOptions,
    progress: TerminalProgress,
    results: Results,
    messages: Messages,
) -> None:
    if results.dry_run:
        _foresee(inputs, target, options, as_json=results.json)
        return
    from focusstack.pipeline import stack

    with telling_sweeps(inputs, options, progress) as tell:
        result = stack(inputs, target, options, progress)
        plan = result.plan
        tell(plan)
    if results.json:
        print_report(plan)
    if results.json or messages.quiet:
        whisper_verdict(plan, target.folder)
    else:
        _summarise(result, target, more=messages.verbose)
    end_by_verdict(plan, results.fail_on)


def _summarise(result: StackResult, target: OutputOptions, *, more: bool) -> None:
    from focusstack.output.report.table import details, summary

    if result.done_before:
        say(f"already done: {target.folder}")
    for line in summary(result.plan, [str(target.folder), *result.written]):
        say(line)
    for line in details(result.plan) if more else ():
        say(f"            {line}")
    if without := without_doubtful(result.plan):
        say(f"  to try    {without}")


def _foresee(
    inputs: list[Path], target: OutputOptions, options: StackOptions, *, as_json: bool
) -> None:
    from focusstack.output.outlook import foresee_stack, outlook_lines

    outlook = foresee_stack(inputs, target, options)
    if as_json:
        told = asdict(outlook) | {"folder": str(outlook.folder)}
        speak(printable_json(json.dumps(told, indent=1)) + "\n", end="")
        return
    for line in outlook_lines(outlook):
        say(line)
