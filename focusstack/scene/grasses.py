"""Dried grasses before the desk: thin things near the camera."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.images.colour import linearise
from focusstack.scene.canvas import Canvas
from focusstack.scene.light import film
from focusstack.scene.sheets import SAMPLES, Sheet
from focusstack.scene.solids import Values

STRAW = (206, 176, 112)
SHADE = (150, 116, 62)
LIGHT = (236, 214, 160)
HUSK = ((214, 178, 108), (190, 148, 82), (230, 200, 138), (168, 126, 70))


class _Brush:
    """Paints smooth-edged shapes, given in scene units, and keeps track of their cover."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.picture: Values = np.full((*canvas.shape, 3), STRAW, np.uint8)
        self.cover: Values = np.zeros(canvas.shape, np.uint8)

    def fill(self, outline: Values, rgb: tuple[int, int, int]) -> None:
        points = np.array([self.canvas.samples(float(x), float(y)) for x, y in outline])
        fixed = [np.round(points * 64).astype(np.int32)]
        cv2.fillPoly(self.picture, fixed, rgb, cv2.LINE_AA, 6)
        cv2.fillPoly(self.cover, fixed, 255, cv2.LINE_AA, 6)

    def sheet(self, depth: float, brightness: float) -> Sheet:
        light = film(linearise(self.picture) * np.float32(brightness))
        return self.canvas.sheet(
            light, (self.cover / np.float32(255)).astype(np.float32), (0, 0, depth)
        )


def bent(root: tuple[float, float], tip: tuple[float, float], sag: float) -> Values:
    """Points of a stalk that leaves `root` steeply and bends over to `tip`."""
    t = np.linspace(0, 1, 80, dtype=np.float32)[:, None]
    a, c = np.array(root, np.float32), np.array(tip, np.float32)
    b = np.array([root[0] + (tip[0] - root[0]) * 0.3, tip[1] - sag], np.float32)
    return np.asarray((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c, np.float32)


def ribbon(line: Values, width: Values, low: float = -0.5, high: float = 0.5) -> Values:
    """Outline of a strip along `line`, from `low` to `high` in widths to its side."""
    along = np.gradient(line, axis=0)
    side = np.stack([along[:, 1], -along[:, 0]], 1)
    side /= np.maximum(np.hypot(side[:, 0], side[:, 1]), 1e-9)[:, None]
    step = side * width[:, None]
    return np.concatenate([line + low * step, (line + high * step)[::-1]]).astype(np.float32)


def _stalk(brush: _Brush, line: Values, thickness: float) -> None:
    """Paint a round stalk, lit from the left, thinner towards its tip."""
    width = np.linspace(thickness, 0.45 * thickness, len(line), dtype=np.float32)
    brush.fill(ribbon(line, width), STRAW)
    brush.fill(ribbon(line, width, -0.5, -0.1), SHADE)
    brush.fill(ribbon(line, width, 0.12, 0.36), LIGHT)


def _ear(brush: _Brush, line: Values, size: float, rng: np.random.Generator) -> None:
    """Paint husks and awns on both sides of the upper end of a stalk."""
    first = int(len(line) * 0.74)
    for i, at in enumerate(np.linspace(first, len(line) - 2, 22)):
        k = int(at)
        heading = line[k + 1] - line[k]
        base = float(np.arctan2(heading[1], heading[0]))
        sign = 1 if i % 2 else -1
        turn = base + sign * rng.uniform(0.28, 0.5)
        grow = size * (1 - 0.45 * (at - first) / (len(line) - first)) * rng.uniform(0.85, 1.1)
        u = np.linspace(0, 1, 16, dtype=np.float32)
        spine = line[k] + np.outer(u, [np.cos(turn), np.sin(turn)]).astype(np.float32) * grow
        end = spine[-1] + np.float32(2.4 * grow) * np.array(
            [np.cos(base + sign * 0.22), np.sin(base + sign * 0.22)], np.float32)  # fmt: skip
        awn = np.linspace(spine[-2], end, 12).astype(np.float32)
        thin = np.linspace(0.05 * size, 0.025 * size, 12, dtype=np.float32)
        brush.fill(ribbon(awn, thin), HUSK[2])
        swell = (0.36 * grow * np.maximum(np.sin(np.pi * u**0.7), 0) ** 0.8).astype(np.float32)
        tone = HUSK[int(rng.integers(len(HUSK)))]
        brush.fill(ribbon(spine, swell), tone)
        brush.fill(ribbon(spine, swell, -0.5, -0.22), SHADE)
        brush.fill(ribbon(spine, swell, 0.15, 0.32), LIGHT)


def grasses(canvas: Canvas) -> list[Sheet]:
    """Return stalks of dried grass, each a sheet at its own depth, from back to front."""
    rng = np.random.default_rng(5)
    stalks = [
        # root, tip, sag, thickness, ear, depth
        ((-0.66, 0.80), (-0.30, -0.10), 0.10, 0.0070, 0.030, 0.86),
        ((-0.72, 0.80), (-0.62, -0.02), 0.06, 0.0065, 0.032, 0.90),
        ((-0.60, 0.80), (-0.14, 0.16), 0.12, 0.0075, 0.034, 0.94),
        ((-0.74, 0.80), (-0.46, 0.12), 0.08, 0.0080, 0.036, 0.98),
    ]
    sheets = []
    for root, tip, sag, thickness, ear, depth in stalks:
        brush = _Brush(canvas)
        line = bent(root, tip, sag)
        _stalk(brush, line, max(thickness, 1.2 / (SAMPLES * canvas.unit)))
        _ear(brush, line, ear, rng)
        sheets.append(brush.sheet(depth, 0.85))
    return sheets
