"""The StackPlan: everything pass 2 needs to know, a few kilobytes, and the heart of report.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from focusstack.errors import InputError, UsageError
from focusstack.geometry import Rect, transform, zoom_and_rotation
from focusstack.resample import Field
from focusstack.typing import Matrix, Points
from focusstack.version import __version__

SCHEMA = 1


@dataclass(frozen=True)
class Residual:
    """Disagreement of tiles held out of the fit, in full-size pixels.

    Attributes
    ----------
    median, p95 : float
        Over all tiles.
    edge_p95 : float
        Over the tiles in the outer 15 % of the picture.
    tiles : int
        How many were measured.
    """

    median: float
    p95: float
    edge_p95: float
    tiles: int


@dataclass(frozen=True)
class FramePlan:
    """What happens to one frame.

    Attributes
    ----------
    file : str
        File name.
    used : bool
        Whether the frame is part of the result.
    reason : str or None
        Why not, if it is not.
    matrix : (3, 3) float64 ndarray or None
        Frame pixel to reference-frame pixel.
    gain : (C,) float64 ndarray
        Multiplies linear light to match the reference's exposure.
    residual_px : Residual or None
        How well it fits the others.
    exposure_ev : float
        How much brighter than the reference it was exposed.
    sharpness : float
        Share of the sharpest frame's fine detail, 0..1.
    clipped : float
        Share of pixels in which a channel is at full code.
    area_cost : float
        Share of the common area that this frame alone takes away.
    field : Field or None
        Local displacement that no matrix explains, in reference pixels.
    """

    file: str
    used: bool
    reason: str | None
    matrix: Matrix | None
    gain: Points
    residual_px: Residual | None
    exposure_ev: float
    sharpness: float
    clipped: float = 0.0
    area_cost: float = 0.0
    field: Field | None = None

    def movement(self, width: int, height: int) -> tuple[float, float, float]:
        """Zoom in percent, rotation in degrees and shift of the centre in pixels; 0 if unused."""
        if self.matrix is None:
            return 0.0, 0.0, 0.0
        zoom, rotation = zoom_and_rotation(self.matrix, width, height)
        centre = np.array([[(width - 1) / 2, (height - 1) / 2]])
        shift = float(np.linalg.norm(transform(self.matrix, centre) - centre))
        return 100 * (zoom - 1), rotation, shift


@dataclass(frozen=True)
class StackPlan:
    """How a stack is aligned, equalised and cropped.

    Attributes
    ----------
    reference : str
        File name of the frame that does not move.
    canvas : tuple of int
        Width and height of the reference frame.
    crop : Rect
        The common area, in reference-frame pixels.
    frames : tuple of FramePlan
        In the order of the input.
    focus_order : tuple of str
        File names of the used frames from one end of the focus range to the other.
    model : str
        The motion model that the stack needed.
    evidence : dict of str to float
        Held-out residual of each motion model tried, in full-size pixels.
    residual_px : Residual or None
        Of the whole stack.
    warnings : tuple of str
        Everything the user should know.
    """

    reference: str
    canvas: tuple[int, int]
    crop: Rect
    frames: tuple[FramePlan, ...]
    focus_order: tuple[str, ...]
    model: str = "given"
    evidence: dict[str, float] = field(default_factory=dict)
    residual_px: Residual | None = None
    warnings: tuple[str, ...] = ()

    def used(self) -> list[FramePlan]:
        """Return the frames that are part of the result, in focus order."""
        by_name = {f.file: f for f in self.frames}
        return [by_name[name] for name in self.focus_order]

    def with_warnings(self, more: Sequence[str]) -> StackPlan:
        """Return this plan with further warnings."""
        return replace(self, warnings=(*self.warnings, *more))

    def to_json(self) -> str:
        """Return the plan as the text of report.json."""
        return json.dumps(_plain(self), indent=1, allow_nan=False) + "\n"


def _plain(plan: StackPlan) -> dict[str, Any]:
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
                "gain": f.gain.tolist(),
                "residual_px": _rounded(f.residual_px),
                "exposure_ev": round(f.exposure_ev, 4),
                "sharpness": round(f.sharpness, 4),
                "clipped": round(f.clipped, 5),
                "zoom_percent": round(zoom, 4),
                "rotation_deg": round(rotation, 4),
                "shift_px": round(shift, 3),
                "area_cost": round(f.area_cost, 5),
                "local_px": None if f.field is None else _grid(f.field),
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
        "model_residual_px": {k: round(v, 4) for k, v in plan.evidence.items()},
        "residual_px": _rounded(plan.residual_px),
        "warnings": list(plan.warnings),
    }


def _rounded(r: Residual | None) -> dict[str, float] | None:
    if r is None:
        return None
    return {k: round(v, 4) for k, v in asdict(r).items()}


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
        return _from_plain(data)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(
            f"{path} is not a report of focusstack: {error!r}",
            "Give a report.json of an earlier run.",
        ) from error


def _from_plain(data: dict[str, Any]) -> StackPlan:
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
        warnings=tuple(warnings),
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


def _grid(field: Field) -> list[list[list[float]]]:
    """Nodes as rows of ``[dx, dy]``; the field already has this precision."""
    return [[[round(float(v), 3) for v in node] for node in row] for row in field.grid]


def _field(grid: list[list[list[float]]] | None, canvas: dict[str, Any]) -> Field | None:
    if grid is None:
        return None
    nodes = np.array(grid, np.float32)
    if not np.isfinite(nodes).all():
        raise ValueError("a local displacement is not a number")
    return Field(nodes, int(canvas["width"]), int(canvas["height"]))


def _residual(data: dict[str, Any] | None) -> Residual | None:
    if data is None:
        return None
    fields = {k: float(data[k]) for k in ("median", "p95", "edge_p95")}
    if not np.isfinite(list(fields.values())).all():
        raise ValueError("a residual is not a number")
    return Residual(**fields, tiles=int(data.get("tiles", 0)))


def fitted_to(
    plan: StackPlan, names: Sequence[str], size: tuple[int, int], channels: int | None = None
) -> StackPlan:
    """Return `plan` for frames of these names, matched by file name without suffix.

    The same pictures developed again (TIFF after JPEG) differ only in suffix.

    Raises
    ------
    UsageError
        If a frame of the plan is missing, or the size or the number of channels differs.
    """
    if channels is not None and any(len(f.gain) != channels for f in plan.frames):
        raise UsageError(
            f"the plan is for {'grey' if channels == 3 else 'colour'} frames, these are not",
            "Use the plan with frames of the same kind, or run without --plan.",
        )
    if size != plan.canvas:
        raise UsageError(
            f"the plan is for frames of {plan.canvas[0]} x {plan.canvas[1]} pixels, "
            f"these have {size[0]} x {size[1]}",
            "Use the plan with frames of the same size, or run without --plan.",
        )
    stems = {Path(name).stem: name for name in names}
    missing = [f.file for f in plan.frames if f.used and Path(f.file).stem not in stems]
    planned = {Path(f.file).stem for f in plan.frames}
    extra = [name for stem, name in stems.items() if stem not in planned]
    if missing or extra:
        what = (
            f"frames are missing: {', '.join(missing[:5])}"
            if missing
            else (f"it does not know: {', '.join(extra[:5])}")
        )
        raise UsageError(
            f"the plan does not fit these frames; {what}",
            "Give the frames that the plan was made of, or run without --plan.",
        )
    here = [f for f in plan.frames if Path(f.file).stem in stems]
    return replace(
        plan,
        reference=stems[Path(plan.reference).stem],
        frames=tuple(replace(f, file=stems[Path(f.file).stem]) for f in here),
        focus_order=tuple(stems[Path(name).stem] for name in plan.focus_order),
    )
