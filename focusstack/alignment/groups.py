"""A stack that falls apart: which of its groups of frames is taken, or what to do about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from focusstack.errors import AlignmentError, FallenApartError

LOST_SHARE = 0.25
"""A stack that loses more than this share of its frames has fallen apart. A choice of what to
promise, not measured."""

FEWEST_OF_A_GROUP = 3
"""Frames of a group that may stand for a stack that has fallen apart: two may match by chance.
Chosen, not measured; triangles confirm three."""

LEAST_OF_ALL = 0.5
"""Share of all frames of which such a group holds more: else nobody could say that it is the one
that was meant. A choice of what to promise, not measured."""

TIMES_THE_NEXT = 2
"""How many times as many frames as the next group such a group holds at least. Chosen like the
share, not measured."""


def check_groups(
    groups: Sequence[Sequence[int]], names: Sequence[str], spoilt: Collection[int] = ()
) -> None:
    """Make sure that the first group of frames may stand for the whole stack.

    It does if it lacks no more than a quarter of the frames, or if it clearly dominates.

    Parameters
    ----------
    groups : sequence of sequence of int
        Frames that hang together, the largest group first.
    names : sequence of str
        Of all frames.
    spoilt : collection of int
        Frames that are left out for their exposure, each a group by itself here: they count
        neither as frames nor as groups.

    Raises
    ------
    FallenApartError
        If not, with the names of the groups.
    """
    some = [list(group) for group in groups if not set(group) <= set(spoilt)]
    count = sum(len(group) for group in some)
    told = [names[k] for k in sorted(spoilt)]
    besides = f"; besides, exposed beyond repair: {_some(told)}" if told else ""
    if not some or len(some[0]) < 2:
        raise AlignmentError(
            f"no two frames share enough detail to be aligned{besides}",
            "Check that the files are one focus series of one subject.",
        )
    if count - len(some[0]) <= LOST_SHARE * count or dominates(some):
        return
    raise FallenApartError(
        f"the stack falls apart: {len(some)} groups of frames share nothing with each other",
        [[names[k] for k in group] for group in some],
        besides,
    )


def dominates(groups: Sequence[Sequence[int]]) -> bool:
    """Tell whether the first of these groups, the largest, is clearly the one that was meant.

    Examples
    --------
    >>> dominates([range(8), range(8, 11)]), dominates([range(5), range(5, 9)])
    (True, False)
    """
    largest, count = len(groups[0]), sum(len(group) for group in groups)
    following = len(groups[1]) if len(groups) > 1 else 0
    return (
        largest >= FEWEST_OF_A_GROUP
        and largest > LEAST_OF_ALL * count
        and largest >= TIMES_THE_NEXT * following
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
