"""What is shown of deep pictures is rounded to the nearest code, whatever their shape."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.retouch.working import rounded

EIGHT = np.dtype(np.uint8)


@pytest.mark.parametrize("shape", [(256, 256), (65536, 1), (1, 65536), (3, 7, 3)])
def test_codes_of_16_bits_are_rounded_to_the_nearest_of_8(shape: tuple[int, ...]) -> None:
    codes = np.resize(np.arange(65536, dtype=np.uint16), shape)
    exact = np.rint(codes / 257).astype(np.uint8)  # no code lies halfway: 257 is odd
    found = rounded(codes, EIGHT)
    assert found.dtype == EIGHT
    assert found.shape == shape
    assert np.array_equal(found, exact)
    wide = np.repeat(codes, 2, axis=1)
    assert np.array_equal(rounded(wide[:, ::2], EIGHT), exact)  # a view of a larger picture


def test_what_has_that_depth_already_is_handed_on() -> None:
    codes = np.zeros((2, 2), np.uint8)
    assert rounded(codes, EIGHT) is codes
