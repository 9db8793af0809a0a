"""What pass 1 found, put together: full-size pixels, input order, verdicts, warnings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.alignment.displacement import Displacement
from focusstack.alignment.quality.residual import Residual
from focusstack.alignment.refine import Refined
from focusstack.alignment.tiles.poses import Poses
from focusstack.crop import common_area
from focusstack.exposure.highlights import clipped_everywhere, headroom
from focusstack.exposure.recorded import with_recorded
from focusstack.exposure.shading import EVEN
from focusstack.first_pass.judge import _contradictions, _duplicates, _guesses, frame_errors, judged
from focusstack.first_pass.light import Light
from focusstack.first_pass.measure import Measured
from focusstack.first_pass.remarks import _contradicted, _costly, _lost, _ungauged, _white
from focusstack.geometry.coordinates import at_scale
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint, seen_from
from focusstack.numeric.arrays import Matrix
from focusstack.plan.model import FramePlan, PairClosure, StackPlan
from focusstack.plan.verdict import PASS_PX, Doubt, frame_verdict


def full_size(matrices: Matrix, scale: float) -> Matrix:
    """Matrices for full-size frames from those for proxies."""
    return np.stack([at_scale(H, scale) if np.isfinite(H).all() else H for H in matrices])


def make_plan(
    stack: Measured,
    coarse: Coarse,
    refined: Refined,
    displaced: Displacement | None,
    light: Light,
    size: tuple[int, int],
    deep: bool = False,
    quick: bool = False,
) -> StackPlan:
    """Put everything that was found into full-size pixels and input order.

    With `deep` frames (more than 8 bits), the common exposure is lowered until no frame's
    highlights are beyond white. With `quick` nothing fails: a run may follow it.
    """
    poses = (displaced or refined).poses
    matrices = full_size(poses.matrices, stack.scale)
    bends = [(float(a), float(b)) for a, b in poses.bends.round(9)]
    used = [k for k, u in enumerate(coarse.used) if u]
    told = _contradicted(stack, light.exposures, used)
    gains, filled = with_recorded(light.gains, stack.recorded, used, coarse.reference)
    exposures, _ = with_recorded(light.exposures, stack.recorded, used, coarse.reference)
    common = headroom(gains, light.statistics, used) if deep else 1.0
    nowhere = clipped_everywhere(stack.statistics, refined.poses.matrices, used)
    fields = _full_fields(displaced, len(matrices), stack.scale, coarse.reference, size)
    scene, views = _full_parallax(displaced, len(matrices), stack.scale, size)
    places = Poses(matrices, np.array(bends), coarse.reference, size)
    moved = [places.field(k, seen_from(scene, views[k], fields[k])) for k in used]
    area = common_area(matrices[used], *size, moved)
    costs = dict(zip(used, area.costs, strict=True))
    errors = frame_errors(refined, displaced, stack.scale)
    guesses = _guesses(displaced, used, stack.scale)
    supports = dict(zip(refined.kept, refined.certainty.support, strict=True))
    doubts = _contradictions(refined, displaced is not None)
    for k, guess in guesses.items():
        if guess > PASS_PX:
            words = f"by {guess:.1f} px where nothing is sharp"
            doubts.setdefault(k, []).append(Doubt("depth", words))
    remarks = _duplicates(stack, used)
    sharpest = max(s.sharpness for s in stack.statistics)
    frames: dict[int, FramePlan] = {}
    for k, (name, facts) in enumerate(zip(stack.names, stack.statistics, strict=True)):
        gain, alone = (np.where(np.isfinite(g[k]), g[k], 1.0) for g in (gains, exposures))
        is_used = coarse.used[k]
        frame = FramePlan(
            file=name,
            used=is_used,
            reason=None if is_used else coarse.reasons[k],
            matrix=matrices[k] if is_used else None,
            gain=gain * common,
            exponent=light.terms.exponents[k] if is_used else 1.0,
            shading=light.terms.shadings[k] if is_used else EVEN,
            residual_px=_in_pixels(refined.frames[k], stack.scale),
            exposure_ev=round(-float(np.log2(alone).mean()), 4),
            recorded_ev=_against(stack.recorded[k], stack.recorded[coarse.reference]),
            sharpness=round(facts.sharpness / max(sharpest, 1e-9), 4),
            clipped=facts.clipped,
            area_cost=costs.get(k, 0.0),
            field=fields[k],
            view=views[k],
            bend=bends[k],
            error_px=errors.get(k),
            guessed_px=guesses.get(k, 0.0),
        )
        if is_used:
            verdict = frame_verdict(
                frame.seen_error_px,
                supports[k],
                doubts.get(k, []),
                remarks.get(k, []),
                "look" if quick else "fail",
            )
            frame = replace(frame, verdict=verdict)
        frames[stack.order[k]] = frame
    known = [e for k in used if (e := errors[k]) is not None]
    error = round(float(np.sqrt(np.mean(np.square(known)))), 4) if known else None
    given = tuple(frames[i] for i in range(len(frames)))
    return StackPlan(
        reference=stack.names[coarse.reference],
        canvas=size,
        crop=area.rect,
        frames=given,
        focus_order=tuple(stack.names[k] for k in used),
        model=refined.model,
        evidence={name: e / stack.scale for name, e in refined.evidence.items()},
        residual_px=_in_pixels(refined.stack, stack.scale),
        local_median_px=_before_and_after(displaced, stack.scale),
        scene=scene,
        warnings=(
            *stack.notes,
            *_lost(stack, coarse),
            *_ungauged(stack, gains, used, filled),
            *told,
            *_white(common, nowhere),
            *_costly(stack, used, area),
        ),
        error_px=error,
        verdict=judged(given, error),
        quick=quick,
        light=light.terms.choice,
        common_ev=round(float(np.log2(common)), 4),
        clipped_everywhere=round(nowhere, 5),
        residual_map_px=None if refined.map is None else (refined.map / stack.scale).round(4),
        pairs=tuple(
            PairClosure((stack.names[c.first], stack.names[c.second]), c.tiles, c.px / stack.scale)
            for c in refined.closures
        ),
    )


def _full_fields(
    displaced: Displacement | None, count: int, scale: float, reference: int, size: tuple[int, int]
) -> list[Field | None]:
    """Fields in full-size pixels, rounded to what the report keeps."""
    if displaced is None or displaced.local is None:
        return [None] * count
    grids = np.round(displaced.local.fields / scale, 3).astype(np.float32)
    return [None if k == reference else Field(g, *size) for k, g in enumerate(grids)]


def _full_parallax(
    displaced: Displacement | None, count: int, scale: float, size: tuple[int, int]
) -> tuple[SceneDepth | None, list[Viewpoint | None]]:
    """Depth and viewpoints in full-size pixels, with the precision that the report keeps."""
    if displaced is None or displaced.parallax is None:
        return None, [None] * count
    found = displaced.parallax
    scene = SceneDepth(found.scene.grid, *size, found.scene.slab).rounded()
    return scene, [v and v.scaled(1 / scale) for v in found.views]


def _before_and_after(displaced: Displacement | None, scale: float) -> tuple[float, float] | None:
    return (displaced.before / scale, displaced.after / scale) if displaced else None


def _in_pixels(r: Residual | None, scale: float) -> Residual | None:
    return None if r is None or not np.isfinite(r.median) else r.scaled(1 / scale)


def _against(stops: float | None, reference: float | None) -> float | None:
    return None if stops is None or reference is None else round(stops - reference, 4)
