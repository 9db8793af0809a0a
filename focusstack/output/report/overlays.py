"""Drawings over the picture: outlines of the frames, residuals, spots that moved, maps' colours."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from focusstack.geometry.coordinates import Rect, outline
from focusstack.geometry.lens import on_canvas
from focusstack.numeric.arrays import Points
from focusstack.output.report.judgement import Grade, grade_of
from focusstack.output.report.pictures import webp
from focusstack.output.report.plots import colour_values, colours
from focusstack.output.report.samples import Maps
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.plan.verdict import PASS_PX

DEPTH_COLOURS = "turbo"
HEAT_COLOURS = "YlOrRd"

UNSURE = 0.35
"""Share of its colour that a place keeps where the depth is not known at all; the rest is grey."""

MAP_BYTES = 160_000

EDGE_POINTS = 6
"""Along each side of an outline."""


@dataclass(frozen=True)
class Outline:
    """A frame's edge on the canvas: ``x,y x,y …`` in pixels, and what the frame costs."""

    file: str
    grade: Grade
    points: str
    cost: float


@dataclass(frozen=True)
class Cell:
    """A cell of the map of residuals, on the canvas in pixels; `px` None where nothing is known."""

    x: float
    y: float
    width: float
    height: float
    px: float | None
    colour: str


@dataclass(frozen=True)
class Legend:
    """Colours from one end to the other, and what the ends and the middle stand for."""

    colours: list[str]
    labels: list[str]


def outlines(plan: StackPlan) -> list[Outline]:
    """Outline of every used frame, in focus order."""
    found = []
    for f in plan.used():
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _edge(plan, f))
        found.append(Outline(f.file, grade_of(f), points, f.area_cost))
    return found


def view_box(plan: StackPlan) -> Rect:
    """Rectangle that holds canvas and all outlines, with a margin."""
    every = np.concatenate([outline(*plan.canvas), *(_edge(plan, f) for f in plan.used())])
    margin = 0.01 * max(plan.canvas)
    low, high = every.min(0) - margin, every.max(0) + margin
    x, y = (int(v) for v in np.floor(low))
    width, height = (int(v) for v in np.ceil(high - low))
    return Rect(x, y, width, height)


def _edge(plan: StackPlan, frame: FramePlan) -> Points:
    """Points along a frame's edge, on the canvas; a lens may have bent it."""
    assert frame.matrix is not None
    corners = outline(*plan.canvas)
    along = np.linspace(0, 1, EDGE_POINTS, endpoint=False)[:, None]
    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    edge = np.concatenate([a + along * (b - a) for a, b in sides])
    return on_canvas(edge, frame.matrix, frame.bend, plan.canvas_bend, plan.canvas)


def residual_cells(plan: StackPlan) -> tuple[list[Cell], Legend | None]:
    """Cells of the map of residuals with their colours; none without a map."""
    found = plan.residual_map_px
    if found is None or not np.isfinite(found).any():
        return [], None
    rows, columns = found.shape
    across, down = plan.canvas[0] / columns, plan.canvas[1] / rows
    # What passes does not look bad.
    top = max(float(np.nanmax(found)), PASS_PX)
    shades = colour_values(HEAT_COLOURS, np.nan_to_num(found) / top)
    cells = []
    for r, c in np.ndindex(rows, columns):
        px = float(found[r, c]) if np.isfinite(found[r, c]) else None
        shade = "none" if px is None else "#{:02x}{:02x}{:02x}".format(*shades[r, c])
        cells.append(Cell(c * across, r * down, across, down, px, shade))
    legend = Legend(colours(HEAT_COLOURS, 9), ["0 px", f"{top / 2:.2g} px", f"{top:.2g} px"])
    return cells, legend


def depth_picture(maps: Maps, frames: int) -> bytes:
    """Depth in colours, paler where it is not sure, as WebP."""
    pixels = colour_values(DEPTH_COLOURS, maps.depth / np.float32(max(frames - 1, 1)))
    share = UNSURE + (1 - UNSURE) * maps.confidence[..., None]
    return webp(np.rint(pixels * share + 160 * (1 - share)).astype(np.uint8), MAP_BYTES)


def source_picture(maps: Maps, frames: int) -> bytes:
    """Which frame each pixel comes from, in the colours of the depth, as WebP."""
    return webp(colour_values(DEPTH_COLOURS, maps.source / max(frames - 1, 1)), MAP_BYTES)


def source_index(maps: Maps) -> bytes:
    """Which frame each pixel comes from as numbers, without loss: red, and 256 times green."""
    source = maps.source.astype(np.uint16)
    pixels = np.dstack([source & 255, source >> 8, np.zeros_like(source)]).astype(np.uint8)
    target = io.BytesIO()
    Pillow.fromarray(pixels).save(target, "WEBP", lossless=True, quality=0, method=0, exact=True)
    return target.getvalue()


def depth_legend(plan: StackPlan) -> Legend:
    """Colours of the frames in focus order."""
    order = plan.focus_order
    picked = sorted({0, len(order) // 2, len(order) - 1})
    return Legend(colours(DEPTH_COLOURS, 13), [f"{k + 1}: {order[k]}" for k in picked])
