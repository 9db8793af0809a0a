"""Which of two layers hides the other."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from focusstack.alignment.parallax.hiding import told_by_hiding
from focusstack.alignment.parallax.nearer_end import nearer_end
from focusstack.alignment.parallax.sharp_outlines import told_by_outlines
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


@cache
def known(sign: int = 1, pixels: float = 30) -> tuple[Series, Poses, SceneDepth, list[Viewpoint]]:
    travel = walked(pixels)
    deep = np.full((HEIGHT // 4, WIDTH // 4), FAR, np.float32)
    deep[:, 50:83] = NEAR
    scene = SceneDepth(sign * deep, *SIZE, 0.2)
    focus = sign * np.linspace(FAR, NEAR, COUNT)
    views = [
        Viewpoint((sign * x, sign * y, 0.0), float(depth))
        for (x, y), depth in zip(travel.tolist(), focus, strict=True)
    ]
    return *still(frames(travel)), scene, views


def test_the_stripe_stands_before_the_wall() -> None:
    assert nearer_end(*known()) == 1


def test_signs_are_told_from_what_is_hidden() -> None:
    assert nearer_end(*known(-1)) == -1


@pytest.mark.parametrize("pixels", [4, 8])
def test_a_short_way_is_not_told_wrongly(pixels: float) -> None:
    # What little is hidden lies beside the outline, where frames disagree anyway.
    assert told_by_hiding(*known(1, pixels)) == 0
    assert nearer_end(*known(1, pixels)) == 1


def test_the_outline_is_sharp_where_the_near_thing_is() -> None:
    assert told_by_outlines(*known()) > 3


def test_nothing_is_hidden_without_travel() -> None:
    series, poses, scene, views = known()
    still_views = [replace(view, travel=(0.0, 0.0, 0.0)) for view in views]
    assert told_by_hiding(series, poses, scene, still_views) == 0
    assert views[REFERENCE].travel == (0.0, 0.0, 0.0)


def test_one_depth_has_no_nearer_end() -> None:
    series, poses, scene, views = known()
    flat = replace(scene, grid=np.zeros_like(scene.grid))
    assert nearer_end(series, poses, flat, views) == 0


def told(*deviations: float) -> int:
    """The end that is found if these are what is told."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(("hiding", "outlines"), deviations, strict=True):
            patch.setattr(
                f"focusstack.alignment.parallax.nearer_end.told_by_{name}",
                lambda *_, value=value: value,
            )
        return nearer_end(*known())


def test_how_sure_it_has_to_be() -> None:
    assert told(2.5, 2.5) == 1  # what a rendered walk tells is above, by less than two times
    assert told(-3.3, -2.9) == -1
    assert told(1.95, 1.01) == 0  # what another tells wrongly
    assert told(3.0, -3.0) == 0
