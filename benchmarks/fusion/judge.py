"""How far a composite is from the truth of a rendered scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity

from benchmarks.fusion.scenes import Photographs
from focusstack.fusion.base import Fused
from focusstack.fusion.passes import run_passes
from focusstack.fusion.registry import make_fuser
from focusstack.images.colour import luma
from focusstack.numeric.arrays import Float32, Mask
from focusstack.options import EdgesHow, FusionOptions
from focusstack.resample.planes import Planes

EDGE = 0.05
"""Step of inverse depth between neighbours that is an edge."""

NEAR = 12
"""Pixels around an edge that count to it."""

HALO = 3.0
"""Standard deviation in pixels: what is smoother in the error around edges is a halo."""

TEXTURE = 0.01
"""Root mean square of fine luma that is texture."""

KEPT = 0.8
"""Part of the detail of the second-best frame, root mean square, that the composite has to show."""

WINDOW = 25
"""Pixels across the window over which detail is compared."""

AROUND = 40
"""Pixels around a depth edge in which colour is judged."""

INSET = 8
"""Pixels at the border that are left out."""


@dataclass(frozen=True)
class Judged:
    """Errors of a composite.

    Attributes
    ----------
    psnr_away, psnr_edge : float
        dB, away from and at depth edges.
    ssim_away, ssim_edge : float
        Of luma, in the same places.
    flat_noise : float
        Standard deviation on the plain card by that of one frame.
    halo : float
        Root mean square of the smooth part of the error at depth edges, in 8-bit steps.
    ghost : float or None
        Root mean square error where something moved, in 8-bit steps, against the truth that fits
        best: with it in one of its places, or without it.
    lost : float
        Share of what frames show textured in which the composite has less than `KEPT` of the detail
        that two frames have there.
    tint : float
        Root mean square of the smooth part of the error of colour differences within `AROUND` of
        depth edges, in 8-bit steps.
    depth_rank : float
        Rank correlation of the depth map with the truth where there is texture; not a number
        where one pixel shows two depths.
    """

    psnr_away: float
    psnr_edge: float
    ssim_away: float
    ssim_edge: float
    flat_noise: float
    halo: float
    ghost: float | None
    lost: float
    tint: float
    depth_rank: float


def fuse(method: str, frames: Sequence[Float32], edges: EdgesHow = "fast") -> Fused:
    """Fuse frames of 8 bits with `method`, as a run does."""
    options = FusionOptions(method=method, deep=False, edges=edges)
    fuser = make_fuser(frames[0].shape, len(frames), options)
    planes = [Planes.of(frame, coded=True) for frame in frames]
    return run_passes(fuser, lambda _: ((frame, None) for frame in planes))


def judge(fused: Fused, scene: Photographs, one_frame: float, frames: Sequence[Float32]) -> Judged:
    """Compare a composite with the truth.

    Parameters
    ----------
    fused : Fused
        The composite.
    scene : Photographs
        What was photographed.
    one_frame : float
        Standard deviation of one frame's luma on the card.
    frames : sequence of (H, W, 3) float32 ndarray
        What was fused.
    """
    image = np.clip(fused.image, 0, 1)
    inside = np.zeros(image.shape[:2], bool)
    inside[INSET:-INSET, INSET:-INSET] = True
    edge = depth_edges(scene.depth) & inside & ~scene.swept
    away = inside & ~edge & ~scene.swept
    error = image - scene.truths[-1]
    similar = ssim(luma(image), luma(scene.truths[-1]))
    smooth = np.asarray(cv2.GaussianBlur(error, (0, 0), HALO), np.float32)
    none = not edge.any()
    there = textured(luma(scene.truths[-1])) & inside & ~scene.swept
    rank = spearmanr(fused.depth[there], -scene.depth[there]).statistic
    return Judged(
        psnr_away=psnr(error[away]),
        psnr_edge=psnr(error[away if none else edge]),
        ssim_away=float(similar[away].mean()),
        ssim_edge=float(similar[away if none else edge].mean()),
        flat_noise=spread(luma(image), scene.card) / one_frame,
        halo=255 * rms(smooth[away if none else edge]),
        ghost=ghost(image, scene) if scene.swept.any() else None,
        lost=lost(image, frames),
        tint=255 * rms(colour_of(smooth)[depth_edges(scene.depth, AROUND) & inside & ~scene.swept])
        if edge.any()
        else 0.0,
        depth_rank=float(rank),
    )


def ghost(image: Float32, scene: Photographs) -> float:
    """Error where something moved, against the best of the truths."""
    return 255 * min(rms((image - truth)[scene.swept]) for truth in scene.truths)


def lost(image: Float32, frames: Sequence[Float32]) -> float:
    """Share of the textured area in which less is to be seen than in two frames."""
    detail = np.sort([energy(luma(frame)) for frame in frames], axis=0)
    best, second = detail[-1], detail[-2]
    there = best > max(float(np.percentile(best, 60)), TEXTURE**2)
    return float((energy(luma(image)) < KEPT**2 * second)[there].mean())


def energy(luma: Float32) -> Float32:
    """Mean square of fine detail over a window."""
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 2)
    return np.asarray(cv2.boxFilter(fine * fine, -1, (WINDOW, WINDOW)), np.float32)


def colour_of(error: Float32) -> Float32:
    """Differences ``(H, W, 2)`` of red and blue from luma."""
    grey = luma(error)
    return np.dstack([error[..., 0] - grey, error[..., 2] - grey])


def depth_edges(depth: Float32, near: int = NEAR) -> Mask:
    """Where a step in depth is near."""
    beside = np.ones((3, 3), np.uint8)
    step = cv2.dilate(depth, beside) - cv2.erode(depth, beside) > EDGE
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * near + 1, 2 * near + 1))
    return np.asarray(cv2.dilate(step.view(np.uint8), disc)).view(bool)


def textured(luma: Float32) -> Mask:
    """Where the truth has detail."""
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 2)
    return np.asarray(cv2.GaussianBlur(fine * fine, (0, 0), 4) > TEXTURE**2)


def spread(luma: Float32, card: Mask) -> float:
    """Standard deviation on the card, with what changes slowly over it taken off."""
    weight = card.astype(np.float32)
    mean = cv2.GaussianBlur(luma * weight, (0, 0), 8) / np.maximum(
        cv2.GaussianBlur(weight, (0, 0), 8), 1e-6
    )
    return float((luma - mean)[card].std())


def rms(error: Float32) -> float:
    return float(np.sqrt(np.mean(np.square(error, dtype=np.float64))))


def psnr(error: Float32) -> float:
    return -20 * float(np.log10(rms(error)))


def ssim(a: Float32, b: Float32) -> Float32:
    """Structural similarity in every place, as of Z. Wang et al. (IEEE TIP 13(4), 2004)."""
    _, found = structural_similarity(  # type: ignore[no-untyped-call]
        a, b, data_range=1, gaussian_weights=True, use_sample_covariance=False, full=True
    )
    return np.asarray(found, np.float32)
