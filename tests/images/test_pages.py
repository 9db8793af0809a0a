"""Several pictures as pages of one TIFF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from focusstack.images.metadata import Metadata
from focusstack.images.pages import PageWriter
from focusstack.images.read import probe_all, read_picture

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(("expected", "big"), [(3e9, False), (6e9, True)])
def test_offsets_of_four_bytes_as_long_as_they_suffice(
    tmp_path: Path, expected: float, big: bool
) -> None:
    frames = RNG.integers(0, 65536, (3, 20, 30, 3)).astype(np.uint16)
    writer = PageWriter(tmp_path / "a.tif", round(expected))
    for frame in frames:
        writer.add(frame, Metadata())
    writer.close()
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.is_bigtiff == big
    assert len(probe_all(tmp_path / "a.tif")) == 3
    for page, frame in enumerate(frames):
        assert np.array_equal(read_picture(tmp_path / "a.tif", page).pixels, frame)


def test_an_abandoned_file_is_closed(tmp_path: Path) -> None:
    writer = PageWriter(tmp_path / "a.tif", 1000)
    writer.abandon()
    writer.abandon()
    (tmp_path / "a.tif").unlink()
