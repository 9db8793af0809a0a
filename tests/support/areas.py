"""Areas of frames that differ by known levels and terms, and by nothing else."""

from __future__ import annotations

import numpy as np

from focusstack.exposure.areas import Areas
from focusstack.numeric.arrays import Floats, Points

AREAS = 300


def areas(rng: np.random.Generator, log: Floats, places: Points) -> Areas:
    u, v = places.T
    r2 = u * u + v * v
    return Areas(
        log,
        np.stack([r2, r2 * r2, u, v, log], 1),
        np.ones(len(log), bool),
        np.zeros(len(log)),
        np.exp(log),
        u > 0,
        v > 0,
    )


def exact(theta: Floats) -> list[Areas]:
    """Areas of frames that differ by levels and terms and nothing else."""
    rng = np.random.default_rng(0)
    scene = rng.uniform(-3, -0.5, AREAS)
    found = []
    for level, a, b, x, y, e in theta:
        places = rng.uniform(-0.7, 0.7, (AREAS, 2))
        u, v = places.T
        r2 = u * u + v * v
        log = (scene - level - a * r2 - b * r2 * r2 - x * u - y * v) / (1 + e)
        found.append(areas(rng, log, places))
    return found


THETA = np.array(
    [
        [0.3, 0.1, -0.05, 0.02, 0.03, 0.1],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [-0.5, -0.2, 0.1, 0.0, -0.1, -0.05],
        [0.1, 0.05, 0.0, 0.1, 0.0, 0.02],
    ]
)
