"""Scenes for fusion: what lies in front of what, what is transparent and what moves.

All frames see the scene from the same place at the same magnification, as perfectly aligned
frames do, so that nothing but the fusion is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.fusion.painters import blossoms, bristles, lamps, veil, wall
from focusstack.geometry.coordinates import Rect
from focusstack.images.colour import encode, to_float
from focusstack.numeric.arrays import Float32, Image, Mask
from focusstack.scene.camera import focus_steps
from focusstack.scene.canvas import Canvas
from focusstack.scene.charts import ellipse, leaves, plane, stems, steps
from focusstack.scene.sheets import SAMPLES, Sheet, compose
from focusstack.scene.stack import expose

Painter = Callable[[Canvas, np.random.Generator], list[Sheet]]

Path = Callable[[int, int], tuple[float, float] | None]
"""Where, in scene units, something that moves is in a frame of so many; None if it is not there."""

SIZE = (600, 400)
"""Width and height of a frame."""

MARGIN = 24
"""Pixels painted around a frame, for what blurs into it."""

MID_GREY = 0.515
"""Encoded noise at mid grey by linear noise at white, by the slope of the sRGB curve and shot
noise."""

STEP = 0.0175
"""Scene units by which what moves slowly moves from frame to frame; 7 pixels."""

MOVING_RADIUS = 0.14
"""Of what moves, in scene units."""

MOVING_DEPTH, CARD_DEPTH = 0.6, 0.1
"""Inverse depths."""


@dataclass(frozen=True)
class Scene:
    """A scene, and how it is photographed.

    Attributes
    ----------
    title : str
        Its name in the table.
    painter : callable
        Paints the sheets that stand still.
    frames : int
        How many are focused from near to far.
    noise : float
        Standard deviation at mid grey of the encoded frame, in 8-bit steps.
    blur : float
        Radius in pixels of the disc of a point in the nearest depth at farthest focus.
    path : callable, optional
        Where something is that moves while the scene is photographed.
    light : float
        Exposure; below 1 for dark frames.
    jpeg : int, optional
        Quality of the JPEG files that frames come from, with halved colour as cameras write it.
    astray : float
        Pixels by which frames are misaligned, root mean square.
    """

    title: str
    painter: Painter
    frames: int = 10
    noise: float = 1.0
    blur: float = 9.0
    path: Path | None = None
    light: float = 1.0
    jpeg: int | None = None
    astray: float = 0.0


def with_card(painter: Painter) -> Painter:
    """Hang a plain grey card into the scene, far away, to measure noise on."""

    def paint(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
        sheets = painter(canvas, rng)
        cover = ellipse(canvas, 0.52, -0.34, 0.17, 0.12, 0)
        grey = np.full((*canvas.shape, 3), 0.2, np.float32)
        card = canvas.sheet(grey, cover, (0, 0, CARD_DEPTH))
        return [sheets[0], card, *sheets[1:]]

    return paint


def sideways(frame: int, frames: int) -> tuple[float, float]:
    """Slowly across the middle."""
    return (frame - (frames - 1) / 2) * STEP, 0.1


def striding(frame: int, frames: int) -> tuple[float, float]:
    """Across the whole scene, farther from frame to frame than it is wide in some of them."""
    return -0.6 + 1.2 * (frame / (frames - 1)) ** 1.5, 0.12


def jumping(frame: int, frames: int) -> tuple[float, float]:
    """For some frames in one place, then elsewhere."""
    return ((-0.45, -0.05), (0.4, 0.2))[2 * frame // frames]


def passing(frame: int, frames: int) -> tuple[float, float] | None:
    """There in two frames only."""
    return {frames // 2: (-0.35, 0.1), frames // 2 + 1: (0.2, 0.1)}.get(frame)


def mover(canvas: Canvas, place: tuple[float, float]) -> Sheet:
    """Something textured, in a place."""
    rng = np.random.default_rng(77)
    across, down = (round(v * canvas.unit * SAMPLES) for v in place)
    picture = np.roll(leaves(canvas.shape, rng, 330), (down, across), axis=(0, 1))
    x, y = (v / SAMPLES / canvas.unit for v in (across, down))
    cover = ellipse(canvas, x, y, MOVING_RADIUS, MOVING_RADIUS, 0)
    return canvas.sheet(picture, cover, (0, 0, MOVING_DEPTH))


@dataclass(frozen=True)
class Photographs:
    """A scene photographed, and its truth.

    Attributes
    ----------
    frames : iterator of (H, W, 3) float32 ndarray
        Encoded, rounded to 8 bit, one at a time.
    truths : list of (H, W, 3) float32 ndarray
        All in focus, encoded; one for each place of what moves, the last without it.
    depth : (H, W) float32 ndarray
        Inverse depth, of what stands still.
    card : (H, W) bool ndarray
        Plain grey.
    swept : (H, W) bool ndarray
        Where something moved.
    """

    frames: Callable[[], Iterator[Float32]]
    truths: list[Float32]
    depth: Float32
    card: Mask
    swept: Mask


def photograph(scene: Scene, size: tuple[int, int] = SIZE, seed: int = 1) -> Photographs:
    """Render `scene`; frames are made when they are asked for."""
    width, height = size
    rect = Rect(-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN)
    canvas = Canvas(size, rect)
    still = with_card(scene.painter)(canvas, np.random.default_rng(seed))
    focus = focus_steps(scene.frames)
    exposure = np.full(3, scene.light)

    places = [scene.path and scene.path(i, scene.frames) for i in range(scene.frames)]

    def sheets(place: tuple[float, float] | None) -> list[Sheet]:
        return [*still, mover(canvas, place)] if place else still

    def frames() -> Iterator[Float32]:
        rng = np.random.default_rng(seed + 1)
        for place, sharp in zip(places, focus, strict=True):
            light, _ = compose(sheets(place), np.eye(3), size, focus=float(sharp), blur=scene.blur)
            noise = scene.noise / 255 / MID_GREY
            code = expose(light, exposure, noise, rng, np.dtype(np.uint8))
            shift = rng.normal(0, scene.astray / 2**0.5, 2) if scene.astray else None
            yield to_float(recorded(code, scene.jpeg, shift))

    shown = dict.fromkeys([*places, None])  # without it is true, too
    sharp = [compose(sheets(place), np.eye(3), size)[0] for place in shown]
    _, depth = compose(still, np.eye(3), size)
    truths = [np.clip(encode(light * np.float32(scene.light)), 0, 1) for light in sharp]
    y, x = np.mgrid[:height, :width]
    unit = canvas.unit
    x, y = (x - (width - 1) / 2) / unit, (y - (height - 1) / 2) / unit
    card = ((x - 0.52) / 0.17) ** 2 + ((y + 0.34) / 0.12) ** 2 < 0.75**2
    swept = np.zeros((height, width), bool)
    for place in filter(None, places):
        swept |= (x - place[0]) ** 2 + (y - place[1]) ** 2 < (MOVING_RADIUS + 0.04) ** 2
    # Nothing in front of the card, and nothing close enough to glow into it.
    clear = cv2.erode((np.abs(depth - CARD_DEPTH) < 1e-3).astype(np.uint8), np.ones((9, 9))) > 0
    return Photographs(frames, truths, depth, card & clear & ~swept, swept)


def recorded(code: Image, jpeg: int | None, shift: NDArray[np.float64] | None) -> Image:
    """Frame as it comes from a file and out of alignment."""
    if shift is not None:
        way = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
        code = cv2.warpAffine(
            code, way, code.shape[1::-1], None, cv2.INTER_LANCZOS4, cv2.BORDER_REFLECT_101
        )
    if jpeg is None:
        return code
    how = [cv2.IMWRITE_JPEG_QUALITY, jpeg]
    how += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    _, file = cv2.imencode(".jpg", code[..., ::-1], how)
    return np.ascontiguousarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1])


def swaying(frame: int, frames: int) -> tuple[float, float]:  # noqa: ARG001
    """Back and forth, as in the wind."""
    return 0.03 * np.sin(2.4 * frame), 0.1 + 0.008 * np.sin(1.7 * frame)


SCENES = [
    Scene("tilted plane", plane),
    Scene("tilted plane, noise 0.5", plane, noise=0.5),
    Scene("tilted plane, noise 3", plane, noise=3.0),
    Scene("thin stems over a far wall", stems, frames=12),
    Scene("steps", steps),
    Scene("steps, noise 3", steps, noise=3.0),
    Scene("steps, strong blur", steps, blur=20.0),
    Scene("transparent veil", veil, frames=8),
    Scene("something moves", steps, path=sideways),
    Scene("something strides", steps, path=striding),
    Scene("something jumps", steps, path=jumping),
    Scene("something passes", steps, path=passing),
    Scene("something jumps before a wall", wall, path=jumping),
    Scene("something passes before a wall", wall, path=passing),
    Scene("something sways", steps, path=swaying, frames=14),
    Scene("bristles, blur 20", bristles, blur=20.0, frames=12),
    Scene("bristles, blur 40, few frames", bristles, blur=40.0, frames=4),
    Scene("bristles, JPEG, astray 1", bristles, blur=20.0, frames=12, jpeg=92, astray=1.0),
    Scene("steps, JPEG, astray 0.5", steps, jpeg=92, astray=0.5),
    Scene("saturated colours", blossoms, blur=16.0),
    Scene("lamps", lamps, blur=16.0, frames=6),
    Scene("low light, noise 6", steps, noise=6.0, light=0.35),
    Scene("steps, 30 frames, noise 2", steps, frames=30, noise=2.0),
    Scene("steps, 100 frames, noise 2", steps, frames=100, noise=2.0),
]
"""What is rendered."""
