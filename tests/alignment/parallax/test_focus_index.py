"""Where in the stack every part of the picture is sharp."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.parallax.focus_index import focus_index
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
