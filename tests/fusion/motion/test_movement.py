"""What moved between frames is shown once; what stands still is left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.levels.laplacian import LaplacianPyramid, level_shapes
from focusstack.fusion.motion.movement import (
    Movement,
    _motion,
    around_all,
    mask_levels,
    motion_level,
)
from focusstack.fusion.motion.observation import Sight, sight
from focusstack.fusion.motion.presence import linear_light
from focusstack.numeric.arrays import Float32
from focusstack.options import FusionOptions
from tests.fusion.levels.test_depth_map import tilted
from tests.fusion.motion.test_presence import defocused
from tests.fusion.pictures import blurred, fuse, rms, textured

SHAPE = (200, 260)
DISC = 36


def with_disc(background: Float32, x: int, sharpness: float = 0.0) -> Float32:
    """A textured disc before a background of other brightness."""
    y, column = np.mgrid[: SHAPE[0], : SHAPE[1]]
    inside = (y - 100) ** 2 + (column - x) ** 2 < DISC**2
    surface = np.roll(textured(SHAPE, seed=5), x, axis=1) - 0.25
    frame = np.where(inside, surface, background).astype(np.float32)
    return frame if sharpness == 0 else blurred(frame, sharpness)


def noisy(frame: Float32, seed: int) -> Float32:
    noise = np.random.default_rng(seed).standard_normal(frame.shape, np.float32)
    return np.asarray(frame + noise / np.float32(255), np.float32)


def seen(frame: Float32) -> Sight:
    pyramid = LaplacianPyramid(frame.shape)
    pyramid.decompose(frame)
    focus = cv2.GaussianBlur(pyramid.bands[0] ** 2, (0, 0), 2)
    small = cv2.resize(focus, pyramid.gauss[0].shape[::-1], interpolation=cv2.INTER_AREA)
    light = linear_light(frame, pyramid.gauss[0], None)
    return sight(pyramid.gauss[0], np.asarray(small, np.float32), None, light, pyramid.gauss[0])


@pytest.mark.parametrize("method", ["auto", "weighted"])
def test_what_moved_is_shown_once(method: str) -> None:
    calm = textured(SHAPE, seed=1, grain=4.0) * np.float32(0.4) + np.float32(0.5)
    frames = [with_disc(calm, x) for x in (110, 118, 127)]
    fused = fuse(method, frames)
    assert min(rms(fused.image, frame) for frame in frames) < 0.06
    assert min(rms(fuse("pyramid", frames).image, frame) for frame in frames) > 0.06
    assert fused.moved is not None
    assert 0.02 < fused.moved.mean() < 0.6


def test_what_moved_need_not_be_looked_for() -> None:
    calm = textured(SHAPE, seed=1, grain=4.0) * np.float32(0.4) + np.float32(0.5)
    fused = fuse(
        "auto", [with_disc(calm, x) for x in (110, 118)], options=FusionOptions(moved=False)
    )
    assert fused.moved is None


def test_the_sharpest_frame_shows_what_moved() -> None:
    calm = textured(SHAPE, seed=1, grain=4.0) * np.float32(0.4) + np.float32(0.5)
    frames = [
        with_disc(calm, x, blur) for x, blur in ((110, 0.9), (118, 0.6), (127, 0.0), (138, 0.9))
    ]
    image = fuse("auto", frames).image
    around = np.s_[50:150, 60:190]
    assert rms(image[around], frames[2][around]) < 0.06


def test_focus_alone_is_no_motion() -> None:
    _, frames = tilted((160, 360))
    movement = Movement((80, 180))
    assert all(movement.add(seen(frame)) is None for frame in frames)
    assert not movement.moved.any()


def test_depth_edges_are_no_motion() -> None:
    near, far = textured(SHAPE, seed=2) - np.float32(0.2), textured(SHAPE, seed=3)
    cover = np.zeros(SHAPE, np.float32)
    cover[:, 120:] = 1
    cover[60:70, :] = 1
    movement = Movement((100, 130))
    for step in range(7):
        front, back = 0.01 + 0.7 * step, 0.01 + 0.7 * (6 - step)
        soft = blurred(cover, front)
        frame = blurred(near * cover, front) + (1 - soft) * blurred(far, back)
        assert movement.add(seen(frame)) is None


def test_some_frame_counts_everywhere() -> None:
    calm = textured(SHAPE, seed=1, grain=4.0) * np.float32(0.4) + np.float32(0.5)
    movement = Movement((100, 130))
    found = 0
    for x, blur in ((110, 0.5), (118, 0.0), (127, 0.4), (133, 0.0), (141, 0.6)):
        motion = movement.add(seen(with_disc(calm, x, blur)))
        if motion is not None:
            found += 1
            assert np.maximum(motion.kept, motion.stays).min() >= 0.5
    assert found


def test_what_stands_still_again_is_shown_from_one_frame_until_a_sharper_one() -> None:
    calm = textured(SHAPE, seed=1, grain=4.0) * np.float32(0.4) + np.float32(0.5)
    movement = Movement((100, 130))
    disc = np.s_[30:70, 45:75]
    assert movement.add(seen(with_disc(calm, 110))) is None
    for blur in (0.6, 0.5):  # moved once, and less sharp
        motion = movement.add(seen(with_disc(calm, 118, blur)))
        assert motion is not None
        assert motion.kept[disc].mean() < 0.1
        assert motion.stays[disc].min() > 0.9
    less = Movement((100, 130))
    less.add(seen(with_disc(calm, 110, 0.8)))
    hidden = less.add(seen(with_disc(calm, 118, 0.9)))
    taken = less.add(seen(with_disc(calm, 118)))
    assert hidden is not None
    assert taken is not None
    assert hidden.kept[disc].mean() < 0.1
    assert taken.stays[disc].mean() < 0.1


def test_blurred_things_that_move_far_are_seen_in_frames_that_follow_each_other() -> None:
    calm = np.full(SHAPE, 0.6, np.float32)
    frames = [noisy(with_disc(calm, x, 3.0), x) for x in (110, 117, 124)]
    movement = Movement((100, 130))
    found = [movement.add(seen(frame)) for frame in frames]
    assert found[1] is not None
    assert movement.moved[30:70, 40:75].mean() > 0.5


def test_invalid_places_prove_nothing() -> None:
    calm = textured(SHAPE, seed=1, grain=4.0) * np.float32(0.4) + np.float32(0.5)
    movement = Movement((100, 130))
    for x in (110, 118):
        new = seen(with_disc(calm, x))
        new.validity[:] = 0.05
        assert movement.add(new) is None


def test_small_pictures_are_not_searched() -> None:
    assert motion_level(level_shapes(40, 300)) is None
    assert motion_level(level_shapes(200, 300)) == 1
    assert motion_level(level_shapes(72, 300)) == 1
    assert motion_level(level_shapes(4000, 6000)) == 3
    assert motion_level(level_shapes(3200, 4800)) == 3


def test_masks_of_all_levels() -> None:
    shapes = level_shapes(200, 260)
    mask = np.ones(shapes[2], np.float32)
    mask[:, :30] = 0
    levels = mask_levels(mask, shapes)
    assert [plane.shape for plane in levels] == shapes
    for plane in levels:
        assert plane.min() >= 0
        assert plane.max() <= 1 + 1e-6
        assert plane[0, 0] < 0.1


def test_coarse_coefficients_are_masked_rather_than_not() -> None:
    shapes = level_shapes(64, 64)
    levels = mask_levels(np.full(shapes[0], 0.9, np.float32), shapes)
    np.testing.assert_allclose(levels[1], 0.9**32, rtol=1e-3)


def even(fine: Float32, detail: float = 0.0) -> Sight:
    """A sight of such fine energy, and of such detail everywhere."""
    nothing = np.zeros_like(fine)
    full = np.full_like(fine, detail)
    close = nothing.astype(np.uint8)
    return Sight(nothing, nothing + 1, full, fine, fine, fine, nothing[..., None], close)


def test_what_many_frames_show_has_to_be_surpassed_four_times() -> None:
    energy, place = np.ones((60, 60), np.float32), np.zeros((60, 60), bool)
    place[20:40, 20:40] = True
    for times, wins in ((6, True), (3, False)):
        movement = Movement((60, 60))
        movement._support[:] = 20
        new = even(np.float32(times) * energy)
        taken = movement._won(even(energy), new, np.zeros_like(place), place)
        assert taken.any() == wins


def test_a_rim_goes_with_what_moved() -> None:
    gone = np.zeros((41, 41), bool)
    gone[:, :21] = True
    stays = _motion(np.zeros_like(gone), gone).stays[20]
    assert stays[24] < 0.5
    assert stays[26] < 1
    assert stays[27] == 1


def test_what_is_decided_otherwise_is_no_rim() -> None:
    taken, hidden = np.zeros((41, 41), bool), np.zeros((41, 41), bool)
    taken[:, :20] = True
    hidden[:, 20:32] = True
    motion = _motion(hidden, taken)
    assert (motion.stays[20, 22:32] == 1).all()
    assert (motion.kept[20, :18] == 1).all()
    assert motion.stays[20, 17] == 0
    assert motion.kept[20, 30] == 0
    assert (np.maximum(motion.kept, motion.stays) >= 0.5).all()


def test_between_what_is_taken_and_what_is_hidden_the_nearer_decides() -> None:
    taken, hidden = np.zeros((41, 41), bool), np.zeros((41, 41), bool)
    taken[:, :16] = True
    hidden[:, 21:] = True
    motion = _motion(hidden, taken)
    assert motion.stays[20, 15] == 0
    assert motion.kept[20, 15] == 1
    assert motion.stays[20, 21] == 1
    assert motion.kept[20, 21] == 0


def test_what_is_hidden_is_searched_with_its_surroundings() -> None:
    gone = np.zeros((400, 400), bool)
    gone[200, 300:310] = True
    rows, columns = around_all(gone)
    assert (rows, columns) == (slice(160, 233), slice(256, 342))


def hairs() -> Float32:
    """Bright hairs before a plain wall, encoded."""
    rng = np.random.default_rng(4)
    picture = np.full(SHAPE, 0.35, np.float32)
    for _ in range(60):
        x, y, turn = rng.uniform(60, 200), rng.uniform(50, 150), rng.uniform(0, np.pi)
        along = 40 * np.cos(turn), 40 * np.sin(turn)
        end = round(x + along[0]), round(y + along[1])
        cv2.line(picture, (round(x), round(y)), end, 0.9, 2, cv2.LINE_AA)
    return blurred(picture, 0.7)


@pytest.mark.parametrize("quality", [None, 95, 90])
def test_no_place_shows_less_than_its_second_best_frame(quality: int | None) -> None:
    picture = hairs()
    frames = []
    for radius in (0.0, 0.5, 6.0, 12.0, 3.0, 12.0):
        code = np.rint(255 * np.clip(noisy(defocused(picture, radius), int(radius)), 0, 1))
        shown = code.astype(np.uint8)
        if quality is not None:
            _, file = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, quality])
            shown = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
        frames.append((shown / np.float32(255)).astype(np.float32))
    image = fuse("auto", frames).image

    def detail(frame: Float32) -> Float32:
        fine = frame - cv2.GaussianBlur(frame, (0, 0), 2)
        return np.asarray(cv2.boxFilter(fine * fine, -1, (25, 25)), np.float32)

    best, second = np.sort([detail(frame) for frame in frames], axis=0)[[-1, -2]]
    there = best > (8 / 255) ** 2
    assert there.mean() > 0.2
    assert (detail(image)[there] > 0.8**2 * second[there]).all()


@pytest.mark.parametrize(("astray", "told"), [(3.0, True), (5.0, False)])
def test_what_misplaced_frames_explain_is_not_told_as_moved(astray: float, *, told: bool) -> None:
    calm = textured(SHAPE, seed=1, grain=4.0) * np.float32(0.4) + np.float32(0.5)
    movement = Movement((100, 130), astray=astray)
    found = [movement.add(seen(with_disc(calm, x))) for x in (110, 118)]
    assert found[1] is not None  # one of them is shown all the same
    assert movement.moved.any() == told
