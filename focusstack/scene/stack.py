"""A hand-held focus stack, rendered, with everything known about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from focusstack.errors import UsageError
from focusstack.geometry.coordinates import Rect, normalised, outline, transform
from focusstack.images.colour import encode, to_dtype
from focusstack.numeric.arrays import Float32, Image
from focusstack.runtime.progress import Progress, Silent, stage
from focusstack.scene.camera import Shot, shots
from focusstack.scene.canvas import Canvas
from focusstack.scene.charts import plane, stems, steps
from focusstack.scene.desk import desk
from focusstack.scene.sheets import Sheet, compose

SCENES: dict[str, Callable[[Canvas, np.random.Generator], list[Sheet]]] = {
    "desk": desk,
    "plane": plane,
    "stems": stems,
    "steps": steps,
}
"""Painters of the scenes by name."""

READ_NOISE = 0.01
"""Linear light at which the sensor's read noise equals its shot noise."""


@dataclass(frozen=True)
class RenderedStack:
    """A rendered focus stack and its truth.

    Attributes
    ----------
    frames : list of (H, W, 3) ndarray
        uint8 or uint16, sRGB-encoded, focused from near to far.
    matrices : (N, 3, 3) float64 ndarray
        Frame pixel to reference-frame pixel. With parallax, valid at inverse depth 0.5.
    gains : (N, 3) float64 ndarray
        Factor on a frame's linear light that matches the reference's exposure.
    all_in_focus : (H, W, 3) float32 ndarray
        The reference frame without blur and noise, sRGB-encoded 0..1.
    inverse_depth : (H, W) float32 ndarray
        What the reference frame sees: 0 the farthest, 1 the nearest of the scene.
    focus : list of float
        Inverse depth of each frame's sharp plane.
    reference : int
        Index of the reference frame.
    """

    frames: list[Image]
    matrices: NDArray[np.float64]
    gains: NDArray[np.float64]
    all_in_focus: Float32
    inverse_depth: Float32
    focus: list[float]
    reference: int


def _canvas(size: tuple[int, int], plan: list[Shot], blur: float, parallax: float) -> Canvas:
    """Return the canvas that holds all the frames see, blur and sideways shift included."""
    reach = ceil(blur) + ceil(parallax) + 3
    around = outline(size[0] + 2 * reach, size[1] + 2 * reach) - reach
    corners = np.concatenate([transform(shot.matrix, around) for shot in plan])
    x0, y0 = floor(corners[:, 0].min()), floor(corners[:, 1].min())
    x1, y1 = ceil(corners[:, 0].max()), ceil(corners[:, 1].max())
    return Canvas(size, Rect(x0, y0, x1 - x0 + 1, y1 - y0 + 1))


def expose(
    light: Float32,
    exposure: NDArray[np.float64],
    noise: float,
    rng: np.random.Generator,
    dtype: np.dtype[np.generic],
) -> Image:
    """Record linear light as a sensor does: clipped at full well, with shot and read noise.

    Parameters
    ----------
    light : (H, W, 3) float32 ndarray
        Linear light, 1 = white at unit exposure.
    exposure : (3,) ndarray
        Factor per channel.
    noise : float
        Standard deviation of linear light at white.
    rng : numpy.random.Generator
        Source of the noise.
    dtype : dtype
        uint8 or uint16.
    """
    signal = np.minimum(light * exposure.astype(np.float32), 1)
    if noise:
        sigma = np.float32(noise) * np.sqrt(signal + np.float32(READ_NOISE))
        signal = signal + sigma * rng.standard_normal(signal.shape, np.float32)
    return to_dtype(encode(signal), dtype)


def _check(scene: str, width: int, height: int, frames: int, bits: int, reference: int) -> None:
    if scene not in SCENES:
        raise UsageError(f"there is no scene {scene!r}", f"Choose one of {', '.join(SCENES)}.")
    if bits not in (8, 16):
        raise UsageError(f"{bits} bits per channel cannot be rendered", "Choose 8 or 16.")
    if frames < 1 or min(width, height) < 16:
        raise UsageError(
            f"a stack of {frames} frames of {width} x {height} pixels cannot be rendered",
            "Ask for at least one frame of 16 x 16 pixels.",
        )
    if not 0 <= reference < frames:
        raise UsageError(f"frame {reference} cannot be the reference of {frames} frames",
                         f"Choose 0 to {frames - 1}.")  # fmt: skip


def render_stack(
    scene: str = "plane",
    *,
    width: int = 480,
    height: int = 360,
    frames: int = 6,
    breathing: float = 0.04,
    shake: float = 0.003,
    ev: float = 0.2,
    wb: float = 0.02,
    noise: float = 0.004,
    blur: float = 6.0,
    parallax: float = 0.0,
    seed: int = 0,
    bits: int = 8,
    reference: int | None = None,
    progress: Progress | None = None,
) -> RenderedStack:
    """Render a hand-held focus stack whose geometry, exposure and depth are known.

    Parameters
    ----------
    scene : str, optional
        A name in ``SCENES``: ``plane`` one tilted plane, ``steps`` layers with sharp edges,
        ``stems`` thin stems before a far background, ``desk`` a still life.
    width, height : int, optional
        Size of a frame in pixels.
    frames : int, optional
        Number of frames, focused from near to far at even steps of inverse depth.
    breathing : float, optional
        Change of magnification from the farthest to the nearest focus.
    shake : float, optional
        Standard deviation of the camera's rotation about each axis, radians.
    ev : float, optional
        Largest change of exposure, stops.
    wb : float, optional
        Largest relative change of a channel's exposure.
    noise : float, optional
        Standard deviation of linear light at white; less in the shadows by shot-noise statistics.
    blur : float, optional
        Radius in pixels of the disc of a point in the nearest depth at farthest focus.
    parallax : float, optional
        Largest sideways shift in pixels between nearest and farthest depth. The matrices then
        hold at inverse depth 0.5, and `all_in_focus` is the reference frame's view.
    seed : int, optional
        The same seed gives the same bytes.
    bits : int, optional
        8 or 16 per channel.
    reference : int, optional
        Index of the reference frame; the middle one by default.
    progress : Progress, optional
        Told of every frame rendered.

    Returns
    -------
    RenderedStack
        Frames and truth.

    Raises
    ------
    UsageError
        For an unknown scene or impossible sizes.
    """
    at = frames // 2 if reference is None else reference
    _check(scene, width, height, frames, bits, at)
    size = (width, height)
    rng = np.random.default_rng(seed)
    plan = shots(rng, size, frames, at, breathing=breathing, shake=shake, ev=ev, wb=wb,
                 parallax=parallax)  # fmt: skip
    sheets = SCENES[scene](_canvas(size, plan, blur, parallax), rng)
    dtype: np.dtype[np.generic] = np.dtype(np.uint8 if bits == 8 else np.uint16)
    pictures = []
    progress = progress or Silent()
    with stage(progress, "Rendering", frames):
        for shot in plan:
            view = normalised(np.asarray(np.linalg.inv(shot.matrix), float))
            sway = (float(shot.sway[0]), float(shot.sway[1]))
            light, _ = compose(sheets, view, size, focus=shot.focus, blur=blur, sway=sway)
            pictures.append(expose(light, shot.exposure, noise, rng, dtype))
            progress.advance()
    sharp, depth = compose(sheets, np.eye(3), size)
    return RenderedStack(
        frames=pictures,
        matrices=np.stack([shot.matrix for shot in plan]),
        gains=np.stack([1 / shot.exposure for shot in plan]),
        all_in_focus=np.clip(encode(sharp), 0, 1),
        inverse_depth=depth,
        focus=[shot.focus for shot in plan],
        reference=at,
    )
