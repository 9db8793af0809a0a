"""What pass 1 found, put together: full-size pixels, input order, verdicts, warnings."""

from __future__ import annotations

import numpy as np

from focusstack.alignment.quality.elsewhere import LEAST_OF_STACK
from focusstack.alignment.quality.residual import Residual
from focusstack.exposure.shading import EVEN
from focusstack.first_pass.findings import Findings
from focusstack.first_pass.judge import find_guesses, frame_errors, judge_frames, judge_stack
from focusstack.first_pass.light import CommonExposure, find_common_exposure
from focusstack.first_pass.places import Places, place_frames
from focusstack.first_pass.remarks import stack_warnings
from focusstack.plan.model import FramePlan, PairClosure, StackPlan


def make_plan(
    found: Findings, size: tuple[int, int], *, deep: bool = False, quick: bool = False
) -> StackPlan:
    """Put everything that was found into full-size pixels and input order.

    Parameters
    ----------
    found : Findings
        What the steps of pass 1 left.
    size : tuple of int
        Width and height of the full-size frames.
    deep : bool, optional
        Frames have more than 8 bits: the common exposure is lowered until no frame's highlights
        are beyond white.
    quick : bool, optional
        Nothing fails: a run may follow.
    """
    places = place_frames(found, size)
    exposure = find_common_exposure(
        found.stack, found.coarse, found.light, found.refined.poses.matrices, deep=deep
    )
    frames = judge_frames(record_frames(found, places, exposure), found, quick=quick)
    by_input = dict(zip(found.stack.order, frames, strict=True))
    given = tuple(by_input[i] for i in range(len(frames)))
    error = _stack_error(frames)
    refined, scale = found.refined, found.scale
    return StackPlan(
        reference=found.stack.names[found.reference],
        canvas=size,
        crop=places.area.rect,
        frames=given,
        focus_order=tuple(found.stack.names[k] for k in found.used),
        model=refined.model,
        evidence={name: e / scale for name, e in refined.evidence.items()},
        residual_px=_in_pixels(refined.stack, scale),
        local_median_px=_before_and_after(found),
        scene=places.scene,
        warnings=stack_warnings(found, exposure, places.area),
        error_px=error,
        verdict=judge_stack(given, error, displaced=found.elsewhere.stack > LEAST_OF_STACK),
        quick=quick,
        displaced_share=round(found.elsewhere.stack, 4),
        light=found.light.terms.choice,
        common_ev=round(float(np.log2(exposure.common)), 4),
        clipped_everywhere=round(exposure.clipped_everywhere, 5),
        residual_map_px=None if refined.map is None else (refined.map / scale).round(4),
        pairs=_closures(found),
        marks=found.marks,
    )


def record_frames(found: Findings, places: Places, exposure: CommonExposure) -> list[FramePlan]:
    """Tell all that is known of every frame but its verdict, in focus order."""
    errors, guesses, elsewhere = frame_errors(found), find_guesses(found), found.elsewhere
    row = {k: n for n, k in enumerate(found.refined.kept)}
    costs = dict(zip(found.used, places.area.costs, strict=True))
    stack, terms = found.stack, found.light.terms
    sharpest = max(s.sharpness for s in stack.statistics)
    frames = []
    for k, (name, facts) in enumerate(zip(stack.names, stack.statistics, strict=True)):
        used = found.coarse.used[k]
        frame = FramePlan(
            file=name,
            used=used,
            reason=None if used else found.coarse.reasons[k],
            matrix=places.poses.matrices[k] if used else None,
            gain=exposure.gain(k),
            exponent=terms.exponents[k] if used else 1.0,
            shading=terms.shadings[k] if used else EVEN,
            residual_px=_in_pixels(found.refined.frames[k], found.scale),
            exposure_ev=exposure.stops(k),
            recorded_ev=_against(stack.recorded[k], stack.recorded[found.reference]),
            sharpness=round(facts.sharpness / max(sharpest, 1e-9), 4),
            clipped=facts.clipped,
            area_cost=costs.get(k, 0.0),
            field=places.fields[k],
            view=places.views[k],
            bend=places.bend(k),
            least_determinant=places.determinants.get(k),
            error_px=errors.get(k),
            guessed_px=guesses.get(k, 0.0),
            displaced_px=round(float(elsewhere.px[row[k]]), 2) if used else 0.0,
            displaced_share=round(float(elsewhere.share[row[k]]), 4) if used else 0.0,
        )
        frames.append(frame)
    return frames


def _stack_error(frames: list[FramePlan]) -> float | None:
    """Root mean square of the used frames' estimated errors, None if none is known."""
    known = [f.error_px for f in frames if f.used and f.error_px is not None]
    return round(float(np.sqrt(np.mean(np.square(known)))), 4) if known else None


def _closures(found: Findings) -> tuple[PairClosure, ...]:
    names = found.stack.names
    return tuple(
        PairClosure((names[c.first], names[c.second]), c.tiles, c.px / found.scale)
        for c in found.refined.closures
    )


def _before_and_after(found: Findings) -> tuple[float, float] | None:
    local = found.displaced
    return (local.before / found.scale, local.after / found.scale) if local else None


def _in_pixels(r: Residual | None, scale: float) -> Residual | None:
    return None if r is None or not np.isfinite(r.median) else r.scaled(1 / scale)


def _against(stops: float | None, reference: float | None) -> float | None:
    return None if stops is None or reference is None else round(stops - reference, 4)
