"""Pairs of a stack are measured one after the other, with few frames at hand."""

from __future__ import annotations

from focusstack.alignment.tiles.measure import MOST_AT_HAND, in_turn


def test_pairs_come_in_turn_with_what_is_wanted_later() -> None:
    pairs = [(i, i + offset) for offset in (1, 2, 4, 8) for i in range(24 - offset)]
    turns = list(in_turn(pairs))
    assert sorted(pair for _, group, _ in turns for pair in group) == sorted(pairs)
    for k, (wanted, group, later) in enumerate(turns):
        assert set(wanted) == {index for pair in group for index in pair}
        assert set(later) == {index for after, _, _ in turns[k + 1 :] for index in after}
        # Frames that are wanted again are few: each is warped once.
        seen = {index for before, _, _ in turns[: k + 1] for index in before}
        assert len(seen & set(later)) <= MOST_AT_HAND
