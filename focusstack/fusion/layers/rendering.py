"""A few layers as every frame sees them, and how a change of a layer changes that."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from focusstack.fusion.layers.blur import Blur, picture, spectrum
from focusstack.numeric.arrays import Float32

FAINT = 0.02
"""Share of a layer at a level of depth beneath which that level is left out. Chosen, not
measured."""

LEVEL_PX = 1.5
"""Radius in pixels of the blur from one level of depth to the next, at most, where focus steps are
finer: between levels discs are mixed."""


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

    Depth may vary within a layer: each pixel is shared between the two levels of depth on either
    side of it, and each share is blurred as its level is. Memory that is written again and again
    is kept: one thread at a time.

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
        self.frames = len(focus)
        self._shares: list[Float32] = []
        self._by_frame: list[Float32] = []
        self._by_level: list[Float32] = []
        for depth in depths:
            levels, shares = _levels(depth, spacing(blur.step))
            factors = [
                [blur.transfer(level - at, self._shape).reshape(-1) for level in levels]
                for at in focus
            ]
            self._shares.append(shares)
            self._by_frame.append(np.stack([np.stack(own) for own in factors]))
            self._by_level.append(np.ascontiguousarray(np.swapaxes(self._by_frame[-1], 0, 1)))
        self._kept: dict[tuple[str, tuple[int, ...]], Float32] = {}

    def some(self, which: slice) -> View:
        """Return the view of some of the frames; memory is shared with this one."""
        found = copy(self)
        found._by_frame = [factors[which] for factors in self._by_frame]
        found._by_level = [np.ascontiguousarray(factors[:, which]) for factors in self._by_level]
        found.frames = len(found._by_frame[0])
        return found

    def blurred(self, planes: Sequence[Float32]) -> Sequence[Sequence[Float32]]:
        """Blur what belongs to each layer ``(m, H, W)``, for every frame and layer."""
        seen = self._spectra(planes)
        return [
            [picture(self._mixed(spectra, factors[i])) for spectra, factors in seen]
            for i in range(self.frames)
        ]

    def render(self, layers: Layers, into: Rendered | None = None) -> Rendered:
        """Show layers to every frame.

        Parameters
        ----------
        layers : Layers
            What there is.
        into : Rendered, optional
            What an earlier call gave, and is written over.
        """
        from focusstack.fusion.layers.loops.rendering import lay

        cover, colour = layers.cover, layers.colour
        last, channels, flat = len(cover) - 1, colour.shape[1], (-1, cover[0].size)
        planes = [np.concatenate([c * a, a[None]]) for c, a in zip(colour, cover, strict=True)]
        planes[last] = colour[last]
        if into is None:
            into = Rendered(
                np.empty((self.frames, *colour.shape[1:]), np.float32),
                np.empty((self.frames, last, *cover.shape[1:]), np.float32),
                np.empty((self.frames, last, *colour.shape[1:]), np.float32),
            )
        spectra, laid = self._spectra(planes), lay()
        seen = self._room("seen", (channels + 1, *self._shape))
        for i in range(self.frames):
            light = into.light[i]
            picture(self._mixed(spectra[last][0], spectra[last][1][i]), light)
            for k in range(last - 1, -1, -1):
                picture(self._mixed(spectra[k][0], spectra[k][1][i]), seen)
                laid(
                    seen.reshape(flat), light.reshape(flat), into.cover[i, k].reshape(-1),
                    into.behind[i, k].reshape(flat),
                )  # fmt: skip
        return into

    def slopes(self, error: Float32, seen: Rendered, layers: Layers) -> tuple[Float32, Float32]:
        """Return how the sum of ``error * light`` changes with coverage and colour of each layer.

        Parameters
        ----------
        error : (n, C, H, W) float32 ndarray
            Weights of the frames' pixels; written over.
        seen : Rendered
            What `render` gave for the layers.
        layers : Layers
            The same.
        """
        from focusstack.fusion.layers.loops.rendering import pass_on

        cover, colour = layers.cover, layers.colour
        last, channels, flat = len(cover) - 1, colour.shape[1], (-1, cover[0].size)
        by_cover, by_colour = np.zeros_like(cover), np.empty_like(colour)
        asked = self._room("asked", (channels + 1, *self._shape))
        spectra, passed = self._room("asks", (self.frames, *asked.shape)), pass_on()
        for k in range(last):
            for i in range(self.frames):
                passed(
                    error[i].reshape(flat), seen.behind[i, k].reshape(flat),
                    seen.cover[i, k].reshape(-1), asked.reshape(flat),
                )  # fmt: skip
                spectrum(asked, spectra[i])
            found = self._gathered(k, spectra)
            by_colour[k] = cover[k] * found[:-1]
            by_cover[k] = (colour[k] * found[:-1]).sum(0) + found[-1]
        behind = self._room("behind", (self.frames, channels, *self._shape))
        for i in range(self.frames):
            spectrum(error[i], behind[i])
        by_colour[last] = self._gathered(last, behind)
        return by_cover, by_colour

    def _spectra(self, planes: Sequence[Float32]) -> list[tuple[Float32, Float32]]:
        """Of what belongs to each layer at each level, with the factors of every frame."""
        found = []
        for k, (shares, plane) in enumerate(zip(self._shares, planes, strict=True)):
            spectra = self._room(f"level {k}", (len(shares), *plane.shape))
            cut = self._room(f"cut {k}", plane.shape)
            for share, into in zip(shares, spectra, strict=True):
                np.multiply(plane, share, out=cut)
                spectrum(cut, into)
            found.append((spectra, self._by_frame[k]))
        return found

    def _gathered(self, layer: int, spectra: Float32) -> Float32:
        """Blur what frames say of a layer, ``(n, m, H, W)``, back into it, and add it up."""
        total = np.zeros(spectra.shape[1:], np.float32)
        back = self._room("back", total.shape)
        for share, factors in zip(self._shares[layer], self._by_level[layer], strict=True):
            picture(self._mixed(spectra, factors), back)
            back *= share
            total += back
        return total

    def _mixed(self, spectra: Float32, factors: Float32) -> Float32:
        """Sum of spectra ``(L, m, H, W)``, each by its factors."""
        from focusstack.fusion.layers.loops.rendering import mix

        out = self._room("mixed", spectra.shape[1:])
        size = out[0].size
        mix()(spectra.reshape(*spectra.shape[:2], size), factors, out.reshape(-1, size))
        return out

    def _room(self, name: str, shape: tuple[int, ...]) -> Float32:
        """Memory that is written over the next time it is asked for."""
        if (name, shape) not in self._kept:
            self._kept[name, shape] = np.empty(shape, np.float32)
        return self._kept[name, shape]


def spacing(step: float) -> int:
    """Whole focus steps from one level of depth to the next, for a blur to the step in pixels."""
    return max(1, int(LEVEL_PX / step)) if step > 0 else 1


def _levels(depth: Float32, apart: int) -> tuple[list[int], Float32]:
    """Levels that a layer reaches, in frames, and each pixel's share in them ``(L, H, W)``."""
    first, last = int(np.floor(depth.min())), int(np.ceil(depth.max()))
    levels = list(range(first, last + apart, apart))
    gap = np.float32(1 / apart)
    shares = np.stack([np.maximum(1 - gap * np.abs(depth - np.float32(n)), 0) for n in levels])
    kept = [j for j, share in enumerate(shares) if float(share.max()) > FAINT]
    shares = shares[kept]
    return [levels[j] for j in kept], np.asarray(shares / shares.sum(0), np.float32)
