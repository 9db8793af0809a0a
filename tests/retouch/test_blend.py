"""How what is painted joins what is there."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from focusstack.retouch import blend
from focusstack.retouch.blend import laid_over, membrane, without_edge


def scene(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(1).random(shape).astype(np.float32)


def hole(side: int = 96) -> Any:
    y, x = np.mgrid[:side, :side]
    return np.asarray(np.hypot(x - 45, y - 50) < 30)


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3)])
def test_cover_goes_from_one_picture_to_the_other(shape: tuple[int, ...]) -> None:
    below, above = scene(shape), scene(shape)[::-1].copy()
    assert np.array_equal(laid_over(below, above, np.zeros((40, 50), np.float32)), below)
    full = laid_over(below, above, np.ones((40, 50), np.float32))
    assert np.abs(full - above).max() < 1e-6


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_source_that_is_brighter_leaves_no_edge(channels: tuple[int, ...]) -> None:
    inside = hole()
    below = scene((96, 96, *channels)) * 0.5
    found = without_edge(below, below + np.float32(0.2), inside)
    mask = inside if not channels else inside[..., None]
    assert np.abs(np.where(mask, found - below, 0)).max() < 0.5 / 255


def test_a_source_under_a_slant_of_light_leaves_no_edge() -> None:
    slant = np.add.outer(np.linspace(0, 0.2, 96), np.linspace(-0.1, 0.3, 96)).astype(np.float32)
    below, inside = scene((96, 96)) * 0.5, hole()
    found = without_edge(below, below + slant, inside)
    assert np.abs(found - below)[inside].max() < 1 / 255


def test_its_own_detail_is_kept() -> None:
    below, inside = np.full((96, 96), np.float32(0.3)), hole()
    above = np.float32(0.6) + np.float32(0.1) * scene((96, 96))
    found = without_edge(below, above, inside)
    kept = np.diff(found, axis=1) - np.diff(above, axis=1)
    inner = np.hypot(*(np.mgrid[:96, :96] - np.array([50, 45])[:, None, None])) < 25
    assert np.abs(kept)[inner[:, 1:]].max() < 0.01


def exact(known: Any, inside: Any) -> Any:
    """Solve Laplace's equation by relaxing for as long as anything changes."""
    found = membrane(known, inside).astype(float)
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
    for _ in range(6000):
        found = np.where(inside, cv2.filter2D(found, -1, cross), found)
    return np.asarray(found)


@pytest.mark.parametrize("constant", ["SWEEPS", "KNOWN"])
def test_the_membrane_is_nearly_exact(constant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    soft = cv2.GaussianBlur(scene((96, 96)), (0, 0), 6)
    soft = (soft - soft.min()) / np.ptp(soft)
    inside = hole()
    known = np.where(inside, 0, soft).astype(np.float32)
    wanted = exact(known, inside)

    def error(sweeps: int) -> float:
        return float(255 * np.abs(membrane(known, inside, sweeps) - wanted).max())

    if constant == "SWEEPS":
        assert error(blend.SWEEPS) < 2.1 < error(blend.SWEEPS // 2)
    else:
        before = error(blend.SWEEPS)
        monkeypatch.setattr(blend, "KNOWN", 0.25)
        assert error(blend.SWEEPS) > 2 * before


def test_what_has_no_edge_is_taken_as_it_is() -> None:
    below, above = scene((20, 20)), scene((20, 20))[::-1].copy()
    assert without_edge(below, above, np.ones((20, 20), bool)) is above
