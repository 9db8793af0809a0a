"""Marks read from a shot of an even surface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from focusstack.errors import InputError
from focusstack.first_pass.marks.shot import BLACK, FAINTEST, SHINING, marks_in, read_shot
from focusstack.images.write import write_image


def even(level: float) -> Any:
    """Linear light that falls off towards the corners, with a little noise."""
    y, x = np.mgrid[-1:1:120j, -1:1:160j]
    noise = np.random.default_rng(0).normal(0, 0.0003, (120, 160, 3))
    return (level * (1 - 0.2 * (x**2 + y**2))[..., None] + noise).astype(np.float32)


@pytest.mark.parametrize(("times", "found"), [(2.0, True), (0.5, False), (-2.0, True)])
def test_a_speck_in_a_white_shot(times: float, found: bool) -> None:
    light = even(0.6)
    light[40:46, 50:58] *= 1 - times * FAINTEST
    mask = marks_in(light)
    assert bool(mask[40:46, 50:58].all()) is found
    assert mask.sum() < 150, "nothing else"


@pytest.mark.parametrize(("times", "found"), [(2.0, True), (0.5, False)])
def test_a_hot_pixel_in_a_dark_shot(times: float, found: bool) -> None:
    light = even(0.1 * BLACK)
    light[70, 80, 2] += times * SHINING
    mask = marks_in(light)
    assert bool(mask[70, 80]) is found
    assert mask.sum() <= 21


def test_dark_places_of_a_dark_shot_are_no_marks() -> None:
    light = even(0.9 * BLACK)
    light[70, 80] = 0
    assert marks_in(light).sum() == 0


def test_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "white.png"
    write_image(path, np.full((60, 80, 3), 200, np.uint8))
    assert read_shot(path, (80, 60), 1).count == 0
    with pytest.raises(InputError, match=r"white\.png has 80 x 60 pixels, the frames have 90 x 60"):
        read_shot(path, (90, 60), 1)


def test_touching_marks_are_one(tmp_path: Path) -> None:
    picture = np.full((60, 80, 3), 200, np.uint8)
    cv2.circle(picture, (20, 30), 3, (90, 90, 90), -1)
    cv2.circle(picture, (60, 30), 3, (90, 90, 90), -1)
    path = tmp_path / "white.png"
    write_image(path, picture)
    assert read_shot(path, (80, 60), 1).count == 2
