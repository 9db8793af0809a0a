"""Figures of how-it-works.md, drawn from what the program has measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from docs.figures.desk import Desk
from focusstack.geometry.coordinates import outline, transform
from focusstack.numeric.arrays import Floats

mpl.use("Agg")
plt.rcParams.update(
    {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "savefig.dpi": 120,
        "figure.constrained_layout.use": True,
        "svg.hashsalt": "focusstack",
    }
)
RGB = ("#c0392b", "#27823c", "#2b5fc0")
GREY = "#888888"


def exposure(desk: Desk) -> Figure:
    """Gains of every frame against the truth, and what is left."""
    found = np.stack([f.gain for f in desk.result.plan.frames])
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8))
    x = np.arange(1, len(found) + 1)
    for c, (colour, name) in enumerate(zip(RGB, ("red", "green", "blue"), strict=True)):
        left.plot(x, -np.log2(desk.gains[:, c]), "o", mfc="none", color=colour, ms=8)
        left.plot(x, -np.log2(found[:, c]), ".-", color=colour, lw=0.8, label=name)
        right.plot(x, 100 * (found[:, c] / desk.gains[:, c] - 1), ".-", color=colour, lw=0.8)
    left.axhline(0, color=GREY, lw=0.5)
    left.set(xlabel="frame", ylabel="EV against the reference", xticks=x)
    left.set_title("measured (dots) and true (circles)")
    left.legend(frameon=False, fontsize=8)
    right.axhline(0, color=GREY, lw=0.5)
    right.set(xlabel="frame", ylabel="% of light", xticks=x, ylim=(-0.5, 0.5))
    right.set_title("what is left once it is applied")
    return figure


def breathing(desk: Desk) -> Figure:
    """Zoom and shift of every frame against the truth."""
    plan = desk.result.plan
    moved = np.array([f.movement(*plan.canvas) for f in plan.frames])
    true = np.array([_movement(H, plan.canvas) for H in desk.matrices])
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.5))
    x = np.arange(1, len(moved) + 1)
    titles = ("zoom, %", "rotation, °", "shift of the centre, px")
    for k, (ax, title) in enumerate(zip(axes, titles, strict=True)):
        ax.plot(x, true[:, k], "o", mfc="none", color=GREY, ms=8, label="true")
        ax.plot(x, moved[:, k], ".-", color=RGB[2], lw=0.8, label="found")
        ax.set(xlabel="frame", xticks=x[::3])
        ax.set_title(title)
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def _movement(H: Floats, canvas: tuple[int, int]) -> tuple[float, float, float]:
    from focusstack.geometry.coordinates import zoom_and_rotation

    zoom, rotation = zoom_and_rotation(H, *canvas)
    centre = np.array([[(canvas[0] - 1) / 2, (canvas[1] - 1) / 2]])
    shift = float(np.linalg.norm(transform(H, centre) - centre))
    return 100 * (zoom - 1), rotation, shift


def tiles(desk: Desk) -> Figure:
    """Displacements of one pair's tiles before and after."""
    measured = desk.tiles(5, 6)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.1), sharex=True, sharey=True)
    for ax, shifts, name in zip(
        axes, (measured.before, measured.after), ("from features", "from all tiles"), strict=True
    ):
        x, y = shifts.centres.T
        length = np.linalg.norm(shifts.shifts, axis=1)
        arrows = ax.quiver(
            x, y, *shifts.shifts.T, length, cmap="viridis", clim=(0, 0.2), units="xy",
            angles="xy", scale_units="xy", scale=0.003, width=4,
        )  # fmt: skip
        ax.set_title(f"{name}: median {np.median(length):.3f} px")
        _framed(ax, desk.result.plan.canvas)
    figure.colorbar(arrows, ax=axes, label="px", shrink=0.8)
    return figure


def _framed(ax: Axes, canvas: tuple[int, int]) -> None:
    ax.set(xlim=(0, canvas[0]), ylim=(canvas[1], 0), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def pairs(desk: Desk) -> Figure:
    """What each pair of frames, asked alone, disagrees by."""
    plan = desk.result.plan
    order = {name: k for k, name in enumerate(plan.focus_order)}
    n = len(order)
    table = np.full((n, n), np.nan)
    for pair in plan.pairs:
        i, j = sorted(order[name] for name in pair.frames)
        table[i, j] = table[j, i] = pair.px
    figure, ax = plt.subplots(figsize=(4.2, 3.4))
    table *= 1000
    image = ax.imshow(table, cmap="YlOrRd", vmin=0, vmax=20)
    for i, j in zip(*np.nonzero(np.isfinite(table)), strict=True):
        ax.text(j, i, f"{table[i, j]:.0f}", ha="center", va="center", fontsize=7)
    ax.set(xticks=range(n), yticks=range(n), xlabel="frame in focus order")
    ax.set_xticklabels(range(1, n + 1))
    ax.set_yticklabels(range(1, n + 1))
    figure.colorbar(image, label="thousandths of a pixel", shrink=0.9)
    return figure


def ladder(desk: Desk) -> Figure:
    """Held-out residual of every motion model."""
    plan = desk.result.plan
    names, values = zip(*plan.evidence.items(), strict=True)
    figure, ax = plt.subplots(figsize=(5.2, 2.2))
    colours = [RGB[1] if name == plan.model else "#bbbbbb" for name in names]
    bars = ax.barh(range(len(names)), values, color=colours)
    ax.bar_label(bars, fmt="%.3f px", padding=3, fontsize=8)
    ax.set(yticks=range(len(names)), xlim=(0, 1.2 * max(values)))
    ax.set_yticklabels(names)
    ax.invert_yaxis()
    ax.set_xlabel("residual on tiles that the fit has not seen, px")
    return figure


def error(desk: Desk) -> Figure:
    """Distance between found and true position, over the picture."""
    plan = desk.result.plan
    width, height = plan.canvas
    x, y = np.meshgrid(np.linspace(0, width - 1, 61), np.linspace(0, height - 1, 41))
    p = np.stack([x.ravel(), y.ravel()], 1)
    frames = [f for f in plan.frames if f.matrix is not None]
    off = np.stack(
        [
            np.linalg.norm(transform(f.matrix, p) - transform(H, p), axis=1)  # type: ignore[arg-type]
            for f, H in zip(frames, desk.matrices, strict=True)
        ]
    )
    rms = np.sqrt(np.square(off).mean(1))
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8), width_ratios=(1.1, 1))
    image = left.imshow(
        np.sqrt(np.square(off).mean(0)).reshape(x.shape), extent=(0, width, height, 0),
        cmap="magma", vmin=0,
    )  # fmt: skip
    left.set(xticks=[], yticks=[])
    left.set_title("true error, root mean square over frames")
    figure.colorbar(image, ax=left, label="px", shrink=0.85)
    k = np.arange(1, len(rms) + 1)
    right.plot(k, rms, "o-", color=GREY, lw=0.8, label="true")
    right.plot(k, [f.error_px for f in frames], ".-", color=RGB[2], lw=0.8, label="estimated")
    right.set(xlabel="frame", ylabel="px", xticks=k, ylim=(0, None))
    right.set_title("each frame: true, and as reported")
    right.legend(frameon=False, fontsize=8)
    return figure


def crop(desk: Desk) -> Figure:
    """Outlines of all frames, and the largest rectangle inside all."""
    plan = desk.result.plan
    width, height = plan.canvas
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.7), width_ratios=(1.2, 1))
    c = plan.crop
    for ax in axes:
        for k, f in enumerate(plan.used()):
            assert f.matrix is not None
            colour = plt.get_cmap("viridis")(k / max(len(plan.used()) - 1, 1))
            quad = transform(f.matrix, outline(width, height))
            ax.add_patch(Polygon(quad, fill=False, ec=colour, lw=0.8))
        ax.add_patch(
            Rectangle((c.x, c.y), c.width - 1, c.height - 1, fc="#27823c22", ec=RGB[1], lw=1.6)
        )
        ax.set_aspect("equal")
    axes[0].set(xlim=(-30, width + 30), ylim=(height + 30, -30))
    axes[0].set_title(f"{c.width} x {c.height} of {width} x {height} pixels")
    axes[1].set(xlim=(-8, 48), ylim=(34, -8))
    axes[1].set_title("the same, top left corner")
    return figure


def depth(desk: Desk) -> Figure:
    """Which frame weighs most where, the depth, and how sure it is."""
    fused = desk.result.fused
    assert fused is not None
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.3))
    last = len(desk.result.plan.used()) - 1
    shown: list[tuple[Floats, str, str, float]] = [
        (fused.source, "frame that weighs most", "turbo", last),
        (fused.depth, "depth, in frames", "turbo", last),
        (fused.confidence, "how sure that is", "gray", 1),
    ]
    for ax, (values, title, colours, top) in zip(axes, shown, strict=True):
        image = ax.imshow(values[::2, ::2], cmap=colours, vmin=0, vmax=top, interpolation="none")
        ax.set(xticks=[], yticks=[])
        ax.set_title(title)
        figure.colorbar(image, ax=ax, shrink=0.6)
    return figure


FIGURES: dict[str, Callable[[Desk], Figure]] = {
    function.__name__: function
    for function in (exposure, breathing, tiles, pairs, ladder, error, crop, depth)
}


def draw(name: str, desk: Desk, folder: Path) -> Path:
    """Draw a figure as a PNG of few colours."""
    from PIL import Image

    path = folder / f"{name}.png"
    figure = FIGURES[name](desk)
    figure.savefig(path)
    plt.close(figure)
    with Image.open(path) as image:
        image.convert("RGB").quantize(128).save(path, optimize=True)
    return path
