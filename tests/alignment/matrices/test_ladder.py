"""Which model a stack is given: the one it needs, and no freer one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.alignment.matrices.ladder import Choice, Ladder, gains_enough
from focusstack.alignment.matrices.models import MODELS
from focusstack.alignment.quality.held_out import Held, trimmed_rms
from focusstack.geometry.coordinates import normalised, translation
from focusstack.geometry.lens import recorded
from tests.alignment.matrices.known_stacks import (
    FRAMES,
    REFERENCE,
    SIZE,
    affine,
    inverse,
    matched,
    stack_of,
)


def chosen(name: str, seed: int, sigma: float = 0.05) -> tuple[str, dict[str, float], list[Held]]:
    """Climb the ladder on synthetic tiles of a stack that moves as `name` says."""
    truth = stack_of(name, seed)
    # The present matrices are good to a pixel when the last choice is made.
    near = np.stack([H if k == REFERENCE else translation(0.5, -0.4) @ H
                     for k, H in enumerate(truth)])  # fmt: skip
    anchors = matched(truth, sigma=1.0, count=40, seed=seed + 100)
    ladder = Ladder(SIZE, REFERENCE, near, anchors)
    choice = ladder.choose(matched(truth, sigma, outliers=0.03, count=120, seed=seed), near)
    return choice.model.name, choice.evidence, choice.held


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["similarity", "rotation", "affine"])
def test_a_stack_is_given_the_model_it_needs(name: str, seed: int) -> None:
    model, evidence, held = chosen(name, seed)
    assert model == name
    # The evidence is the held-out error of every model tried; nothing beats the noise.
    assert evidence[model] == pytest.approx(0.05 * np.sqrt(2), rel=0.25)
    assert trimmed_rms(held) == evidence[model]


def test_a_homography_is_not_squeezed_into_less() -> None:
    model, evidence, _ = chosen("homography", seed=1)
    assert model == "homography"
    assert evidence["similarity"] > 5 * evidence["homography"]


@pytest.mark.parametrize("seed", range(2))
def test_noise_does_not_hide_what_every_pair_says(seed: int) -> None:
    """Tiles worse than what the stiffer model leaves: together they still tell."""
    rng = np.random.default_rng(seed)
    still = np.stack([np.eye(3)] * FRAMES)
    drawn = [affine(rng, 0.00015) for _ in range(FRAMES)]
    bent = np.stack([normalised(inverse(drawn[REFERENCE]) @ H) for H in drawn])
    found = {}
    for name, truth in (("bent", bent), ("still", still)):
        ladder = Ladder(SIZE, REFERENCE, truth, [])
        tiles = matched(truth, sigma=0.14, count=1500, seed=seed)
        found[name] = ladder.choose(tiles, truth)
    assert found["still"].model.name == "similarity"
    assert found["bent"].model.name == "affine"
    evidence = found["bent"].evidence
    assert evidence["affine"] > 0.85 * min(evidence["similarity"], evidence["rotation"])


# What a step up must gain -----------------------------------------------------------------------


def left(name: str, px: float, median: float = 0.1, gaining: float = 0.0) -> Choice:
    """What a model leaves: `px` of the tiles, `median` in pairs, less of it in some of 20 pairs."""
    held = []
    for k in range(20):
        length = median * (0.9 if k < 20 * gaining else 1.0)
        vectors = np.tile(np.array([length, 0], np.float32), (30, 1))
        held.append(Held(k, k + 1, np.zeros_like(vectors), vectors, np.ones(30, bool)))
    return Choice(MODELS[name], {name: px}, held)


@pytest.mark.parametrize(
    ("best", "freer", "too_little", "enough"),
    [
        ("similarity", "rotation", 0.985, 0.95),  # a few numbers for the whole stack
        ("rotation", "homography", 0.89, 0.8),  # some for every frame
        ("rotation", "lens", 0.94, 0.86),
        ("rotation", "changing lens", 0.94, 0.86),
    ],
)
def test_the_more_freedom_the_more_must_be_gained(
    best: str, freer: str, too_little: float, enough: float
) -> None:
    assert not gains_enough(left(freer, too_little), left(best, 1.0))
    assert gains_enough(left(freer, enough), left(best, 1.0))


def test_thousandths_of_a_pixel_are_no_gain() -> None:
    assert not gains_enough(left("rotation", 0.0075), left("similarity", 0.0105))
    assert gains_enough(left("rotation", 0.0045), left("similarity", 0.0105))


@pytest.mark.parametrize(
    ("px", "gaining", "enough"), [(0.98, 0.95, True), (0.98, 0.7, False), (0.995, 0.95, False)]
)
def test_a_small_gain_is_one_if_nearly_all_pairs_have_it(
    px: float, gaining: float, enough: bool
) -> None:
    stiff = left("rotation", 1.0)
    assert gains_enough(left("homography", px, gaining=gaining), stiff) == enough
    # A lens, which blur can look like, must gain more.
    assert not gains_enough(left("changing lens", px, gaining=gaining), stiff)


@pytest.mark.parametrize(
    ("sigma", "telling", "sure"),
    [(0.2, False, False), (0.11, True, False), (0.09, True, False), (0.055, True, True)],
)
def test_only_good_tiles_tell_models_apart_and_better_ones_contradict(
    sigma: float, telling: bool, sure: bool
) -> None:
    truth = stack_of("similarity")
    tiles = matched(truth, sigma)
    held = Ladder(SIZE, REFERENCE, truth, []).judged(MODELS["similarity"], tiles, truth).held
    assert (sum(len(h.places) for h in held) == sum(len(m.p) for m in tiles)) == telling
    assert (len(held) > 0) == telling
    assert all(h.sure.all() == sure for h in held)


@pytest.mark.parametrize(("bend", "tried"), [(0.0002, False), (0.0009, True)])
def test_lenses_are_tried_where_one_look_promises_something(bend: float, tried: bool) -> None:
    truth = stack_of("perspective")
    tiles = matched(truth, sigma=0.1)
    rng = np.random.default_rng(3)
    bends = np.stack([rng.normal(0, bend, FRAMES), np.zeros(FRAMES)], 1)
    tiles = [
        replace(m, p=recorded(m.p, bends[m.first], SIZE), q=recorded(m.q, bends[m.second], SIZE))
        for m in tiles
    ]
    evidence = Ladder(SIZE, REFERENCE, truth, []).choose(tiles, truth).evidence
    assert ("changing lens" in evidence) == tried
