"""Arrays, fused in one call or pass by pass."""

from __future__ import annotations

import numpy as np
import pytest

import focusstack.fusion
from focusstack.errors import UsageError
from focusstack.fusion.passes import fuse, run_passes
from focusstack.fusion.registry import FUSERS, make_fuser
from focusstack.images.colour import to_dtype
from focusstack.numeric.arrays import Float32
from focusstack.options import FusionOptions
from tests.fusion.pictures import rms, two_layers


@pytest.mark.parametrize("method", sorted(FUSERS))
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_arrays_of_every_dtype_are_fused(method: str, dtype: str) -> None:
    truth, frames = two_layers((80, 96, 3))
    given = [to_dtype(frame, np.dtype(dtype)) for frame in frames]
    before = [frame.copy() for frame in given]
    fused = fuse(given, FusionOptions(method=method))
    assert fused.image.dtype == np.float32
    assert rms(fused.image, truth) < 0.3 * min(rms(frame, truth) for frame in frames)
    for then, now in zip(before, given, strict=True):
        np.testing.assert_array_equal(then, now)


def test_read_only_arrays_and_validity_are_taken() -> None:
    _, frames = two_layers((40, 48))
    validity = [np.full((40, 48), 200, np.uint8) for _ in frames]
    for frame, known in zip(frames, validity, strict=True):
        frame.flags.writeable = known.flags.writeable = False
    fuser = make_fuser((40, 48), 2)
    fused = run_passes(fuser, lambda _: zip(frames, validity, strict=True))
    np.testing.assert_allclose(fused.image, fuse(frames).image, atol=1e-3)


def test_frames_are_asked_for_once_a_pass() -> None:
    _, frames = two_layers((40, 48))
    seen = list[int]()

    def once(number: int) -> list[tuple[Float32, None]]:
        seen.append(number)
        return [(frame, None) for frame in frames]

    run_passes(make_fuser((40, 48), 2, FusionOptions(method="depth")), once)
    assert seen == [0, 1]


def test_what_cannot_be_fused_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to fuse"):
        fuse([])
    with pytest.raises(ValueError, match="one shape"):
        fuse([np.zeros((32, 32), np.float32), np.zeros((32, 33), np.float32)])
    with pytest.raises(ValueError, match="one dtype"):
        fuse([np.zeros((32, 32), np.float32), np.zeros((32, 32), np.uint8)])


def test_what_the_package_names_is_there() -> None:
    assert dir(focusstack.fusion) == sorted(focusstack.fusion.__all__)
    for name in focusstack.fusion.__all__:
        assert getattr(focusstack.fusion, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        _ = focusstack.fusion.magic
