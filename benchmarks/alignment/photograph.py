"""Frames of a subject, made when they are asked for; positions exact to 0.01 pixels.

Textures hold no detail beyond a frame's resolution and two samples per pixel, so that bilinear
interpolation at exact positions moves nothing. Defocus and layers are what rays through a lens
would make of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import cv2
import numpy as np

from benchmarks.alignment.camera import View, curves, exposures, fall_offs, views
from benchmarks.alignment.kinds import Kind
from benchmarks.alignment.subject import Layer, Subject, paint, seen_by
from focusstack.exposure.shading import Shading
from focusstack.frames.sources import WithoutFiles
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Float32, Floats, Image, Points
from focusstack.scene.sheets import defocus, defocus_tilted
from focusstack.scene.stack import expose

MOVED_PX = 25.0
STREAK = 0.03
"""Length of a motion blur, in frame widths."""


@dataclass(frozen=True)
class Stack(WithoutFiles):
    """A stack to be photographed; a `focusstack.frames.sources.FrameSource`.

    Attributes
    ----------
    kind : Kind
        How.
    size : tuple of int
        Width and height.
    subject, other : Subject
        What is photographed, and another subject for a frame that does not belong.
    cameras : list of View
        Of all frames, in focus order.
    exposure : (n, 3) ndarray
        Of all frames, in focus order.
    fall_off : list of Shading
        What would make the light of each even.
    curve : (n,) ndarray
        Exponents that make the light of each linear.
    shown : list of int
        Position in focus order of each frame as given.
    bad : int or None
        Position in focus order of the bad frame.
    """

    kind: Kind
    size: tuple[int, int]
    subject: Subject
    other: Subject | None
    cameras: list[View]
    exposure: Floats
    fall_off: list[Shading]
    curve: Floats
    shown: list[int]
    bad: int | None
    channels: int = 3

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of the frames."""
        return np.dtype(np.uint8 if self.kind.bits == 8 else np.uint16)

    @property
    def names(self) -> Sequence[str]:
        """In the order in which frames are given."""
        return [f"IMG_{k:04d}.png" for k in range(len(self.cameras))]

    def __len__(self) -> int:
        return len(self.cameras)

    def read(self, i: int) -> Picture:
        """Photograph frame `i`."""
        return Picture(self._frame(self.shown[i]), None, Metadata())

    def _frame(self, k: int) -> Image:
        rng = np.random.default_rng((self.kind.seed, k, 77))
        wrong = self.kind.bad if k == self.bad else ""
        subject = self.other if wrong == "other scene" and self.other else self.subject
        blur = self.kind.blur * self.size[0]
        moved = MOVED_PX if wrong == "moved subject" else 0.0
        light = photograph(subject, self.cameras[k], blur, moved)
        if wrong == "motion blur":
            light = _streaked(light, STREAK * self.size[0])
        if wrong == "defocused":
            light = defocus(light, 0.02 * self.size[0])
        light = self._recorded(light, k) * self._let_through()
        frame = expose(light, self.exposure[k], self.kind.noise, rng, self.dtype)
        if not self.kind.jpeg:
            return frame
        _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))

    def _let_through(self) -> Float32 | np.float32:
        """Share of the light ``(H, W, 1)`` that the sensor's marks let through in every frame."""
        kind, (width, height) = self.kind, self.size
        if not (kind.dust or kind.columns):
            return np.float32(1)
        rng = np.random.default_rng((kind.seed, 991))
        through = np.ones((height, width), np.float32)
        for _ in range(kind.dust):
            radius, depth = rng.uniform(0.001, 0.005) * width, rng.uniform(0.1, 0.6)
            cx, cy = rng.uniform(0, width), rng.uniform(0, height)
            x0, y0 = max(0, int(cx - 2 * radius)), max(0, int(cy - 2 * radius))
            part = through[y0 : int(cy + 2 * radius) + 2, x0 : int(cx + 2 * radius) + 2]
            y, x = np.mgrid[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]]
            edge = np.tanh((np.hypot(x - cx, y - cy) - radius) / 1.5)
            part *= (1 - depth * (0.5 - 0.5 * edge)).astype(np.float32)
        through *= (1 + kind.columns * rng.standard_normal(width)).astype(np.float32)
        return through[..., None]

    def _recorded(self, light: Float32, k: int) -> Float32:
        """Light as a lens lets it fall off and a tone curve bends it."""
        fall_off, exponent = self.fall_off[k], self.curve[k]
        if not fall_off.is_even:
            x, y = np.meshgrid(np.arange(self.size[0]), np.arange(self.size[1]))
            log = fall_off.logarithm(np.stack([x.ravel(), y.ravel()], 1).astype(float), self.size)
            light = light * np.exp(-log).reshape(*light.shape[:2], 1).astype(np.float32)
        return light if exponent == 1 else np.power(light, np.float32(1 / exponent))


def set_up(kind: Kind, size: tuple[int, int]) -> Stack:
    """Plan and paint; frames are made on demand."""
    rng = np.random.default_rng((kind.seed, sum(map(ord, kind.name))))
    cameras, exposure = views(kind, size, rng), exposures(kind, rng)
    bad = int(rng.integers(1, kind.frames - 1)) if kind.bad else None
    if bad is not None:
        if kind.bad == "duplicate":
            cameras[bad] = replace(
                cameras[bad - 1], to_subject=cameras[bad - 1].to_subject @ _nudge()
            )
        factor = {"black": 2.0**-9, "white": 2.0**6}.get(kind.bad, 1.0)
        exposure[bad] *= factor
    rect = seen_by(cameras, kind.blur * size[0] + kind.parallax)
    subject = paint(kind, rect, rng)
    other = paint(kind, rect, rng) if kind.bad == "other scene" else None
    shown = list(range(kind.frames))
    if kind.shuffled:
        shown = [int(k) for k in rng.permutation(kind.frames)]
    return Stack(
        kind, size, subject, other, cameras, exposure, fall_offs(kind), curves(kind), shown, bad
    )


def _nudge() -> Floats:
    """A duplicate is a second shot of the same, not the same file."""
    return np.array([[1, 0, 0.3], [0, 1, -0.2], [0, 0, 1.0]])


def photograph(subject: Subject, camera: View, blur: float, moved: float = 0.0) -> Float32:
    """Linear light ``(H, W, 3)`` of a frame.

    Parameters
    ----------
    subject : Subject
        What is seen.
    camera : View
        From where.
    blur : float
        Radius in pixels of the disc of a point one unit of inverse depth out of focus.
    moved : float, optional
        By how many pixels a third of the subject has moved.
    """
    width, height = camera.size
    margin = ceil(blur) + 1
    x, y = np.meshgrid(np.arange(-margin, width + margin), np.arange(-margin, height + margin))
    p = np.stack([x.ravel(), y.ravel()], 1).astype(float)
    shape = x.shape
    light = np.zeros((*shape, 3), np.float32)
    for layer in subject.layers:
        picture, depth = _seen(layer, subject, camera, p, shape, moved)
        radius = (depth - np.float32(camera.focus)) * np.float32(blur)
        picture = defocus_tilted(picture, radius)
        light = picture[..., :3] + light * (1 - picture[..., 3:])
    return np.ascontiguousarray(light[margin : margin + height, margin : margin + width])


def _seen(
    layer: Layer,
    subject: Subject,
    camera: View,
    p: Points,
    shape: tuple[int, ...],
    moved: float,
) -> tuple[Float32, Float32]:
    """Premultiplied light and cover ``(H, W, 4)`` of a layer, and its inverse depth."""
    if layer.depth is None:
        depth = subject.depth_at(camera.subject(p))
        s = camera.subject(p, depth)
    else:
        depth = np.full(len(p), layer.depth)
        s = camera.subject(p, layer.depth)
    if moved:
        s = s + moved * _moving(s, camera)
    at = s.reshape(*shape, 2)
    light = subject.look_up(layer.light, at)
    cover = np.ones(shape, np.float32)
    if layer.cover is not None:
        cover = subject.look_up(layer.cover, at)
    picture = np.dstack([light * cover[..., None], cover])
    return picture, depth.reshape(shape).astype(np.float32)


def _moving(s: Floats, camera: View) -> Floats:
    """1 well inside an ellipse in the middle, 0 outside, steep between; for x only."""
    width, height = camera.size
    d = (s - (width / 2, height / 2)) / (0.33 * width, 0.33 * height)
    inside = 1 / (1 + np.exp(60 * ((d**2).sum(1) - 1)))
    return np.stack([inside, 0.4 * inside], 1)


def _streaked(light: Float32, length: float) -> Float32:
    """Blur along a slanted line."""
    reach = ceil(length / 2)
    taps = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    cv2.line(taps, (0, reach // 2), (2 * reach, 2 * reach - reach // 2), 1.0, 1, cv2.LINE_AA)
    taps = taps + taps[::-1, ::-1]
    return np.asarray(cv2.filter2D(light, -1, taps / taps.sum()), np.float32)
