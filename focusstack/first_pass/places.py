"""Where all frames lie in full-size pixels, with the precision that the report keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.displacement import Displacement
from focusstack.alignment.tiles.poses import Poses
from focusstack.crop import CommonArea, common_area, within_fields
from focusstack.first_pass.findings import Findings
from focusstack.frames.borders import at_scale_of
from focusstack.geometry.coordinates import at_scale
from focusstack.geometry.determinant import least_determinant
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint, placed_from, untorn
from focusstack.numeric.arrays import Matrix


@dataclass(frozen=True)
class Places:
    """Where the frames lie on the full-size canvas, in focus order.

    Attributes
    ----------
    poses : Poses
        Matrices and bends; NaN for frames left out.
    fields : list of Field or None
        Smooth local displacement.
    scene : SceneDepth or None
        How near everything is, where parallax was found.
    views : list of Viewpoint or None
        From where each frame was taken, where parallax was found.
    area : CommonArea
        What all used frames show.
    determinants : dict of int to float
        Of each used frame's displacement, see `focusstack.geometry.determinant`.
    """

    poses: Poses
    fields: list[Field | None]
    scene: SceneDepth | None
    views: list[Viewpoint | None]
    area: CommonArea
    determinants: dict[int, float]

    def bend(self, k: int) -> tuple[float, float]:
        """Radial distortion of the lens in a frame."""
        a, b = self.poses.bends[k]
        return float(a), float(b)


def place_frames(found: Findings, size: tuple[int, int]) -> Places:
    """Bring all places into pixels of frames of `size`, and find the area that they share."""
    matrices = full_size(found.poses.matrices, found.scale)
    bends = found.poses.bends.round(9)
    poses = Poses(matrices, bends, found.reference, size)
    fields = _full_fields(found, len(matrices), size)
    scene, views = _full_parallax(found.displaced, len(matrices), found.scale, size)
    used = found.used
    moved = [poses.field(k, placed_from(scene, views[k], fields[k])) for k in used]
    borders = [found.stack.border(k) for k in used]
    edges = [None if b is None else at_scale_of(b, 1 / found.scale) for b in borders]
    area = common_area(matrices[used], *size, moved, edges)
    determinants = {k: least_determinant(field) for k, field in zip(used, moved, strict=True)}
    if scene is not None:
        # For fusion, frames are rendered once more, with what is in focus in its place.
        moved = [
            poses.field(k, placed_from(scene, views[k], fields[k], in_focus=True)) for k in used
        ]
        area = replace(area, rect=within_fields(area.rect, matrices[used], moved, *size))
    return Places(poses, fields, scene, views, area, determinants)


def full_size(matrices: Matrix, scale: float) -> Matrix:
    """Matrices for full-size frames from those for proxies."""
    return np.stack([at_scale(H, scale) if np.isfinite(H).all() else H for H in matrices])


def _full_fields(found: Findings, count: int, size: tuple[int, int]) -> list[Field | None]:
    """Fields in full-size pixels, that tear nothing; the reference has none."""
    if found.displaced is None or found.displaced.local is None:
        return [None] * count
    grids = np.round(found.displaced.local.fields / found.scale, 3).astype(np.float32)
    fields = [None if k == found.reference else Field(g, *size) for k, g in enumerate(grids)]
    return [field and _rounded(untorn(field)) for field in fields]


def _rounded(field: Field) -> Field:
    """A field with the precision of the report."""
    return replace(field, grid=np.round(field.grid.astype(float), 3).astype(np.float32))


def _full_parallax(
    displaced: Displacement | None, count: int, scale: float, size: tuple[int, int]
) -> tuple[SceneDepth | None, list[Viewpoint | None]]:
    """Depth and viewpoints in full-size pixels."""
    if displaced is None or displaced.parallax is None:
        return None, [None] * count
    parallax = displaced.parallax
    found = parallax.scene
    scene = SceneDepth(found.grid, *size, found.slab, found.near).rounded()
    return scene, [v and v.scaled(1 / scale) for v in parallax.views]
