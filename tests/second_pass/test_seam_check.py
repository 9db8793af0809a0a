"""Along seams frames are compared: what disagrees visibly is found, told and blamed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.numeric.arrays import Float32
from focusstack.plan.seams import Seams
from focusstack.resample.planes import Planes
from focusstack.second_pass.seam_check import SeamCheck, summarise

HEIGHT, WIDTH = 480, 640
NAMES = ["a.jpg", "b.jpg", "c.jpg"]


def picture(shift: float = 0.0, contrast: float = 0.1, blur: float = 0.0) -> Float32:
    """Texture that lies `shift` pixels to the right."""
    noise = np.random.default_rng(3).normal(size=(HEIGHT, WIDTH + 80)).astype(np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), 1.8)
    move = np.array([[1, 0, shift - 40], [0, 1, 0]], float)
    moved = cv2.warpAffine(fine / fine.std(), move, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    if blur:
        moved = cv2.GaussianBlur(moved, (0, 0), blur)
    return np.asarray(0.4 + contrast * moved, np.float32)


def compared(*frames: Float32) -> Seams:
    """Seams of a composite of upright stripes, one of each frame."""
    stripes = np.arange(WIDTH) * len(frames) // WIDTH
    source = np.broadcast_to(stripes.astype(np.uint16), (HEIGHT, WIDTH))
    with SeamCheck((HEIGHT, WIDTH)) as check:
        for frame in frames:
            check.add(Planes.of(frame, coded=True))
        return check.compare(source, NAMES[: len(frames)])


def test_frames_that_agree_pass() -> None:
    seams = compared(picture(), picture(), picture())
    assert seams.measured > 20
    assert (seams.unknown, seams.visible, seams.worst) == (0, 0, None)
    assert seams.grade == "pass"
    assert seams.prove


@pytest.mark.parametrize("px", [1.5, 2.2, 9.0, 21.0])
def test_a_displacement_is_recovered_and_spoils_the_picture(px: float) -> None:
    seams = compared(picture(), picture(px), picture(px))
    assert seams.p95_px == pytest.approx(px, abs=0.3)
    assert seams.grade == "fail"
    assert {place.frames for place in seams.places} == {("a.jpg", "b.jpg")}


@pytest.mark.parametrize(("px", "visible"), [(0.6, False), (1.4, True)])
def test_from_about_a_pixel_on_it_shows(px: float, visible: bool) -> None:
    assert (compared(picture(), picture(px)).visible > 0) == visible


def test_the_frame_between_is_blamed() -> None:
    assert compared(picture(), picture(3.0), picture()).worst == "b.jpg"


@pytest.mark.parametrize(("contrast", "seen"), [(0.002, False), (0.015, False), (0.03, True)])
def test_what_has_no_contrast_does_not_show(contrast: float, seen: bool) -> None:
    assert (compared(picture(0, contrast), picture(4, contrast)).visible > 0) == seen


def test_a_defocused_frame_is_not_displaced() -> None:
    seams = compared(picture(), picture(blur=3.0))
    assert seams.visible == 0


@pytest.mark.parametrize(("common", "visible"), [(0.8, True), (0.35, False)])
def test_only_what_is_sharp_in_both_shows_twice(common: float, visible: bool) -> None:
    """Both frames are sharp in a share of every tile; beside it only one of them is."""
    alone = np.arange(HEIGHT) % 32 >= 32 * common
    b = np.where(alone[:, None], picture(3.0, blur=5.0), picture(3.0)).astype(np.float32)
    assert (compared(picture(), b).visible > 0) == visible


def test_marks_show_nothing_of_the_scene() -> None:
    """A large speck that lies elsewhere in every frame is filled from around."""
    frames, shown = [], []
    for x in (203, 222, 430):
        seen = np.full((HEIGHT, WIDTH), 255, np.uint8)
        cv2.circle(seen, (x, 200), 9, 0, -1)
        frames.append(np.where(seen > 0, 0.4 + 0 * picture(), 0.05).astype(np.float32))
        shown.append(seen)
    for validity, contrast in ((None, True), (shown, False)):
        stripes = (np.arange(WIDTH) * 3 // WIDTH).astype(np.uint16)
        with SeamCheck((HEIGHT, WIDTH)) as check:
            for k, frame in enumerate(frames):
                check.add(Planes.of(frame), None if validity is None else validity[k])
            seams = check.compare(np.broadcast_to(stripes, (HEIGHT, WIDTH)), NAMES)
        assert (seams.measured + seams.unknown > 0) == contrast


def test_places_are_in_pixels_of_the_composite_and_apart() -> None:
    wide = [np.asarray(cv2.resize(picture(px), None, fx=4, fy=4), np.float32) for px in (0.0, 2.0)]
    height, width = wide[0].shape
    source = np.zeros((height, width), np.uint16)
    source[:, width // 2 :] = 1
    with SeamCheck((height, width)) as check:
        for frame in wide:
            check.add(Planes.of(frame))
        seams = check.compare(source, NAMES[:2])
    assert seams.p95_px == pytest.approx(8.0, abs=0.5)
    assert 1 < len(seams.places) <= 3
    for place in seams.places:
        assert place.rect.x < width // 2 < place.rect.x + place.rect.width


def test_nothing_on_seams_says_nothing() -> None:
    seams = summarise([], NAMES)
    assert (seams.measured, seams.p95_px, seams.prove, seams.grade) == (0, None, False, "pass")
