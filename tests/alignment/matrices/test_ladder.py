"""Which model a stack is given: the one it needs, and no freer one."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.matrices.ladder import Ladder
from focusstack.alignment.quality.held_out import Held, trimmed_rms
from focusstack.geometry.coordinates import normalised, translation
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
