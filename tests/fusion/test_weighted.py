"""Weights that noise decides, of luma and colour apart or together."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.options import FusionOptions
from tests.fusion.pictures import blurred, fuse, rms, textured


def test_colour_comes_from_the_sharp_frame() -> None:
    colour = textured((120, 160, 3), grain=1.5)
    grey = np.repeat(textured((120, 160))[..., None], 3, axis=2)
    sharp = np.asarray(0.5 * grey + 0.5 * colour, np.float32)
    for method in ("auto", "weighted"):
        image = fuse(method, [blurred(sharp, 3.0), sharp, blurred(sharp, 3.0)]).image
        assert rms(image, sharp) < 0.2 * rms(blurred(sharp, 3.0), sharp)


@pytest.mark.parametrize("method", ["auto", "weighted"])
def test_a_wider_window_is_calmer(method: str) -> None:
    rng = np.random.default_rng(0)
    truth = textured((120, 160))
    frames = [
        np.asarray(f + 0.02 * rng.standard_normal(f.shape), np.float32)
        for f in (truth, blurred(truth, 1.0))
    ]
    calm, lively = (
        fuse(method, frames, options=FusionOptions(method=method, radius=radius)).depth
        for radius in (4.0, 1.0)
    )
    assert np.abs(np.diff(calm)).mean() < 0.7 * np.abs(np.diff(lively)).mean()
