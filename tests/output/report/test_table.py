"""The table, the verdict and the summary on a terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from focusstack.alignment.quality.residual import Residual
from focusstack.exposure.trial import LightChoice
from focusstack.geometry.coordinates import Rect
from focusstack.output.report.table import (
    HEAD,
    facts,
    plan_table,
    rich_table,
    summary,
    verdict_lines,
)
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.plan.verdict import Verdict


def frame(name: str, ev: float = 0.0, reason: str | None = None) -> FramePlan:
    return FramePlan(
        file=name,
        used=reason is None,
        reason=reason,
        matrix=np.eye(3) if reason is None else None,
        gain=np.ones(3),
        residual_px=Residual(0.03, 0.1, 0.15, 50),
        exposure_ev=ev,
        sharpness=0.5,
        error_px=0.04,
        verdict=Verdict("pass", "good to 0.04 px") if reason is None else None,
    )


PLAN = StackPlan(
    "a.jpg",
    (400, 300),
    Rect(3, 4, 390, 280),
    (frame("a.jpg"), frame("IMG_1000.jpg", 0.5), frame("c.jpg", -3, "too little detail")),
    ("a.jpg", "IMG_1000.jpg"),
    residual_px=Residual(0.03, 0.1, 0.15, 100),
    verdict=Verdict("look", "left out: c.jpg", "The report says why.", ("lost",)),
)


def test_the_table_has_a_line_for_every_frame() -> None:
    head, *lines = plan_table(PLAN).splitlines()
    assert [line.split()[0] for line in lines] == ["a.jpg", "IMG_1000.jpg", "c.jpg"]
    assert lines[2] == "c.jpg  left out: too little detail"
    assert lines[1].endswith("pass: good to 0.04 px")
    assert [head.index(word) for word in HEAD] == sorted(head.index(word) for word in HEAD)


def test_the_table_keeps_names_on_one_line() -> None:
    odd = replace(PLAN, frames=(frame("a\nb.jpg"), *PLAN.frames[1:]))
    assert len(plan_table(odd).splitlines()) == 4


def test_a_terminal_shows_the_same_cells() -> None:
    console = Console(width=160, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as shown:
        console.print(rich_table(PLAN, 160))
    for line in plan_table(PLAN).splitlines():
        assert line.split()[0] in shown.get()
    assert "left out: too little detail" in shown.get()


def test_a_narrow_terminal_cuts_nothing() -> None:
    console = Console(width=80)
    with console.capture() as shown:
        console.print(rich_table(PLAN))
    text = "".join(shown.get().split())
    assert "IMG_1000.jpg" in text
    assert "+0.50" in text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_names_and_verdicts_are_whole_in_any_terminal(width: int) -> None:
    console = Console(width=width)
    with console.capture() as shown:
        console.print(rich_table(PLAN, width))
    text = " ".join(shown.get().split())
    assert "…" not in text
    assert max(len(line) for line in shown.get().splitlines()) <= width
    for line in plan_table(PLAN).splitlines()[1:]:
        assert line.split()[0] in text
    assert "good to 0.04 px" in text
    for number, needed in (("+0.50", 60), ("resid", 40), ("sharp", 80)):
        assert (number in text) == (width >= needed)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("name", ["Beetle on the third leaf, evening, take {}.png", "{}.png"])
def test_long_names_and_reasons_lose_no_letter(width: int, name: str) -> None:
    reason = "shows nothing of what the others show: another scene, or no overlap"
    frames = [replace(f, file=name.format(k)) for k, f in enumerate(PLAN.frames)]
    plan = replace(PLAN, frames=(*frames[:2], replace(frames[2], reason=reason)))
    console = Console(width=width)
    with console.capture() as shown:
        console.print(rich_table(plan, width))
    lines = shown.get().splitlines()
    assert max(len(line) for line in lines) <= width
    cells = [line.split("  ") for line in lines]
    everything = "".join(part.strip().replace(" ", "") for line in cells for part in line)
    letters = Counter(everything)
    for frame, words in zip(plan.frames, ["good to 0.04 px"] * 2 + [reason], strict=True):
        letters.subtract(Counter((frame.file + words).replace(" ", "")))
    assert min(letters.values()) >= 0


def test_the_summary_has_five_lines_of_facts() -> None:
    verdict, *lines = summary(PLAN, ["out", "fused.jpg", "report.html"])
    assert verdict == "Take a look: left out: c.jpg. The report says why."
    assert [line.split()[0] for line in lines] == [
        "written", "frames", "fit", "light", "area"
    ]  # fmt: skip
    assert lines[0].endswith("out: fused.jpg, report.html")


def test_facts_count_what_is_used() -> None:
    told = dict(facts(PLAN))
    assert told["frames"] == "2 of 3 used, laid on a.jpg"
    assert told["light"].startswith("0.50 stops")  # the frame left out does not count
    assert told["area"] == "390 x 280 pixels, 91.0 % of a frame"
    assert "0.03 px" in told["fit"]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ("gain", "0.50 stops of difference evened out"),
        ("radial", "0.50 stops of difference, and uneven light evened out"),
        (
            "planar, exponent",
            "0.50 stops of difference, and uneven light and tone curves evened out",
        ),
        ("exponent", "0.50 stops of difference, and tone curves evened out"),
    ],
)
def test_what_was_evened_out_is_told(terms: str, words: str) -> None:
    assert dict(facts(replace(PLAN, light=LightChoice(terms)), done=True))["light"] == words


def test_before_there_is_a_composite_nobody_is_sent_to_look_at_it() -> None:
    assert verdict_lines(replace(PLAN, quick=True)) == ["Take a look: left out: c.jpg."]
