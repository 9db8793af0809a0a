"""Films as stacks: which of their pictures are frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.errors import InputError, UsageError
from focusstack.frames.open import open_frames
from focusstack.images.video import REPEATED, choose_pictures
from focusstack.numeric.arrays import Image
from focusstack.pipeline import stack
from focusstack.scene.stack import render_stack


def write_film(path: Path, pictures: list[Image], rotation: int = 0) -> None:
    av = pytest.importorskip("av")
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.bit_rate, stream.pix_fmt = 20_000_000, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def sweep() -> list[Image]:
    return render_stack("plane", width=240, height=176, frames=5, blur=3, seed=4).frames


def test_a_film_is_a_stack(tmp_path: Path, sweep: list[Image]) -> None:
    film = tmp_path / "sweep.mp4"
    write_film(film, [picture for picture in sweep for _ in range(3)])  # each shown three times
    frames = open_frames(film)
    assert len(frames) == 5
    assert frames.names[0] == "sweep_00001.png"
    assert frames.size == (240, 176)
    for i in (4, 0, 2):  # in any order
        assert np.abs(frames.read(i).pixels.astype(int) - sweep[i]).mean() < 6
    result = stack(film, tmp_path / "out")
    assert result.plan.residual_px is not None
    assert result.plan.residual_px.median < 0.3
    assert (tmp_path / "out" / "fused.png").is_file()


def test_a_film_in_a_folder_is_taken_if_it_is_alone(tmp_path: Path, sweep: list[Image]) -> None:
    write_film(tmp_path / "a.mp4", sweep)
    assert len(open_frames(tmp_path)) == 5
    Pillow.fromarray(sweep[0]).save(tmp_path / "still.png")
    with pytest.raises(UsageError, match="is a film"):
        open_frames([tmp_path / "a.mp4", tmp_path / "still.png"])


def test_the_sharpest_of_each_stretch_is_chosen() -> None:
    rng = np.random.default_rng(0)
    changes = np.full(100, 1.0)
    changes[[7, 30, 31]] = REPEATED / 2
    sharpness = rng.random(100)
    sharpness[[7, 30]] = 9  # sharp, but seen already
    found = choose_pictures(changes, sharpness, most=10)
    assert len(found) == 10
    assert found == sorted(found)
    assert not {7, 30, 31} & set(found)
    for k, i in enumerate(found):
        assert sharpness[i] >= 0.6
        assert 10 * k - 3 <= i <= 10 * k + 13
    assert choose_pictures(changes[:6], sharpness[:6]) == list(range(6))


def test_pictures_that_differ_by_less_than_a_codec_does_are_repetitions() -> None:
    changes = np.array([0.0, 0.6, 1.2, 0.6, 1.2])
    assert choose_pictures(changes, np.ones(5)) == [0, 2, 4]


def test_a_long_film_gives_a_stack_of_common_length() -> None:
    found = choose_pictures(np.full(300, 5.0), np.random.default_rng(0).random(300))
    assert 30 <= len(found) <= 60


def test_broken_films(tmp_path: Path, sweep: list[Image]) -> None:
    pytest.importorskip("av")
    film = tmp_path / "a.mp4"
    for data in (b"", b"no film at all"):
        film.write_bytes(data)
        with pytest.raises(InputError, match=r"a\.mp4"):
            open_frames(film)
    write_film(film, [sweep[0]] * 4)
    with pytest.raises(InputError, match="at least two"):
        open_frames(film)
