"""Plots of a stack as SVG that takes its colours from the page.

Every colour is drawn as a stand-in that is then replaced by a variable of the page's style, so
that one plot serves light and dark. Text stays text. The plotting library is loaded on first use.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Image
from focusstack.output.report.judgement import Grade, grade_of
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.plan.verdict import FAIL_PX, PASS_PX

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "ink": "#010a01",
    "muted": "#020a02",
    "grid": "#030a03",
    "red": "#040a04",
    "green": "#050a05",
    "blue": "#060a06",
    "pass": "#070a07",
    "look": "#080a08",
    "fail": "#090a09",
    "surface": "#0a0a0a",
}
"""Variables of the page's style and what stands in for them."""

WIDTH = 5.6
"""Inches; at 72 to an inch the plot keeps readable letters on a phone."""

FEW = 16
"""Frames up to which each has its number on the axis."""

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "focusstack",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.edgecolor": COLOURS["muted"],
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": COLOURS["grid"],
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["muted"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.unicode_minus": True,
}

MARKS: dict[Grade, tuple[str, str, int]] = {
    "pass": ("pass", "o", 4),
    "unknown": ("ink", "o", 4),
    "look": ("look", "D", 6),
    "fail": ("fail", "X", 8),
}
"""Colour, shape and size of a frame's mark by its grade."""

CHANNELS = {
    1: (("grey", "ink", "o-"),),
    3: (("red", "red", "o-"), ("green", "green", "s-"), ("blue", "blue", "^-")),
}
"""Name, colour and mark of each channel: marks tell them apart too."""


def movement_plot(plan: StackPlan) -> str:
    """Zoom, rotation and shift over the stack."""
    used = plan.used()
    moved = np.array([f.movement(*plan.canvas) for f in used])

    def draw(figure: Figure) -> None:
        panels = figure.subplots(3, 1, sharex=True)
        titles = ("Zoom (breathing), %", "Rotation, °", "Shift of the centre, px")
        for axes, values, title in zip(panels, moved.T, titles, strict=True):
            _line(axes, values, "ink", "-")
            _marks(axes, used, values)
            axes.set_title(title)
        _frames_axis(panels[-1], len(used))

    return _svg(draw, 4.6, "movement")


def exposure_plot(before: Float32, after: Float32) -> str:
    """Exposure of each channel before and after.

    Parameters
    ----------
    before, after : (n, C) float32 ndarray
        In stops against the reference, in focus order.
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(2, 1, sharex=True)
        for axes, values, title in zip(panels, (before, after), ("before", "after"), strict=True):
            for c, (name, colour, mark) in enumerate(CHANNELS[values.shape[1]]):
                _line(axes, values[:, c], colour, mark, name)
            axes.set_title(f"Exposure against the reference, EV, {title}")
        _at_least(panels[1], 0.1)
        _at_least(panels[0], 0.1)
        panels[0].legend(ncols=3, loc="best")
        _frames_axis(panels[1], len(before))

    return _svg(draw, 4.2, "exposure")


def residual_plot(plan: StackPlan) -> str:
    """Residual and estimated error of each frame, and its residual by zone."""
    from matplotlib.ticker import LogLocator, NullLocator

    used = plan.used()

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, sharex=True)
        _line(above, _of(used, lambda r: r.median), "ink", "o-", "median")
        _line(above, _of(used, lambda r: r.p95), "muted", "v:", "95 %")
        _line(above, _of(used, lambda r: r.edge_p95), "muted", "s--", "95 % at the edge")
        errors = np.array([np.nan if f.error_px is None else f.error_px for f in used])
        _line(above, errors, "blue", "D-", "estimated error")
        above.set_title("Residual of tiles and estimated error, px")
        for limit, colour in ((PASS_PX, "look"), (FAIL_PX, "fail")):
            above.axhline(limit, color=COLOURS[colour], linewidth=1, zorder=0)
        above.set_yscale("log")
        above.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        above.yaxis.set_minor_locator(NullLocator())
        above.yaxis.set_major_formatter("{x:g}")
        above.legend(ncols=2, loc="upper left")  # on phones its words grow, to the right
        marks = {"centre": ("green", "o-"), "edge": ("blue", "s-"), "corner": ("red", "^-")}
        for zone, (colour, mark) in marks.items():
            _line(below, _of(used, lambda r, z=zone: r.zones[z].median), colour, mark, zone)
        below.set_title("Median residual by zone, px")
        below.set_ylim(bottom=0)
        below.legend(ncols=3, loc="best")
        _frames_axis(below, len(used))

    return _svg(draw, 5.2, "residual")


def pairs_plot(plan: StackPlan) -> str:
    """Which frames were compared: how many tiles they share, and how well they close."""
    tiles, closure = pair_matrices(plan)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.grid(False)
        n = len(tiles)
        below = np.tri(n, dtype=bool)
        how: dict[str, Any] = {
            "interpolation": "none",
            "extent": (0.5, n + 0.5, n + 0.5, 0.5),
            "vmin": 0,
        }
        shared = axes.imshow(np.where(below, tiles, np.nan), cmap="viridis", **how)
        apart = axes.imshow(
            np.where(below, np.nan, closure), cmap="YlOrRd", vmax=_top(closure), **how
        )
        axes.plot([0.5, n + 0.5], [0.5, n + 0.5], color=COLOURS["muted"], linewidth=0.8)
        for mesh, label in ((shared, "tiles (lower left)"), (apart, "closure, px (upper right)")):
            bar = figure.colorbar(mesh, ax=axes, shrink=0.85, label=label)
            bar.outline.set_visible(False)
        _frames_axis(axes, n)
        axes.set_yticks(axes.get_xticks())
        axes.set_ylim(n + 0.5, 0.5)

    return _svg(draw, 4.4, "pairs")


def pair_matrices(plan: StackPlan) -> tuple[Floats, Floats]:
    """Tiles and closure (px) of every pair, both ways, in focus order; NaN where none was made."""
    at = {name: k for k, name in enumerate(plan.focus_order)}
    tiles = np.full((len(at), len(at)), np.nan)
    closure = tiles.copy()
    for pair in plan.pairs:
        first, second = (at.get(name) for name in pair.frames)
        if first is not None and second is not None:
            tiles[first, second] = tiles[second, first] = pair.tiles
            closure[first, second] = closure[second, first] = pair.px
    return tiles, closure


def _top(closure: Floats) -> float:
    """End of the closure's colours: what fails looks alike, what passes does not look bad."""
    known = closure[np.isfinite(closure)]
    return float(np.clip(known.max(initial=0), PASS_PX, FAIL_PX))


def colours(name: str, count: int) -> list[str]:
    """Return `count` colours of a colour map as ``#rrggbb``."""
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colour_values(name, np.linspace(0, 1, count))]


def colour_values(name: str, values: Floats | Float32) -> Image:
    """Colours ``(…, 3)`` uint8 of values 0..1 in a colour map."""
    from matplotlib import colormaps

    return np.asarray(colormaps[name](values, bytes=True)[..., :3])


def _of(frames: Sequence[FramePlan], value: Callable[..., float]) -> Floats:
    """A number of each frame's residual; NaN where there is none."""

    def known(frame: FramePlan) -> float:
        try:
            return value(frame.residual_px) if frame.residual_px else np.nan
        except KeyError:  # no tiles in that zone
            return np.nan

    return np.array([known(f) for f in frames])


def _line(axes: Axes, values: Floats | Float32, colour: str, mark: str, name: str = "") -> None:
    numbers = np.arange(1, len(values) + 1)
    axes.plot(numbers, values, mark, color=COLOURS[colour], label=name or None)


def _marks(axes: Axes, frames: Iterable[FramePlan], values: Floats) -> None:
    """One mark a frame: shape and colour tell its verdict."""
    grades = np.array([grade_of(f) for f in frames])
    for grade, (colour, mark, size) in MARKS.items():
        at = np.flatnonzero(grades == grade)
        if len(at):
            axes.plot(at + 1, values[at], mark, color=COLOURS[colour], markersize=size)


def _frames_axis(axes: Axes, count: int) -> None:
    axes.set_xlabel("frame, in focus order")
    axes.set_xlim(0.5, count + 0.5)
    step = max(1, -(-count // FEW))
    axes.set_xticks(range(1, count + 1, step))


def _at_least(axes: Axes, reach: float) -> None:
    """Keep what is hardly different from looking so."""
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -reach), max(high, reach))


def _svg(draw: Callable[[Figure], None], height: float, name: str) -> str:
    """Draw a figure; ids in it begin with `name`, so that a page can hold several."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the user has set up for plots of his own
        cast(dict[str, Any], matplotlib.rcParams).update(STYLE)
        figure = Figure((WIDTH, height))
        # Fixed margins in inches: fitting them to the text takes longer than the drawing.
        left, right, bottom, top = (0.62, 0.1, 0.5, 0.3)
        figure.subplots_adjust(
            left=left / WIDTH,
            right=1 - right / WIDTH,
            bottom=bottom / height,
            top=1 - top / height,
            hspace=0.32,
        )
        draw(figure)
        target = io.StringIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        cast(Any, FigureCanvasSVG(figure)).print_svg(target, metadata=nothing)
    return _inline(target.getvalue(), name)


def _inline(svg: str, name: str) -> str:
    """Return an SVG file as an element of a page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'( id="|href="#|url\(#)', rf"\1{name}-", svg)
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    for variable, stand_in in COLOURS.items():
        svg = svg.replace(stand_in, f"var(--{variable})")
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
