"""Luma and colour differences."""

from __future__ import annotations

import numpy as np

from focusstack.fusion.levels.luminance import join, luma_of, split
from tests.fusion.pictures import white


def test_luma_and_chroma_join_to_the_picture() -> None:
    image = white((37, 41, 3), 1.0)
    luma, chroma = np.empty((37, 41), np.float32), np.empty((37, 41, 2), np.float32)
    split(image, luma, chroma)
    np.testing.assert_allclose(luma, luma_of(image), atol=1e-6)
    np.testing.assert_allclose(chroma, image[..., ::2] - luma[..., None], atol=1e-5)
    np.testing.assert_allclose(join(luma, chroma), image, atol=1e-5)
