"""Motion models: zero is the identity, and each holds the stiffer ones."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.matrices.models import (
    LENSES,
    MATRICES,
    MODELS,
    Model,
    matrices,
    normalisation,
)
from focusstack.geometry.coordinates import transform
from tests.alignment.matrices.known_stacks import SIZE, rms


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_zero_is_the_identity(model: Model) -> None:
    nothing = np.zeros((3, model.per_frame))
    found = matrices(model, nothing, np.zeros(model.shared), normalisation(*SIZE))
    assert found == pytest.approx(np.stack([np.eye(3)] * 3), abs=1e-12)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_starts_from_a_similarity(model: Model) -> None:
    # Its first four numbers are zoom, turn and shift, to first order.
    start = np.array([0.01, 0.004, 0.02, -0.01])
    theta = np.zeros((1, model.per_frame))
    theta[0, :4] = start
    N = normalisation(*SIZE)
    stiff = matrices(MODELS["similarity"], start[None], np.zeros(0), N)[0]
    assert rms(matrices(model, theta, np.zeros(model.shared), N)[0], stiff) < 0.05


def test_the_ladder_begins_with_the_stiffest() -> None:
    for part in (MATRICES, LENSES):
        freedom = [model.per_frame for model in part]
        assert freedom == sorted(freedom)
    assert next(iter(MODELS)) == "similarity"


def test_normalised_coordinates_span_the_half_diagonal() -> None:
    corners = np.array([[0, 0], [1199, 899], [599.5, 449.5]])
    found = np.linalg.norm(transform(normalisation(*SIZE), corners), axis=1)
    assert found == pytest.approx([1, 1, 0], abs=2e-3)
