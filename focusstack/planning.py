"""Pass 1: from frames to a StackPlan. Full-size pixels are read once and dropped at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment import displacement
from focusstack.alignment.coarse import Coarse, coarse_alignment, detect_all, match_all
from focusstack.alignment.displacement import ROUNDS as LOCAL_ROUNDS
from focusstack.alignment.displacement import Displacement
from focusstack.alignment.features.focus_order import focus_order
from focusstack.alignment.refine import Refined, refine
from focusstack.alignment.tiles.poses import Series
from focusstack.effort import Effort
from focusstack.errors import InputError, UsageError
from focusstack.exclusion import unlinked
from focusstack.exposure.gains import (
    GainRatio,
    RegisteredBlocks,
    gain_ratio,
    register_blocks,
    solve_gains,
)
from focusstack.exposure.recorded import recorded_stops, with_recorded
from focusstack.exposure.terms import Terms, choose_terms, evened
from focusstack.frames.files import FileFrames
from focusstack.frames.proxies.proxy import (
    Proxy,
    ProxySpool,
    Statistics,
    make_proxy,
    proxy_scale,
    proxy_size,
)
from focusstack.frames.sources import FrameSource
from focusstack.numeric.arrays import Matrix, Points
from focusstack.oddities import beyond_repair
from focusstack.reference import reservations
from focusstack.runtime.prefetch import prefetch
from focusstack.runtime.progress import Progress, stage, track
from focusstack.runtime.spool import Spool
from focusstack.runtime.threads import side_by_side

SMALLEST = 64
"""Fewest pixels along a side: less holds no tile at half size."""


@dataclass(frozen=True)
class Measured:
    """The stack as pass 1 sees it, in focus order.

    Attributes
    ----------
    order : list of int
        Index in the input of each frame.
    names : list of str
        File names.
    statistics : list of Statistics
        Of each frame.
    load : callable
        Proxy of a frame.
    kept : Spool
        What is made of the proxies later.
    scale : float
        Proxy pixels per full-size pixel.
    size : tuple of int
        Width and height of the proxies.
    notes : tuple of str
        What reading the files brought up.
    recorded : list of float or None
        Exposure in stops that each frame's EXIF tells.
    """

    order: list[int]
    names: list[str]
    statistics: list[Statistics]
    load: Callable[[int], Proxy]
    kept: Spool
    scale: float
    size: tuple[int, int]
    notes: tuple[str, ...]
    recorded: list[float | None]


def measure_frames(
    frames: FrameSource, spool: ProxySpool, scale: float, readers: int, progress: Progress
) -> Measured:
    """Read every frame once; keep its proxy and statistics; find the focus order.

    `readers` threads hold a frame each.
    """

    def reduce(index: int) -> tuple[Proxy, Statistics, str | None, float | None]:
        picture = frames.read(index)
        proxy, facts = make_proxy(picture.pixels, scale, picture.transfer, spool.size)
        return proxy, facts, picture.note, recorded_stops(picture.metadata)

    count = len(frames)
    statistics: list[Statistics] = []
    recorded: list[float | None] = []
    notes: dict[str, list[str]] = {}
    reduced = prefetch(reduce, range(count), ahead=readers, workers=readers)
    with track(progress, "Reading frames", reduced, count) as tracked:
        for index, (proxy, one, note, stops) in enumerate(tracked):
            spool.put(index, proxy)
            statistics.append(one)
            recorded.append(stops)
            if note:
                notes.setdefault(note, []).append(frames.names[index])
    order = focus_order([s.signature for s in statistics])
    return Measured(
        order,
        [frames.names[i] for i in order],
        [statistics[i] for i in order],
        lambda position: spool.get(order[position]),
        spool.arrays,
        scale,
        spool.size,
        tuple(f"{_some(names)}: {note}" for note, names in notes.items()),
        [recorded[i] for i in order],
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def spool_for(frames: FrameSource, megapixels: float, room: int) -> tuple[ProxySpool, float]:
    """Return an empty spool for proxies of at most `megapixels`, and the proxies' scale.

    Up to `room` bytes of them are kept in memory.

    Raises
    ------
    InputError
        If the frames are too small for tiles to be compared.
    """
    width, height = frames.size
    if min(width, height) < SMALLEST:
        raise InputError(
            f"the frames have {width} x {height} pixels, too few to be aligned",
            f"Both sides must have at least {SMALLEST} pixels.",
        )
    scale = proxy_scale(*frames.size, megapixels)
    return ProxySpool(*proxy_size(*frames.size, scale), room), scale


def find_alignment(
    stack: Measured, reference: str, workers: int, progress: Progress, effort: Effort
) -> tuple[Coarse, Points]:
    """Match features, link all frames, solve them coarsely, and measure exposure on the result."""
    count = len(stack.names)
    with stage(progress, "Finding features", count):
        features = detect_all(stack.load, count, workers, progress.advance, effort.features)
    spoilt = beyond_repair(stack.statistics)
    fits = [
        f
        for f in match_all(features, stack.size, workers, effort.features)
        if f.first not in spoilt and f.second not in spoilt
    ]
    coarse = coarse_alignment(
        fits,
        stack.names,
        stack.size,
        reservations(stack.statistics),
        None if reference == "auto" else stack.names.index(reference),
    ).without(spoilt)
    coarse = coarse.without(unlinked(stack, coarse, features))
    gains = find_gains(stack, coarse.matrices, coarse, workers)
    used = [k for k, u in enumerate(coarse.used) if u]
    return coarse, with_recorded(gains, stack.recorded, used, coarse.reference)[0]


def glanced(frames: FrameSource, scale: float) -> FrameSource:
    """Return frames that are read no larger than proxies of `scale` need, where that is faster."""
    reduction = next(k for k in (8, 4, 2, 1) if k * scale <= 1)
    return frames.reduced(reduction) if isinstance(frames, FileFrames) else frames


def check_reference(names: Sequence[str], reference: str) -> None:
    """Make sure that `reference` is ``auto`` or one of the frames.

    Raises
    ------
    UsageError
        If it is not.
    """
    if reference != "auto" and reference not in names:
        some = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise UsageError(f"there is no frame {reference}", f"Choose one of {some}")


def series_of(
    stack: Measured, coarse: Coarse, gains: Points, workers: int, progress: Progress
) -> Series:
    """What there is to align, with present gains; 1 where exposure is unknown."""
    brightness = [float(np.nanmean(g)) if np.isfinite(g).any() else 1.0 for g in gains]
    return Series(
        stack.load,
        stack.size,
        coarse.reference,
        coarse.pairs,
        brightness,
        workers,
        progress.advance,
        stack.kept,
    )


def refine_alignment(series: Series, coarse: Coarse, progress: Progress, effort: Effort) -> Refined:
    """Bring the coarse alignment to sub-pixel accuracy."""
    if effort.apart is not None:
        near = [(i, j) for i, j in series.pairs if abs(i - j) <= effort.apart]
        series = replace(series, pairs=near)
    with stage(progress, "Aligning", len(effort.rounds)):
        return refine(series, coarse.matrices, coarse.matches, effort.rounds, effort.model)


def find_displacement(series: Series, refined: Refined, progress: Progress) -> Displacement | None:
    """Local displacement of the frames, if matrices leave enough and tiles prove it."""
    if not displacement.is_considered(refined):
        return None
    with stage(progress, "Local displacement", LOCAL_ROUNDS):
        return displacement.find_displacement(series, refined)


@dataclass(frozen=True)
class Light:
    """What brings all frames to the reference's light.

    Attributes
    ----------
    gains : (n, C) float64 ndarray
        Factors on linear light; NaN where nothing could be compared.
    terms : Terms
        What the frames need besides.
    statistics : list of Statistics
        Of the frames, with the terms applied.
    exposures : (n, C) float64 ndarray
        The gains that would do best alone.
    """

    gains: Points
    terms: Terms
    statistics: list[Statistics]
    exposures: Points


def find_light(stack: Measured, matrices: Matrix, coarse: Coarse, workers: int) -> Light:
    """Gains, and shading or an exponent where they are earned."""
    blocks = _registered(stack.statistics, matrices, coarse.used)
    with side_by_side(workers) as both:
        terms, exposures = both(
            lambda: choose_terms(blocks, matrices, coarse.pairs, coarse.reference, stack.size),
            lambda: _gains(blocks, coarse, workers),
        )
    if not terms.any:
        return Light(exposures, terms, stack.statistics, exposures)
    each = zip(stack.statistics, terms.shadings, terms.exponents, strict=True)
    statistics = [evened(s, shading, exponent, stack.size) for s, shading, exponent in each]
    gains = _gains(_registered(statistics, matrices, coarse.used), coarse, workers)
    return Light(gains, terms, statistics, exposures)


def find_gains(stack: Measured, matrices: Matrix, coarse: Coarse, workers: int) -> Points:
    """Gains ``(n, C)`` of all frames from registered blocks; NaN where nothing can be compared.

    Good enough for tiles to be compared; `find_light` looks again.
    """
    return _gains(_registered(stack.statistics, matrices, coarse.used), coarse, workers, step=4)


def _registered(
    statistics: Sequence[Statistics], matrices: Matrix, used: Sequence[bool]
) -> list[RegisteredBlocks | None]:
    return [
        register_blocks(s, H) if u else None
        for s, H, u in zip(statistics, matrices, used, strict=True)
    ]


def _gains(
    blocks: Sequence[RegisteredBlocks | None], coarse: Coarse, workers: int, step: int = 2
) -> Points:
    def compared(pair: tuple[int, int]) -> GainRatio | None:
        a, b = (blocks[index] for index in pair)
        return gain_ratio(*pair, a, b, step) if a and b else None

    with ThreadPoolExecutor(workers) as pool:
        ratios = [ratio for ratio in pool.map(compared, coarse.pairs) if ratio]
    channels = next(b.mean.shape[2] for b in blocks if b)
    return solve_gains(ratios, len(blocks), channels, coarse.reference)
