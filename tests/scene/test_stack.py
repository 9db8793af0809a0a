"""The rendered truth, measured from outside the renderer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.registration import phase_cross_correlation

from focusstack.errors import UsageError
from focusstack.geometry.coordinates import Rect, transform, zoom_and_rotation
from focusstack.images.colour import linearise, luma
from focusstack.numeric.arrays import Float32, Mask
from focusstack.resample.warp import resample
from focusstack.scene.camera import FOCAL_LENGTH, ZOOM_CENTRE
from focusstack.scene.stack import SCENES, RenderedStack, render_stack

TILE = 64


def registered(stack: RenderedStack, i: int) -> tuple[Float32, Mask]:
    """Frame `i` in linear light, moved and exposed like the reference; and where it is valid."""
    height, width = stack.frames[i].shape[:2]
    rect = Rect(0, 0, width, height)
    light = linearise(stack.frames[i]) * stack.gains[i].astype(np.float32)
    moved = resample(light, stack.matrices[i], rect)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    points = np.stack([x.ravel(), y.ravel()], 1).astype(float)
    source = transform(np.linalg.inv(stack.matrices[i]), points)
    inside = (source >= 4).all(1) & (source <= (width - 5, height - 5)).all(1)
    return moved, inside.reshape(height, width)


def tiles(valid: Mask) -> list[tuple[slice, slice]]:
    """Whole tiles where the frame covers the reference."""
    height, width = valid.shape
    corners = [(y, x) for y in range(0, height - TILE, TILE) for x in range(0, width - TILE, TILE)]
    cuts = [(slice(y, y + TILE), slice(x, x + TILE)) for y, x in corners]
    return [cut for cut in cuts if valid[cut].all()]


def displacement(a: Float32, b: Float32) -> float:
    """Length of the shift from `a` to `b`, in pixels."""
    return float(np.hypot(*shift(a, b)))


def shift(a: Float32, b: Float32) -> tuple[float, float]:
    """Shift from `a` to `b`, y and x, in pixels."""
    window = np.outer(np.hanning(TILE), np.hanning(TILE))
    p, q = (window * (luma(v) - luma(v).mean()) for v in (a, b))
    found = phase_cross_correlation(  # type: ignore[no-untyped-call]
        q, p, upsample_factor=100, normalization=None
    )[0]
    return float(found[0]), float(found[1])


def in_focus(stack: RenderedStack, i: int, cut: tuple[slice, slice], limit: float) -> bool:
    """Whether the whole tile is within `limit` of the frame's sharp plane."""
    return bool(np.abs(stack.inverse_depth[cut] - stack.focus[i]).max() < limit)


@pytest.fixture(scope="module")
def sharp_stack() -> RenderedStack:
    """A tilted plane without blur and noise, all of it in focus in every frame."""
    return render_stack(
        "plane", width=400, height=300, frames=5, shake=0.006, breathing=0.08, ev=0.4, wb=0.05,
        noise=0, blur=0, seed=3, bits=16,
    )  # fmt: skip


def test_matrices_register_every_tile(sharp_stack: RenderedStack) -> None:
    truth = linearise(sharp_stack.all_in_focus)
    for i in range(len(sharp_stack.frames)):
        moved, valid = registered(sharp_stack, i)
        found = [displacement(truth[cut], moved[cut]) for cut in tiles(valid)]
        assert len(found) >= 8
        assert max(found) < 0.03


def test_gains_match_the_reference(sharp_stack: RenderedStack) -> None:
    truth = linearise(sharp_stack.all_in_focus)
    assert np.ptp(sharp_stack.gains[:, 1]) > 0.1
    for i in range(len(sharp_stack.frames)):
        moved, valid = registered(sharp_stack, i)
        ratio = [moved[c].mean((0, 1)) / truth[c].mean((0, 1)) for c in tiles(valid)]
        np.testing.assert_allclose(np.median(ratio, axis=0), 1, atol=0.001)
        np.testing.assert_allclose(ratio, 1, atol=0.005)


@pytest.mark.parametrize("name", ["plane_stack", "steps_stack"])
def test_in_focus_tiles_of_blurred_frames_match_the_truth(
    name: str, request: pytest.FixtureRequest
) -> None:
    stack: RenderedStack = request.getfixturevalue(name)
    truth = linearise(stack.all_in_focus)
    found = []
    for i in range(len(stack.frames)):
        moved, valid = registered(stack, i)
        cuts = [c for c in tiles(valid) if in_focus(stack, i, c, 0.13)]
        found += [displacement(truth[c], moved[c]) for c in cuts]
        for c in cuts:
            np.testing.assert_allclose(moved[c].mean((0, 1)), truth[c].mean((0, 1)), rtol=0.01)
    assert len(found) >= 6
    assert max(found) < 0.05


def test_reference_frame_is_the_truth_when_nothing_disturbs_it() -> None:
    stack = render_stack("steps", frames=3, width=120, height=90, blur=0, noise=0, bits=16)
    np.testing.assert_array_equal(stack.matrices[stack.reference], np.eye(3))
    np.testing.assert_array_equal(stack.gains[stack.reference], 1)
    frame = stack.frames[stack.reference] / 65535
    np.testing.assert_allclose(frame, stack.all_in_focus, atol=1e-4)


def test_defocus_keeps_linear_light() -> None:
    stack = render_stack(
        "plane", frames=2, width=240, height=180, blur=8, bits=16, shake=0, breathing=0, ev=0,
        wb=0, noise=0,
    )  # fmt: skip
    inner = np.s_[20:-20, 20:-20]
    sharp = stack.all_in_focus[inner]
    for frame in stack.frames:
        encoded = (frame / 65535).astype(np.float32)[inner]
        light = linearise(encoded).mean() / linearise(sharp).mean()
        assert light == pytest.approx(1, abs=0.004)
        # Blur of encoded values would keep their mean instead.
        assert encoded.mean() / sharp.mean() > 1.01


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("scene", sorted(SCENES))
def test_stack_has_the_shape_asked_for(scene: str, bits: int) -> None:
    stack = render_stack(scene, width=96, height=64, frames=3, blur=3, bits=bits, reference=0)
    assert [f.shape for f in stack.frames] == [(64, 96, 3)] * 3
    assert {f.dtype for f in stack.frames} == {np.dtype(np.uint8 if bits == 8 else np.uint16)}
    assert stack.matrices.shape == (3, 3, 3)
    assert stack.gains.shape == (3, 3)
    assert stack.reference == 0
    assert stack.focus == sorted(stack.focus, reverse=True)
    assert stack.all_in_focus.dtype == np.float32
    assert stack.all_in_focus.shape == (64, 96, 3)
    assert 0 <= stack.all_in_focus.min() < 0.3
    assert 0.5 < stack.all_in_focus.max() <= 1
    assert stack.inverse_depth.shape == (64, 96)
    assert -0.1 < stack.inverse_depth.min() < stack.inverse_depth.max() < 1.1


def test_same_seed_gives_same_bytes_whatever_the_threads() -> None:
    threads = cv2.getNumThreads()
    try:
        stacks = []
        for n in (1, 4):
            cv2.setNumThreads(n)
            stacks.append(render_stack("stems", width=160, height=120, frames=3, seed=5))
    finally:
        cv2.setNumThreads(threads)
    other = render_stack("stems", width=160, height=120, frames=3, seed=6)
    for a, b, c in zip(stacks[0].frames, stacks[1].frames, other.frames, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)
    assert not np.array_equal(stacks[0].matrices, other.matrices)


def test_camera_that_only_turns_is_a_rotation() -> None:
    stack = render_stack("plane", width=160, height=120, frames=4, breathing=0, shake=0.02)
    f = FOCAL_LENGTH * 160
    K = np.array([[f, 0, 79.5], [0, f, 59.5], [0, 0, 1]])
    for H in stack.matrices:
        R = np.linalg.inv(K) @ H @ K
        R = R / np.cbrt(np.linalg.det(R))
        np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-9)


def test_breathing_zooms_smoothly_about_one_point_off_the_centre() -> None:
    stack = render_stack("plane", width=160, height=120, frames=6, breathing=0.1, shake=0)
    still = np.array([[79.5 + ZOOM_CENTRE[0] * 160, 59.5 + ZOOM_CENTRE[1] * 160]])
    zooms = [zoom_and_rotation(H, 160, 120)[0] for H in stack.matrices]
    for H in stack.matrices:
        np.testing.assert_allclose(transform(H, still), still, atol=1e-9)
    step = np.diff(zooms)
    assert (step > 0).all()
    assert np.abs(np.diff(step)).max() < 0.1 * step.mean()
    assert zooms[-1] / zooms[0] == pytest.approx(1.09, abs=0.02)


def test_parallax_shifts_near_against_far() -> None:
    def spread(parallax: float) -> float:
        """Largest shift between a near and a far tile, against the reference."""
        stack = render_stack("steps", width=480, height=360, frames=4, blur=0, noise=0, bits=16,
                             parallax=parallax, shake=0.001, seed=4)  # fmt: skip
        truth = linearise(stack.all_in_focus)
        most = 0.0
        for i in range(4):
            moved, valid = registered(stack, i)
            found: dict[float, list[tuple[float, float]]] = {}
            for cut in tiles(valid):
                depth = stack.inverse_depth[cut]
                if np.ptp(depth) == 0:
                    found.setdefault(round(float(depth[0, 0]), 2), []).append(
                        shift(truth[cut], moved[cut])
                    )
            middle = {z: np.mean(v, axis=0) for z, v in found.items()}
            near, far = max(middle), min(middle)
            rate = np.hypot(*(middle[near] - middle[far])) / (near - far)
            most = max(most, float(rate))
        return most

    assert spread(0.0) < 0.05
    # The widest sway between any two frames is 4 px, against the reference a part of it.
    assert 1.5 < spread(4.0) < 5.7


@pytest.mark.parametrize(
    "wrong",
    [{"scene": "moon"}, {"frames": 0}, {"bits": 12}, {"width": 4}, {"frames": 3, "reference": 3}],
)
def test_impossible_stacks_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        render_stack(**wrong)  # type: ignore[arg-type]
