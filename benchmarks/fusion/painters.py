"""What is painted into scenes for fusion only."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.scene.canvas import Canvas
from focusstack.scene.charts import ellipse, leaves
from focusstack.scene.sheets import SAMPLES, Sheet


def veil(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """A see-through textured veil before a textured wall: both are to be seen sharp."""
    sheets = [canvas.sheet(leaves(canvas.shape, rng, 200), None, (0, 0, 0.15))]
    cover = np.float32(0.35) * ellipse(canvas, -0.2, 0.05, 0.45, 0.32, 15)
    sheets.append(canvas.sheet(leaves(canvas.shape, rng, 30), cover, (0, 0, 0.85)))
    return sheets


def wall(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """A wall with next to no texture, and a textured ledge before it."""
    sheets = [canvas.sheet(plain(canvas), None, (0, 0, 0.2))]
    _, y = canvas.grid()
    ledge = np.broadcast_to(np.clip((y - 0.36) * canvas.unit, 0, 1), canvas.shape)
    sheets.append(
        canvas.sheet(leaves(canvas.shape, rng, 20), ledge.astype(np.float32), (0, 0, 0.8))
    )
    return sheets


def bristles(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """Hairs, bright and dark, in three tufts one before the other, before a plain wall."""
    sheets = [canvas.sheet(plain(canvas), None, (0, 0, 0.05))]
    shade = leaves(canvas.shape, rng, 25)
    for depth, x, y in ((0.3, 0.3, -0.1), (0.6, -0.35, -0.05), (0.95, 0.0, 0.25)):
        skin = ellipse(canvas, x, y, 0.2, 0.14, 20)
        sheets.append(canvas.sheet(shade * np.float32(0.5), skin, (0, 0, depth)))
        for bright in (0.08, 0.85):
            cover = np.zeros(canvas.shape, np.uint8)
            for _ in range(70):
                turn = rng.uniform(0, 2 * np.pi)
                root = x + 0.15 * np.cos(turn), y + 0.1 * np.sin(turn)
                turn += rng.normal(0, 0.3)
                far = rng.uniform(0.05, 0.16)
                tip = root[0] + far * np.cos(turn), root[1] + far * np.sin(turn)
                ends = [
                    np.round(np.array(canvas.samples(*end)) * 16).astype(int).tolist()
                    for end in (root, tip)
                ]
                cv2.line(cover, ends[0], ends[1], 255, int(rng.integers(2, 5)), cv2.LINE_AA, 4)
            light = np.full((*canvas.shape, 3), bright, np.float32) * np.float32([1, 0.85, 0.6])
            sheets.append(canvas.sheet(light, np.float32(1 / 255) * cover, (0, 0, depth)))
    return sheets


def blossoms(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """Saturated, nearly plain things before plain and textured far ones."""
    sheets = [canvas.sheet(leaves(canvas.shape, rng, 105) * np.float32(0.3), None, (0, 0, 0.1))]
    soft = cv2.GaussianBlur(rng.standard_normal(canvas.shape, np.float32), (0, 0), 2 * SAMPLES)
    petals = [
        (-0.3, 0.0, 0.22, (0.75, 0.5, 0.01), 0.9),
        (0.3, 0.12, 0.2, (0.6, 0.02, 0.03), 0.75),
    ]
    for x, y, radius, colour, depth in petals:
        light = np.float32(colour) * (1 + np.float32(0.4) * soft[..., None])
        cover = ellipse(canvas, x, y, radius, 0.8 * radius, 30)
        sheets.append(canvas.sheet(light.astype(np.float32), cover, (0, 0, depth)))
    return sheets


def lamps(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """Far lights that no frame can hold, and something textured before them."""
    far = leaves(canvas.shape, rng, 20) * np.float32(0.4)
    for x, y, size in ((-0.5, -0.25, 0.1), (0.1, -0.2, 0.16), (-0.1, 0.05, 0.03), (0.5, 0.2, 0.05)):
        glow = ellipse(canvas, x, y, size, 0.7 * size, 0)[..., None]
        far = (1 - glow) * far + glow * np.float32(6)
    sheets = [canvas.sheet(far.astype(np.float32), None, (0, 0, 0.15))]
    cover = ellipse(canvas, 0.25, 0.15, 0.3, 0.2, 10)
    sheets.append(canvas.sheet(leaves(canvas.shape, rng, 50), cover, (0, 0, 0.85)))
    return sheets


def plain(canvas: Canvas) -> Float32:
    """Light ``(H, W, 3)`` of a wall, brighter below."""
    shade = np.linspace(0.25, 0.45, canvas.shape[0], dtype=np.float32)[:, None, None]
    light = np.broadcast_to(shade, (*canvas.shape, 3)) * np.array([1, 0.95, 0.85], np.float32)
    return np.asarray(light, np.float32)
