"""Frames whose files are damaged: told by the decoder, or by what they show.

A decoder often goes on without a word where a file has been damaged. What comes after the damage,
in the order in which a picture is stored, is then brighter, of another colour, or displaced: from
some row on the frame differs from all others over its whole width, all at once, and for many rows.
Nothing in front of a camera does that. Block means are compared, as seen from the frame itself,
with those of the frames next to it in focus: what all of them contradict is the frame's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.alignment.groups import LOST_SHARE
from focusstack.errors import KEEP_DAMAGED, InputError
from focusstack.first_pass.block_maps import BlockMap, as_seen_from, map_blocks
from focusstack.first_pass.damaged_parts import KINDS, nearest
from focusstack.first_pass.measure import Measured
from focusstack.first_pass.row_faults import STREAKED
from focusstack.frames.damaged import REMEDY
from focusstack.numeric.arrays import Float32, Floats, Matrix

LASTING = 8
"""Block rows that a step must last on either side: 64 proxy pixels, more than any used frame is
misplaced by, so that no edge in the picture is taken for one. Held against
``python -m benchmarks.adversary sound``."""

ALONG = 0.15
"""Share of a row that may say otherwise: what moves, or is blurred. Held against ``python -m
benchmarks.adversary sound``."""

STEP = 2.5
"""Codes, of 255, by which a frame steps off its neighbours along a whole row at least. Frames that
are sound step by 1 (``python -m benchmarks.adversary sound``)."""

CALM = 3.0
"""How many times as far off its neighbours a frame must be behind a row as it is before. Held
against ``python -m benchmarks.adversary sound``, where sound frames stay below 2."""

GROSS = 12.0
"""Codes, of 255, besides all that blocks nearby differ by, that are another picture. Chosen, not
measured by itself."""

_LAGS = ((2, 2), (5, 5), (8, 8), (2, 8), (8, 2))
"""Rows before and behind a step that are compared; no further than `LASTING`."""

_SIDE_BY_SIDE = 4
"""Blocks along a row that are looked at together."""


def refuse_too_many(damaged: Mapping[int, str], names: Sequence[str], reference: str) -> None:
    """Refuse a stack of which hardly enough is sound, or whose chosen reference is not.

    Raises
    ------
    InputError
        Naming the frames.
    """
    if reference in [names[k] for k in damaged]:
        words = damaged[list(names).index(reference)]
        raise InputError(f"The reference {reference} is damaged: {words}.", REMEDY, [KEEP_DAMAGED])
    if len(names) - len(damaged) < 2 or len(damaged) > LOST_SHARE * len(names):
        lines = [f"{names[k]}: {damaged[k]}" for k in sorted(damaged)]
        more = [f"and {len(lines) - 8} more"] if len(lines) > 8 else []
        raise InputError(
            "\n".join([f"{len(damaged)} of {len(names)} frames are damaged:", *lines[:8], *more]),
            "Copy them again from their source.",
            [KEEP_DAMAGED],
        )


def told(damaged: Mapping[int, str]) -> dict[int, str]:
    """Return why frames are left out."""
    return {k: f"the file is damaged ({words})" for k, words in damaged.items()}


class Signs(NamedTuple):
    """What tells that a frame is damaged.

    Attributes
    ----------
    step : float
        Codes, of 255, by which it steps off its neighbours along a whole row.
    onset : float
        Codes, of 255, by which it is off its neighbours behind a row, beyond `CALM` times what it
        is before.
    gross : float
        Share of it that shows another picture.
    """

    step: float
    onset: float
    gross: float

    def words(self) -> str | None:
        """Return what to say of them; None where they tell nothing."""
        if max(self.step, self.onset) > STEP:
            return "from some row on it shows something else than all frames near it"
        return None  # `gross` alone is as well a frame exposed far otherwise, or somebody close by


def find_broken(stack: Measured, coarse: Coarse, gains: Floats) -> dict[int, str]:
    """Return the frames that show damage, with what they show: those of few frames in many.

    Where many do, the scene does, or the light; with two frames nobody knows which.
    """
    streaked = {
        k: STREAKED
        for k, faults in enumerate(stack.rows)
        if faults.streaks and k not in stack.damaged
    }
    maps = map_blocks(stack.statistics, gains)
    signs = _signs(maps, coarse)
    stepped = {k: words for k, one in signs.items() if (words := one.words())}
    found: dict[int, str] = {}
    parts = [find(stack, coarse, maps) for find in KINDS]
    for kind in (streaked, stepped, *parts):
        if len(kind) <= LOST_SHARE * len(stack.names):
            found = {**kind, **found}
    return found


def find_signs(stack: Measured, coarse: Coarse, gains: Floats) -> dict[int, Signs]:
    """Compare each frame that hangs together with the rest with those near it in focus."""
    return _signs(map_blocks(stack.statistics, gains), coarse)


def _signs(maps: Sequence[BlockMap], coarse: Coarse) -> dict[int, Signs]:
    used = coarse.kept
    if len(used) < 3:
        return {}
    found = {}
    for k in used:
        found[k] = signs_of(*_apart(maps, coarse.matrices, k, nearest(used, k)))
    return found


def signs_of(apart: Float32, usual: Float32) -> Signs:
    """Return what tells of damage in a frame's difference from others.

    Parameters
    ----------
    apart : (h, w, C) float32 ndarray
        By how much it differs, block by block, in codes of 255; NaN where that is not known.
    usual : (h, w, C) float32 ndarray
        What blocks nearby differ by.
    """
    known = np.isfinite(apart[..., 0])
    if known.sum() < (4 * LASTING) ** 2:
        return Signs(0.0, 0.0, 0.0)
    gross = (np.abs(apart) > GROSS + 1.5 * usual).any(axis=2) & known
    # Upright pictures may be stored lying.
    ways = [_gathered(along) for along in (apart, apart.transpose(1, 0, 2))]
    step = max(_step(rows) for rows in ways)
    onset = max(_onset(rows) for way in ways for rows in (way, way[::-1]))
    return Signs(step, onset, float(gross.sum() / known.sum()))


def _apart(
    maps: Sequence[BlockMap], matrices: Matrix, k: int, near: Sequence[int]
) -> tuple[Float32, Float32]:
    """How far frame `k` is off the others together, and what blocks nearby differ by.

    Of each block, what more than one of the others say at least.
    """
    codes, window = maps[k].codes, np.ones((3, 3), np.uint8)
    every = []
    for j in near:
        seen, known = as_seen_from(maps, matrices, k, j)
        apart = codes - seen
        apart[~known] = np.nan
        every.append(apart)
    usual = cv2.dilate(codes, window) - cv2.erode(codes, window)
    return _agreed(every), usual.reshape(codes.shape)


def _agreed(every: Sequence[Float32]) -> Float32:
    """Return the second smallest by size, of two the smallest: what more than one other says."""
    least = second = np.full(every[0].shape, np.inf, np.float32)
    sizes = [np.where(np.isfinite(apart), np.abs(apart), np.inf) for apart in every]
    for size in sizes:
        second = np.minimum(second, np.maximum(least, size))
        least = np.minimum(least, size)
    wanted = least if len(every) == 2 else second
    found = np.full(every[0].shape, np.nan, np.float32)
    for apart, size in zip(every, sizes, strict=True):
        np.copyto(found, apart, where=np.isfinite(size) & (size == wanted))
    return found


def _gathered(rows: Float32) -> Float32:
    """Means of four blocks side by side, where all are known: less to sort."""
    width = rows.shape[1] // _SIDE_BY_SIDE
    whole = rows[:, : width * _SIDE_BY_SIDE]
    shape = (len(rows), width, _SIDE_BY_SIDE, rows.shape[2])
    return np.asarray(whole.reshape(shape).mean(axis=2), np.float32)


def _step(rows: Float32) -> float:
    """By how much at most a frame steps off the others at one row, up or down, and stays there.

    In the same direction along nearly the whole row, between any row shortly before and behind.
    """
    last = len(rows) - LASTING
    if last <= LASTING:
        return 0.0
    at = np.arange(LASTING, last)
    up, down = np.array(np.inf), np.array(np.inf)
    for before, behind in _LAGS:
        low, high = _quantiles(rows[at + behind] - rows[at - before])
        up, down = np.minimum(up, low), np.minimum(down, -high)
    # A veil of light changes as much from row to row all the way: that is no step.
    slopes = (rows[at - 2] - rows[at - LASTING], rows[at + LASTING] - rows[at + 2])
    slope = np.maximum(*(_middle(np.abs(one)) for one in slopes))
    return max(0.0, float(np.max(np.maximum(up, down) - slope)))


def _middle(rows: Float32) -> Floats:
    """Median of what is known of each row and channel; 0 where nothing is."""
    known = np.where(np.isfinite(rows).any(axis=1, keepdims=True), rows, 0)
    return np.asarray(np.nanmedian(known, axis=1), float)


def _onset(rows: Float32) -> float:
    """How much beyond `CALM` times what it was a frame's difference is from some row on."""
    if len(rows) <= 2 * LASTING:
        return 0.0
    off = _quantiles(np.abs(rows).max(axis=2, keepdims=True))[0][:, 0]
    windows = np.lib.stride_tricks.sliding_window_view(off, LASTING)
    calm, then = windows[: -LASTING - 1], windows[LASTING + 1 :]
    known = calm.min(axis=1) >= 0
    beyond = then.min(axis=1)[known] - CALM * calm.max(axis=1)[known]
    return float(beyond.max(initial=0.0))


def _quantiles(rows: Float32) -> tuple[Floats, Floats]:
    """Of each row and channel, what `ALONG` of the known blocks are below, and are above.

    Nothing that steps, where less than half a row is known.
    """
    ordered = np.sort(rows, axis=1)  # NaN comes last
    count = np.isfinite(rows).sum(axis=1)
    skipped = (ALONG * count).astype(int)
    most = rows.shape[1] - 1
    low, high = (
        np.take_along_axis(ordered, np.clip(at, 0, most)[:, None], axis=1)[:, 0].astype(float)
        for at in (skipped, count - 1 - skipped)
    )
    sure = 2 * count >= rows.shape[1]
    return np.where(sure, low, -np.inf), np.where(sure, high, np.inf)
