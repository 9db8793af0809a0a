"""Parallax: what a camera that moves sideways does to a scene in depth.

A point at relative inverse depth ``d`` is displaced, in a frame taken from another place, by
``d · (travel_xy - travel_z · r)``: along the camera's movement across the picture, and towards or
away from the centre (``r`` is the place relative to the centre, in half diagonals) for its movement
along the optical axis. One map of depth and three numbers a frame therefore describe the
displacement of all frames everywhere (Longuet-Higgins and Prazdny, "The interpretation of a moving
retinal image", Proc. R. Soc. B 208, 1980).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from focusstack.geometry.determinant import LEAST, UNSEEN, least_determinant
from focusstack.geometry.field import Field
from focusstack.geometry.in_focus import depth_in_focus
from focusstack.geometry.loops.bounds import Moves
from focusstack.geometry.slope import SPARES, bounded, even_ways, unfolded, yielding
from focusstack.numeric.arrays import Float32, Floats, Points

DEPTH_STEPS = 20000
"""Depth is kept in steps of this part of its range, so that a plan on disk is the same plan."""

KEPT_BYTES = 48_000_000
"""Most bytes of displacements that are kept: those of some twenty frames. Chosen."""

SHARES = (1.0, 0.93, 0.86, 0.8, 0.7, 0.5, 0.3, 0.1, 0.0)
"""How steep a displacement may be, tried in turn until its determinant is above `LEAST`: what
wiggles from node to node, or comes on top of another displacement, must be less so."""


@dataclass(frozen=True)
class Viewpoint:
    """From where a frame was taken, and what it is focused on.

    Attributes
    ----------
    travel : tuple of float
        Displacement in pixels for one unit of depth: x and y at the centre; z towards the centre
        at a corner.
    focus : float
        Relative inverse depth of the plane of focus.
    """

    travel: tuple[float, float, float]
    focus: float

    def scaled(self, scale: float) -> Viewpoint:
        """Return this for a picture resized by `scale`."""
        x, y, z = self.travel
        return Viewpoint((x * scale, y * scale, z * scale), self.focus)


@dataclass(frozen=True)
class SceneDepth:
    """How near everything is, as seen by the reference.

    Attributes
    ----------
    grid : (rows, cols) float32 ndarray
        Relative inverse depth at nodes that divide the canvas evenly, from -0.5 for one end of
        the focus range to 0.5 for the other.
    canvas_width, canvas_height : int
        Size of the reference frame.
    slab : float
        Depth between the planes of focus of one frame and the next.
    near : int
        1 if the larger of two depths is the nearer one, -1 if the smaller is; 0 where that is not
        known.
    """

    grid: Float32
    canvas_width: int
    canvas_height: int
    slab: float
    near: int = 0
    _untorn: dict[tuple[Viewpoint, int, bool], tuple[Field | None, Field]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def rounded(self) -> SceneDepth:
        """Return this with the precision of a plan on disk."""
        grid = np.round(self.grid.astype(float) * DEPTH_STEPS) / DEPTH_STEPS
        return replace(self, grid=grid.astype(np.float32))

    def displacement(
        self, view: Viewpoint, more: Field | None = None, *, in_focus: bool = False
    ) -> Field:
        """Local displacement of a frame.

        Parameters
        ----------
        view : Viewpoint
            Of the frame.
        more : Field, optional
            Further displacement that is added.
        in_focus : bool, optional
            Follow the depth of what is sharp in the frame, and move everything else as what is
            sharp beside it (`focusstack.geometry.in_focus`): right for fusion, which takes from a
            frame only what is sharp in it.
        """
        return self.at_depth(self._depth(view, in_focus=in_focus), view, more)

    def at_depth(self, depth: Float32, view: Viewpoint, more: Field | None = None) -> Field:
        """Local displacement of a frame if depth were another.

        Parameters
        ----------
        depth : (rows, columns) float32 ndarray
            In place of `grid`.
        view, more
            As for `displacement`.
        """
        size = (self.canvas_width, self.canvas_height)
        across, along = self._directions(view)
        moved = np.stack([depth * across, depth * along[:, None]], -1)
        if more is not None:
            moved += self._at_nodes(more).astype(np.float32)
        return Field(moved, *size)

    def untorn(
        self, view: Viewpoint, more: Field | None = None, *, in_focus: bool = False
    ) -> Field:
        """Local displacement of a frame that neither folds nor tears it.

        As `displacement`, but where that is too steep it is less so: its determinant is above
        `LEAST`, if that of `more` is. Parameters are the same. It takes a while and is asked for
        by checks and by both passes: it is kept as long as `KEPT_BYTES` allow.
        """
        key = view, id(more), in_focus
        if key not in self._untorn:
            while len(self._untorn) * 2 * self.grid.nbytes > KEPT_BYTES:
                self._untorn.pop(next(iter(self._untorn)), None)
            # What stands for `more` has to live as long.
            self._untorn[key] = more, self._made_untorn(view, more, in_focus=in_focus)
        return self._untorn[key][1]

    def _made_untorn(self, view: Viewpoint, more: Field | None, *, in_focus: bool) -> Field:
        depth = self._depth(view, in_focus=in_focus)
        for spare in SPARES:
            found = self.at_depth(self._unfolded(depth, view, more, spare), view, more)
            if least_determinant(found) > LEAST + UNSEEN:
                return found
        spacing = _spacing(depth.shape, (self.canvas_width, self.canvas_height))
        across, down = self._directions(view)
        fastest = float(np.hypot(np.abs(across).max(), np.abs(down).max()))
        for share in SHARES:
            ways = even_ways(depth.shape, spacing, share / fastest)
            found = self.at_depth(bounded(depth, ways) if share else 0 * depth, view, more)
            if least_determinant(found) > LEAST + UNSEEN:
                break
        return found

    def _unfolded(
        self, depth: Float32, view: Viewpoint, more: Field | None, spare: float
    ) -> Float32:
        width, height = _spacing(depth.shape, (self.canvas_width, self.canvas_height))
        across, down = (part.astype(float) for part in self._directions(view))
        ahead = -view.travel[2] / (0.5 * np.hypot(self.canvas_width, self.canvas_height))
        other = np.zeros((*depth.shape, 2)) if more is None else self._at_nodes(more)
        return unfolded(
            depth,
            yielding(depth, view.focus, self.slab),
            Moves(across, down, float(ahead), width, height),
            other,
            spare,
        )

    def _at_nodes(self, field: Field) -> Floats:
        """Displacement ``(rows, columns, 2)`` by another field at the nodes of depth."""
        rows, columns = self.grid.shape
        x = np.linspace(0, self.canvas_width - 1, columns)
        y = np.linspace(0, self.canvas_height - 1, rows)
        places = np.stack(np.meshgrid(x, y), -1)
        return field.at(places.reshape(-1, 2)).reshape(rows, columns, 2)

    def _depth(self, view: Viewpoint, *, in_focus: bool) -> Float32:
        if not in_focus:
            return self.grid
        return depth_in_focus(self.grid, view.focus, self.slab)

    def _directions(self, view: Viewpoint) -> tuple[Float32, Float32]:
        """Pixels that unit depth moves: to the right, by column, and down, by row."""
        size = (self.canvas_width, self.canvas_height)
        rows, columns = self.grid.shape
        x, y = np.linspace(0, size[0] - 1, columns), np.linspace(0, size[1] - 1, rows)
        half, (right, down, ahead) = 0.5 * np.hypot(*size), view.travel
        across = (right - ahead / half * (x - (size[0] - 1) / 2)).astype(np.float32)
        along = (down - ahead / half * (y - (size[1] - 1) / 2)).astype(np.float32)
        return across, along


def untorn(field: Field) -> Field:
    """Make a smooth displacement less steep where it would fold or tear a frame.

    Parameters
    ----------
    field : Field
        Given back as it is if its determinant is above `LEAST`.
    """
    found = field
    for share in SHARES:
        if least_determinant(found) > LEAST + UNSEEN:
            break
        grid = field.grid
        ways = even_ways(
            grid.shape[:2],
            _spacing(grid.shape, (field.canvas_width, field.canvas_height)),
            share,
        )
        parts = [bounded(np.ascontiguousarray(grid[..., k]), ways) for k in (0, 1)]
        found = replace(field, grid=np.stack(parts, -1) if share else 0 * grid)
    return found


def _spacing(shape: tuple[int, ...], size: tuple[int, int]) -> tuple[float, float]:
    """Pixels from one node to the next, along x and along y."""
    return (size[0] - 1) / (shape[1] - 1), (size[1] - 1) / (shape[0] - 1)


def seen_from(
    scene: SceneDepth | None,
    view: Viewpoint | None,
    more: Field | None,
    *,
    in_focus: bool = False,
) -> Field | None:
    """Local displacement of a frame: by parallax, where it was found, on top of `more`.

    Parameters
    ----------
    scene, view
        Depth of the stack and viewpoint of the frame; None where parallax was not found.
    more : Field or None
        Other displacement, in reference pixels.
    in_focus : bool, optional
        As for `SceneDepth.displacement`.

    Returns
    -------
    Field or None
        None if nothing is displaced.
    """
    if scene is None or view is None:
        return more
    return scene.displacement(view, more, in_focus=in_focus)


def placed_from(
    scene: SceneDepth | None,
    view: Viewpoint | None,
    more: Field | None,
    *,
    in_focus: bool = False,
) -> Field | None:
    """Local displacement that a frame is rendered with: that of `seen_from`, but never torn.

    Parameters
    ----------
    scene, view, more, in_focus
        As for `seen_from`; `more` is taken as it is.

    Returns
    -------
    Field or None
        None if nothing is displaced.
    """
    if scene is None or view is None or not any(view.travel):
        return seen_from(scene, view, more, in_focus=in_focus)
    return scene.untorn(view, more, in_focus=in_focus)


def travel_directions(places: Points, size: tuple[int, int]) -> Floats:
    """Derivative ``(N, 2, 3)`` of the displacement of unit depth by a frame's `travel`.

    places ``(N, 2)`` are pixels of a reference frame of `size`, width and height.
    """
    centre = (np.array(size) - 1) / 2
    x, y = ((places - centre) / (0.5 * np.hypot(*size))).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    return np.stack([np.stack([one, zero, -x], -1), np.stack([zero, one, -y], -1)], 1)
