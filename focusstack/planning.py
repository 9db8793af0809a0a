"""Pass 1: from frames to a StackPlan. Full-size pixels are read once and dropped at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment import displacement
from focusstack.alignment.coarse import Coarse, coarse_alignment, detect_all, match_all
from focusstack.alignment.displacement import ROUNDS as LOCAL_ROUNDS
from focusstack.alignment.displacement import Displacement
from focusstack.alignment.order import focus_order
from focusstack.alignment.refine import ROUNDS, Refined, refine
from focusstack.alignment.refine import Residual as ProxyResidual
from focusstack.crop import CommonArea, common_area
from focusstack.errors import InputError, UsageError
from focusstack.exposure import gain_ratio, register_blocks, solve_gains
from focusstack.frames import FrameSource, prefetch
from focusstack.geometry import at_scale
from focusstack.parallax import SceneDepth, Viewpoint
from focusstack.plan import FramePlan, Residual, StackPlan
from focusstack.progress import Progress, stage, track
from focusstack.proxies import (
    Proxy,
    ProxySpool,
    Statistics,
    make_proxy,
    proxy_scale,
    proxy_size,
)
from focusstack.resample import Field
from focusstack.typing import Matrix, Points

SMALLEST = 64
"""Fewest pixels along a side: less holds no tile at half size."""

COSTLY_SHARE = 0.05
"""A frame that alone takes more than this share of the common area is named in a warning."""


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
    scale : float
        Proxy pixels per full-size pixel.
    size : tuple of int
        Width and height of the proxies.
    notes : tuple of str
        What reading the files brought up.
    """

    order: list[int]
    names: list[str]
    statistics: list[Statistics]
    load: Callable[[int], Proxy]
    scale: float
    size: tuple[int, int]
    notes: tuple[str, ...]


def measure_frames(
    frames: FrameSource, spool: ProxySpool, scale: float, readers: int, progress: Progress
) -> Measured:
    """Read every frame once; keep its proxy and statistics; find the focus order.

    `readers` threads hold a frame each.
    """

    def reduce(index: int) -> tuple[Proxy, Statistics, str | None]:
        picture = frames.read(index)
        return *make_proxy(picture.pixels, scale, picture.transfer), picture.note

    count = len(frames)
    statistics: list[Statistics] = []
    notes: dict[str, list[str]] = {}
    reduced = prefetch(reduce, range(count), ahead=readers, workers=readers)
    for index, found in enumerate(track(progress, "Reading frames", reduced, count)):
        proxy, one, note = found
        spool.put(index, proxy)
        statistics.append(one)
        if note:
            notes.setdefault(note, []).append(frames.names[index])
    order = focus_order([s.signature for s in statistics])
    return Measured(
        order,
        [frames.names[i] for i in order],
        [statistics[i] for i in order],
        lambda position: spool.get(order[position]),
        scale,
        spool.size,
        tuple(f"{_some(names)}: {note}" for note, names in notes.items()),
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def spool_for(frames: FrameSource) -> tuple[ProxySpool, float]:
    """Return an empty spool for the frames' proxies, and the proxies' scale.

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
    scale = proxy_scale(*frames.size)
    return ProxySpool(*proxy_size(*frames.size, scale)), scale


def find_alignment(
    stack: Measured, reference: str, workers: int, progress: Progress
) -> tuple[Coarse, Points]:
    """Match features, link all frames, solve them coarsely, and measure exposure on the result."""
    count = len(stack.names)
    with stage(progress, "Finding features", count):
        features = detect_all(stack.load, count, workers, progress.advance)
    fits = match_all(features, stack.size, workers)
    coarse = coarse_alignment(
        fits,
        stack.names,
        stack.size,
        [s.clipped for s in stack.statistics],
        None if reference == "auto" else stack.names.index(reference),
    )
    return coarse, find_gains(stack, coarse.matrices, coarse)


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


def refine_alignment(
    stack: Measured, coarse: Coarse, gains: Points, workers: int, progress: Progress
) -> Refined:
    """Bring the coarse alignment to sub-pixel accuracy."""
    with stage(progress, "Aligning", len(ROUNDS)):
        return refine(
            stack.load,
            coarse.matrices,
            coarse.reference,
            coarse.matches,
            coarse.pairs,
            _brightness(gains),
            stack.size,
            workers,
            progress.advance,
        )


def find_displacement(
    stack: Measured,
    coarse: Coarse,
    refined: Refined,
    gains: Points,
    workers: int,
    progress: Progress,
) -> Displacement | None:
    """Local displacement of the frames, if a matrix leaves enough and tiles prove it."""
    with stage(progress, "Local displacement", LOCAL_ROUNDS):
        return displacement.find_displacement(
            stack.load,
            refined,
            coarse.reference,
            coarse.pairs,
            _brightness(gains),
            stack.size,
            workers,
            progress.advance,
        )


def _brightness(gains: Points) -> list[float]:
    """One factor a frame; 1 where exposure is unknown."""
    return [float(np.nanmean(g)) if np.isfinite(g).any() else 1.0 for g in gains]


def find_gains(stack: Measured, matrices: Matrix, coarse: Coarse) -> Points:
    """Gains ``(n, C)`` of all frames from registered blocks; NaN where nothing can be compared."""
    blocks = [
        register_blocks(s, H) if used else None
        for s, H, used in zip(stack.statistics, matrices, coarse.used, strict=True)
    ]
    ratios = []
    for i, j in coarse.pairs:
        a, b = blocks[i], blocks[j]
        ratio = gain_ratio(i, j, a, b) if a and b else None
        if ratio:
            ratios.append(ratio)
    channels = stack.statistics[0].blocks.shape[2]
    return solve_gains(ratios, len(blocks), channels, coarse.reference)


def full_size(matrices: Matrix, scale: float) -> Matrix:
    """Matrices for full-size frames from those for proxies."""
    return np.stack([at_scale(H, scale) if np.isfinite(H).all() else H for H in matrices])


def make_plan(
    stack: Measured,
    coarse: Coarse,
    refined: Refined,
    displaced: Displacement | None,
    gains: Points,
    size: tuple[int, int],
) -> StackPlan:
    """Put everything that was found into full-size pixels and input order."""
    matrices = full_size((displaced or refined).matrices, stack.scale)
    used = [k for k, u in enumerate(coarse.used) if u]
    fields = _full_fields(displaced, len(matrices), stack.scale, coarse.reference, size)
    scene, views = _full_parallax(displaced, len(matrices), stack.scale, size)
    moved = [_moved(scene, views[k], fields[k]) for k in used]
    area = common_area(matrices[used], *size, moved)
    warnings = [*stack.notes, *_lost(stack, coarse), *_ungauged(stack, gains, used)]
    warnings += _costly(stack, used, area)
    costs = dict(zip(used, area.costs, strict=True))
    sharpest = max(s.sharpness for s in stack.statistics)
    frames: list[FramePlan | None] = [None] * len(stack.names)
    for k, (name, facts) in enumerate(zip(stack.names, stack.statistics, strict=True)):
        gain = np.where(np.isfinite(gains[k]), gains[k], 1.0)
        frames[stack.order[k]] = FramePlan(
            file=name,
            used=coarse.used[k],
            reason=None if coarse.used[k] else "shares too little detail with the other frames",
            matrix=matrices[k] if coarse.used[k] else None,
            gain=gain,
            residual_px=_in_pixels(refined.frames[k], stack.scale),
            exposure_ev=-float(np.log2(gain).mean()),
            sharpness=facts.sharpness / max(sharpest, 1e-9),
            clipped=facts.clipped,
            area_cost=costs.get(k, 0.0),
            field=fields[k],
            view=views[k],
        )
    return StackPlan(
        reference=stack.names[coarse.reference],
        canvas=size,
        crop=area.rect,
        frames=tuple(f for f in frames if f is not None),
        focus_order=tuple(stack.names[k] for k in used),
        model=refined.model,
        evidence={name: e / stack.scale for name, e in refined.evidence.items()},
        residual_px=_in_pixels(refined.stack, stack.scale),
        local_median_px=_before_and_after(displaced, stack.scale),
        scene=scene,
        warnings=tuple(warnings),
    )


def _full_fields(
    displaced: Displacement | None, count: int, scale: float, reference: int, size: tuple[int, int]
) -> list[Field | None]:
    """Fields in full-size pixels, rounded to what the report keeps."""
    if displaced is None or displaced.local is None:
        return [None] * count
    grids = np.round(displaced.local.fields / scale, 3).astype(np.float32)
    return [None if k == reference else Field(g, *size) for k, g in enumerate(grids)]


def _full_parallax(
    displaced: Displacement | None, count: int, scale: float, size: tuple[int, int]
) -> tuple[SceneDepth | None, list[Viewpoint | None]]:
    """Depth and viewpoints in full-size pixels, with the precision that the report keeps."""
    if displaced is None or displaced.parallax is None:
        return None, [None] * count
    found = displaced.parallax
    scene = SceneDepth(found.scene.grid, *size, found.scene.slab).rounded()
    return scene, [v and v.scaled(1 / scale) for v in found.views]


def _moved(scene: SceneDepth | None, view: Viewpoint | None, field: Field | None) -> Field | None:
    return field if scene is None or view is None else scene.displacement(view, field)


def _before_and_after(displaced: Displacement | None, scale: float) -> tuple[float, float] | None:
    return (displaced.before / scale, displaced.after / scale) if displaced else None


def _in_pixels(r: ProxyResidual | None, scale: float) -> Residual | None:
    if r is None or not np.isfinite(r.median):
        return None
    return Residual(r.median / scale, r.p95 / scale, r.edge_p95 / scale, r.tiles)


def _lost(stack: Measured, coarse: Coarse) -> list[str]:
    lost = [name for name, used in zip(stack.names, coarse.used, strict=True) if not used]
    if not lost:
        return []
    return [f"left out, too little detail in common with the other frames: {', '.join(lost)}"]


def _ungauged(stack: Measured, gains: Points, used: Sequence[int]) -> list[str]:
    dark = [stack.names[k] for k in used if not np.isfinite(gains[k]).all()]
    if not dark:
        return []
    return [f"exposure could not be compared and is left as it is: {', '.join(dark)}"]


def _costly(stack: Measured, used: Sequence[int], area: CommonArea) -> list[str]:
    return [
        f"{stack.names[k]} alone takes {100 * cost:.0f} % of the common area"
        for k, cost in zip(used, area.costs, strict=True)
        if cost > COSTLY_SHARE
    ]
