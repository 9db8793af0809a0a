"""Small files that make up a stack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from focusstack.numeric.arrays import Image


def noise(seed: int, shape: tuple[int, ...] = (12, 16, 3), dtype: str = "uint8") -> Image:
    values = np.random.default_rng(seed).integers(0, 255, shape)
    return (values / 255).astype(dtype) if dtype == "float32" else values.astype(dtype)


def stack(folder: Path, names: list[str]) -> list[Path]:
    """Write different pictures by these names."""
    for seed, name in enumerate(names):
        Pillow.fromarray(noise(seed)).save(folder / name)
    return [folder / name for name in names]
