"""What the page says of light that was evened out."""

from __future__ import annotations

from dataclasses import replace

from focusstack.exposure.shading import Shading
from focusstack.exposure.trial import LightChoice, Trial
from focusstack.output.report.html import report_page
from focusstack.output.report.light_words import light_words
from focusstack.plan.model import StackPlan
from tests.support.report_plans import Page, frame, gathered, plan


def uneven(terms: str, *earned: bool) -> StackPlan:
    trials = tuple(Trial(terms, 0.03, 0.01, 0.9, 0.1, one) for one in earned)
    shading, other = Shading(square=0.2, across=-0.1), Shading(square=-0.1)
    frames = [
        replace(frame("a.jpg"), shading=shading, exponent=0.9),
        replace(frame("b.jpg"), shading=other),
    ]
    return replace(plan(*frames), light=LightChoice(terms, 0.4, trials))


def test_what_was_evened_out_is_said_in_words() -> None:
    made = uneven("radial, planar, exponent", True)
    said = " ".join(light_words(made))
    assert "up to 0.29 EV against the reference" in said  # 0.2 / ln 2
    assert "up to 0.23 EV from edge to edge" in said  # 0.1 * 400 / 250 / ln 2
    assert "powers of 0.900 to 1.000" in said
    assert "0.010 EV instead of 0.030" in said
    page = Page(report_page(made, gathered(made)))
    assert "get darker towards their corners" in page.shown


def test_terms_whose_trial_is_not_told_are_not_said_to_be_proven() -> None:
    told = light_words(uneven("radial"))
    assert len(told) == 1
    assert "instead of" not in told[0]


def test_what_was_not_evened_out_is_said_too() -> None:
    assert light_words(plan(frame("a.jpg"), frame("b.jpg"))) == []
    (words,) = light_words(uneven("gain"))
    assert "would leave 40 %" in words
    (words,) = light_words(uneven("gain", False))
    assert "foretold" in words
