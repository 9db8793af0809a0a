"""Scenes for tests: random textures at exactly known depths."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.images.colour import linearise
from focusstack.numeric.arrays import Float32
from focusstack.scene.canvas import Canvas
from focusstack.scene.sheets import SAMPLES, Sheet


def leaves(shape: tuple[int, int], rng: np.random.Generator, hue: int) -> Float32:
    """Paint overlapping patches of all sizes, whose statistics are those of photographs.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    rng : numpy.random.Generator
        Source of randomness.
    hue : int
        Prevailing hue, 0..179.

    Returns
    -------
    (H, W, 3) float32 ndarray
        Linear light, about 0.02 to 0.6.

    References
    ----------
    A. B. Lee, D. Mumford, J. Huang, "Occlusion models for natural images", IJCV 41, 2001.
    """
    h, w = shape
    picture = np.full((h, w, 3), (hue, 90, 110), np.uint8)
    radius, cover = max(h, w) / 12, 0.6
    while radius >= 2.5:
        count = round(cover * h * w / (np.pi * radius**2))
        centres = (rng.random((count, 2)) * (w, h) * 16).astype(int)
        axes = (radius * rng.uniform(0.5, 1.5, (count, 2)) * 16).astype(int)
        angles = rng.uniform(0, 180, count)
        colours = np.stack(
            [
                (hue + rng.normal(0, 12, count)) % 180,
                rng.uniform(40, 150, count),
                rng.uniform(45, 205, count),
            ],
            1,
        )
        for centre, axis, angle, colour in zip(centres, axes, angles, colours, strict=True):
            cv2.ellipse(picture, centre.tolist(), axis.tolist(), angle, 0, 360, colour.tolist(),
                        -1, cv2.LINE_8, 4)  # fmt: skip
        radius, cover = radius / 1.6, cover * 0.82
    rgb = cv2.cvtColor(picture, cv2.COLOR_HSV2RGB)
    grain = cv2.GaussianBlur(rng.standard_normal((h, w), np.float32), (0, 0), 1.0) * 0.35
    return np.asarray(linearise(rgb) * np.exp(grain)[..., None], np.float32)


def ellipse(canvas: Canvas, x: float, y: float, a: float, b: float, degrees: float) -> Float32:
    """Cover of an ellipse with half axes `a` and `b`, with a clean edge one sample wide."""
    X, Y = canvas.grid()
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    u, v = (c * (X - x) + s * (Y - y)) / a, (c * (Y - y) - s * (X - x)) / b
    r = np.sqrt(u**2 + v**2)
    # Distance to the edge to first order: (r - 1) over the length of r's gradient.
    steep = np.sqrt((u / a) ** 2 + (v / b) ** 2) / np.maximum(r, 1e-6)
    return np.asarray(np.clip(0.5 - (r - 1) / steep * canvas.unit * SAMPLES, 0, 1), np.float32)


def plane(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """One textured plane, nearest at the bottom: nothing hides anything."""
    return [canvas.sheet(leaves(canvas.shape, rng, 22), None, (0.12, 0.8, 0.5))]


def steps(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """Four textured layers, one before the other, with sharp edges."""
    sheets = [canvas.sheet(leaves(canvas.shape, rng, 105), None, (0, 0, 0.08))]
    layers = [
        (-0.28, -0.12, 0.42, 0.27, 20.0, 0.36, 15),
        (0.36, 0.02, 0.28, 0.33, -30.0, 0.64, 55),
        (-0.12, 0.3, 0.36, 0.15, -8.0, 0.92, 160),
    ]
    for x, y, a, b, degrees, depth, hue in layers:
        cover = ellipse(canvas, x, y, a, b, degrees)
        sheets.append(canvas.sheet(leaves(canvas.shape, rng, hue), cover, (0, 0, depth)))
    return sheets


def stems(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """Thin stems near the camera, each at its own depth, before a far background."""
    sheets = [canvas.sheet(leaves(canvas.shape, rng, 18), None, (0, 0.12, 0.12))]
    h, w = canvas.shape
    bark = leaves((h, w), rng, 50)
    for depth in np.linspace(0.55, 0.97, 12):
        cover = np.zeros((h, w), np.uint8)
        root = canvas.samples(rng.uniform(-0.7, 0.7), 0.75)
        tip = canvas.samples(rng.uniform(-0.75, 0.75), rng.uniform(-0.45, 0.1))
        thickness = max(round(canvas.unit / 240 * rng.uniform(1.5, 4)), 2)
        ends = np.round(np.array([root, tip]) * 16).astype(int).tolist()
        cv2.line(cover, ends[0], ends[1], 255, thickness, cv2.LINE_AA, 4)
        sheets.append(canvas.sheet(bark, np.float32(1 / 255) * cover, (0, 0, float(depth))))
    return sheets
