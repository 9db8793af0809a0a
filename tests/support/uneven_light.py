"""Stacks whose frames differ by more than a gain, in a way that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.exposure.gains import register_blocks
from focusstack.exposure.shading import EVEN, Shading
from focusstack.exposure.terms import Terms, choose_terms
from focusstack.frames.proxies.proxy import make_proxy
from focusstack.images.colour import encode, linearise, to_dtype
from focusstack.numeric.arrays import Float32, Floats, Image
from focusstack.scene.stack import RenderedStack


@dataclass(frozen=True)
class Fault:
    """What makes a frame's light as it should be."""

    shading: Shading = EVEN
    exponent: float = 1.0


def grid(size: tuple[int, int], step: int = 1) -> Floats:
    """Every so many-th pixel of a frame, row by row."""
    x, y = np.meshgrid(np.arange(0, size[0], step), np.arange(0, size[1], step))
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)


def factor(shading: Shading, size: tuple[int, int]) -> Float32:
    """The factor ``(H, W, 1)`` at every pixel."""
    log = shading.logarithm(grid(size), size)
    return np.exp(log).reshape(size[1], size[0], 1).astype(np.float32)


def spoilt(frame: Image, fault: Fault) -> Image:
    """The frame as it is recorded with that fault: `fault` undoes it."""
    size = (frame.shape[1], frame.shape[0])
    light = linearise(frame) / factor(fault.shading, size)
    return to_dtype(encode(np.power(light, np.float32(1 / fault.exponent))), frame.dtype)


def with_faults(stack: RenderedStack, faults: Sequence[Fault]) -> RenderedStack:
    """The stack with a fault in each frame."""
    frames = [spoilt(f, fault) for f, fault in zip(stack.frames, faults, strict=True)]
    return replace(stack, frames=frames)


def terms_of(stack: RenderedStack) -> Terms:
    """What `choose_terms` says of a stack whose matrices are known."""
    facts = [make_proxy(frame, 1.0)[1] for frame in stack.frames]
    blocks = [register_blocks(f, H) for f, H in zip(facts, stack.matrices, strict=True)]
    count = len(blocks)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count) if j - i in (1, 2, 4)]
    height, width = stack.frames[0].shape[:2]
    return choose_terms(blocks, stack.matrices, pairs, stack.reference, (width, height))
