"""Features of a far wall and a near thing, matched between frames taken from known places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.alignment.parallax.feature_travel import FeatureTravel, travel_from_features
from focusstack.alignment.tiles.matches import Matches, isotropic
from focusstack.geometry.coordinates import transform
from focusstack.geometry.parallax import travel_directions
from focusstack.numeric.arrays import Matrix, Points

WIDTH, HEIGHT = SIZE = 1000, 750
REFERENCE = 1
PAIRS = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)]
TRAVEL = np.array([[-24.0, 8.0], [0.0, 0.0], [15.0, -5.0], [33.0, 2.0]])
"""By how much the near thing is displaced against the wall, pixels."""


@dataclass(frozen=True)
class Tracks:
    """Where every point lies in every frame ``(n, N, 2)``; the last `near` points are near."""

    places: np.ndarray
    near: int

    @classmethod
    def of(
        cls, far: int = 300, near: int = 60, travel: np.ndarray = TRAVEL, noise: float = 0.4
    ) -> Tracks:
        """A wall all over the picture, and a thing in the middle of it."""
        rng = np.random.default_rng(5)
        wall = rng.uniform((0, 0), SIZE, (far, 2))
        thing = rng.uniform((350, 250), (650, 500), (near, 2))
        steps = np.zeros((len(travel), far + near, 2))
        steps[:, far:] = travel[:, None]
        places = np.concatenate([wall, thing]) + steps
        return cls(places + rng.normal(0, noise, places.shape), near)

    def matches(self, wrong: int = 0, reach: float = 110) -> list[Matches]:
        """Matches of all pairs; `wrong` ones besides, up to `reach` from where they should be."""
        rng = np.random.default_rng(6)
        found = []
        for i, j in PAIRS:
            angle = rng.uniform(0, 2 * np.pi, wrong)
            away = reach * np.sqrt(rng.uniform(0, 1, wrong))
            p = rng.uniform((0, 0), SIZE, (wrong, 2))
            q = p + (away * (np.cos(angle), np.sin(angle))).T
            both = np.concatenate([self.places[i], p]), np.concatenate([self.places[j], q])
            found.append(Matches(i, j, *both, isotropic(len(both[0]), 0.5)))
        return found

    def followed(self, wrong: int = 0) -> FeatureTravel | None:
        """What is made of the matches, from matrices that suit the wall."""
        still = np.stack([np.eye(3)] * len(self.places))
        return travel_from_features(self.matches(wrong), still, REFERENCE, SIZE)


def in_frame(found: FeatureTravel, k: int) -> Points:
    """Where in frame `k` the tracks that were found must be."""
    steps = travel_directions(found.places, SIZE) @ found.travel[k] * 0.5 * np.hypot(*SIZE)
    back: Matrix = np.linalg.inv(found.matrices[k])
    return transform(back, found.places + steps * found.depth[:, None])
