"""Borders that another program has burnt in are found; what a scene shows at its edges is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.first_pass.effort import QUICK
from focusstack.frames.borders import at_scale_of, fill_border, find_border, outside
from focusstack.frames.in_memory import ArrayFrames
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Floats, Image, Matrix
from focusstack.pipeline import plan_stack, stack
from focusstack.scene import render_stack

SIZE = (480, 360)


def moved(turn: float, zoom: float, dx: float, dy: float) -> Matrix:
    H = np.eye(3)
    H[:2] = cv2.getRotationMatrix2D(((SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2), turn, zoom)
    H[:2, 2] += dx, dy
    return H


MOVES = [moved(0.6, 0.99, 5, -3), moved(-1.5, 1.0, -9, 4), moved(0, 1, 12, 0), moved(0, 0.97, 0, 0)]


def burnt(frame: Image, H: Matrix, colour: int = 0) -> Image:
    """What a program makes of a frame that moves it."""
    value = (colour * (257 if frame.dtype == np.uint16 else 1),) * 3
    return np.asarray(
        cv2.warpPerspective(frame, H, SIZE, flags=cv2.INTER_CUBIC, borderValue=value), frame.dtype
    )


def jpeg(frame: Image, quality: int = 90) -> Image:
    data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def border_of(pixels: Image) -> Floats | None:
    return find_border(Picture(pixels, None, Metadata()))


@pytest.fixture(scope="module")
def frames() -> list[Image]:
    return render_stack("plane", width=SIZE[0], height=SIZE[1], frames=5, seed=3).frames


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize("how", ["8 bit", "16 bit", "JPEG", "grey"])
@pytest.mark.parametrize("H", MOVES)
def test_wedges_and_bars_are_found_to_the_pixel(
    frames: list[Image], H: Matrix, how: str, colour: int
) -> None:
    frame = frames[0].astype(np.uint16) * 257 if how == "16 bit" else frames[0]
    pixels = burnt(frame, H, colour)
    pixels = jpeg(pixels) if how == "JPEG" else pixels[..., 1] if how == "grey" else pixels
    lines = border_of(np.ascontiguousarray(pixels))
    assert lines is not None
    inside = cv2.warpPerspective(np.ones(SIZE[::-1], np.float32), H, SIZE, flags=cv2.INTER_LINEAR)
    empty = outside(lines, SIZE)
    # Nothing of the border is left two pixels inside of the lines, and no more than that is lost.
    assert not (~outside(lines, SIZE, 2.0) & (inside < 0.5)).any()
    assert (empty & (cv2.erode(inside, np.ones((5, 5))) > 0.99)).mean() < 0.015


def test_transparent_wedges_are_found(frames: list[Image]) -> None:
    alpha = cv2.warpPerspective(np.ones(SIZE[::-1], np.float32), MOVES[1], SIZE)
    lines = find_border(Picture(frames[0], np.asarray(alpha, np.float32), Metadata()))
    assert lines is not None
    assert len(lines) == 4


def test_scenes_have_no_border(frames: list[Image]) -> None:
    rng = np.random.default_rng(5)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)

    def shown(light: Floats | Image) -> Image:
        noisy = light + rng.normal(0, 1.2, light.shape)
        return np.rint(np.clip(noisy, 0, 255)).astype(np.uint8)

    dark_corner = shown(np.clip(0.6 * (x + y) - 60, 0, 200))
    velvet = shown(np.where((x - 240) ** 2 + (y - 180) ** 2 < 80**2, 120 + 60 * np.sin(x / 3), 0))
    night = shown(np.where(y > 250 + 8 * np.sin(x / 25), 90 + 40 * np.sin(x / 4), 0))
    sky = shown(np.where(y < 100 + 0.12 * x + 6 * np.sin(x / 40), 270, 120 + 40 * np.sin(x / 5)))
    product = shown(np.where((x - 240) ** 2 + 3 * (y - 180) ** 2 < 150**2, 90, 275))
    roof = cv2.GaussianBlur(
        np.where(y < 100 + 0.12 * x, 300.0, 120 + 40 * np.sin(x / 5)), (0, 0), 1.5
    )
    scenes = {"corner": dark_corner, "velvet": velvet, "night": night, "sky": sky}
    scenes |= {"product": product, "roof": shown(roof), "plane": frames[0]}
    for name, scene in scenes.items():
        assert border_of(scene) is None, name
        assert border_of(jpeg(scene)) is None, name


def test_a_border_is_filled_without_an_edge(frames: list[Image]) -> None:
    pixels = burnt(frames[0], MOVES[1])
    lines = border_of(pixels)
    assert lines is not None
    filled = fill_border(pixels, lines)
    kept = ~outside(lines, SIZE, 3.0)
    assert np.array_equal(filled[kept], pixels[kept])
    assert int((filled < 10).sum()) < 1.2 * int((frames[0] < 10).sum()) + 50


def test_lines_change_with_the_scale_of_a_picture() -> None:
    line = np.array([[1.0, 0.0, -9.5]])  # nine pixels and a half are left of it, and a half
    assert np.allclose(at_scale_of(line, 0.5), [[1, 0, -4.5]])


@pytest.mark.parametrize("colour", [0, 255])
def test_a_run_cuts_borders_off_and_says_so(frames: list[Image], colour: int) -> None:
    given = [burnt(f, H, colour) for f, H in zip(frames[:4], [np.eye(3), *MOVES[:3]], strict=True)]
    given = [jpeg(f, 95) for f in given]
    if colour:
        plan = plan_stack(ArrayFrames(given), effort=QUICK)
    else:
        done = stack(ArrayFrames(given))
        plan = done.plan
        assert done.image is not None
        edges = (done.image[0], done.image[-1], done.image[:, 0], done.image[:, -1])
        assert all(int(edge.max(axis=-1).min()) > 12 for edge in edges)
    assert all(f.used for f in plan.frames)
    told = [w for w in plan.warnings if "border" in w]
    assert len(told) == 1
    assert "frame_0002" in told[0]
    assert "frame_0001" not in told[0]
    assert plan.crop.area > 0.8 * SIZE[0] * SIZE[1]
