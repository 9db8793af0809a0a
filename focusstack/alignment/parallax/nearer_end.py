"""Which end of the depths is the near one: what displacement alone does not tell.

Depth and travel may both change their signs and displace everything as before. Two things tell: a
near thing hides what is behind it from a frame taken elsewhere, and its outline is sharp where it
is.
"""

from __future__ import annotations

from collections.abc import Sequence

from focusstack.alignment.parallax.hiding import told_by_hiding
from focusstack.alignment.parallax.sharp_outlines import told_by_outlines
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.parallax import SceneDepth, Viewpoint

SURE = 3.0
"""Standard deviations from which an end is the near one. Of eleven rendered walks the wrong end
reaches 2.1, the right one 4.4 (``python -m benchmarks.alignment``, *walk* and *near thing*)."""


def nearer_end(
    series: Series, poses: Poses, scene: SceneDepth, views: Sequence[Viewpoint | None]
) -> int:
    """Find which end of the depths hides the other.

    Parameters
    ----------
    series : Series
        The frames.
    poses : Poses
        Where they lie at depth zero.
    scene : SceneDepth
        In proxy pixels.
    views : sequence of Viewpoint or None
        Of all frames.

    Returns
    -------
    int
        1 if larger depths are nearer, -1 if smaller ones are, 0 if that is not sure.
    """
    told = (told_by_hiding, told_by_outlines)
    # Two that know nothing of each other: their sum spreads by the root of two.
    sure = sum(one(series, poses, scene, views) for one in told) / len(told) ** 0.5
    return 0 if abs(sure) < SURE else 1 if sure > 0 else -1
