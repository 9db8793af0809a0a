"""A few layers as every frame sees them, and how a change of a layer changes that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.fusion.layers.blur import Blur, picture, spectrum
from focusstack.numeric.arrays import Float32

FAINT = 0.02
"""Share of a layer at a level of depth beneath which that level is left out. Chosen, not
measured."""


@dataclass(frozen=True, eq=False)
class Layers:
    """What a square of the scene consists of, the nearest layer first.

    Attributes
    ----------
    cover : (K, H, W) float32 ndarray
        Share of each pixel that a layer covers, 0..1; the last layer covers all.
    colour : (K, C, H, W) float32 ndarray
        Linear light, also where a layer is hidden or covers nothing.
    """

    cover: Float32
    colour: Float32

    def sharp(self) -> Float32:
        """The square ``(C, H, W)`` with all of it in focus."""
        light = self.colour[-1]
        for cover, colour in zip(self.cover[-2::-1], self.colour[-2::-1], strict=True):
            light = colour * cover + (1 - cover) * light
        return np.asarray(light, np.float32)

    def shares(self) -> Float32:
        """How much of each layer ``(K, H, W)`` is seen in a pixel of the sharp picture."""
        found, open_ = np.empty_like(self.cover), np.ones_like(self.cover[0])
        for k, cover in enumerate(self.cover):
            found[k] = open_ * cover
            open_ = open_ * (1 - cover)
        return found


@dataclass(frozen=True, eq=False)
class Rendered:
    """Layers as frames see them.

    Attributes
    ----------
    light : (n, C, H, W) float32 ndarray
        The frames.
    cover : (n, K, H, W) float32 ndarray
        Blurred coverage of every layer but the last.
    behind : (n, K, C, H, W) float32 ndarray
        What lies behind each layer but the last.
    """

    light: Float32
    cover: Float32
    behind: Float32


class View:
    """Blurs layers as a set of frames does.

    Depth may vary within a layer: each pixel is shared between the two whole focus steps on either
    side of it, and each share is blurred as its step is.

    Parameters
    ----------
    depths : (K, H, W) float32 ndarray
        Of each layer, in frames.
    focus : sequence of int
        Frames that look, by their number.
    blur : Blur
        Of the stack.
    """

    def __init__(self, depths: Float32, focus: Sequence[int], blur: Blur) -> None:
        self._shape = depths.shape[1], depths.shape[2]
        self._levels = [_levels(depth) for depth in depths]
        self._transfers = [
            [
                np.stack([blur.transfer(level - at, self._shape) for level, _ in levels])
                for levels in self._levels
            ]
            for at in focus
        ]
        self.frames = len(focus)

    def blurred(self, planes: Sequence[Float32]) -> Sequence[Sequence[Float32]]:
        """Blur what belongs to each layer ``(m, H, W)``, for every frame and layer."""
        spectra = [
            spectrum(np.stack([share * plane for _, share in levels]))
            for levels, plane in zip(self._levels, planes, strict=True)
        ]
        return [
            [
                picture(_weighted(own, transfer))
                for own, transfer in zip(spectra, transfers, strict=True)
            ]
            for transfers in self._transfers
        ]

    def gathered(self, layer: int, planes: Sequence[Float32]) -> Float32:
        """Blur what frames say of a layer, each ``(m, H, W)``, back into it, and add it up."""
        spectra = [spectrum(plane) for plane in planes]
        total = np.zeros_like(planes[0])
        for j, (_, share) in enumerate(self._levels[layer]):
            parts = [
                own * transfers[layer][j]
                for own, transfers in zip(spectra, self._transfers, strict=True)
            ]
            total += share * picture(_total(parts))
        return total

    def render(self, layers: Layers) -> Rendered:
        """Show layers to every frame."""
        cover, colour = layers.cover, layers.colour
        last = len(cover) - 1
        planes = [np.concatenate([c * a, a[None]]) for c, a in zip(colour, cover, strict=True)]
        planes[last] = colour[last]
        light = np.empty((self.frames, *colour.shape[1:]), np.float32)
        covers = np.empty((self.frames, last, *cover.shape[1:]), np.float32)
        behind = np.empty((self.frames, last, *colour.shape[1:]), np.float32)
        for i, seen in enumerate(self.blurred(planes)):
            light[i] = seen[last]
            for k in range(last - 1, -1, -1):
                behind[i, k], covers[i, k] = light[i], seen[k][-1]
                light[i] = seen[k][:-1] + (1 - covers[i, k]) * behind[i, k]
        return Rendered(light, covers, behind)

    def slopes(self, error: Float32, seen: Rendered, layers: Layers) -> tuple[Float32, Float32]:
        """Return how the sum of ``error * light`` changes with coverage and colour of each layer.

        Parameters
        ----------
        error : (n, C, H, W) float32 ndarray
            Weights of the frames' pixels.
        seen : Rendered
            What `render` gave for the layers.
        layers : Layers
            The same.
        """
        cover, colour = layers.cover, layers.colour
        last = len(cover) - 1
        by_cover, by_colour = np.zeros_like(cover), np.empty_like(colour)
        through = error  # what of it reaches a layer between those before it
        for k in range(last):
            # Coverage hides what is behind: its light is lost, whatever its colour.
            lost = -(through * seen.behind[:, k]).sum(1, keepdims=True)
            found = self.gathered(k, list(np.concatenate([through, lost], axis=1)))
            by_colour[k] = cover[k] * found[:-1]
            by_cover[k] = (colour[k] * found[:-1]).sum(0) + found[-1]
            through = through * (1 - seen.cover[:, k][:, None])
        by_colour[last] = self.gathered(last, list(through))
        return by_cover, by_colour


def _levels(depth: Float32) -> list[tuple[int, Float32]]:
    """Whole focus steps that a layer reaches, and each pixel's share in them."""
    first, last = int(np.floor(depth.min())), int(np.ceil(depth.max()))
    found = [(n, np.maximum(1 - np.abs(depth - np.float32(n)), 0)) for n in range(first, last + 1)]
    kept = [(n, share) for n, share in found if float(share.max()) > FAINT]
    total = _total([share for _, share in kept])
    return [(n, np.asarray(share / total, np.float32)) for n, share in kept]


def _weighted(spectra: Float32, transfer: Float32) -> Float32:
    """Sum over the levels of spectra ``(levels, m, H, W)`` times transfers ``(levels, H, W)``."""
    found: Float32 = np.multiply(spectra[0], transfer[0])
    for part, factor in zip(spectra[1:], transfer[1:], strict=True):
        found += part * factor
    return found


def _total(parts: Sequence[Float32]) -> Float32:
    """Sum in the order given: the same bytes every time."""
    found = parts[0].copy()
    for part in parts[1:]:
        found += part
    return found
