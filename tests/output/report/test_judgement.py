"""What the page makes of a stack, and which frames it blames."""

from __future__ import annotations

import pytest

from focusstack.output.report.judgement import judgement
from focusstack.plan.model import FramePlan
from focusstack.plan.verdict import ADVICE
from tests.support.report_plans import frame, lost, plan


@pytest.mark.parametrize(
    ("frames", "grade", "title", "sentence"),
    [
        ([frame("a"), frame("b")], "pass", "You can trust this picture", "All 2 frames lie"),
        (
            [frame("a"), frame("b"), lost("c")],
            "look", "can trust what is in this picture, but not everything", "1 frame was left out",
        ),
        ([frame("a"), frame("b", "look", 0.8)], "look", "Look closely", "b may be off by 0.8 px"),
        ([frame("a", "fail", 3.0), frame("b")], "fail", "Do not trust this", "a may be off"),
    ],
)  # fmt: skip
def test_the_verdict(frames: list[FramePlan], grade: str, title: str, sentence: str) -> None:
    found = judgement(plan(*frames), fused=True)
    assert found.grade == grade
    assert title in found.title
    assert sentence in found.sentence
    assert bool(found.remedy) == any(f.verdict and f.verdict.grade != "pass" for f in frames)
    assert "alignment" in judgement(plan(*frames), fused=False).title


def test_the_worst_frame_is_blamed_first() -> None:
    frames = [*[frame(f"a{k}") for k in range(5)], frame("b", "look", 0.5), frame("c", "fail", 3.0)]
    frames += [frame("d", "look", 0.9), frame("e", "look", None), lost("f")]
    assert [b.file for b in judgement(plan(*frames), fused=True).blamed] == [
        "c",
        "e",
        "d",
        "b",
        "f",
    ]
    many = [*[frame(f"a{k}") for k in range(20)], *[frame(f"b{k}", "look", 0.5) for k in range(9)]]
    found = judgement(plan(*many), fused=True)
    assert 5 <= len(found.blamed) <= 8  # what fits above the fold
    assert found.more == 9 - len(found.blamed)


def test_where_all_are_alike_none_is_blamed() -> None:
    frames = [frame(f"b{k}", "look", 0.5) for k in range(9)]
    found = judgement(plan(*frames), fused=True)
    assert "All frames may be off by up to 0.5 px. No single frame is to blame." in found.sentence
    assert 2 <= len(found.blamed) <= 4
    assert found.more == 9 - len(found.blamed)
    found = judgement(plan(*frames, frame("worst", "look", 1.5), lost("c")), fused=True)
    assert "Much worse than the others: worst." in found.sentence
    assert found.remedy == ADVICE["error"]  # the page itself says why a frame was left out
    assert [b.file for b in found.blamed] == ["worst", "c"]
    # Nor is a frame that fails lost among many that are hardly better.
    frames = [frame(f"b{k}", "look", 1.9) for k in range(9)]
    found = judgement(plan(*frames, frame("worst", "fail", 2.1)), fused=True)
    assert [b.file for b in found.blamed] == ["worst"]


def test_a_frame_stands_out_that_is_much_worse_than_is_usual() -> None:
    usual = [frame(f"b{k}", "look", 0.5) for k in range(9)]
    found = judgement(
        plan(*usual, frame("worse", "look", 0.7), frame("much", "look", 1.4)), fused=True
    )
    assert [b.file for b in found.blamed] == ["much"]
    assert "Much worse than the others: much." in found.sentence
