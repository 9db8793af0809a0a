"""report.html: the same facts as report.json, for people, in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from focusstack.errors import Change, leaving_out
from focusstack.output.page_templates import page_templates
from focusstack.output.report import overlays as drawings
from focusstack.output.report import plots
from focusstack.output.report.addresses import file_address, picture_address
from focusstack.output.report.camera_settings import shared_gear
from focusstack.output.report.collecting import Gathered
from focusstack.output.report.explained import edges_words
from focusstack.output.report.figures import Figures, figures
from focusstack.output.report.judgement import judgement
from focusstack.output.report.light_words import light_words
from focusstack.output.report.provenance import Provenance
from focusstack.output.report.remedies import remedy
from focusstack.output.report.rows import NUMBERS, exposures, frame_rows, headings
from focusstack.output.report.viewing import cut_name, viewer_data
from focusstack.plan.advice import doubtful_frames
from focusstack.plan.model import StackPlan
from focusstack.runtime.version import __version__

if TYPE_CHECKING:
    from jinja2 import Template

PARTS = ("style.css", "viewer.js", "table.js")
"""Files that stand inside the page."""


def report_page(
    plan: StackPlan,
    gathered: Gathered | None = None,
    made: Provenance | None = None,
    file: str | None = None,
    aligned: Mapping[str, str] | None = None,
    drawn: Figures | None = None,
    exposures: str | None = None,
) -> str:
    """Return the page.

    Parameters
    ----------
    plan : StackPlan
        What to report.
    gathered : Gathered, optional
        Pictures; without them there are numbers only.
    made : Provenance, optional
        How it was made.
    file : str, optional
        File name of the composite, linked.
    aligned : mapping of str to str, optional
        Path, from the page, of each aligned frame that was written, by the frame's file name.
    drawn : Figures, optional
        What `draw_ahead` has given for these frames.
    exposures : str, optional
        What `draw_exposures` has given for them.
    """
    shown, drawn = gathered or Gathered([]), drawn or draw_ahead(plan)
    exposures = exposures or draw_exposures(plan, shown)
    content = _content(plan, shown, made, file, aligned or {}, drawn)
    return _template().render(content, exposure_plot=exposures)


def draw_ahead(plan: StackPlan) -> Figures:
    """Do of the page what can be done as soon as there is a plan; loads the plotting library."""
    _template()
    return figures(plan)


def draw_exposures(plan: StackPlan, shown: Gathered) -> str | None:
    """Plot the used frames' exposures once all have been shown; None if they have not."""
    before, after = exposures(plan, shown)
    return None if before is None or after is None else plots.exposure_plot(before, after)


@cache
def _template() -> Template:
    environment = page_templates("focusstack.output.report")
    environment.filters["address"] = picture_address
    environment.filters["as"] = _as
    environment.filters["cut"] = cut_name
    return environment.get_template("report.html.jinja")


def _as(value: float, form: str) -> str:
    """Return a number as text, with a minus and without a negative zero."""
    text = form % value
    return text.lstrip("-+") if not text.strip("-+0.") else text.replace("-", "−")


def _content(
    plan: StackPlan,
    shown: Gathered,
    made: Provenance | None,
    file: str | None,
    aligned: Mapping[str, str],
    drawn: Figures,
) -> dict[str, Any]:
    """Everything that the template names, but the plot of exposures."""
    rows = frame_rows(plan, shown, aligned)
    return {
        "version": __version__,
        "plan": plan,
        "judgement": judgement(plan, fused=file is not None),
        "columns": headings(rows),
        "rows": rows,
        "rows_by_name": {row.plan.file: row for row in rows},
        "warnings": [(text, remedy(text)) for text in plan.warnings],
        "file": file,
        "link": file and file_address(file),
        "composite": shown.large,
        "viewer": viewer_data(plan, shown, file, aligned, seam_places(plan)),
        "still": _still(plan, shown),
        "gear": shared_gear(shown.shots.values()),
        "numbers": NUMBERS,
        "made": made,
        **_commands(plan, made),
        "moved": list((plan.fusion or {}).get("moved") or []),
        "seams": list(zip(seam_places(plan), shown.seams, strict=False)),
        "light": light_words(plan),
        "edges": edges_words((plan.fusion or {}).get("edges")),
        "explained": shown.explained,
        **vars(drawn),
        **_pixels(plan, shown),
        **{name.replace(".", "_"): _part(name) for name in PARTS},
    }


def _commands(plan: StackPlan, made: Provenance | None) -> dict[str, str]:
    """What to type for the same pictures by the same plan, and to try without doubtful frames."""
    line, names = made.command if made else None, doubtful_frames(plan)
    if line is None:
        return {"again": "", "without": ""}
    again = line.line(Change("", add=("--plan", "report.json"), drop=("--reference",)))
    return {"again": again, "without": line.line(leaving_out(names)) if names else ""}


def _part(name: str) -> str:
    return files("focusstack.output.report").joinpath("page", name).read_text(encoding="utf-8")


def _pixels(plan: StackPlan, shown: Gathered) -> dict[str, Any]:
    """What is drawn of pixels: what lies beneath the outlines and maps of the composite."""
    count, maps = len(plan.focus_order), shown.maps
    with ThreadPoolExecutor(2) as pool:
        depth = maps and pool.submit(drawings.depth_picture, maps, count)
        source = maps and pool.submit(drawings.source_picture, maps, count)
        return {
            "beneath": _beneath(plan, shown),
            "depth": depth and depth.result(),
            "source": source and source.result(),
            "depth_legend": drawings.depth_legend(plan) if maps else None,
        }


def _still(plan: StackPlan, shown: Gathered) -> str | None:
    """What stands for the picture where nothing was fused: the reference."""
    sample = shown.frames.get(plan.reference)
    return picture_address(sample.overview) if sample else None


def _beneath(plan: StackPlan, shown: Gathered) -> str | None:
    """A small picture to draw residuals on."""
    sample = shown.composite or shown.frames.get(plan.reference)
    return picture_address(sample.thumbnail) if sample else None


def seam_places(plan: StackPlan) -> list[dict[str, Any]]:
    """Where frames disagree visibly along the seams of the composite, if that is told.

    Parameters
    ----------
    plan : StackPlan
        After fusion.

    Returns
    -------
    list of dict
        ``rect`` in pixels of the composite, ``frames`` and ``px``; empty if all is well.
    """
    if plan.verdict is None or "seam" not in plan.verdict.causes:
        return []
    return list(((plan.fusion or {}).get("seams") or {}).get("places") or [])
