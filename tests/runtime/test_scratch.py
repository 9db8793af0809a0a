"""Planes in a file: like any others, and gone from memory when that is short."""

from __future__ import annotations

import errno
import gc
import os
from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import OutputError
from focusstack.runtime.memory import in_use
from focusstack.runtime.scratch import LEAST, Room

SIDE = 1024
MB = 1 << 20


def test_without_a_limit_everything_is_in_memory(tmp_path: Path) -> None:
    room = Room(None, tmp_path)
    assert not room.in_file
    assert not room.zeros((SIDE, SIDE), np.float32).any()
    room.tidy(1 << 40)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint16, np.uint8])
def test_what_is_let_go_comes_back(tmp_path: Path, dtype: type[np.generic]) -> None:
    room = Room(1, tmp_path)
    planes = [room.zeros((3, SIDE, SIDE), dtype) for _ in range(2)]
    assert not any(plane.any() for plane in planes)
    for k, plane in enumerate(planes, start=1):
        plane[1] = k
        room.tidy()
        plane[2, 5:7] = 9
    room.emptied()
    for k, plane in enumerate(planes, start=1):
        assert plane.flags.c_contiguous
        assert plane.flags.aligned
        assert not plane[0].any()
        assert (plane[1] == k).all()
        assert np.flatnonzero((plane[2] == 9).all(axis=1)).tolist() == [5, 6]


def test_an_array_outlives_its_room(tmp_path: Path) -> None:
    room = Room(1, tmp_path)
    plane = room.zeros((SIDE, SIDE), np.float32)
    plane += 2
    room.emptied()
    del room
    gc.collect()
    assert float(plane.sum()) == 2 * SIDE**2


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    room = Room(1, tmp_path)
    plane = room.zeros((SIDE, SIDE), np.float32)
    del room, plane
    gc.collect()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(in_use() is None, reason="the system does not say how much is held")
def test_memory_stays_within_the_limit(tmp_path: Path) -> None:
    held = in_use()
    assert held is not None
    room = Room(held + 60 * MB, tmp_path)
    planes = [room.zeros((8, SIDE, SIDE), np.float32) for _ in range(4)]
    most = 0
    for _ in range(2):
        for plane in planes:  # 128 MB in all
            for part in plane:
                part += 1
                room.tidy()
                most = max(most, in_use() or 0)
    assert most < held + 60 * MB
    assert all((plane == 2).all() for plane in planes)


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    room = Room(1, tmp_path)
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OutputError, match="disk is full"):
        room.zeros((SIDE, SIDE), np.float32)
    assert not room.zeros((LEAST // 8,), np.float32).any()
