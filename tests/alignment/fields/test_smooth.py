"""Fields are used where held-out tiles prove them."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.fields.smooth import Local, with_nodes
from focusstack.alignment.quality.held_out import HeldOut


@pytest.mark.parametrize(
    ("share", "gained", "proven", "adds"),
    [
        (0.55, 0.0, True, True),
        (0.75, 0.0, False, False),
        (0.75, 0.95, True, True),
        (0.9, 0.95, False, True),
        (0.9, 0.8, False, False),
        (0.97, 0.95, False, False),
    ],
)
def test_what_proves_a_field(share: float, gained: float, proven: bool, adds: bool) -> None:
    local = Local(np.zeros((1, 3, 3, 2)), HeldOut(1.0, share, gained, share))
    assert (local.proven, local.adds) == (proven, adds)


def test_fields_are_told_by_other_nodes() -> None:
    y, x = np.mgrid[0:1:3j, 0:1:4j]
    fields = np.stack([x, 2 * y], -1)[None]
    y, x = np.mgrid[0:1:7j, 0:1:9j]
    assert with_nodes(fields, 7, 9) == pytest.approx(np.stack([x, 2 * y], -1)[None])
