"""A source of one's own is held against what it tells, at the door and at each frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from focusstack.errors import InputError
from focusstack.frames.open import open_frames
from focusstack.frames.sources import WithoutFiles
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Image
from focusstack.pipeline import plan_stack, stack
from focusstack.scene.stack import RenderedStack


class Own(WithoutFiles):
    """Frames from nowhere, which may be told wrongly."""

    def __init__(self, frames: list[Image], **told: Any) -> None:
        self.frames: list[Any] = frames
        self.names: Any = [f"{k}.png" for k in range(len(frames))]
        self.size: Any = frames[0].shape[1::-1]
        self.dtype: Any = frames[0].dtype
        self.channels: Any = 3
        self.__dict__ |= told

    def __len__(self) -> int:
        return len(self.frames)

    def read(self, i: int) -> Picture:
        found = self.frames[i]
        return Picture(found, None, Metadata()) if isinstance(found, np.ndarray) else found


@pytest.fixture(scope="module")
def frames(plane_stack: RenderedStack) -> list[Image]:
    return list(plane_stack.frames)[:3]


def test_what_tells_the_truth_is_taken(frames: list[Image], tmp_path: Path) -> None:
    made = Own(frames)
    assert [f.file for f in plan_stack(made).frames] == ["0.png", "1.png", "2.png"]
    stack(made, tmp_path / "o")
    assert (tmp_path / "o" / "aligned" / "0.png").is_file()


TOLD: dict[str, dict[str, Any]] = {
    "would have the same name": {"names": ["a.png", "a.tif", "b.png"]},
    "have 2 names": {"names": ["a.png", "b.png"]},
    "frame 1 is called 7": {"names": ["a.png", 7, "b.png"]},
    "frame 2 is called ''": {"names": ["a.png", "b.png", ""]},
    "frame 0 is called '../a.png'": {"names": ["../a.png", "b.png", "c.png"]},
    r"have \(480, 0\) pixels": {"size": (480, 0)},
    r"have \(480.5, 360\) pixels": {"size": (480.5, 360)},
    "have 4 channels": {"channels": 4},
    "of type dtype": {"dtype": np.dtype(np.float64)},
}


@pytest.mark.parametrize("words", TOLD)
def test_what_cannot_be_is_refused_at_the_door(frames: list[Image], words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_frames(Own(frames, **TOLD[words]))


READ: dict[str, Callable[[Image], Any]] = {
    "1.png was read as NoneType": lambda _: None,
    "1.png was read as ndarray": lambda f: [f][0:1],
    r"1.png is an array \(360, 479, 3\)": lambda f: f[:, 1:],
    r"1.png is an array \(360, 480\)": lambda f: f[..., 0],
    "1.png is an array .* of uint16": lambda f: f.astype(np.uint16),
}


@pytest.mark.parametrize("words", READ)
def test_a_frame_that_is_another_is_named(frames: list[Image], words: str) -> None:
    wrong: list[Any] = [frames[0], READ[words](frames[1]), frames[2]]
    made = Own(wrong)
    with pytest.raises(InputError, match=words.replace("ndarray", "list")):
        plan_stack(made)
