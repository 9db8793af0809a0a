"""Which group of a stack that falls apart stands for it, and what is said where none does."""

from __future__ import annotations

import pytest

from focusstack.alignment.groups import (
    FEWEST_OF_A_GROUP,
    LEAST_OF_ALL,
    LOST_SHARE,
    TIMES_THE_NEXT,
    check_groups,
    dominates,
)
from focusstack.errors import MOST_GROUPS, AlignmentError, FallenApartError


def groups(*sizes: int) -> tuple[list[list[int]], list[str]]:
    """Groups of so many frames, whose numbers go round from group to group, as focus may order."""
    found: list[list[int]] = [[] for _ in sizes]
    frame = 0
    while any(len(g) < size for g, size in zip(found, sizes, strict=True)):
        for g, size in zip(found, sizes, strict=True):
            if len(g) < size:
                g.append(frame)
                frame += 1
    return found, [f"IMG_{k + 1}.jpg" for k in range(frame)]


@pytest.mark.parametrize(
    ("sizes", "taken"),
    [
        ((8, 3), True),
        ((8, 1, 1, 1), True),
        ((5, 4), False),
        ((6, 3), True),
        ((6, 3, 1), True),
        ((7, 4), False),
        ((6, 1, 1, 1, 1, 1), True),
        ((5, 1, 1, 1, 1, 1), False),
        ((4, 2, 2), False),
        ((4, 1, 1, 1, 1, 1), False),
        ((3, 1, 1), True),
        ((2, 1, 1), False),
        ((2, 1), False),
        ((3, 1), True),
    ],
)
def test_the_largest_group_is_taken_where_it_dominates(sizes: tuple[int, ...], taken: bool) -> None:
    parts, names = groups(*sizes)
    if taken:
        check_groups(parts, names)
    else:
        with pytest.raises(FallenApartError):
            check_groups(parts, names)
    assert dominates(parts) == taken


def test_a_quarter_may_be_lost_without_dominating() -> None:
    assert (LOST_SHARE, FEWEST_OF_A_GROUP, LEAST_OF_ALL, TIMES_THE_NEXT) == (0.25, 3, 0.5, 2)
    check_groups(*groups(12, 4))
    check_groups([[0, 1], [2]], ["a", "b", "c"], spoilt=[2])


def test_frames_left_out_for_their_exposure_are_no_groups_and_are_told_as_that() -> None:
    parts, names = groups(4, 1, 1, 1, 1, 1, 1)
    lost = [p[0] for p in parts[1:]]
    with pytest.raises(FallenApartError):
        check_groups(parts, names)
    check_groups(parts, names, spoilt=lost)
    parts, names = groups(3, 3, 1)
    with pytest.raises(FallenApartError) as caught:
        check_groups(parts, names, spoilt=[2])
    assert "2 groups" in caught.value.message
    assert caught.value.message.endswith("besides, exposed beyond repair: IMG_3.jpg")
    with pytest.raises(AlignmentError, match=r"no two frames .* besides, .* IMG_1.jpg, IMG_2.jpg"):
        check_groups([[0], [1], [2]], names, spoilt=[0, 1])


def test_groups_are_named_in_the_order_of_the_input() -> None:
    names = [f"{k}.jpg" for k in (10, 2, 1, 11, 3, 9)]
    with pytest.raises(FallenApartError) as caught:
        check_groups([[0, 3, 5], [1, 2, 4]], names)
    assert caught.value.groups == [["1.jpg", "2.jpg", "3.jpg"], ["9.jpg", "10.jpg", "11.jpg"]]
    listed = "1.jpg … 3.jpg (3 frames); 9.jpg … 11.jpg (3 frames)"
    assert listed in caught.value.message
    assert "(fuse aligns nothing)" in caught.value.remedy


def test_many_groups_are_not_all_named() -> None:
    parts, names = groups(*[1] * 5, 2, 2)
    with pytest.raises(FallenApartError) as caught:
        check_groups(sorted(parts, key=len, reverse=True), names)
    assert caught.value.message.count(";") == MOST_GROUPS == 6
