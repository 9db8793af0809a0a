"""From the content of a checked report.json to a StackPlan."""

from __future__ import annotations

import numpy as np

from focusstack.alignment.quality.residual import Residual, Zone
from focusstack.exposure.shading import EVEN, Shading
from focusstack.exposure.trial import LightChoice, Trial
from focusstack.geometry.coordinates import Rect
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import DEPTH_STEPS, SceneDepth, Viewpoint
from focusstack.numeric.arrays import Floats
from focusstack.plan.bitmaps import DepthRecord
from focusstack.plan.marks import Marks
from focusstack.plan.model import FramePlan, PairClosure, StackPlan
from focusstack.plan.schema import (
    FrameRecord,
    LightRecord,
    Report,
    ResidualRecord,
    VerdictRecord,
)
from focusstack.plan.verdict import Verdict


def to_plan(report: Report) -> StackPlan:
    """Return the plan that a report tells."""
    canvas = (report.canvas.width, report.canvas.height)
    crop = report.crop
    return StackPlan(
        reference=report.reference,
        canvas=canvas,
        crop=Rect(crop.x, crop.y, crop.width, crop.height),
        frames=tuple(_frame(f, canvas) for f in report.frames),
        focus_order=tuple(report.order),
        model=report.model,
        evidence=report.model_residual_px,
        residual_px=_residual(report.residual_px),
        local_median_px=report.local_median_px,
        scene=_scene(report.scene_depth, canvas),
        warnings=tuple(report.warnings),
        error_px=report.error_px,
        verdict=_verdict(report.verdict),
        pairs=tuple(PairClosure(p.frames, p.tiles, p.closure_px) for p in report.pairs),
        quick=report.quick,
        light=_light(report.light),
        common_ev=report.common_ev,
        clipped_everywhere=report.clipped_everywhere,
        residual_map_px=_map(report.residual_map_px),
        marks=None if report.marks is None else Marks(report.marks.mask()),
    )


def _frame(f: FrameRecord, canvas: tuple[int, int]) -> FramePlan:
    shading, view = f.shading, f.view
    return FramePlan(
        file=f.file,
        used=f.used,
        reason=f.reason,
        matrix=None if f.matrix is None else np.array(f.matrix, float),
        gain=np.array(f.gain, float),
        residual_px=_residual(f.residual_px),
        exposure_ev=f.exposure_ev,
        sharpness=f.sharpness,
        clipped=f.clipped,
        area_cost=f.area_cost,
        field=None if f.local_px is None else Field(np.array(f.local_px, np.float32), *canvas),
        view=None if view is None else Viewpoint(view.travel, view.focus),
        bend=f.bend,
        exponent=f.exponent,
        shading=EVEN if shading is None else Shading(**shading.model_dump()),
        recorded_ev=f.recorded_ev,
        error_px=f.error_px,
        guessed_px=f.guessed_px,
        least_determinant=f.least_determinant,
        verdict=_verdict(f.verdict),
    )


def _residual(r: ResidualRecord | None) -> Residual | None:
    if r is None:
        return None
    zones = {name: Zone(z.median, z.p95) for name, z in r.zones.items()}
    return Residual(r.median, r.p95, r.edge_p95, r.tiles, zones)


def _verdict(v: VerdictRecord | None) -> Verdict | None:
    return None if v is None else Verdict(v.grade, v.words, v.remedy, tuple(v.causes))


def _light(light: LightRecord | None) -> LightChoice:
    if light is None:
        return LightChoice()
    trials = tuple(Trial(**t.model_dump()) for t in light.trials)
    return LightChoice(light.terms, light.left_by_all, trials)


def _scene(depth: DepthRecord | None, canvas: tuple[int, int]) -> SceneDepth | None:
    if depth is None:
        return None
    grid = (depth.steps() / DEPTH_STEPS).astype(np.float32)
    return SceneDepth(grid, *canvas, depth.slab, depth.near)


def _map(rows: list[list[float | None]] | None) -> Floats | None:
    if rows is None:
        return None
    return np.array([[np.nan if v is None else v for v in row] for row in rows], float)
