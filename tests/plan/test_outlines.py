"""A plan from outside is rendered from inside its frames, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.errors import InputError
from focusstack.geometry.coordinates import REACH, Rect, scaling, transform, translation
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Floats, Matrix
from focusstack.plan.model import StackPlan
from focusstack.plan.outlines import (
    MOST_ZOOM,
    MisplacedError,
    check_outlines,
    overreach,
    within_outlines,
)
from focusstack.plan.reuse import check_places
from tests.support.plans import plan

SIZE = (400, 300)
INNER, WIDE = Rect(50, 50, 300, 200), Rect(20, 20, 360, 260)


def moved(H: Matrix | Sequence[Sequence[float]], crop: Rect = INNER) -> StackPlan:
    """A plan whose second frame lies as told."""
    made = plan("a.jpg", "b.jpg")
    return replace(
        made, crop=crop, frames=(made.frames[0], replace(made.frames[1], matrix=np.array(H, float)))
    )


def displaced(grid: Floats, crop: Rect = WIDE) -> StackPlan:
    made = plan("a.jpg", "b.jpg")
    field = Field(grid.astype(np.float32), *SIZE)
    second = replace(made.frames[1], matrix=np.eye(3), field=field)
    return replace(made, crop=crop, frames=(made.frames[0], second))


@pytest.mark.parametrize(
    ("H", "words"),
    [
        (translation(51, 0), "reaches beyond what 'b.jpg' shows, by 1.0 px"),
        (translation(0, -1e8), "by far"),
        (scaling(1e-4), "not made 4 times"),
        (scaling(1e5), "not made 4 times"),
        ([[1, 0, 0], [0, 1, 0], [-1 / 200, 0, 1]], "horizon lies inside"),
        ([[1, 0, 0], [0, 1, 0], [0, 1 / -250, 1]], "horizon lies inside"),
        ([[-1, 0, 399], [0, 1, 0], [0, 0, 1]], "not seen from its back"),
        (-np.eye(3), "horizon"),
    ],
)
def test_a_frame_that_lies_elsewhere_is_named(H: Matrix, words: str) -> None:
    with pytest.raises(MisplacedError, match=r"^frames\[1\]\.matrix: .*" + words):
        check_outlines(moved(H))


def test_frames_that_are_not_used_may_lie_anywhere() -> None:
    made = plan("a.jpg", "b.jpg", lost=("b.jpg",))
    far = replace(made.frames[1], matrix=translation(1e6, 0))
    check_outlines(replace(made, frames=(made.frames[0], far)))


def test_what_cannot_be_rendered_is_input_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match=r"frames\[1\]\.matrix") as caught:
        check_places(moved(translation(60, 0)))
    assert caught.value.exit_code == 3
    assert "crop" in caught.value.remedy


@pytest.mark.parametrize("zoom", [0.7 * MOST_ZOOM, 1.4 * MOST_ZOOM])
def test_a_frame_is_zoomed_within_reason(zoom: float) -> None:
    x, y = (n / 2 - 0.5 for n in SIZE)
    about = translation(x, y) @ np.diag([zoom, zoom, 1]) @ translation(-x, -y)
    made = moved(about)
    if zoom > MOST_ZOOM:
        with pytest.raises(MisplacedError, match="times as large"):
            check_outlines(made)
    else:
        check_outlines(made)


@given(st.floats(-0.02, 0.02), st.floats(0.95, 1.1), st.floats(-20, 20), st.floats(-1e-4, 1e-4))
@settings(max_examples=60, deadline=None)
def test_without_displacement_corners_decide(a: float, zoom: float, x: float, u: float) -> None:
    H = np.array([[zoom, -a, x + 0.123], [a, zoom, -x / 2], [u, u / 3, 1]])
    crop = Rect(30, 20, 330, 250)
    p = transform(np.linalg.inv(H), crop.corners())
    far = max((REACH - p).max(), (p - np.array(SIZE) + 1 + REACH).max())
    assert overreach(H, None, crop, SIZE) == pytest.approx(far)


def test_whole_pixels_need_no_margin() -> None:
    crop = Rect(10, 0, 390, 300)
    assert overreach(translation(10, 0), None, crop, SIZE) == 0
    assert overreach(translation(10.5, 0), None, crop, SIZE) > 2


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 4.0, 30.0]), st.integers(2, 40))
@settings(max_examples=60, deadline=None)
def test_displacement_is_judged_as_if_every_pixel_were_looked_at(
    seed: int, size: float, columns: int
) -> None:
    random = np.random.default_rng(seed)
    grid = random.normal(0, size, (random.integers(2, 30), columns, 2))
    field = Field(grid.astype(np.float32), *SIZE)
    H = np.array([[1.02, 0.01, -3], [-0.01, 1.02, -4], [1e-5, 0, 1]])
    left, top, wide = (int(n) for n in random.integers((2, 2, 20), (40, 40, 350)))
    crop = Rect(left, top, wide, 240)
    x, y = np.meshgrid(crop.x + np.arange(crop.width), crop.y + np.arange(crop.height))
    points = np.stack([x.ravel(), y.ravel()], 1).astype(float)
    p = transform(np.linalg.inv(H), points + field.at(points))
    true = float(max((REACH - p).max(), (p - np.array(SIZE) + 1 + REACH).max()))
    found = overreach(H, field, crop, SIZE)
    assert (found > 0) == (true > 0)
    if true > 0:
        assert found == pytest.approx(true, abs=1e-9)


def test_a_peak_in_the_middle_is_found() -> None:
    grid = np.zeros((30, 40, 2))
    check_outlines(displaced(grid))
    grid[15, 20] = (250, 0)
    with pytest.raises(MisplacedError, match=r"frames\[1\]\.matrix: the crop reaches"):
        check_outlines(displaced(grid))


@pytest.mark.parametrize(("share", "words"), [(0.7, "the crop reaches"), (1.4, "local_px: noth")])
def test_nothing_is_displaced_beyond_the_picture(share: float, words: str) -> None:
    with pytest.raises(MisplacedError, match=words):
        check_outlines(displaced(np.full((3, 3, 2), share * 500)))


@pytest.mark.parametrize("travel", [(700.0, 0, 0), (0, 0, 1e9), (-110.0, 0, 0)])
def test_viewpoints_are_looked_at(travel: tuple[float, float, float]) -> None:
    made = moved(np.eye(3))
    depth = np.full((5, 5), 0.5, np.float32)
    far = replace(made.frames[1], view=Viewpoint(travel, 0.5))
    made = replace(made, scene=SceneDepth(depth, *SIZE, 0.1))
    check_outlines(made)
    with pytest.raises(MisplacedError, match=r"frames\[1\]\.(view|matrix)"):
        check_outlines(replace(made, frames=(made.frames[0], far)))


def test_what_is_in_focus_is_placed_within_the_frame_too() -> None:
    made = moved(np.eye(3), WIDE)
    # Nothing is displaced at the edge but in fusion, where it moves as what is sharp does.
    depth = np.zeros((31, 41), np.float32)
    depth[12:19, 17:24] = 0.05
    scene = SceneDepth(depth, *SIZE, 0.01)
    view = replace(made.frames[1], view=Viewpoint((450.0, 0, 0), 0.05))
    everything = scene.untorn(Viewpoint((450.0, 0, 0), 0.05))
    assert np.abs(everything.grid[:, [0, -1]]).max() < 1
    with pytest.raises(MisplacedError, match="crop reaches"):
        check_outlines(replace(made, scene=scene, frames=(made.frames[0], view)))


def test_bends_are_looked_at() -> None:
    made = moved(np.eye(3), Rect(2, 2, 396, 296))
    check_outlines(made)
    bent = replace(made.frames[1], bend=(-0.05, 0.0))
    with pytest.raises(MisplacedError, match="crop reaches"):
        check_outlines(replace(made, frames=(made.frames[0], bent)))


def test_a_crop_found_with_displacement_shrinks_to_one_without() -> None:
    grid = np.zeros((4, 5, 2))
    grid[..., 0] = 6  # the frame lies six pixels to the left of where its matrix puts it
    crop = Rect(3, 2, 389, 290)
    made = displaced(grid, crop)
    far = replace(made.frames[1], matrix=translation(6.5, 0))
    made = replace(made, frames=(made.frames[0], far))
    check_outlines(made)
    plain = made.without_local()
    with pytest.raises(MisplacedError):
        check_outlines(plain)
    found = within_outlines(plain)
    check_outlines(found)
    assert found.crop == Rect(9, 2, 383, 290)
