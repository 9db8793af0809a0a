"""From a StackPlan to the content of report.json.

What renders a stack is kept to the last bit, what people read is rounded. Nothing is checked here:
a run that has done its work must not fail for what its report says.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import asdict
from typing import Any

import numpy as np

from focusstack.alignment.quality.residual import Residual
from focusstack.exposure.trial import LightChoice
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import DEPTH_STEPS, SceneDepth
from focusstack.numeric.arrays import Floats
from focusstack.plan.bitmaps import DepthRecord, MarksRecord, Packed
from focusstack.plan.marks import Marks
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.plan.schema import (
    SCHEMA,
    CanvasRecord,
    CropRecord,
    FrameRecord,
    LightRecord,
    PairRecord,
    Record,
    Report,
    ResidualRecord,
    ShadingRecord,
    TrialRecord,
    VerdictRecord,
    ViewRecord,
    ZoneRecord,
)
from focusstack.plan.verdict import Verdict
from focusstack.runtime.version import __version__


def to_report(plan: StackPlan) -> Report:
    """Return the report of a plan."""
    width, height = plan.canvas
    return Report.model_construct(
        schema_=SCHEMA,
        focusstack=__version__,
        reference=plan.reference,
        canvas=CanvasRecord.model_construct(width=width, height=height),
        crop=CropRecord.model_construct(**asdict(plan.crop)),
        frames=[_frame(f, plan.canvas) for f in plan.frames],
        focus_order=list(plan.focus_order),
        model=plan.model,
        # A model that could not be fitted has no number.
        model_residual_px={k: round(v, 4) for k, v in plan.evidence.items() if np.isfinite(v)},
        residual_px=_residual(plan.residual_px),
        error_px=_rounded(plan.error_px),
        least_determinant=_rounded(plan.least_determinant),
        verdict=_verdict(plan.verdict),
        local_median_px=plan.local_median_px and [round(v, 4) for v in plan.local_median_px],
        fusion=plan.fusion,
        scene_depth=plan.scene and _depth(plan.scene),
        quick=plan.quick,
        light=_light(plan.light),
        common_ev=plan.common_ev,
        clipped_everywhere=plan.clipped_everywhere,
        residual_map_px=_cells(plan.residual_map_px),
        marks=plan.marks and _marks(plan.marks),
        warnings=list(plan.warnings),
        pairs=[
            PairRecord.model_construct(
                frames=list(p.frames), tiles=p.tiles, closure_px=round(p.px, 4)
            )
            for p in plan.pairs
        ],
    )


PLAIN = {bool, int, float, str, type(None)}
"""Types of what is plain already: tables of numbers are most of a report."""


def content(part: Any) -> Any:
    """Return a part of a report as plain lists and dictionaries.

    Not pydantic's own way, which would first build what checks.
    """
    if isinstance(part, (Record, Packed)):
        fields = type(part).model_fields
        return {field.alias or name: content(getattr(part, name)) for name, field in fields.items()}
    if isinstance(part, dict):
        return {name: content(one) for name, one in part.items()}
    if isinstance(part, list) and not set(map(type, part)) <= PLAIN:
        return [content(one) for one in part]
    return part


def _frame(f: FramePlan, canvas: tuple[int, int]) -> FrameRecord:
    zoom, rotation, shift = f.movement(*canvas)
    shading = None if f.shading.is_even else ShadingRecord.model_construct(**asdict(f.shading))
    return FrameRecord.model_construct(
        file=f.file,
        used=f.used,
        reason=f.reason,
        matrix=None if f.matrix is None else f.matrix.tolist(),
        bend=list(f.bend),
        gain=f.gain.tolist(),
        exponent=f.exponent,
        shading=shading,
        residual_px=_residual(f.residual_px),
        error_px=_rounded(f.error_px),
        guessed_px=round(f.guessed_px, 4),
        least_determinant=_rounded(f.least_determinant),
        verdict=_verdict(f.verdict),
        exposure_ev=round(f.exposure_ev, 4),
        recorded_ev=_rounded(f.recorded_ev),
        sharpness=round(f.sharpness, 4),
        clipped=round(f.clipped, 5),
        zoom_percent=round(zoom, 4),
        rotation_deg=round(rotation, 4),
        shift_px=round(shift, 3),
        area_cost=round(f.area_cost, 5),
        local_px=None if f.field is None else _nodes(f.field),
        view=None if f.view is None else ViewRecord.model_construct(**asdict(f.view)),
    )


def _residual(r: Residual | None) -> ResidualRecord | None:
    if r is None:
        return None
    zones = {
        name: ZoneRecord.model_construct(median=round(z.median, 4), p95=round(z.p95, 4))
        for name, z in r.zones.items()
    }
    numbers = {k: round(getattr(r, k), 4) for k in ("median", "p95", "edge_p95", "tiles")}
    return ResidualRecord.model_construct(**numbers, zones=zones)


def _verdict(verdict: Verdict | None) -> VerdictRecord | None:
    if verdict is None:
        return None
    return VerdictRecord.model_construct(**{**asdict(verdict), "causes": list(verdict.causes)})


def _light(light: LightChoice) -> LightRecord:
    trials = []
    for trial in light.trials:
        entries: dict[str, Any] = asdict(trial)
        told: dict[str, Any] = {
            k: round(v, 4) if isinstance(v, float) else v for k, v in entries.items()
        }
        trials.append(TrialRecord.model_construct(**told))
    left = _rounded(light.left_by_all)
    return LightRecord.model_construct(terms=light.terms, left_by_all=left, trials=trials)


def _nodes(field: Field) -> list[list[list[float]]]:
    """Nodes as rows of ``[dx, dy]``; the field already has this precision."""
    rows: list[list[list[float]]] = np.round(field.grid.astype(float), 3).tolist()
    return rows


def _depth(scene: SceneDepth) -> DepthRecord:
    """Depth in 16-bit steps, compressed; it already has this precision."""
    steps = np.round(scene.grid.astype(float) * DEPTH_STEPS).astype("<i2")
    return DepthRecord.model_construct(
        rows=steps.shape[0],
        columns=steps.shape[1],
        slab=scene.slab,
        near=scene.near,
        zlib_base64=base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode("ascii"),
    )


def _marks(marks: Marks) -> MarksRecord:
    """A bit for each pixel, compressed: marks are few."""
    height, width = marks.mask.shape
    return MarksRecord.model_construct(
        count=marks.count,
        share=round(marks.share, 6),
        width=width,
        height=height,
        zlib_base64=base64.b64encode(zlib.compress(np.packbits(marks.mask).tobytes(), 9)).decode(
            "ascii"
        ),
    )


def _cells(found: Floats | None) -> list[list[float | None]] | None:
    if found is None:
        return None
    return [[round(float(v), 4) if np.isfinite(v) else None for v in row] for row in found]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
