"""The StackPlan as report.json: written, read back, and checked when it comes from outside."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import numpy as np

from focusstack.alignment.quality.residual import Residual, Zone
from focusstack.errors import InputError
from focusstack.geometry.coordinates import Rect
from focusstack.geometry.field import Field
from focusstack.geometry.lens import STRAIGHT, STRONGEST_BEND
from focusstack.geometry.parallax import DEPTH_STEPS, SceneDepth, Viewpoint
from focusstack.numeric.arrays import Matrix, Points
from focusstack.plan.light_file import finite, plain_light, read_exponent, read_light, read_shading
from focusstack.plan.model import FramePlan, PairClosure, StackPlan
from focusstack.plan.verdict import GRADES, Cause, Verdict
from focusstack.runtime.version import __version__

SCHEMA = 1


def plan_to_json(plan: StackPlan) -> str:
    """Return the plan as the text of report.json."""
    return _in_lines(plain(plan)) + "\n"


def _in_lines(document: Mapping[str, Any]) -> str:
    """JSON with an entry a line, and a frame a line: to be read, and quickly written."""

    def line(value: object) -> str:
        return json.dumps(value, allow_nan=False)

    entries = []
    for name, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n  " + ",\n  ".join(line(one) for one in value) + "\n ]"
        else:
            text = line(value)
        entries.append(f" {line(name)}: {text}")
    return "{\n" + ",\n".join(entries) + "\n}"


def plain(plan: StackPlan) -> dict[str, Any]:
    """Return the plan as the content of report.json."""
    width, height = plan.canvas
    frames = []
    for f in plan.frames:
        zoom, rotation, shift = f.movement(width, height)
        frames.append(
            {
                "file": f.file,
                "used": f.used,
                "reason": f.reason,
                "matrix": None if f.matrix is None else f.matrix.tolist(),
                "bend": list(f.bend),
                "gain": f.gain.tolist(),
                "exponent": f.exponent,
                "shading": None if f.shading.is_even else asdict(f.shading),
                "residual_px": _rounded(f.residual_px),
                "error_px": _number(f.error_px),
                "guessed_px": round(f.guessed_px, 4),
                "verdict": _words(f.verdict),
                "exposure_ev": round(f.exposure_ev, 4),
                "recorded_ev": _number(f.recorded_ev),
                "sharpness": round(f.sharpness, 4),
                "clipped": round(f.clipped, 5),
                "zoom_percent": round(zoom, 4),
                "rotation_deg": round(rotation, 4),
                "shift_px": round(shift, 3),
                "area_cost": round(f.area_cost, 5),
                "local_px": None if f.field is None else _grid(f.field),
                "view": None if f.view is None else asdict(f.view),
            }
        )
    return {
        "schema": SCHEMA,
        "focusstack": __version__,
        "reference": plan.reference,
        "canvas": {"width": width, "height": height},
        "crop": asdict(plan.crop),
        "frames": frames,
        "focus_order": list(plan.focus_order),
        "model": plan.model,
        "model_residual_px": {
            # A model that could not be fitted has no number.
            k: round(v, 4)
            for k, v in plan.evidence.items()
            if np.isfinite(v)
        },
        "residual_px": _rounded(plan.residual_px),
        "error_px": _number(plan.error_px),
        "verdict": _words(plan.verdict),
        "local_median_px": plan.local_median_px and [round(v, 4) for v in plan.local_median_px],
        "fusion": plan.fusion,
        "scene_depth": plan.scene and _depth(plan.scene),
        "quick": plan.quick,
        "light": plain_light(plan.light),
        "common_ev": plan.common_ev,
        "clipped_everywhere": plan.clipped_everywhere,
        "residual_map_px": _cells(plan.residual_map_px),
        "warnings": list(plan.warnings),
        "pairs": [
            {"frames": list(p.frames), "tiles": p.tiles, "closure_px": round(p.px, 4)}
            for p in plan.pairs
        ],
    }


def _rounded(r: Residual | None) -> dict[str, Any] | None:
    if r is None:
        return None
    zones = {
        name: {"median": round(z.median, 4), "p95": round(z.p95, 4)} for name, z in r.zones.items()
    }
    plain = {k: round(getattr(r, k), 4) for k in ("median", "p95", "edge_p95", "tiles")}
    return {**plain, "zones": zones}


def _cells(found: Points | None) -> list[list[float | None]] | None:
    if found is None:
        return None
    return [[round(float(v), 4) if np.isfinite(v) else None for v in row] for row in found]


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _words(verdict: Verdict | None) -> dict[str, Any] | None:
    return None if verdict is None else {**asdict(verdict), "causes": list(verdict.causes)}


def read_plan(path: str | Path) -> StackPlan:
    """Read the plan in an earlier report.json.

    Raises
    ------
    InputError
        If the file cannot be read or is not such a report.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as a plan: {error}", "Give a report.json of an earlier run."
        ) from error
    try:
        return from_plain(data)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(
            f"{path} is not a report of focusstack: {error!r}",
            "Give a report.json of an earlier run.",
        ) from error


def from_plain(data: dict[str, Any]) -> StackPlan:
    """Return the plan whose content `plain` gives; Key-, Type- or ValueError if it is not one."""
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']}, this version reads {SCHEMA}")
    frames = tuple(
        FramePlan(
            file=str(f["file"]),
            used=bool(f["used"]),
            reason=f["reason"],
            matrix=None if f["matrix"] is None else _matrix(f["matrix"]),
            gain=np.atleast_1d(np.array(f["gain"], float)),
            residual_px=_residual(f.get("residual_px")),
            exposure_ev=float(f["exposure_ev"]),
            sharpness=float(f["sharpness"]),
            clipped=float(f.get("clipped", 0)),
            area_cost=float(f.get("area_cost", 0)),
            field=_field(f.get("local_px"), data["canvas"]),
            view=_view(f.get("view")),
            bend=_bend(f.get("bend", STRAIGHT)),
            exponent=read_exponent(f.get("exponent", 1)),
            shading=read_shading(f.get("shading")),
            recorded_ev=_optional(f.get("recorded_ev")),
            error_px=_optional(f.get("error_px")),
            guessed_px=finite(f.get("guessed_px", 0)),
            verdict=_verdict(f.get("verdict")),
        )
        for f in data["frames"]
    )
    names = [f.file for f in frames if f.used]
    order = tuple(data.get("focus_order", names))
    if sorted(order) != sorted(names) or data["reference"] not in names:
        raise ValueError("focus_order or reference does not name the used frames")
    canvas = (int(data["canvas"]["width"]), int(data["canvas"]["height"]))
    crop = Rect(**{k: int(data["crop"][k]) for k in ("x", "y", "width", "height")})
    _check_frames(frames)
    _check_crop(crop, canvas)
    warnings = data.get("warnings", [])
    if not isinstance(warnings, list) or not all(isinstance(w, str) for w in warnings):
        raise ValueError("warnings are not texts")
    return StackPlan(
        reference=data["reference"],
        canvas=canvas,
        crop=crop,
        frames=frames,
        focus_order=order,
        model=str(data.get("model", "given")),
        evidence=dict(data.get("model_residual_px", {})),
        residual_px=_residual(data.get("residual_px")),
        local_median_px=_pair(data.get("local_median_px")),
        scene=_scene(data.get("scene_depth"), canvas),
        warnings=tuple(warnings),
        error_px=_optional(data.get("error_px")),
        verdict=_verdict(data.get("verdict")),
        pairs=tuple(_closure(p) for p in data.get("pairs", [])),
        quick=bool(data.get("quick", False)),
        light=read_light(data.get("light")),
        common_ev=finite(data.get("common_ev", 0)),
        clipped_everywhere=finite(data.get("clipped_everywhere", 0)),
        residual_map_px=_map(data.get("residual_map_px")),
    )


def _check_frames(frames: Sequence[FramePlan]) -> None:
    if any(f.used and f.matrix is None for f in frames):
        raise ValueError("a used frame has no matrix")
    if any(len(f.gain) not in (1, 3) for f in frames):
        raise ValueError("gains are not one a channel")
    if not all(np.isfinite(f.gain).all() and (f.gain > 0).all() for f in frames):
        raise ValueError("a gain is not a positive number")


def _check_crop(crop: Rect, canvas: tuple[int, int]) -> None:
    inside = crop.x >= 0 and crop.y >= 0 and min(crop.width, crop.height) > 0
    if not inside or crop.x + crop.width > canvas[0] or crop.y + crop.height > canvas[1]:
        raise ValueError("the crop is not inside the canvas")


def _matrix(rows: Any) -> Matrix:
    H = np.array(rows, float)
    if H.shape != (3, 3) or not np.isfinite(H).all() or abs(np.linalg.det(H)) < 1e-9:
        raise ValueError("a matrix is not an invertible 3 x 3 one")
    return H


def _pair(values: list[float] | None) -> tuple[float, float] | None:
    if values is None:
        return None
    before, after = map(float, values)
    return before, after


def _grid(field: Field) -> list[list[list[float]]]:
    """Nodes as rows of ``[dx, dy]``; the field already has this precision."""
    rows: list[list[list[float]]] = np.round(field.grid.astype(float), 3).tolist()
    return rows


def _field(grid: list[list[list[float]]] | None, canvas: dict[str, Any]) -> Field | None:
    if grid is None:
        return None
    nodes = np.array(grid, np.float32)
    if not np.isfinite(nodes).all():
        raise ValueError("a local displacement is not a number")
    return Field(nodes, int(canvas["width"]), int(canvas["height"]))


def _depth(scene: SceneDepth) -> dict[str, Any]:
    """The depth map as text: 16-bit steps, compressed; it already has this precision."""
    steps = np.round(scene.grid.astype(float) * DEPTH_STEPS).astype("<i2")
    return {
        "rows": steps.shape[0],
        "columns": steps.shape[1],
        "slab": scene.slab,
        "zlib_base64": base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode("ascii"),
    }


def _scene(data: dict[str, Any] | None, canvas: tuple[int, int]) -> SceneDepth | None:
    if data is None:
        return None
    shape = (int(data["rows"]), int(data["columns"]))
    try:
        unpacked = zlib.decompress(base64.b64decode(data["zlib_base64"]))
    except zlib.error as error:
        raise ValueError("the depth map is damaged") from error
    steps = np.frombuffer(unpacked, "<i2").reshape(shape)
    slab = float(data["slab"])
    if min(shape) < 2 or not np.isfinite(slab):
        raise ValueError("the depth map has no size")
    return SceneDepth((steps / DEPTH_STEPS).astype(np.float32), *canvas, slab)


def _view(data: dict[str, Any] | None) -> Viewpoint | None:
    if data is None:
        return None
    x, y, z = (float(v) for v in data["travel"])
    focus = float(data["focus"])
    if not np.isfinite([x, y, z, focus]).all():
        raise ValueError("a viewpoint is not a number")
    return Viewpoint((x, y, z), focus)


def _residual(data: dict[str, Any] | None) -> Residual | None:
    if data is None:
        return None
    fields = {k: float(data[k]) for k in ("median", "p95", "edge_p95")}
    if not np.isfinite(list(fields.values())).all():
        raise ValueError("a residual is not a number")
    zones = {
        str(name): Zone(finite(z["median"]), finite(z["p95"]))
        for name, z in dict(data.get("zones", {})).items()
    }
    return Residual(**fields, tiles=int(data.get("tiles", 0)), zones=zones)


def _map(rows: Any) -> Points | None:
    if rows is None:
        return None
    found = np.array([[np.nan if v is None else finite(v) for v in row] for row in rows], float)
    if found.ndim != 2 or not found.size:
        raise ValueError("the map of residuals is no grid")
    return found


def _bend(values: Any) -> tuple[float, float]:
    a, b = (finite(v) for v in values)
    if abs(a) + abs(b) > STRONGEST_BEND:
        raise ValueError(f"no lens bends by {a}, {b}")
    return a, b


def _optional(value: Any) -> float | None:
    return None if value is None else finite(value)


def _verdict(data: dict[str, Any] | None) -> Verdict | None:
    if data is None:
        return None
    if data["grade"] not in GRADES:
        raise ValueError(f"{data['grade']!r} is not a verdict")
    causes = data.get("causes", [])
    if not set(causes) <= set(get_args(Cause)):
        raise ValueError(f"{causes!r} are not causes of a verdict")
    return Verdict(data["grade"], str(data["words"]), str(data.get("remedy", "")), tuple(causes))


def _closure(data: dict[str, Any]) -> PairClosure:
    first, second = map(str, data["frames"])
    return PairClosure((first, second), int(data["tiles"]), finite(data["closure_px"]))
