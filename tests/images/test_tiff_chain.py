"""Chains of pages: circles, chains without end, and pages that claim too much."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from focusstack.images.header import UnreadableError
from focusstack.images.read import probe_all, read_picture
from focusstack.images.tiff_chain import check_planes, page_offsets
from tests.support.decoded import refused


def chain(pages: int, entries: bytes = b"", back: int = 0) -> bytes:
    """Return a file of so many directories, the last of which leads to `back`."""
    count = len(entries) // 12
    each = 2 + len(entries) + 4
    out = b"II*\0" + struct.pack("<I", 8)
    for k in range(1, pages + 1):
        out += struct.pack("<H", count) + entries
        out += struct.pack("<I", back if k == pages else 8 + k * each)
    return out


def offsets(tmp_path: Path, data: bytes) -> list[int]:
    (tmp_path / "a.tif").write_bytes(data)
    with (tmp_path / "a.tif").open("rb") as file:
        return page_offsets(file)


@pytest.mark.parametrize("back", [8, 14, 20])
def test_a_circle_is_refused(tmp_path: Path, back: int) -> None:
    with pytest.raises(UnreadableError, match="lead in a circle"):
        offsets(tmp_path, chain(3, back=back))
    refused(tmp_path / "a.tif", "lead in a circle")


def test_long_chains_are_read_and_endless_ones_are_not(tmp_path: Path) -> None:
    assert len(offsets(tmp_path, chain(3000))) == 3000
    with pytest.raises(UnreadableError, match="no focus stack"):
        offsets(tmp_path, chain(6000))


def test_pages_that_all_claim_the_same_long_table_are_refused(tmp_path: Path) -> None:
    table = struct.pack("<HHII", 273, 4, 500_000, 8)
    with pytest.raises(UnreadableError, match="claim more than it can hold"):
        offsets(tmp_path, chain(3, table) + bytes(2_000_000))
    assert len(offsets(tmp_path, chain(1, table) + bytes(2_000_000))) == 1


def test_a_chain_that_leaves_the_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="pages are missing"):
        offsets(tmp_path, chain(2, back=10_000))


def test_a_page_is_read_without_those_before_it(tmp_path: Path) -> None:
    pages = np.arange(5, dtype=np.uint8)[:, None, None] * np.full((5, 80, 90), 20, np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    assert [p.page for p in probe_all(tmp_path / "a.tif")] == [0, 1, 2, 3, 4]
    for k in (4, 0, 2):
        assert np.all(read_picture(tmp_path / "a.tif", k).pixels == 20 * k)


def test_an_ome_description_of_more_planes_than_there_are() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((3, 20, 30), np.uint8), ome=True, metadata={"axes": "ZYX"})
    file.seek(0)
    description = tifffile.TiffFile(file).pages.first.description
    check_planes(description, 3)
    with pytest.raises(UnreadableError, match="more planes"):
        check_planes(description.replace('SizeZ="3"', 'SizeZ="999999999"'), 3)
