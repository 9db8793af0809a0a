"""How far a plan is from the truth of a rendered stack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np

from benchmarks.alignment.photograph import Stack
from focusstack.errors import FocusstackError
from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Float32, Floats, Mask, Points
from focusstack.pipeline import plan_stack
from focusstack.plan.model import FramePlan, StackPlan

EXACT_PX = 0.01
"""How exact the rendered frames are."""

STRAYED_PX = 1.0
"""An error above this must not be called a pass."""


@dataclass(frozen=True)
class Judged:
    """What a stack came to.

    Attributes
    ----------
    title : str
        Kind and seed.
    megapixels : float
        Size of a frame.
    frames, used : int
        Given and kept.
    model : str
        Motion model chosen.
    rms_px : float
        Root mean square position error over all kept frames, corners included, after the best
        common movement of all of them; infinite if there is no plan.
    median_px, p95_px : float
        Of all position errors.
    worst_px : float
        Largest root mean square error of a frame.
    worst_frame : int
        Its position in focus order.
    ev_p95 : float
        95th percentile of the errors of exposure, for mid-grey, stops.
    terms : str
        What frames were found to need besides gains.
    claimed_px : float or None
        The error that the plan reports of itself.
    verdict : str
        The plan's own.
    bad : str
        What became of the frame that does not belong.
    seconds : float
        For rendering and planning.
    failure : str
        The error that ended it.
    frame_px, frame_claimed_px : list of float
        True and reported error of each kept frame, in focus order.
    """

    title: str
    megapixels: float
    frames: int
    used: int = 0
    model: str = ""
    rms_px: float = float("inf")
    median_px: float = float("inf")
    p95_px: float = float("inf")
    worst_px: float = float("inf")
    worst_frame: int = -1
    ev_p95: float = float("inf")
    terms: str = "gain"
    claimed_px: float | None = None
    verdict: str = "fail"
    bad: str = ""
    seconds: float = 0.0
    failure: str = ""
    frame_px: list[float] = field(default_factory=list)
    frame_claimed_px: list[float | None] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """Reported over true error; what is smaller than the truth's own error counts as that."""
        if self.claimed_px is None:
            return None
        return max(self.claimed_px, EXACT_PX) / max(self.rms_px, EXACT_PX)

    @property
    def silently_wrong(self) -> bool:
        """Whether it passed with an error that shows."""
        return self.verdict == "pass" and self.worst_px > STRAYED_PX

    def to_json(self) -> dict[str, Any]:
        """Return what a file keeps."""
        return asdict(self)


def judge(stack: Stack, seconds: float = 0.0) -> Judged:
    """Plan a stack and hold the plan against the truth."""
    size = stack.size
    start = Judged(stack.kind.title, round(size[0] * size[1] / 1e6, 2), len(stack))
    try:
        plan = plan_stack(stack)
    except FocusstackError as error:
        return Judged(start.title, start.megapixels, len(stack), failure=str(error).split("\n")[0],
                      seconds=seconds)  # fmt: skip
    return held_against_truth(stack, plan, seconds)


def held_against_truth(stack: Stack, plan: StackPlan, seconds: float = 0.0) -> Judged:
    """Compare a plan with what is known."""
    by_name = dict(zip(stack.names, stack.shown, strict=True))
    used = [f for f in plan.frames if f.used]
    places = [by_name[f.file] for f in used]
    reference = by_name[plan.reference]
    found, true, frame = [], [], []
    for f, k in zip(used, places, strict=True):
        points, depth = _points(stack, k)
        found.append(_on_canvas(plan, f, points))
        surface = stack.cameras[k].subject(points, depth)
        true.append(stack.cameras[reference].recorded(surface, depth))
        frame.append(np.full(len(points), k))
    bent = stack.kind.distortion or stack.kind.distortion_change
    of_frame = np.concatenate(frame)
    good = of_frame != (-1 if stack.bad is None else stack.bad)
    errors = _after_common_movement(np.concatenate(found), np.concatenate(true), good, bool(bent))
    if stack.kind.bad == "other scene" and stack.bad in places:
        errors[of_frame == stack.bad] = np.inf
    each = {k: float(np.sqrt(np.mean(errors[of_frame == k] ** 2))) for k in sorted(places)}
    worst = max(each, key=lambda k: each[k])
    claimed = {by_name[f.file]: f.error_px for f in used}
    return Judged(
        title=stack.kind.title,
        megapixels=round(stack.size[0] * stack.size[1] / 1e6, 2),
        frames=len(stack),
        used=len(used),
        model=plan.model + ("+local" if any(f.field or f.view for f in used) else ""),
        rms_px=float(np.sqrt(np.mean(errors**2))),
        median_px=float(np.median(errors)),
        p95_px=float(np.percentile(errors, 95)),
        worst_px=each[worst],
        worst_frame=worst,
        ev_p95=_exposure_error(stack, plan, used, places),
        terms=plan.light.terms,
        claimed_px=plan.error_px,
        verdict=plan.verdict.grade if plan.verdict else "none",
        bad=_fate(stack, plan),
        seconds=seconds,
        frame_px=[each[k] for k in sorted(each)],
        frame_claimed_px=[claimed[k] for k in sorted(each)],
    )


def _points(stack: Stack, k: int) -> tuple[Floats, Floats]:
    """Where a frame is judged, its corners included, and the inverse depth that it shows there."""
    width, height = stack.size
    many = 25 if stack.kind.parallax else 9
    x, y = np.meshgrid(np.linspace(0, width - 1, many), np.linspace(0, height - 1, many))
    points = np.stack([x.ravel(), y.ravel()], 1)
    camera, subject = stack.cameras[k], stack.subject
    if not stack.kind.parallax:
        return points, np.full(len(points), 0.5)
    if not stack.kind.layers:
        return points, subject.depth_at(camera.subject(points))
    depth = np.full(len(points), subject.layers[0].depth, float)
    sure = np.ones(len(points), bool)
    for layer in subject.layers[1:]:
        assert layer.cover is not None
        assert layer.depth is not None
        at = camera.subject(points, layer.depth)[:, None]
        depth = np.where(subject.look_up(layer.cover, at).ravel() > 0.5, layer.depth, depth)
        # At an edge a pixel shows both, and neither position is the true one.
        wide = subject.look_up(_softened(layer.cover), at).ravel()
        sure &= (wide < 0.02) | (wide > 0.98)
    return points[sure], depth[sure]


def _softened(cover: Float32) -> Float32:
    return np.asarray(cv2.blur(cover, (121, 121)), np.float32)


def _on_canvas(plan: StackPlan, f: FramePlan, points: Points) -> Floats:
    """Reference pixels at which the plan puts a frame's pixels: ``x + field(x) = H p``."""
    assert f.matrix is not None
    moved = transform(f.matrix, points)
    field = plan.displacement(f)
    if field is None:
        return moved
    x = moved.copy()
    for _ in range(10):
        x = moved - field.at(x)
    return x


def _after_common_movement(found: Floats, true: Floats, good: Mask, bent: bool) -> Floats:
    """Lengths of the errors that no movement of all `good` frames together can remove.

    That movement is a homography; with a lens that distorts, also a cubic, since the stack is as
    well aligned on a canvas that is bent in another way than the reference frame.
    """
    common = np.asarray(cv2.findHomography(found[good], true[good], 0)[0], float)
    off = transform(common, found) - true
    if bent:
        u = (found - found.mean(0)) / found.std()
        terms = np.stack([u[:, 0] ** a * u[:, 1] ** b for a in range(4) for b in range(4 - a)], 1)
        off = off - terms @ np.linalg.lstsq(terms[good], off[good], rcond=None)[0]
    return np.asarray(np.linalg.norm(off, axis=1))


MID_GREY = 0.18
"""Linear light for which errors of exposure are told."""


def _exposure_error(
    stack: Stack, plan: StackPlan, used: Sequence[FramePlan], places: Sequence[int]
) -> float:
    """95th percentile over frames, channels and places of what mid-grey is off by, stops."""
    reference = places[[f.file for f in used].index(plan.reference)]
    width, height = stack.size
    x, y = np.meshgrid(np.linspace(0, width - 1, 5), np.linspace(0, height - 1, 5))
    points = np.stack([x.ravel(), y.ravel()], 1)
    error = []
    for f, k in zip(used, places, strict=True):
        recorded = _recorded(stack, k, points)
        found = (
            f.exponent * recorded
            + np.log(f.gain)
            + f.shading.logarithm(points, stack.size)[:, None]
        )
        assert f.matrix is not None
        error.append(found - _recorded(stack, reference, transform(f.matrix, points)))
    off = np.stack(error) / np.log(2)
    off -= np.median(off, axis=(0, 1))
    return float(np.percentile(np.abs(off), 95))


def _recorded(stack: Stack, k: int, points: Points) -> Floats:
    """Logarithm of the light ``(N, 3)`` that a frame records of mid-grey."""
    grey = np.log(MID_GREY) - stack.fall_off[k].logarithm(points, stack.size)[:, None]
    return np.asarray(grey / stack.curve[k] + np.log(stack.exposure[k]), float)


def _fate(stack: Stack, plan: StackPlan) -> str:
    if stack.bad is None:
        return ""
    name = stack.names[stack.shown.index(stack.bad)]
    f = next(f for f in plan.frames if f.file == name)
    note = f": {f.verdict.words}" if f.verdict and f.verdict.grade != "pass" else ""
    return f"used{note}" if f.used else f"left out: {f.reason}"


def from_json(text: str) -> list[Judged]:
    """Read results of earlier runs."""
    return [Judged(**entry) for entry in json.loads(text)]
