"""Rotten files inside sound stacks: a few of each kind, and that harm would be noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.adversary.rotten import FEWEST, FORMATS, NOISE, _stack, harm, judge, rot


def test_faults_lie_behind_the_first_kilobyte() -> None:
    random = np.random.default_rng(0)
    data = bytes(range(256)) * 40
    kinds = set()
    for _ in range(60):
        rotten, kind = rot(data, random)
        kinds.add(kind)
        assert rotten[:1024] == data[:1024]
        assert rotten[-2:] == data[-2:]
        assert abs(len(rotten) - len(data)) < 600
    assert kinds == {"bit", "byte", "garbage", "zeros", "cut out"}


def test_harm_is_noticed() -> None:
    sound = np.full((40, 50, 3), 100, np.uint8)
    image = sound.copy()
    image[:3, :5] += NOISE + 1
    assert harm(image, [sound]) == 15 < FEWEST
    assert harm(image, [sound, image]) == 0
    assert harm(image, [sound[:30]]) == -1


@pytest.mark.parametrize("name", ["jpg 4:2:0", "png", "tif deflate"])
def test_a_rotten_file_is_named(name: str, tmp_path: Path) -> None:
    data = bytearray(_stack(name).files[2])
    middle = len(data) // 2
    data[middle : middle + 512] = bytes(512)
    assert judge(name, bytes(data), 2, tmp_path) == "named"


def test_a_sound_file_does_no_harm(tmp_path: Path) -> None:
    assert judge("bmp", _stack("bmp").files[2], 2, tmp_path) == "unharmed"
    assert len(FORMATS) == 14
