"""The StackPlan: everything pass 2 needs to know, a few kilobytes, and the heart of report.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from focusstack.alignment.quality.elsewhere import LEAST_OF_STACK
from focusstack.alignment.quality.residual import Residual
from focusstack.exposure.shading import EVEN, Shading
from focusstack.exposure.trial import LightChoice
from focusstack.geometry import lens
from focusstack.geometry.coordinates import Rect, transform, zoom_and_rotation
from focusstack.geometry.field import Field
from focusstack.geometry.lens import STRAIGHT
from focusstack.geometry.occlusion import hidden_nodes
from focusstack.geometry.parallax import SceneDepth, Viewpoint, placed_from
from focusstack.numeric.arrays import Floats, Mask, Matrix
from focusstack.plan.in_hand import Kept
from focusstack.plan.marks import Marks
from focusstack.plan.seams import Seams, judge_picture
from focusstack.plan.verdict import Verdict


@dataclass(frozen=True)
class PairClosure:
    """How far a pair of frames, asked alone, disagrees with the solution of the whole stack.

    Attributes
    ----------
    frames : tuple of str
        File names.
    tiles : int
        How many tiles of it were compared.
    px : float
        Root mean square movement at corners and middle, full-size pixels.
    """

    frames: tuple[str, str]
    tiles: int
    px: float


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
        Frame pixel to reference-frame pixel, both straightened by their `bend`.
    gain : (C,) float64 ndarray
        Multiplies linear light, raised to `exponent`, to match the reference's exposure.
    residual_px : Residual or None
        How well its tiles, held out of the fit, agree with the others', in full-size pixels.
    exposure_ev : float
        How much brighter than the reference it was exposed.
    sharpness : float
        Share of the sharpest frame's fine detail, 0..1.
    clipped : float
        Share of pixels in which a channel is at full code.
    area_cost : float
        Share of the common area that this frame alone takes away.
    field : Field or None
        Smooth local displacement that no matrix explains, in reference pixels.
    view : Viewpoint or None
        From where the frame was taken, where parallax was found.
    bend : tuple of float
        Radial distortion of the lens in this frame, see `focusstack.geometry.lens`.
    exponent : float
        Of linear light: other than 1 where the frame was developed with another tone curve.
    shading : Shading
        How its light falls off otherwise than the reference's, see `focusstack.exposure.shading`.
    recorded_ev : float or None
        What EXIF says of `exposure_ev`; None where it tells nothing.
    error_px : float or None
        Estimated error of the frame's positions, root mean square over its area in full-size
        pixels, against the other frames'; None if unknown.
    guessed_px : float
        What of it lies where nothing is ever sharp, so that parallax there is a guess.
    displaced_px : float
        How far lies what a wide search finds elsewhere in this frame; 0 where that is too little
        to mean anything.
    displaced_share : float
        Share of its textured places that do.
    least_determinant : float or None
        Of the Jacobian of its displacement, 1 where nothing is displaced; None if unknown.
    verdict : Verdict or None
        What to make of it, in words.
    """

    file: str
    used: bool
    reason: str | None
    matrix: Matrix | None
    gain: Floats
    residual_px: Residual | None
    exposure_ev: float
    sharpness: float
    clipped: float = 0.0
    area_cost: float = 0.0
    field: Field | None = None
    view: Viewpoint | None = None
    bend: tuple[float, float] = STRAIGHT
    exponent: float = 1.0
    shading: Shading = EVEN
    recorded_ev: float | None = None
    error_px: float | None = None
    guessed_px: float = 0.0
    displaced_px: float = 0.0
    displaced_share: float = 0.0
    least_determinant: float | None = None
    verdict: Verdict | None = None

    @property
    def seen_error_px(self) -> float | None:
        """Estimated error of what there is to see."""
        if self.error_px is None:
            return None
        return float(np.sqrt(max(self.error_px**2 - self.guessed_px**2, 0)))

    def movement(self, width: int, height: int) -> tuple[float, float, float]:
        """Zoom in percent, rotation in degrees and shift of the centre in pixels; 0 if unused."""
        if self.matrix is None:
            return 0.0, 0.0, 0.0
        zoom, rotation = zoom_and_rotation(self.matrix, width, height)
        centre = np.array([[(width - 1) / 2, (height - 1) / 2]])
        shift = float(np.linalg.norm(transform(self.matrix, centre) - centre))
        return 100 * (zoom - 1), rotation, shift


@dataclass(frozen=True, repr=False)
class StackPlan(Kept):
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
        Of the whole stack, under the matrices alone.
    local_median_px : tuple of float or None
        Where local displacement was added: median disagreement of small held-out tiles without it
        and with it, in full-size pixels.
    scene : SceneDepth or None
        How near everything is, where parallax was found.
    warnings : tuple of str
        Everything the user should know.
    fusion : dict or None
        What fusion has found, as told by :func:`focusstack.output.maps.fusion_entry`; None
        before it.
    error_px : float or None
        Estimated error of all positions, root mean square over all used frames.
    verdict : Verdict or None
        Pass, look or fail, in words that name the frame to blame.
    pairs : tuple of PairClosure
        Of every pair that was compared.
    light : LightChoice
        What frames needed besides gains, and how that is known.
    common_ev : float
        The exposure that all frames get, in stops against the reference's own; below 0 where that
        keeps highlights.
    clipped_everywhere : float
        Share of the picture that is clipped in every frame.
    residual_map_px : (rows, columns) float64 ndarray or None
        Median of the residuals under the matrices in each cell of a grid over the canvas, in
        full-size pixels; NaN where nothing was measured.
    quick : bool
        Whether it comes from a quick look: matrices alone, measured on small proxies.
    displaced_share : float
        Share of the textured places of neighbours in focus that a wide search finds elsewhere.
    marks : Marks or None
        What is fixed to the sensor and takes no part.
    """

    reference: str
    canvas: tuple[int, int]
    crop: Rect
    frames: tuple[FramePlan, ...]
    focus_order: tuple[str, ...]
    model: str = "given"
    evidence: dict[str, float] = field(default_factory=dict)
    residual_px: Residual | None = None
    local_median_px: tuple[float, float] | None = None
    scene: SceneDepth | None = None
    warnings: tuple[str, ...] = ()
    fusion: dict[str, Any] | None = None
    error_px: float | None = None
    verdict: Verdict | None = None
    pairs: tuple[PairClosure, ...] = ()
    light: LightChoice = field(default_factory=LightChoice)
    common_ev: float = 0.0
    clipped_everywhere: float = 0.0
    residual_map_px: Floats | None = None
    quick: bool = False
    displaced_share: float = 0.0
    marks: Marks | None = None

    def used(self) -> list[FramePlan]:
        """Return the frames that are part of the result, in focus order."""
        by_name = {f.file: f for f in self.frames}
        return [by_name[name] for name in self.focus_order]

    def displacement(self, frame: FramePlan, *, in_focus: bool = False) -> Field | None:
        """What a frame's matrix is completed by in the one resampling; None for a matrix alone.

        Local displacement, and the lens's.

        Parameters
        ----------
        frame : FramePlan
            Of this plan.
        in_focus : bool, optional
            Place what is sharp in the frame, for fusion, instead of everything.
        """
        assert frame.matrix is not None
        local = placed_from(self.scene, frame.view, frame.field, in_focus=in_focus)
        return lens.displacement(frame.matrix, frame.bend, self.canvas_bend, self.canvas, local)

    def hidden(self, frame: FramePlan) -> Mask | None:
        """Where something nearer stands, in a frame, before what the reference sees.

        At the nodes of `scene`; None if nowhere, or if that is not known.
        """
        if self.scene is None or frame.view is None:
            return None
        return hidden_nodes(self.scene, frame.view, frame.field)

    @property
    def canvas_bend(self) -> tuple[float, float]:
        """The lens's bend in the reference, which is the canvas."""
        return next(f.bend for f in self.frames if f.file == self.reference)

    @property
    def least_determinant(self) -> float | None:
        """Least determinant of all frames' displacements; None if none is known."""
        known = [f.least_determinant for f in self.frames if f.least_determinant is not None]
        return min(known, default=None)

    def without_local(self) -> StackPlan:
        """Return this plan with matrices and the lens alone."""
        frames = tuple(
            replace(f, field=None, view=None, least_determinant=None) for f in self.frames
        )
        return replace(self, frames=frames, scene=None)

    def judged_by(self, seams: Seams) -> StackPlan:
        """Return this plan with a verdict on the composite, from what its seams show."""
        if self.verdict is None:
            return self
        displaced = self.displaced_share > LEAST_OF_STACK
        verdict = judge_picture(self.verdict, seams, self.error_px, displaced=displaced)
        return replace(self, verdict=verdict)

    def with_warnings(self, more: Sequence[str]) -> StackPlan:
        """Return this plan with further warnings."""
        return replace(self, warnings=(*self.warnings, *more))
