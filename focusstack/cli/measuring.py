"""The command that only measures: inspect."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from focusstack.cli.advice import to_run
from focusstack.cli.asked import stack_options
from focusstack.cli.group_commands import naming_groups
from focusstack.cli.groups import Only, spread_groups
from focusstack.cli.judged import end_by_verdict, print_report, whisper_verdict
from focusstack.cli.leaving_out import Wanted
from focusstack.cli.messages import Messages
from focusstack.cli.options import Alignment, Inputs, Results, Work
from focusstack.cli.reporting import reporting, say

if TYPE_CHECKING:
    from focusstack.plan.model import StackPlan


@spread_groups
def inspect(
    inputs: Inputs,
    *,
    wanted: Wanted,
    thorough: Annotated[
        bool,
        typer.Option(
            "--thorough", help="Measure as closely as `run` does, which takes ten times as long."
        ),
    ] = False,
    alignment: Annotated[Alignment, Only("reference", "dust")],
    work: Work,
    results: Annotated[Results, Only("json", "fail_on")],
    messages: Messages,
) -> None:
    """Measure a stack without moving a pixel: exposure, zoom, rotation, shift, sharpness."""
    with reporting(messages) as progress:
        from focusstack.first_pass.effort import QUICK, THOROUGH
        from focusstack.pipeline import plan_stack

        options = wanted.of(stack_options(alignment, work))
        with naming_groups("run", inputs):
            plan = plan_stack(inputs, options, progress, THOROUGH if thorough else QUICK)
        if results.json:
            print_report(plan)
        elif not messages.quiet:
            _show(plan, more=messages.verbose)
        if messages.quiet:
            whisper_verdict(plan)
        end_by_verdict(plan, results.fail_on)


def _show(plan: StackPlan, *, more: bool) -> None:
    """Print the table, the verdict, and what to do next."""
    from focusstack.output.report.table import details, facts, plan_table, rich_table, verdict_lines

    if sys.stdout.isatty():
        from rich.console import Console

        console = Console()
        console.print(rich_table(plan, console.width))
    else:
        say(plan_table(plan))
    for line in verdict_lines(plan):
        say(line)
    for name, value in facts(plan):
        say(f"  {name:<8}  {value}")
    for line in details(plan) if more else ():
        say(f"            {line}")
    if ahead := to_run():
        say(f"  next      {ahead.line()}")
    if plan.quick and plan.verdict is not None and plan.verdict.grade != "pass":
        say("            (it measures more closely, follows parallax and says how well)")
