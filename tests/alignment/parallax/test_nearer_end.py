"""Which of two layers hides the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from focusstack.alignment.parallax.nearer_end import nearer_end
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from tests.alignment.parallax.known_layers import (
    COUNT,
    FAR,
    HEIGHT,
    NEAR,
    REFERENCE,
    SIZE,
    WIDTH,
    frames,
    still,
)
from tests.alignment.parallax.test_plane_sweep import walked


def known(sign: int = 1, pixels: float = 30) -> tuple[Series, Poses, SceneDepth, list[Viewpoint]]:
    travel = walked(pixels)
    deep = np.full((HEIGHT // 4, WIDTH // 4), FAR, np.float32)
    deep[:, 50:83] = NEAR
    scene = SceneDepth(sign * deep, *SIZE, 0.2)
    views = [Viewpoint((sign * x, sign * y, 0.0), 0.0) for x, y in travel.tolist()]
    return *still(frames(travel)), scene, views


def test_the_stripe_stands_before_the_wall() -> None:
    assert nearer_end(*known()) == 1


def test_signs_are_told_from_what_is_hidden() -> None:
    assert nearer_end(*known(-1)) == -1


def test_without_travel_nobody_can_tell() -> None:
    series, poses, scene, views = known()
    still_views = [replace(view, travel=(0.0, 0.0, 0.0)) for view in views]
    assert nearer_end(series, poses, scene, still_views) == 0
    assert len(views) == COUNT
    assert views[REFERENCE].travel == (0.0, 0.0, 0.0)
