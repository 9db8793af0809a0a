"""Pass, look or fail: what to make of an alignment, in words.

The thresholds are those of the eye: half a pixel is invisible in a composite, two pixels double
fine detail. The error they are held against is an estimate that is good to a factor of two
(`focusstack.alignment.quality.accuracy`), which the distance between the two leaves room for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Grade = Literal["pass", "look", "fail"]

GRADES: tuple[Grade, ...] = ("pass", "look", "fail")
"""From good to bad."""

PASS_PX = 0.5
"""Largest estimated error of a pass, in full-size pixels: an error shows in a composite from about
a pixel on, and the claim itself is good to a factor of two (``python -m benchmarks.alignment``,
where no stack that passes is off by a pixel)."""

FAIL_PX = 2.0
"""Estimated error, in full-size pixels, from which on a frame spoils what it is fused into: fine
detail is doubled. Chosen by eye, and held against ``python -m benchmarks.alignment``, where only
layers seen from different places come near it."""

LEAST_SUPPORT = 0.25
"""Share of the picture's area that must lie between tiles for its corners to be believed: beyond,
the alignment is the model's word. Chosen, not measured."""

Cause = Literal[
    "seam", "displaced", "error", "blank", "support", "parallax", "depth", "moved", "missing",
    "marks", "lost",
]  # fmt: skip
"""Why something does not pass: frames disagree where the composite goes from one to another; a part
lies elsewhere than it was put; its estimated error; it has no detail, or only in a part; it was
displaced as near things are, which was followed; by how much is a guess where nothing is ever
sharp; it was displaced by what is not known; it lacks what its neighbours show; marks on the
sensor may hold it in place; it was left out."""

LEADS: dict[Grade, str] = {"pass": "Good", "look": "Take a look", "fail": "Not good"}
"""How a verdict begins when it is read by people."""

MOST_TOLD = 5
"""Kinds of doubt in the sentence on a stack: the gravest, in the order of telling; each frame's
own are in the table. Chosen so that it stays below 500 characters."""

NAMED, LISTED = 3, 50
"""More frames than the first, or names with more characters than the second, are counted, not
listed: what fits a line. Chosen, not measured."""


@dataclass(frozen=True)
class Doubt:
    """Something that speaks against a frame.

    Attributes
    ----------
    cause : str
        Its kind, by which a stack's frames are told together.
    words : str
        What is to be said of the one frame.
    """

    cause: Cause
    words: str


@dataclass(frozen=True)
class Verdict:
    """A judgement.

    Attributes
    ----------
    grade : str
        ``pass``, ``look`` (it may be good: look at it) or ``fail``.
    words : str
        Why.
    remedy : str
        What to do about it; empty where there is nothing to do.
    causes : tuple of str
        What speaks against it.
    """

    grade: Grade
    words: str
    remedy: str = ""
    causes: tuple[Cause, ...] = ()

    def __str__(self) -> str:
        return f"{self.grade}: {self.words}" if self.words else self.grade

    def doubted(self, cause: Cause, words: str) -> Verdict:
        """Return this verdict with something more that speaks against the stack, unless it does.

        Examples
        --------
        >>> str(Verdict("pass", "aligned to 0.02 px").doubted("lost", "left out: a.jpg"))
        'look: left out: a.jpg'
        """
        if cause in self.causes:
            return self
        told = [self.words] if self.causes else []
        remedies = [self.remedy] if self.remedy else []
        return Verdict(
            max(self.grade, "look", key=GRADES.index),
            "; ".join([*told, words]),
            " ".join([*remedies, ADVICE[cause]]),
            (*self.causes, cause),
        )

    def sentence(self) -> str:
        """Return the judgement of a stack as people read it, without the remedy."""
        return f"{LEADS[self.grade]}: {self.words}." if self.words else f"{LEADS[self.grade]}."

    def lines(self, advise: bool = True) -> list[str]:
        """Return the judgement of a stack with one line for each thing to look at.

        Parameters
        ----------
        advise : bool, optional
            Whether to say what to do about each.
        """
        told = self.words.split("; ")
        if len(told) != len(self.causes):
            return [self.sentence()] + [self.remedy] * bool(self.remedy and advise)
        ends = [f" {ADVICE[c]}" if advise else "" for c in self.causes]
        found = [f"{words}.{end}" for words, end in zip(told, ends, strict=True)]
        lead = f"{LEADS[self.grade]}:"
        return [f"{lead} {found[0]}"] if len(found) == 1 else [lead, *(f"  {f}" for f in found)]


def judge_frame(
    error_px: float | None,
    support: float,
    doubts: Sequence[Doubt] = (),
    remarks: Sequence[str] = (),
    worst: Grade = "fail",
) -> Verdict:
    """Judge a used frame.

    Parameters
    ----------
    error_px : float or None
        Estimated error of the positions of what it shows; None if no tile says anything.
    support : float
        Share of the picture between its tiles.
    doubts : sequence of Doubt
        What else speaks against it: makes a pass a look.
    remarks : sequence of str
        What is odd but harmless.
    worst : str, optional
        The worst that may be said: a quick look does not know what a run would follow.
    """
    if error_px is None:
        return Verdict("look", "too little detail to tell", causes=("blank",))
    grade: Grade = "pass" if error_px <= PASS_PX else "look" if error_px <= FAIL_PX else "fail"
    against = _with_support(support, doubts)
    if grade != "pass":
        against.insert(0, Doubt("error", f"may be off by {error_px:.1f} px"))
    elif against:
        grade = "look"
    grade = min(grade, worst, key=GRADES.index)
    good = [f"good to {error_px:.2f} px"] if error_px <= PASS_PX else []
    words = [*good, *(d.words for d in against), *remarks]
    return Verdict(grade, "; ".join(words), causes=tuple(d.cause for d in against))


def judge_reference(
    support: float, doubts: Sequence[Doubt] = (), remarks: Sequence[str] = ()
) -> Verdict:
    """Judge the frame that all others are brought to, which cannot be off.

    Parameters
    ----------
    support, doubts, remarks
        As for `judge_frame`.

    Examples
    --------
    >>> str(judge_reference(0.8))
    'pass: the reference'
    """
    against = _with_support(support, doubts)
    words = ["the reference", *(d.words for d in against), *remarks]
    causes = tuple(d.cause for d in against)
    return Verdict("look" if against else "pass", "; ".join(words), causes=causes)


def _with_support(support: float, doubts: Sequence[Doubt]) -> list[Doubt]:
    """All that speaks against a frame but its error."""
    few = [Doubt("support", "detail in a small part only")] if support < LEAST_SUPPORT else []
    return [*few, *doubts]


def judge_by_frames(
    frames: Sequence[tuple[str, Verdict]],
    error_px: float | None,
    lost: Sequence[str] = (),
    worst_px: float | None = None,
) -> Verdict:
    """Judge a stack by its frames, in a sentence that people understand.

    Parameters
    ----------
    frames : sequence of (str, Verdict)
        File name and verdict of every used frame.
    error_px : float or None
        Estimated error of the whole stack.
    lost : sequence of str
        Frames that are left out.
    worst_px : float, optional
        Estimated error of the worst frame.
    """
    worst: Grade = max((v.grade for _, v in frames), key=GRADES.index, default="fail")
    if not frames:
        return Verdict("fail", "no frame could be used")
    words: list[str] = []
    remedies: list[str] = []
    causes: list[Cause] = []
    for cause, (does, do) in _TOLD.items():
        blamed = _blamed(frames, cause, worst)
        if blamed and len(causes) < MOST_TOLD:
            many = len(blamed) > 1
            who = "all frames" if len(blamed) == len(frames) > 1 else _who(blamed, len(frames))
            much = f"{worst_px:.1f}" if worst_px is not None else "some"
            words.append(f"{who} {do if many else does}".format(px=much))
            remedies.append(ADVICE[cause])
            causes.append(cause)
    if lost:
        words.append(f"left out: {_who(lost, len(frames) + len(lost))}")
        remedies.append(ADVICE["lost"])
        causes.append("lost")
    if not words:
        return Verdict("pass", "" if error_px is None else f"aligned to {error_px:.2f} px")
    grade = "look" if worst == "pass" else worst
    return Verdict(grade, "; ".join(words), " ".join(dict.fromkeys(remedies)), tuple(causes))


def _blamed(frames: Sequence[tuple[str, Verdict]], cause: Cause, worst: Grade) -> list[str]:
    """Frames against which `cause` speaks; of those that are off, the worst only."""
    return [
        name for name, v in frames if cause in v.causes and (cause != "error" or v.grade == worst)
    ]


def _who(names: Sequence[str], total: int) -> str:
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    if len(names) > NAMED or (len(names) > 1 and len(listed) > LISTED):
        return f"{len(names)} of {total} frames"
    return listed


_TOLD: dict[Cause, tuple[str, str]] = {
    "displaced": (
        "shows something elsewhere than the other frames",
        "show something elsewhere than the other frames",
    ),
    "error": ("may be off by {px} px", "may be off by up to {px} px"),
    "parallax": (
        "was taken from another place (parallax, which was followed)",
        "were taken from different places (parallax, which was followed)",
    ),
    "depth": (
        "may lie elsewhere where nothing is sharp",
        "may lie elsewhere where nothing is sharp",
    ),
    "moved": (
        "holds something displaced by movement or parallax",
        "hold something displaced by movement or parallax",
    ),
    "missing": ("lacks detail that its neighbours show", "lack detail that their neighbours show"),
    "marks": (
        "may follow marks on the sensor",
        "may follow marks on the sensor",
    ),
    "support": (
        "has detail in a small part of the picture only",
        "have detail in a small part of the picture only",
    ),
    "blank": ("holds too little detail to tell", "hold too little detail to tell"),
}
"""What is said of one frame and of several, by cause in the order of telling."""

ADVICE: dict[Cause, str] = {
    "seam": "Look at these places at 100 %; if they are doubled, leave out one of their frames.",
    "displaced": "Look for things that are doubled; leave out the frame they come from.",
    "error": "Look for double edges in the composite; leave out the frame they come from.",
    "parallax": "Look at the edges between near and far in the composite.",
    "depth": "Look at smooth parts of the composite.",
    "moved": "Look for double edges in the composite; leave out the frame they come from.",
    "missing": "Something moved there, or is blurred: look at it in the composite.",
    "marks": "Give a shot of a white or dark surface with --dust.",
    "support": "Look at the corners of the composite.",
    "blank": "Leave out what shows nothing in focus.",
    "lost": "The report says why.",
}
"""What to do, by cause."""
