"""What is seen along the seams of a composite, and what to make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from focusstack.geometry.coordinates import Rect
from focusstack.plan.verdict import ADVICE, PASS_PX, Cause, Grade, Verdict

LEAST_MEASURED = 20
"""Tiles along seams without which they prove nothing. Chosen, not measured: with twenty, one mishap
is five in a hundred."""

LEAST_KNOWN = 0.3
"""Share of the tiles along seams that must have been comparable for them to prove anything: at
steps in depth one of two frames is too blurred to tell (``python -m benchmarks.alignment``,
*seams*)."""

MISHAPS = 0.02
"""Share of the tiles along seams that may seem to disagree where all is well: clean sets have at
most half as many (``python -m benchmarks.alignment``, *seams*)."""

LEAST_VISIBLE = 2
"""Tiles that must disagree, or disagree grossly, to be told: one may be a mishap. Chosen, not
measured."""

GROSS_PX = 4.0
"""Full-size pixels of disagreement that are no mishap, however few tiles show it: what is searched
for so far is only taken where it is unmistakable. Chosen by eye, not measured."""

SPOILT = 0.2
"""Share of the tiles along seams from which on the picture is spoilt, not only at a place or two.
Chosen, not measured."""

SETTLED: tuple[Cause, ...] = ("error", "blank", "support", "parallax", "depth", "moved", "missing")
"""What speaks against frames' geometry: it matters to a composite along its seams alone."""


@dataclass(frozen=True)
class SeamPlace:
    """Where two frames disagree visibly.

    Attributes
    ----------
    rect : Rect
        Where, in pixels of the composite.
    frames : tuple of str
        The two file names.
    px : float
        By how much, full-size pixels.
    """

    rect: Rect
    frames: tuple[str, str]
    px: float


@dataclass(frozen=True)
class Seams:
    """How far frames disagree along the seams of a composite.

    Attributes
    ----------
    measured, unknown : int
        Tiles with detail on seams that could be compared, and that could not.
    visible, gross : int
        Those of the measured that disagree visibly, and by `GROSS_PX` or more.
    p95_px : float or None
        95th percentile of the disagreement, full-size pixels; None if nothing was measured.
    places : tuple of SeamPlace
        The worst, at most three.
    worst : str or None
        The frame to which more visible disagreement belongs than to any other.
    """

    measured: int
    unknown: int
    visible: int
    gross: int = 0
    p95_px: float | None = None
    places: tuple[SeamPlace, ...] = ()
    worst: str | None = None

    @property
    def share(self) -> float:
        """Share of the measured tiles that disagree visibly."""
        return self.visible / max(self.measured, 1)

    @property
    def prove(self) -> bool:
        """Whether enough was comparable to say that all is well."""
        every = self.measured + self.unknown
        return self.measured >= LEAST_MEASURED and self.measured >= LEAST_KNOWN * every

    @property
    def grade(self) -> Grade:
        """What they say of the picture, if they prove anything."""
        few = self.visible < LEAST_VISIBLE or self.share <= MISHAPS
        if few and self.gross < LEAST_VISIBLE:
            return "pass"
        spoilt = self.share > SPOILT and self.measured >= LEAST_MEASURED
        return "fail" if spoilt else "look"


def judge_picture(
    verdict: Verdict, seams: Seams, error_px: float | None, *, displaced: bool = True
) -> Verdict:
    """Judge a composite: by its seams where they tell, else by its frames.

    Parameters
    ----------
    verdict : Verdict
        Of the stack, by its frames.
    seams : Seams
        Of the composite.
    error_px : float or None
        Estimated error of the whole stack.
    displaced : bool, optional
        Whether so much lies elsewhere that it is told even where no seam shows it.

    Examples
    --------
    >>> doubtful = Verdict("look", "all frames may be off by up to 0.4 px", causes=("error",))
    >>> str(judge_picture(doubtful, Seams(measured=500, unknown=20, visible=1), 0.31))
    'pass: aligned to 0.31 px'
    """
    if not seams.prove and seams.grade == "pass":
        return verdict
    told = dict(zip(verdict.causes, verdict.words.split("; "), strict=False))
    if seams.prove:
        settled = SETTLED if displaced else (*SETTLED, "displaced")
        told = {cause: words for cause, words in told.items() if cause not in settled}
    grade = seams.grade
    if grade != "pass":
        told = {"seam": _seam_words(seams), **told}
    if not told:
        return Verdict("pass", _good_words(error_px))
    by_frames = verdict.grade == "fail" and not seams.prove
    worst: Grade = "fail" if grade == "fail" or by_frames else "look"
    remedy = " ".join(dict.fromkeys(ADVICE[cause] for cause in told))
    return replace(
        verdict, grade=worst, words="; ".join(told.values()), remedy=remedy, causes=tuple(told)
    )


def _good_words(error_px: float | None) -> str:
    """How good a composite is that shows nothing, and what its frames are off by where it could."""
    if error_px is None:
        return ""
    if error_px <= PASS_PX:
        return f"aligned to {error_px:.2f} px"
    return f"frames agree where they are sharp; blurred parts may be off by {error_px:.1f} px"


def _seam_words(seams: Seams) -> str:
    """Where the composite shows that frames disagree."""
    px = max(place.px for place in seams.places)
    if seams.grade == "fail":
        blamed = f", most of it by {seams.worst}" if seams.worst else ""
        return f"frames disagree by up to {px:.0f} px where the picture goes over{blamed}"
    where = " and ".join(_middle(place.rect) for place in seams.places)
    return f"frames disagree by up to {px:.1f} px at {where}"


def _middle(rect: Rect) -> str:
    return f"({rect.x + rect.width // 2}, {rect.y + rect.height // 2})"
