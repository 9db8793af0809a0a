"""How a stack is shot: keywords, sizes, the reference."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

from focusstack.scene.shooting import Shooting, ShootingKeywords


def test_keywords_are_the_fields() -> None:
    assert get_type_hints(ShootingKeywords) == get_type_hints(Shooting)
    assert [f.name for f in fields(Shooting)] == list(ShootingKeywords.__annotations__)


def test_the_middle_frame_is_the_reference() -> None:
    assert Shooting(frames=5).reference_index == 2
    assert Shooting(frames=5, reference=0).reference_index == 0
    assert Shooting(width=90, height=60).size == (90, 60)
