"""Read every frame once; keep its proxy, statistics and place in the focus order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from focusstack.alignment.features.focus_order import focus_order
from focusstack.alignment.tiles.poses import Origin
from focusstack.errors import Change, InputError, UsageError
from focusstack.exposure.recorded import recorded_stops
from focusstack.first_pass.coding_faults import find_shift
from focusstack.first_pass.colour_noise import find_colour_noise
from focusstack.first_pass.hot_pixels import HotPixels
from focusstack.first_pass.row_faults import NO_FAULTS, RowFaults, find_row_faults
from focusstack.frames.borders import at_scale_of, fill_border, find_border, outside
from focusstack.frames.damaged import read_anyway
from focusstack.frames.proxies.lift import find_lift, lift_proxy, lift_statistics
from focusstack.frames.proxies.proxy import (
    Proxy,
    ProxySpool,
    Statistics,
    clean_share,
    make_proxy,
    proxy_scale,
    proxy_size,
)
from focusstack.frames.sources import FrameSource
from focusstack.images.metadata import join_notes
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Floats, Image, Indices
from focusstack.runtime.alike import did_you_mean
from focusstack.runtime.prefetch import prefetch
from focusstack.runtime.progress import Progress, track
from focusstack.runtime.spool import Spool

SMALLEST = 64
"""Fewest pixels along a side: less holds no tile at half size. Follows from the tiles' size, not
measured."""


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
    lift : float
        Factor on the light of proxies and statistics: above 1 where the whole stack is dim.
    borders : list of (n, 3) ndarray or None
        Lines, in proxy pixels, inside which each frame shows something; None where it does
        everywhere, and for all if the list is empty.
    marked : (h, w) uint8 ndarray or None
        1 where proxies show marks fixed to the sensor, which are taken out of what `load` gives.
    origin : Origin or None
        What the proxies were before marks were taken out, if these are few.
    hot : (N,) int64 ndarray
        Index of full-size pixels that are single and bright in nearly all frames.
    damaged : dict of int to str
        What is wrong with the files of frames that are not to be used.
    rows : list of RowFaults
        What follows the rows of each frame's file to the pixel; empty if nobody has looked.
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
    lift: float = 1.0
    borders: Sequence[Floats | None] = ()

    def border(self, k: int) -> Floats | None:
        """Lines, in proxy pixels, that end what frame `k` shows; None where nothing does."""
        return self.borders[k] if self.borders else None

    marked: Image | None = None
    origin: Origin | None = None
    hot: Indices = field(default_factory=lambda: np.zeros(0, np.int64))
    damaged: dict[int, str] = field(default_factory=dict)
    rows: Sequence[RowFaults] = ()

    def with_broken(self, broken: dict[int, str], *, keep: bool) -> Measured:
        """Return this stack, further frames known to be damaged: left out, or kept with a word."""
        if not keep:
            return replace(self, damaged={**self.damaged, **broken})
        kept = [
            f"{self.names[k]}: damaged ({words}), and used all the same"
            for k, words in sorted(broken.items())
        ]
        return replace(self, notes=(*self.notes, *kept))


def measure_frames(
    frames: FrameSource, spool: ProxySpool, scale: float, readers: int, progress: Progress
) -> Measured:
    """Read every frame once; keep its proxy and statistics; find the focus order.

    `readers` threads hold a frame each.
    """
    hot = HotPixels(frames.size)
    count = len(frames)
    statistics: list[Statistics] = []
    recorded: list[float | None] = []
    notes: dict[str, list[str]] = {}
    damaged: dict[int, str] = {}
    borders: list[Floats | None] = [None] * count
    rows = [NO_FAULTS] * count
    reduce = _reducing(frames, (scale, spool.size), hot, borders, rows, damaged)
    reduced = prefetch(reduce, range(count), ahead=readers, threads=readers)
    with track(progress, "Reading frames", reduced, count) as tracked:
        for index, (proxy, one, note, stops) in enumerate(tracked):
            spool.put(index, proxy)
            statistics.append(one)
            recorded.append(stops)
            if note:
                notes.setdefault(note, []).append(frames.names[index])
    lift = find_lift(statistics, frames.dtype)

    def load(index: int) -> Proxy:
        return lift_proxy(spool.get(index), lift)

    if lift > 1:
        statistics = [lift_statistics(s, load(i), lift) for i, s in enumerate(statistics)]
    order = focus_order([s.signature for s in statistics])
    return Measured(
        order,
        [frames.names[i] for i in order],
        [statistics[i] for i in order],
        lambda position: load(order[position]),
        spool.arrays,
        scale,
        spool.size,
        tuple(f"{_some(names)}: {note}" for note, names in notes.items()),
        [recorded[i] for i in order],
        lift,
        [borders[i] for i in order],
        hot=hot.lasting(),
        damaged={order.index(i): words for i, words in damaged.items()},
        rows=[rows[i] for i in order],
    )


CUT_OFF = "a border was burnt in by another program; it is cut off"
"""What is said of frames that have one."""


def _small(
    picture: Picture, scale: float, size: tuple[int, int]
) -> tuple[Proxy, Statistics, Floats | None]:
    """Proxy and statistics of a frame, and where, in proxy pixels, what it shows ends, if it does.

    Nothing beyond the lines of a border counts.
    """
    border = find_border(picture)
    if border is None:
        return *make_proxy(picture.pixels, scale, picture.transfer, size), None
    pixels = fill_border(picture.pixels, border)
    proxy, facts = make_proxy(pixels, scale, picture.transfer, size)
    border = at_scale_of(border, size[0] / pixels.shape[1])
    beyond = outside(border, (proxy.luma.shape[1], proxy.luma.shape[0]), 1.0)
    cut = replace(proxy, clipped=np.asarray(proxy.clipped | beyond, np.uint8))
    return cut, replace(facts, clean=clean_share(cut.clipped)), border


def _reducing(
    frames: FrameSource,
    small: tuple[float, tuple[int, int]],
    hot: HotPixels,
    borders: list[Floats | None],
    rows: list[RowFaults],
    damaged: dict[int, str],
) -> Callable[[int], tuple[Proxy, Statistics, str | None, float | None]]:
    """How a frame is read and reduced; the others are told what it shows."""

    def reduce(index: int) -> tuple[Proxy, Statistics, str | None, float | None]:
        try:
            picture = read_anyway(frames, index)
            hot.look(index, picture.pixels)
        except BaseException:
            hot.give_up()
            raise
        proxy, facts, borders[index] = _small(picture, *small)
        if picture.pixels.shape[1::-1] == frames.size:  # and not read smaller
            rows[index] = _look_along_rows(picture)
        if picture.damage is not None:
            damaged[index] = picture.damage
        note = picture.note if borders[index] is None else join_notes(picture.note, CUT_OFF)
        return proxy, facts, note, recorded_stops(picture.metadata)

    return reduce


def _look_along_rows(picture: Picture) -> RowFaults:
    """Look for what follows the rows of a frame's file."""
    orientation = picture.metadata.orientation
    faults = find_row_faults(picture.pixels, turned=orientation >= 5)
    if picture.unproven:
        faults = faults._replace(noise=find_colour_noise(picture.pixels))
    if not picture.unit:
        return faults
    return faults._replace(shift=find_shift(picture.pixels, picture.unit, orientation))


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


def glanced(frames: FrameSource, scale: float) -> FrameSource:
    """Return frames that are read no larger than proxies of `scale` need, where that is faster."""
    reduction = next(k for k in (8, 4, 2, 1) if k * scale <= 1)
    return frames.reduced(reduction)


def check_reference(names: Sequence[str], reference: str) -> None:
    """Make sure that `reference` is ``auto`` or one of the frames.

    Raises
    ------
    UsageError
        If it is not.
    """
    if reference != "auto" and reference not in names:
        some = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        meant = did_you_mean(reference, {name: name for name in names})
        raise UsageError(
            f"there is no frame {reference}",
            meant or f"Choose one of {some}",
            [Change("To leave the choice to the program", drop=("--reference",))],
        )
