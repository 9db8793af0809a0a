"""The README's table of formats: every cell is what happens to a stack of that format."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from focusstack.images.metadata import Metadata
from focusstack.images.profile import name_of
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.options import StackOptions
from focusstack.pipeline import plan_stack, stack
from focusstack.plan.file import plan_to_json
from focusstack.plan.model import StackPlan
from focusstack.scene.stack import render_stack
from tests.support.picture_files import (
    P3,
    as_film,
    as_pages,
    by_bmp,
    by_dng,
    by_heif,
    by_pillow,
    by_us,
    exif_of,
)

README = Path(__file__).resolve().parents[1] / "README.md"

Writer = Callable[[Path, Image, int], None]
Whole = Callable[[Path, list[Image]], None]

WRITERS: dict[str, list[tuple[str, Writer]]] = {
    "JPEG": [(".jpg", by_pillow(quality=98, subsampling=0))],
    "PNG, 8 bit": [(".png", by_us(np.uint8))],
    "PNG, 16 bit": [(".png", by_us(np.uint16))],
    "TIFF, 8 bit": [(".tif", by_us(np.uint8))],
    "TIFF, 16 bit": [(".tif", by_us(np.uint16))],
    "TIFF, float": [(".tif", by_us(np.float32))],
    "WebP": [(".webp", by_pillow(lossless=True, exact=True))],
    "BMP": [(".bmp", by_bmp)],
    "AVIF": [(".avif", by_pillow(quality=98))],
    "HEIC, 8 bit": [(".heic", by_heif())],
    "HEIC, 10 and 12 bit": [(".heic", by_heif(deep=True))],
    "camera RAW": [(".dng", by_dng)],
}
"""How frames of each row are written."""

WHOLE: dict[str, tuple[str, Whole]] = {
    "TIFF of several pages": (".tif", as_pages),
    "film": (".mp4", as_film),
}
"""How stacks that are one file are written."""

NEEDS = {"HEIC, 8 bit": "pillow_heif", "HEIC, 10 and 12 bit": "pillow_heif",
         "camera RAW": "rawpy", "film": "av"}  # fmt: skip


def rows() -> dict[str, list[str]]:
    """Cells of the table by the format in the first one."""
    lines = README.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| format | reads |"))
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[re.sub(r" \(.*\)", "", name)] = cells
    return found


@pytest.fixture(scope="module")
def frames() -> list[Image]:
    return render_stack("plane", width=160, height=112, frames=3, blur=2, seed=4, bits=16).frames


@pytest.fixture(scope="module")
def plan(frames: list[Image]) -> StackPlan:
    return plan_stack(frames)


def test_every_row_is_tested() -> None:
    assert set(rows()) == set(WRITERS) | set(WHOLE)


@pytest.mark.parametrize("name", [*WRITERS, *WHOLE])
def test_a_row(name: str, frames: list[Image], plan: StackPlan, tmp_path: Path) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    reads, depth, exif, icc = rows()[name]
    folder = tmp_path / "stack"
    folder.mkdir()
    if name in WHOLE:
        suffix, whole = WHOLE[name]
        whole(folder / f"s{suffix}", frames)
    else:
        ((suffix, write),) = WRITERS[name]
        for k, frame in enumerate(frames):
            write(folder / f"{k}{suffix}", frame, k)
    assert ("extra" in reads) == (name in NEEDS)
    given = planned(folder, plan, tmp_path)
    result = stack(folder, tmp_path / "out", given)
    written = sorted((tmp_path / "out" / "aligned").iterdir())
    assert len(written) == 3
    (composite,) = (tmp_path / "out").glob("fused.*")
    reference = [f.file for f in result.plan.frames].index(result.plan.reference)
    for k, path in [*enumerate(written), (reference, composite)]:
        found = read_picture(path)
        assert str(found.pixels.dtype) == {"8": "uint8", "16": "uint16", "float": "float32"}[depth]
        check_exif(found.metadata, exif, k)
        check_icc(found.metadata, icc)


def planned(folder: Path, plan: StackPlan, tmp_path: Path) -> StackOptions:
    """Reuse the plan of the arrays, under the names of the files: it costs no time."""
    from focusstack.frames.open import open_frames

    text = plan_to_json(plan)
    for k, name in enumerate(open_frames(folder).names, 1):
        text = text.replace(f"frame_{k:04d}", Path(name).stem)
    (tmp_path / "plan.json").write_text(text)
    return StackOptions(plan=tmp_path / "plan.json")


def check_exif(metadata: Metadata, cell: str, number: int) -> None:
    assert cell in ("kept", "none in it")
    assert metadata.iso == (100 * (number + 1) if cell == "kept" else None)
    assert metadata.software.startswith("focusstack ")


def check_icc(metadata: Metadata, cell: str) -> None:
    expected: dict[str, Any] = {"kept": P3, "none in it": None}
    if cell == "sRGB given":
        assert "sRGB" in name_of(metadata.icc)
        return
    assert metadata.icc == expected[cell]


def test_real_pictures_of_16_bits(shared: Path, tmp_path: Path) -> None:
    """A captured 16 bit set, cut to its middle, tagged and run: depth and tags are kept."""
    folder = tmp_path / "stack"
    folder.mkdir()
    for number, path in enumerate(sorted((shared / "stacks" / "flies16").glob("*.png"))):
        pixels = read_picture(path).pixels[400:800, 700:1300]
        assert pixels.dtype == np.uint16
        exif = exif_of(number).removeprefix(b"Exif\0\0")
        write_image(folder / f"{number}.tif", pixels, Metadata(exif, P3))
    result = stack(folder, tmp_path / "out")
    for frame in result.plan.used():
        found = read_picture(tmp_path / "out" / "aligned" / frame.file)
        assert found.pixels.dtype == np.uint16
        if frame.file != result.plan.reference:  # resampled: not 8 bits in disguise
            assert len(np.unique(found.pixels)) > 2000
        assert found.metadata.iso == 100 * (int(frame.file[0]) + 1)
        assert found.metadata.icc == P3
    composite = read_picture(tmp_path / "out" / "fused.tif")
    assert composite.pixels.dtype == np.uint16
    assert composite.metadata.icc == P3
