"""A weighted mean of frames, whatever their order and their range."""

from __future__ import annotations

import numpy as np

from focusstack.fusion.levels.soft_selection import SoftSelection
from tests.fusion.pictures import unstored, white


def test_soft_selection_is_the_weighted_mean_in_any_order() -> None:
    rng = np.random.default_rng(0)
    bands = [white((3, 13, 17), 1.0, seed) for seed in range(5)]
    evidences = [rng.uniform(0, 3, (13, 17)).astype(np.float32) for _ in bands]
    weights = [(1 + np.sqrt(1e-3 * e.astype(float))) ** 64 for e in evidences]
    truth = sum(w * b for w, b in zip(weights, bands, strict=True)) / sum(weights)
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        selection = SoftSelection((3, 13, 17))
        for index in order:
            selection.add(unstored(bands[index]), evidences[index], 1.0)
        np.testing.assert_allclose(selection.mean, truth, atol=1e-4)


def test_soft_selection_takes_any_range_of_evidence() -> None:
    bands = [np.full((8, 8), v, np.float32) for v in (1.0, 2.0, 3.0)]
    selection = SoftSelection((8, 8))
    for band, evidence in zip(bands, (1e-30, 1e12, 1e5), strict=True):
        selection.add(unstored(band), np.full((8, 8), evidence, np.float32), 1e-12)
    np.testing.assert_allclose(selection.mean, 2.0, rtol=1e-6)


def test_what_is_discounted_is_replaced_by_the_next_frame() -> None:
    selection = SoftSelection((8, 8))
    sharp, soft = np.full((8, 8), 1e4, np.float32), np.zeros((8, 8), np.float32)
    selection.add(unstored(np.ones((8, 8), np.float32)), sharp, 1.0)
    gone = np.zeros((8, 8), bool)
    gone[:, 4:] = True
    selection.discount(gone)
    never = np.zeros((8, 8), np.float32)
    selection.add(unstored(np.full((8, 8), 2, np.float32)), soft, 1.0, never)
    np.testing.assert_allclose(selection.mean, np.where(gone, 2, 1), atol=1e-5)


def test_means_of_8_bit_frames_are_held_at_the_end_of_16_bits() -> None:
    selection = SoftSelection((8, 8), deep=False)
    selection.add(unstored(np.full((8, 8), 3.0, np.float32)), np.ones((8, 8), np.float32), 1.0)
    np.testing.assert_allclose(selection.mean, 2, atol=1e-3)
