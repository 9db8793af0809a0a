"""Pass, look or fail: what to make of an alignment, in words.

The thresholds are those of the eye: a third of a pixel is invisible in a composite, two pixels
double fine detail. The error they are held against is an estimate that is good to a factor of two
(`focusstack.alignment.certainty`), which the distance between the two leaves room for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Grade = Literal["pass", "look", "fail"]

GRADES: tuple[Grade, ...] = ("pass", "look", "fail")
"""From good to bad."""

PASS_PX = 0.3
"""Largest estimated error of a pass, in full-size pixels."""

FAIL_PX = 2.0
"""Estimated error from which on a frame spoils what it is fused into."""

LEAST_SUPPORT = 0.25
"""Share of the picture that must lie between tiles for its corners to be believed."""


@dataclass(frozen=True)
class Verdict:
    """A judgement.

    Attributes
    ----------
    grade : str
        ``pass``, ``look`` (it may be good: look at it) or ``fail``.
    words : str
        Why.
    """

    grade: Grade
    words: str

    def __str__(self) -> str:
        return f"{self.grade}: {self.words}" if self.words else self.grade


def frame_verdict(
    error_px: float | None,
    support: float,
    doubts: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> Verdict:
    """Judge a used frame.

    Parameters
    ----------
    error_px : float or None
        Estimated error of its positions; None if no tile says anything.
    support : float
        Share of the picture between its tiles.
    doubts : sequence of str
        What else speaks against it: makes a pass a look.
    remarks : sequence of str
        What is odd but harmless.
    """
    if error_px is None:
        return Verdict("look", "too little detail to tell how well it fits")
    grade: Grade = "pass" if error_px <= PASS_PX else "look" if error_px <= FAIL_PX else "fail"
    words = [
        f"good to {error_px:.2f} px" if grade == "pass" else f"may be off by {error_px:.1f} px"
    ]
    if support < LEAST_SUPPORT:
        words.append("too little detail outside a small part of the picture")
    words += doubts
    if grade == "pass" and len(words) > 1:
        grade = "look"
    return Verdict(grade, "; ".join([*words, *remarks]))


def stack_verdict(
    frames: Sequence[tuple[str, Verdict]],
    error_px: float | None,
    lost: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Verdict:
    """Judge a stack by its frames.

    Parameters
    ----------
    frames : sequence of (str, Verdict)
        File name and verdict of every used frame.
    error_px : float or None
        Estimated error of the whole stack.
    lost : sequence of str
        Frames that are left out.
    notes : sequence of str
        What else is odd about the stack.
    """
    worst: Grade = max((v.grade for _, v in frames), key=GRADES.index, default="fail")
    blamed = [(name, v) for name, v in frames if v.grade == worst]
    words = list(notes)
    if worst != "pass":
        more = f" and {len(blamed) - 3} more" if len(blamed) > 3 else ""
        words = [f"{name} {v.words}" for name, v in blamed[:3]] + [more] * bool(more) + words
    if lost:
        words.append(f"left out: {', '.join(lost[:5])}" + ", …" * (len(lost) > 5))
    if not words:
        return Verdict("pass", f"good to {error_px:.2f} px" if error_px is not None else "")
    return Verdict("look" if worst == "pass" else worst, "; ".join(words))
