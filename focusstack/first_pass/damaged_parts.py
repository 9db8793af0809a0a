"""Frames of which a part is damaged, each kind told by what else there is in the stack."""

from __future__ import annotations

from collections.abc import Sequence

from focusstack.alignment.coarse import Coarse
from focusstack.first_pass.block_maps import AGREEING, BlockMap, as_seen_from
from focusstack.first_pass.colour_noise import LEAST
from focusstack.first_pass.foreign_parts import foreign_blocks, is_cut_out
from focusstack.first_pass.measure import Measured
from focusstack.frames.proxies.proxy import BLOCK

NEIGHBOURS = 4
"""Frames that a frame is compared with, nearest in focus first. Chosen, not measured: one of them
may be damaged itself, one blurred more."""

CUT_OUT = "a part shows what no other frame does, cut out along rows of the file"
"""What is said of a frame of which a decoder has made something else in part."""


NOISY = "in a part of it colours change from pixel to pixel as in no other frame"
"""What is said of a frame of which a decoder has made noise in part."""


SHIFTED = "all that is stored behind some place in it is of another tint"
"""What is said of a frame whose data went wrong once."""


def find_cut_out(stack: Measured, coarse: Coarse, maps: Sequence[BlockMap]) -> dict[int, str]:
    """Frames of which a part shows what no other does, as the rows of its file cut it out."""
    used = coarse.kept
    if len(used) <= AGREEING or not any(len(faults.places) for faults in stack.rows):
        return {}
    return {
        k: CUT_OUT
        for k in used
        if is_cut_out(maps, coarse.matrices, k, nearest(used, k), stack.rows[k], stack.scale)
    }


def find_shifted(stack: Measured, coarse: Coarse, maps: Sequence[BlockMap]) -> dict[int, str]:
    """Frames of which all behind some place is of another tint, which others do not show."""
    used = coarse.kept
    if len(used) <= AGREEING or not any(faults.shift for faults in stack.rows):
        return {}
    found = {}
    for k in used:
        if (shift := stack.rows[k].shift) is not None:
            seen = [as_seen_from(maps, coarse.matrices, k, j) for j in nearest(used, k)]
            if shift.is_own(maps[k].codes, seen, stack.scale / BLOCK):
                found[k] = SHIFTED
    return found


def find_noisy(stack: Measured, coarse: Coarse, maps: Sequence[BlockMap]) -> dict[int, str]:
    """Frames of which a part is noise in colours."""
    told = {k: one.noise for k, one in enumerate(stack.rows) if one.noise and coarse.used[k]}
    found = {}
    for k, noise in told.items():
        near = nearest(list(told), k)
        if noise.codes < LEAST or len(near) < AGREEING:
            continue
        seen = [as_seen_from(maps, coarse.matrices, k, j) for j in near]
        foreign = foreign_blocks(maps[k].codes, seen)
        if noise.is_own([told[j] for j in near], foreign, stack.scale / BLOCK):
            found[k] = NOISY
    return found


def nearest(used: Sequence[int], k: int) -> list[int]:
    """Return the frames that frame `k` is compared with."""
    return sorted((j for j in used if j != k), key=lambda j: (abs(j - k), j))[:NEIGHBOURS]


KINDS = (find_cut_out, find_shifted, find_noisy)
"""How parts are looked for, one kind after the other."""
