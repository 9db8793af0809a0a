"""Periodic light that can be shifted and blurred exactly, and what tiles measure of it."""

from __future__ import annotations

import numpy as np

from focusstack.alignment.tiles.shifts import TileShifts, band_pass, tile_shifts
from focusstack.numeric.arrays import Float32, Floats

WIDTH, HEIGHT = 384, 288
TILE = 96
BANDS = [(1.0, 6.0), (2.0, 10.0)]


def frequencies() -> tuple[Floats, Floats]:
    fx, fy = np.fft.fftfreq(WIDTH), np.fft.fftfreq(HEIGHT)
    return np.asarray(fx[None], float), np.asarray(fy[:, None], float)


def texture(seed: int = 1) -> Floats:
    """Periodic linear light with detail at all scales, little of it finer than four pixels."""
    fx, fy = frequencies()
    f = np.hypot(fx, fy)
    amplitude = np.exp(-np.square(f / 0.12)) / np.maximum(f, 1 / 64)
    grain = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH))
    light = np.fft.ifft2(np.fft.fft2(grain) * amplitude).real
    return np.asarray(0.35 + 0.08 * (light - light.mean()) / light.std(), float)


def moved(light: Floats, x: float = 0, y: float = 0, blur: float = 0) -> Float32:
    """Shift periodic light exactly, and blur it by a Gaussian of `blur` pixels."""
    fx, fy = frequencies()
    phase = np.exp(-2j * np.pi * (fx * x + fy * y))
    soft = np.exp(-2 * np.square(np.pi * blur) * (fx**2 + fy**2))
    return np.asarray(np.fft.ifft2(np.fft.fft2(light) * phase * soft).real, np.float32)


def measured(
    a: Float32,
    b: Float32,
    band: tuple[float, float] = BANDS[0],
    valid: Float32 | None = None,
) -> TileShifts:
    whole = np.ones(a.shape, np.float32)
    valid = whole if valid is None else valid
    return tile_shifts(band_pass(a, *band), band_pass(b, *band), valid, TILE)
