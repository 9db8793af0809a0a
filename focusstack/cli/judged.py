"""What is said of a stack that has been judged, to people and to scripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from focusstack.cli.choices import FailOn
from focusstack.cli.door import finish_output, printable_json, speak, whisper
from focusstack.errors import VERDICT_EXIT_CODE

if TYPE_CHECKING:
    from focusstack.plan.model import StackPlan


def print_report(plan: StackPlan) -> None:
    """Print report.json to the output stream."""
    from focusstack.plan.file import plan_to_json

    speak(printable_json(plan_to_json(plan)), end="")


def whisper_verdict(plan: StackPlan, where: Path | None = None) -> None:
    """Say the verdict on one line of the error stream, after the folder that it is about."""
    if plan.verdict is not None:
        whisper(f"{where}: {plan.verdict.sentence()}" if where else plan.verdict.sentence())


def end_by_verdict(plan: StackPlan, fail_on: FailOn | None) -> None:
    """End the program with an exit code of its own if the verdict is as bad as was asked about.

    Raises
    ------
    typer.Exit
        If so.
    """
    from focusstack.plan.verdict import GRADES

    grade = plan.verdict.grade if plan.verdict else None
    if fail_on is None or grade is None or GRADES.index(grade) < GRADES.index(fail_on.value):
        return
    whisper(f"The verdict is {grade}: exit code {VERDICT_EXIT_CODE}, for --fail-on {fail_on}.")
    finish_output()
    raise typer.Exit(VERDICT_EXIT_CODE)
