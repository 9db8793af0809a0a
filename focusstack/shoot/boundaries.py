"""Where one stack ends and the next begins, why, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from focusstack.shoot.signs import WEIGHTS, Sign, seconds
from focusstack.shoot.stream import Stream

ENOUGH, SURE = 2, 3
"""Weight of all signs from which on a new stack begins, and from which on that is sure. Ranks that
`WEIGHTS` is told in, not measured."""


@dataclass(frozen=True)
class Boundary:
    """What was decided of the place between two pictures.

    Attributes
    ----------
    at : int
        The picture behind it, counted in its stream from 0.
    new : bool
        Whether a new stack begins there.
    sure : bool
        Whether nothing speaks against that, or too little.
    reasons : tuple of str
        What was seen there, for people; empty if nothing was.
    """

    at: int
    new: bool
    sure: bool
    reasons: tuple[str, ...] = ()


def find_boundaries(stream: Stream) -> list[Boundary]:
    """Return what is decided of every place between two neighbours, in order."""
    decided: list[Boundary] = []
    begun = 0
    for k in range(len(stream) - 1):
        boundary = _decided(stream, k, begun)
        decided.append(boundary)
        if boundary.new:
            begun = k + 1
    return decided


def _decided(stream: Stream, k: int, begun: int) -> Boundary:
    found = stream.evidence(k, begun)
    words = tuple(one.words for one in found if one.sign is not Sign.goes_on)
    if stream.follows(k):  # the camera counts on: whatever else there is has another cause
        return Boundary(k + 1, new=False, sure=True, reasons=())
    weight = sum(WEIGHTS[one.sign] for one in found)
    known = stream.pauses[k] is not None or stream.scenes[k] is not None
    new = weight >= ENOUGH
    sure = weight >= SURE if new else weight <= 0 and known
    return Boundary(k + 1, new, sure, words if new or not sure else ())


def find_pauses(stream: Stream, longest: float) -> list[Boundary]:
    """Return the places where more than `longest` seconds passed, which begin a stack each.

    Where no time is known, nothing begins, which is not sure.
    """
    found = []
    for k, pause in enumerate(stream.pauses):
        new = pause is not None and (pause > longest or pause < -1)
        words = (f"a pause of {seconds(pause)}",) if new and pause is not None else ()
        found.append(Boundary(k + 1, new, pause is not None, words))
    return found
