"""Where in the stack every part of the picture is sharp."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.parallax.focus_index import (
    FILL_SIGMAS,
    NEAR_SIGMA,
    focus_index,
    sharpness,
)
from focusstack.numeric.arrays import Float32
from focusstack.numeric.normalised_convolution import filled_from_sure
from tests.alignment.parallax.known_layers import COUNT, HEIGHT, WIDTH, frames, still


def test_focus_index_tells_the_layers_apart() -> None:
    proxies = frames(np.zeros((COUNT, 2)))
    series, poses = still(proxies)
    index, _ = focus_index(series, poses, lambda _: None)
    assert index.shape == (HEIGHT, WIDTH)
    assert np.median(index[20:-20, 230:300]) == pytest.approx(COUNT - 1, abs=0.2)
    assert np.median(index[20:-20, 40:160]) == pytest.approx(0, abs=0.2)


def test_depth_is_a_guess_where_nothing_is_sharp() -> None:
    proxies = frames(np.zeros((COUNT, 2)))
    for proxy in proxies:
        proxy.luma[120:280, 380:540] = 0.5
    _, guessed = focus_index(*still(proxies), lambda _: None)
    assert guessed[160:240, 420:500].mean() > 0.9
    assert guessed[20:-20, 40:180].mean() < 0.1


# The measure and what stands in where there is none ---------------------------------------------


@pytest.mark.parametrize(("wavelength", "energy"), [(4, 0.152), (20, 0.056)])
def test_the_measure_sees_what_is_coarser_than_noise_and_finer_than_blur(
    wavelength: int, energy: float
) -> None:
    """Of a wave of amplitude one: what the difference of two Gaussians leaves, squared."""
    wave = np.sin(2 * np.pi * np.arange(400) / wavelength).astype(np.float32)
    found = sharpness(np.tile(wave, (120, 1)))[20:40, 50:150]
    assert found.mean() == pytest.approx(energy, rel=0.15)


def test_the_measure_of_a_thin_thing_is_thin() -> None:
    dot = np.zeros((100, 120), np.float32)
    dot[50, 60] = 1
    energy = sharpness(dot).sum(0)
    x = np.arange(len(energy))
    spread = np.sqrt(np.average((x - np.average(x, weights=energy)) ** 2, weights=energy))
    assert spread == pytest.approx(1.3, rel=0.2)  # in pixels of half the size


def measured(index: Float32, certainty: Float32) -> tuple[Float32, Float32]:
    """The middle row of what is told of pictures whose columns are alike."""
    values, sure = (np.tile(row.astype(np.float32), (64, 1)) for row in (index, certainty))
    found, guessed = filled_from_sure(values, sure, FILL_SIGMAS, NEAR_SIGMA)
    return found[32], guessed[32]


def test_what_is_sure_is_told_as_it_is() -> None:
    step = (np.arange(300) >= 150).astype(np.float32)
    found, guessed = measured(step, np.ones(300, np.float32))
    assert found[149] == pytest.approx(0.11, abs=0.04)
    assert found[147] < 0.01
    assert not guessed.any()


def test_where_nothing_is_sure_what_is_near_counts_first() -> None:
    """The index rises towards column 100, beyond which nothing is sure."""
    sure = (np.arange(300) < 100).astype(np.float32)
    rising = (np.minimum(np.arange(300), 99) / 100).astype(np.float32)
    found, guessed = measured(rising, sure)
    assert found[[103, 106, 120, 160]] == pytest.approx([0.95, 0.89, 0.81, 0.87], abs=0.025)
    # Two pixels away a third of what counts is still near; six away it is a guess.
    assert guessed[[100, 101, 102, 106]] == pytest.approx([0, 0.25, 0.66, 1], abs=0.1)
