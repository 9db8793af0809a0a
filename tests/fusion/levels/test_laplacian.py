"""Pyramids: what is taken apart comes together again."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.fusion.levels.laplacian import LaplacianPyramid, collapse, level_shapes
from tests.fusion.pictures import white


@settings(max_examples=30, deadline=None)
@given(
    st.integers(8, 70), st.integers(8, 70), st.sampled_from([(), (2,), (3,)]), st.integers(0, 99)
)
def test_pyramid_collapses_to_the_image(
    height: int, width: int, channels: tuple[int, ...], seed: int
) -> None:
    image = white((height, width, *channels), 1.0, seed)
    pyramid = LaplacianPyramid(image.shape)
    pyramid.decompose(image)
    np.testing.assert_allclose(collapse(pyramid.bands, pyramid.base), image, atol=1e-5)


def test_every_image_has_a_band_and_a_base() -> None:
    assert level_shapes(8, 9) == [(8, 9), (4, 5)]
    assert min(min(s) for s in level_shapes(4000, 6000)) >= 8


def test_levels_are_eight_at_most_and_no_smaller_than_eight_pixels() -> None:
    assert level_shapes(40, 40) == [(40, 40), (20, 20), (10, 10)]
    assert len(level_shapes(100_000, 100_000)) == 9
