"""What no matrix explains: parallax first, then whatever smooth displacement is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.alignment.fields.grid import REST_SIGMA
from focusstack.alignment.fields.smooth import ROUNDS as LOCAL_ROUNDS
from focusstack.alignment.fields.smooth import Local, find_fields
from focusstack.alignment.parallax.far_search import agreeing, find_far_parallax
from focusstack.alignment.parallax.feature_travel import FeatureTravel
from focusstack.alignment.parallax.search import ROUNDS as PARALLAX_ROUNDS
from focusstack.alignment.parallax.search import Parallax, Search
from focusstack.alignment.refine import Refined
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.field import Field, undisplaced
from focusstack.geometry.parallax import seen_from

CONSIDERED_PX, CONSIDERED_P95_PX = 0.2, 0.7
"""Held-out residual (median, 95th percentile) below which matrices are as good as tiles can tell,
in proxy pixels (``python -m benchmarks.alignment``)."""

CONSIDERED_ERROR_PX = 0.1
"""Estimated error from which on a displacement is looked for too, in proxy pixels: the worst frame
of stacks that matrices follow has 0.07 (``python -m benchmarks.alignment``)."""

PROMISING_SHARE = 0.85
"""Parallax that leaves less than this share of the residual after its coarse rounds may well be
proven; below `PROVEN_SHARE`, since the full ones leave less yet (``python -m
benchmarks.alignment``, *parallax*)."""

PROMISING_GAINED = 0.65
"""Parallax that lowers the residual of a smaller share of the pairs in its coarse rounds will not
be likely in the end (``python -m benchmarks.alignment``, *parallax*)."""

FAR_REST_SIGMA = 5.0
"""How large a smooth displacement may be on top of parallax of a hand that moved far, in pixels:
what is so near is often held in the other hand, and turns. Chosen, not measured."""

MORE = 1.03
"""How many times as many tiles must agree with what features say of travel as without it, where
tiles prove no parallax. Leaves in the wind come to 0.997, a plant close to a phone to 1.7, a
rendered near thing that fills an eighth of the picture to 1.17 (``python -m benchmarks.alignment
--only near``)."""

ROUNDS = len(PARALLAX_ROUNDS) + len(LOCAL_ROUNDS)
"""How often progress is reported."""


@dataclass(frozen=True)
class Displacement:
    """Proven local displacement of a stack.

    Attributes
    ----------
    poses : Poses
        Where the frames lie, corrected.
    parallax : Parallax or None
        If proven.
    local : Local or None
        Smooth fields on top, if proven.
    before, after : float
        Held-out residual without and with all of it, proxy pixels.
    """

    poses: Poses
    parallax: Parallax | None
    local: Local | None
    before: float
    after: float

    def field(self, index: int) -> Field | None:
        """Displacement of a frame in proxy pixels."""
        grid = None if self.local is None else self.local.fields[index]
        more = None if grid is None else Field(grid.astype(np.float32), *self.poses.size)
        if self.parallax is None:
            return more
        return seen_from(self.parallax.scene, self.parallax.views[index], more)


def is_considered(refined: Refined) -> bool:
    """Whether matrices leave enough for a displacement to be looked for."""
    left = refined.stack
    unsure = refined.certainty.stack >= CONSIDERED_ERROR_PX
    return unsure or left.median >= CONSIDERED_PX or left.p95 >= CONSIDERED_P95_PX


def find_displacement(
    series: Series, refined: Refined, travel: FeatureTravel | None = None
) -> Displacement | None:
    """Local displacement of all frames, if held-out tiles prove it.

    Parameters
    ----------
    series : Series
        The frames, in focus order.
    refined : Refined
        The alignment by matrices.
    travel : FeatureTravel, optional
        What features say of a hand that moved farther than tiles see.
    """
    near = _near(series, refined)
    if travel is None:
        return near
    poses, field = (refined.poses, undisplaced) if near is None else (near.poses, near.field)
    # A hand that stands still before leaves in the wind has matches far off, too.
    least = agreeing(series, poses, field) * (1 if near and near.parallax else MORE)
    far = find_far_parallax(series, refined.poses.kept, travel, least)
    if far is None:
        return near
    local = find_fields(series, far.poses, far.added_to, FAR_REST_SIGMA)
    return _followed(far, local if local.adds else None)


def _near(series: Series, refined: Refined) -> Displacement | None:
    """Displacement as far as tiles see: parallax, or a smooth field."""
    search = Search.begun(series, refined.poses)
    parallax = None
    if search is not None and search.held_out.share < PROMISING_SHARE:
        parallax = search.ended()
        if parallax is not None and parallax.proven:
            local = find_fields(series, parallax.poses, parallax.added_to, REST_SIGMA)
            return _followed(parallax, local if local.adds else None)
    # A smooth field that explains much is a better account than parallax that explains little.
    local = find_fields(series, refined.poses)
    if local.proven:
        held = local.held_out
        return Displacement(refined.poses, None, local, held.before, held.after)
    if parallax is None and search is not None and search.held_out.gained >= PROMISING_GAINED:
        parallax = search.ended()
    return _followed(parallax, None) if parallax is not None and parallax.likely else None


def _followed(parallax: Parallax, local: Local | None) -> Displacement:
    held = parallax.held_out
    after = local.held_out.after if local else held.after
    return Displacement(parallax.poses, parallax, local, held.before, after)
