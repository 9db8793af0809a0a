"""What is photographed: textures without aliasing, at known depth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.alignment.camera import View
from benchmarks.alignment.kinds import Kind
from focusstack.geometry.coordinates import Rect, transform
from focusstack.numeric.arrays import Float32, Floats
from focusstack.scene.charts import leaves

SAMPLES = 2
"""Samples per subject pixel and axis."""

SOFTNESS = 1.2
"""Standard deviation, in samples, of lens and pixel aperture at their sharpest: a sixth of the
contrast is left at a frame's Nyquist frequency, as in a good camera."""


@dataclass(frozen=True)
class Layer:
    """A part of the subject.

    Attributes
    ----------
    light : (H, W, 3) float32 ndarray
        Linear light, ``SAMPLES`` per subject pixel.
    cover : (H, W) float32 ndarray or None
        1 where the layer is; None for the rearmost, which is everywhere.
    depth : float or None
        Inverse depth, 0 far to 1 near; None for a relief.
    """

    light: Float32
    cover: Float32 | None
    depth: float | None


@dataclass(frozen=True)
class Subject:
    """Layers from back to front.

    Attributes
    ----------
    rect : Rect
        Subject pixels that are painted.
    layers : tuple of Layer
        From back to front.
    relief : (6, 4) ndarray
        Waves of the relief: wave vector per subject pixel, phase, amplitude.
    """

    rect: Rect
    layers: tuple[Layer, ...]
    relief: Floats

    def depth_at(self, s: Floats) -> Floats:
        """Inverse depth of the relief at subject pixels ``(..., 2)``, about 0 to 1, smooth."""
        x, y = s[..., 0], s[..., 1]
        waves = [a * np.sin(u * x + v * y + p) for u, v, p, a in self.relief]
        return np.asarray(0.5 + sum(waves))

    def look_up(self, painting: Float32, s: Floats) -> Float32:
        """Values of a painting at subject pixels ``(rows, columns, 2)``, bilinear."""
        x = ((s[..., 0] - self.rect.x + 0.5) * SAMPLES - 0.5).astype(np.float32)
        y = ((s[..., 1] - self.rect.y + 0.5) * SAMPLES - 0.5).astype(np.float32)
        found = cv2.remap(painting, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found, np.float32)


def seen_by(cameras: list[View], reach: float) -> Rect:
    """All subject pixels that any frame sees, and `reach` around."""
    width, height = cameras[0].size
    x = np.linspace(-reach, width - 1 + reach, 9)
    y = np.linspace(-reach, height - 1 + reach, 9)
    border = np.stack([g.ravel() for g in np.meshgrid(x, y)], 1)
    seen = np.concatenate([transform(c.to_subject, c.undistorted(border)) for c in cameras])
    low, high = np.floor(seen.min(0)).astype(int) - 2, np.ceil(seen.max(0)).astype(int) + 2
    return Rect(int(low[0]), int(low[1]), int(high[0] - low[0] + 1), int(high[1] - low[1] + 1))


def paint(kind: Kind, rect: Rect, rng: np.random.Generator) -> Subject:
    """Paint the subject of `kind`."""
    shape = (rect.height * SAMPLES, rect.width * SAMPLES)
    first = Layer(_texture(kind.texture, shape, rng, 20), None, 0.1 if kind.layers else None)
    layers = [first]
    if kind.layers:
        several = ((0.35, 0.6, 50), (0.6, 0.4, 90), (0.9, 0.25, 130))
        for depth, share, hue in ((0.9, kind.near, 130),) if kind.near else several:
            cover = _blobs(shape, rng, share)
            layers.append(Layer(_texture(kind.texture, shape, rng, hue), cover, depth))
    return Subject(rect, tuple(layers), _relief(rect, rng))


def _relief(rect: Rect, rng: np.random.Generator) -> Floats:
    """A slope across the picture, which is a very long wave, and gentle hills."""
    extent = float(np.hypot(rect.width, rect.height))
    turn = rng.uniform(0, 2 * np.pi)
    middle = np.array([rect.x + rect.width / 2, rect.y + rect.height / 2])
    rows = []
    for k, amplitude in enumerate((0.4, 0.05, 0.05, 0.03)):
        length = 2 * extent if k == 0 else rng.uniform(0.3, 0.8) * extent
        angle = turn if k == 0 else rng.uniform(0, 2 * np.pi)
        u, v = 2 * np.pi / length * np.array([np.cos(angle), np.sin(angle)])
        phase = -(u * middle[0] + v * middle[1]) if k == 0 else rng.uniform(0, 2 * np.pi)
        rows.append((u, v, phase, amplitude))
    return np.array(rows)


def _texture(kind: str, shape: tuple[int, int], rng: np.random.Generator, hue: int) -> Float32:
    painters = {"photo": _photo, "leaves": leaves, "low": _low, "grain": _grain}
    light = painters[kind](shape, rng, hue)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), SOFTNESS), np.float32)


def _waves(shape: tuple[int, int], rng: np.random.Generator, sizes: list[float]) -> Float32:
    """Sum of noises of the given feature sizes in samples, each of unit variance over √n."""
    h, w = shape
    total = np.zeros(shape, np.float32)
    for size in sizes:
        coarse = rng.standard_normal((int(h / size) + 5, int(w / size) + 5), np.float32)
        coarse = np.asarray(cv2.GaussianBlur(coarse, (0, 0), 0.8), np.float32)
        wide = cv2.resize(coarse, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC)
        total += wide[:h, :w] / np.float32(coarse.std() * np.sqrt(len(sizes)))
    return total


def _photo(shape: tuple[int, int], rng: np.random.Generator, hue: int) -> Float32:
    """Patches of all sizes, crisp here, faint there, as in most photographs."""
    h, w = shape
    coarse = leaves((h // 3 + 1, w // 3 + 1), rng, hue)
    coarse = np.asarray(cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC), np.float32)
    clear = 1 / (1 + np.exp(1.0 - 2.5 * _waves(shape, rng, [500.0, 150.0])))[..., None]
    plain = coarse.mean((0, 1)) * np.exp(0.3 * _waves(shape, rng, [800.0]))[..., None]
    return np.asarray(plain + (np.maximum(coarse, 0.005) - plain) * clear, np.float32)


def _grain(shape: tuple[int, int], rng: np.random.Generator, hue: int) -> Float32:  # noqa: ARG001
    tone = np.exp(0.45 * _waves(shape, rng, [3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 300.0]))
    return np.asarray(0.15 * tone[..., None] * np.array([1.1, 1.0, 0.8]), np.float32)


def _low(shape: tuple[int, int], rng: np.random.Generator, hue: int) -> Float32:
    """Smooth shading with details in about a twelfth of the picture."""
    tone = 0.2 * np.exp(0.3 * _waves(shape, rng, [600.0]))
    plain = np.asarray(tone[..., None] * np.array([1.0, 0.95, 0.9]), np.float32)
    spots = _blobs(shape, rng, 0.08, 120.0)[..., None]
    return np.asarray(plain * (1 - spots) + leaves(shape, rng, hue) * spots, np.float32)


def _blobs(
    shape: tuple[int, int], rng: np.random.Generator, share: float, size: float = 350.0
) -> Float32:
    """Cover ``(H, W)`` of smooth-edged islands that fill `share` of the picture."""
    noise = _waves(shape, rng, [size])
    limit = float(np.quantile(noise[::8, ::8], 1 - share))
    cover = (noise > limit).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), SOFTNESS), np.float32)
