"""What the page draws of the plan alone, which need not wait for the frames to be fused."""

from __future__ import annotations

from dataclasses import dataclass

from focusstack.geometry.coordinates import Rect
from focusstack.output.report import overlays as drawings
from focusstack.output.report import plots
from focusstack.plan.model import FramePlan, StackPlan


@dataclass(frozen=True)
class Figures:
    """Plots as SVG, and what is drawn over the canvas.

    Attributes
    ----------
    movement_plot : str
        Zoom, rotation and shift.
    residual_plot, pairs_plot : str or None
        Residuals, and which frames were compared; None where nothing was measured.
    cells : list of Cell
        Residuals over the canvas.
    heat : Legend or None
        Their colours; None without cells.
    outlines : list of Outline
        Of the frames.
    costly : list of FramePlan
        The frames that take most of the common area, if any takes more than a thousandth.
    view_box : Rect
        Holds canvas and outlines.
    """

    movement_plot: str
    residual_plot: str | None
    pairs_plot: str | None
    cells: list[drawings.Cell]
    heat: drawings.Legend | None
    outlines: list[drawings.Outline]
    costly: list[FramePlan]
    view_box: Rect


def figures(plan: StackPlan) -> Figures:
    """Draw them; loads the plotting library."""
    cells, heat = drawings.residual_cells(plan)
    return Figures(
        plots.movement_plot(plan),
        plots.residual_plot(plan) if plan.residual_px else None,
        plots.pairs_plot(plan) if plan.pairs else None,
        cells,
        heat,
        drawings.outlines(plan),
        _costly(plan),
        drawings.view_box(plan),
    )


def _costly(plan: StackPlan) -> list[FramePlan]:
    found = [f for f in plan.used() if f.area_cost >= 0.001]
    return sorted(found, key=lambda f: -f.area_cost)[:3]
