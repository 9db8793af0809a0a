"""What pass 1 found of small stacks that were never photographed: every number is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.alignment.displacement import Displacement
from focusstack.alignment.parallax.search import Parallax
from focusstack.alignment.quality.accuracy import Certainty
from focusstack.alignment.quality.closure import Closure
from focusstack.alignment.quality.contradiction import Disagreement
from focusstack.alignment.quality.elsewhere import Elsewhere
from focusstack.alignment.quality.held_out import HeldOut
from focusstack.alignment.quality.residual import Residual
from focusstack.alignment.refine import Refined
from focusstack.alignment.tiles.poses import Poses
from focusstack.exposure.shading import EVEN
from focusstack.exposure.terms import Terms
from focusstack.exposure.trial import LightChoice
from focusstack.first_pass.findings import Findings
from focusstack.first_pass.light import Light
from focusstack.first_pass.measure import Measured
from focusstack.frames.proxies.proxy import Proxy, Statistics
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Floats
from focusstack.runtime.spool import Spool

SIZE = (400, 300)
"""Of the proxies."""


def statistics(light: float = 0.2, detail: float = 0.0, clipped: float = 0.0) -> Statistics:
    """Statistics of an evenly lit frame whose detail is stronger by this logarithm."""
    return Statistics(
        np.full((4, 6, 3), light, np.float32),
        np.full((4, 6), 1 - clipped, np.float32),
        np.full((4, 6), 2 * detail, np.float32),
        float(np.exp(detail)),
        clipped,
        np.full(3, 0.9),
    )


def flat_proxy(_: int) -> Proxy:
    return Proxy(np.zeros((300, 400), np.float32), np.zeros((300, 400), np.uint8))


@dataclass
class Stack:
    """Five frames on one spot that are aligned perfectly, but for what is said otherwise.

    All lengths are proxy pixels.
    """

    count: int = 5
    scale: float = 1.0
    lost: dict[int, str] = field(default_factory=dict)
    order: Sequence[int] | None = None
    details: dict[int, float] = field(default_factory=dict)
    precision: dict[int, float] = field(default_factory=dict)
    structure: float = 0.0
    blur: float = 0.0
    apart: dict[int, float] = field(default_factory=dict)
    shares: dict[int, float] = field(default_factory=dict)
    missing: dict[int, float] = field(default_factory=dict)
    support: dict[int, float] = field(default_factory=dict)
    without_tiles: Sequence[int] = ()
    gains: dict[int, float] = field(default_factory=dict)
    displaced: bool = False
    after: float = 0.0
    guessed: dict[int, float] | None = None
    elsewhere: dict[int, float] = field(default_factory=dict)

    @property
    def poses(self) -> Poses:
        matrices = np.stack([np.eye(3) * (np.nan if k in self.lost else 1) for k in self.frames])
        return Poses.unbent(matrices, 0, SIZE)

    @property
    def frames(self) -> range:
        return range(self.count)

    def array(self, given: dict[int, float], usual: float = 0.0) -> Floats:
        """Of the frames that are used."""
        return np.array([given.get(k, usual) for k in self.frames if k not in self.lost])

    def measured(self) -> Measured:
        return Measured(
            list(self.order or self.frames),
            [f"{k}.jpg" for k in self.frames],
            [statistics(detail=self.details.get(k, 0.3 * k)) for k in self.frames],
            flat_proxy,
            Spool(),
            self.scale,
            SIZE,
            (),
            [None] * self.count,
        )

    def coarse(self) -> Coarse:
        used = tuple(k not in self.lost for k in self.frames)
        return Coarse(self.poses.matrices, used, 0, (), (), dict(self.lost))

    def refined(self) -> Refined:
        some = Residual(0.02, 0.05, 0.06, 100)
        kept = [k for k in self.frames if k not in self.lost]
        alike = np.ones(len(kept))
        return Refined(
            poses=self.poses,
            model="similarity",
            evidence={"similarity": 0.04},
            frames=[None if k in (*self.lost, *self.without_tiles) else some for k in self.frames],
            stack=some,
            kept=kept,
            certainty=Certainty(
                self.array(self.precision),
                self.structure * alike,
                self.blur * alike,
                self.array(self.support, 1.0),
            ),
            closures=[Closure(0, 1, 20, 0.03)],
            disagreement=Disagreement(
                self.array(self.shares), self.array(self.apart), self.array(self.missing)
            ),
        )

    def displacement(self) -> Displacement | None:
        if not self.displaced:
            return None
        parallax = None
        if self.guessed is not None:
            scene = SceneDepth(np.zeros((4, 5), np.float32), *SIZE, 0.2)
            views = tuple(None if k in self.lost else Viewpoint((0, 0, 0), 0) for k in self.frames)
            guessed = np.array([self.guessed.get(k, 0.0) for k in self.frames])
            parallax = Parallax(
                self.poses, scene, views, HeldOut(1.0, self.after, 1.0, 0.1), guessed
            )
        return Displacement(self.poses, parallax, None, 1.0, self.after)

    def light(self) -> Light:
        gains = np.array([[self.gains.get(k, 1.0)] * 3 for k in self.frames])
        terms = Terms([EVEN] * self.count, [1.0] * self.count, LightChoice())
        return Light(gains, terms, self.measured().statistics, gains)

    def found(self) -> Findings:
        px = self.array(self.elsewhere)
        elsewhere = Elsewhere(
            np.where(px > 0, 0.1, 0.0), px, np.zeros(len(px)), 0.1 * float(px.any())
        )
        return Findings(
            self.measured(),
            self.coarse(),
            self.refined(),
            self.displacement(),
            self.light(),
            elsewhere,
        )
