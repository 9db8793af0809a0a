"""Pictures, and what is done with them, that the tests of fusion share."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.base import Fused
from focusstack.fusion.levels.implicit_band import Unstored
from focusstack.fusion.registry import make_fuser
from focusstack.numeric.arrays import Float32
from focusstack.options import FusionOptions
from focusstack.runtime.strips import Crew


def white(shape: tuple[int, ...], sigma: float, seed: int = 0) -> Float32:
    rng = np.random.default_rng(seed)
    return (sigma * rng.standard_normal(shape)).astype(np.float32)


def planar(picture: Float32) -> Float32:
    """A picture ``(H, W, C)`` as planes ``(C, H, W)``."""
    return picture if picture.ndim == 2 else np.ascontiguousarray(picture.transpose(2, 0, 1))


def unstored(band: Float32) -> Unstored:
    """A band as the difference of a picture and nothing."""
    *channels, height, width = band.shape
    half = np.zeros((*channels, (height + 1) // 2, (width + 1) // 2))
    return Unstored(band, half.astype(np.float32), Crew(1))


def textured(shape: tuple[int, ...], seed: int = 0, grain: float = 0.7) -> Float32:
    """A picture with detail at every scale, 0.1..0.9."""
    rng = np.random.default_rng(seed)
    image = np.zeros(shape, np.float32)
    for sigma in (grain, 2.0, 6.0):
        layer = rng.standard_normal(shape).astype(np.float32)
        layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma))
        image += layer / layer.std()
    return np.asarray(np.clip(0.5 + 0.1 * image, 0.1, 0.9), np.float32)


def blurred(image: Float32, sigma: float) -> Float32:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def fuse(
    method: str,
    frames: list[Float32],
    validity: list[Float32] | None = None,
    options: FusionOptions | None = None,
) -> Fused:
    fuser = make_fuser(frames[0].shape, len(frames), options or FusionOptions(method=method))
    for _ in range(fuser.passes):
        for index, frame in enumerate(frames):
            fuser.add(frame, None if validity is None else validity[index])
        fuser.end_pass()
    return fuser.result()


def rms(a: Float32, b: Float32, inset: int = 8) -> float:
    d = (a - b)[inset:-inset, inset:-inset]
    return float(np.sqrt(np.mean(d * d)))


def two_layers(shape: tuple[int, ...]) -> tuple[Float32, list[Float32]]:
    """Truth and two frames: the left half sharp in the first, the right half in the second."""
    truth = textured(shape)
    soft = blurred(truth, 2.5)
    left = np.zeros(shape, bool)
    left[:, : shape[1] // 2] = True
    return truth, [np.where(left, truth, soft), np.where(left, soft, truth)]
