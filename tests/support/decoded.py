"""Pictures of every kind, and how files of them must be read or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import InputError
from focusstack.images.read import Picture, probe, read_picture
from focusstack.numeric.arrays import Image

WIDTH, HEIGHT = 23, 17


def picture(dtype: str, channels: int, seed: int = 0) -> Image:
    """Noise over the whole range of `dtype`; 1 channel gives (H, W)."""
    shape = (HEIGHT, WIDTH) if channels == 1 else (HEIGHT, WIDTH, channels)
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        return rng.random(shape, dtype=np.float32)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def read_checked(path: Path) -> Picture:
    """Read, and check that the probe foretold what came."""
    found = read_picture(path)
    told = probe(path)
    height, width = found.pixels.shape[:2]
    channels = 1 if found.pixels.ndim == 2 else 3
    assert told[:4] == (width, height, channels, found.pixels.dtype)
    assert told.metadata == found.metadata
    assert found.pixels.flags.c_contiguous
    return found


def refused(path: Path, reason: str) -> None:
    """Reading must fail with an InputError that names the file, the reason and a remedy."""
    with pytest.raises(InputError, match=reason) as caught:
        read_picture(path)
    assert path.name in caught.value.message
    assert caught.value.remedy
