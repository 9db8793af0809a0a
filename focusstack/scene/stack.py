"""A hand-held focus stack, rendered, with everything known about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import Unpack

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
from focusstack.scene.shooting import Shooting, ShootingKeywords

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


def _canvas(how: Shooting, plan: list[Shot]) -> Canvas:
    """Return the canvas that holds all the frames see, blur and sideways shift included."""
    reach = ceil(how.blur) + ceil(how.parallax) + 3
    around = outline(how.width + 2 * reach, how.height + 2 * reach) - reach
    corners = np.concatenate([transform(shot.matrix, around) for shot in plan])
    x0, y0 = floor(corners[:, 0].min()), floor(corners[:, 1].min())
    x1, y1 = ceil(corners[:, 0].max()), ceil(corners[:, 1].max())
    return Canvas(how.size, Rect(x0, y0, x1 - x0 + 1, y1 - y0 + 1))


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


def render_stack(
    scene: str = "plane", *, progress: Progress | None = None, **shooting: Unpack[ShootingKeywords]
) -> RenderedStack:
    """Render a hand-held focus stack whose geometry, exposure and depth are known.

    Parameters
    ----------
    scene : str, optional
        A name in ``SCENES``: ``plane`` one tilted plane, ``steps`` layers with sharp edges,
        ``stems`` thin stems before a far background, ``desk`` a still life.
    progress : Progress, optional
        Told of every frame rendered.
    **shooting
        How it is shot: fields of :class:`focusstack.scene.shooting.Shooting`.

    Returns
    -------
    RenderedStack
        Frames and truth; `all_in_focus` is the reference frame's view.

    Raises
    ------
    UsageError
        For an unknown scene or impossible sizes.
    """
    how = Shooting(**shooting)
    if scene not in SCENES:
        raise UsageError(f"there is no scene {scene!r}", f"Choose one of {', '.join(SCENES)}.")
    rng = np.random.default_rng(how.seed)
    plan = shots(rng, how)
    sheets = SCENES[scene](_canvas(how, plan), rng)
    pictures = []
    progress = progress or Silent()
    with stage(progress, "Rendering", how.frames):
        for shot in plan:
            light = _seen(sheets, shot, how)
            pictures.append(expose(light, shot.exposure, how.noise, rng, how.dtype))
            progress.advance()
    sharp, depth = compose(sheets, np.eye(3), how.size)
    return RenderedStack(
        frames=pictures,
        matrices=np.stack([shot.matrix for shot in plan]),
        gains=np.stack([1 / shot.exposure for shot in plan]),
        all_in_focus=np.clip(encode(sharp), 0, 1),
        inverse_depth=depth,
        focus=[shot.focus for shot in plan],
        reference=how.reference_index,
    )


def _seen(sheets: list[Sheet], shot: Shot, how: Shooting) -> Float32:
    """Return the linear light that falls on the sensor."""
    view = normalised(np.asarray(np.linalg.inv(shot.matrix), float))
    sway = (float(shot.sway[0]), float(shot.sway[1]))
    light, _ = compose(sheets, view, how.size, focus=shot.focus, blur=how.blur, sway=sway)
    return light
