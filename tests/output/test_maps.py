"""Depth and source maps, and what the report says about the fusion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from focusstack.cli import app
from focusstack.fusion.base import Edges, Fused
from focusstack.images.colour import to_dtype
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Mask
from focusstack.options import MapOptions
from focusstack.output.maps import (
    confidence_picture,
    depth_picture,
    fusion_entry,
    motion_warning,
    source_picture,
)
from tests.fusion.levels.test_depth_map import FRAMES, tilted
from tests.fusion.pictures import textured


def made(moved: Mask | None = None) -> Fused:
    depth = np.tile(np.linspace(0, 4, 9, dtype=np.float32), (6, 1))
    source = np.rint(depth).astype(np.uint16)
    return Fused(textured((6, 9, 3)), depth, depth / np.float32(4), source, moved)


def test_depth_fills_sixteen_bits() -> None:
    picture = depth_picture(made(), 5)
    assert picture.dtype == np.uint16
    np.testing.assert_array_equal(picture[0, [0, 4, 8]], [0, 32768, 65535])
    assert depth_picture(made(), 1).max() == 65535


def test_confidence_and_source_are_numbers() -> None:
    np.testing.assert_array_equal(confidence_picture(made())[0, [0, 8]], [0, 255])
    np.testing.assert_array_equal(source_picture(made(), 5)[0, [0, 8]], [0, 4])
    assert source_picture(made(), 256).dtype == np.uint8
    assert source_picture(made(), 257).dtype == np.uint16


def test_spots_are_in_pixels_of_the_composite() -> None:
    moved = np.zeros((3, 3), bool)
    moved[1:, 0] = True
    entry = fusion_entry(made(moved), "auto", ["depth.png"])
    assert entry["moved"] == [{"x": 0, "y": 2, "width": 3, "height": 4, "frame": 0}]
    assert entry["moved_share"] == pytest.approx(2 / 9, abs=1e-4)
    assert "22 %" in motion_warning(entry)[0]


def test_spots_tell_the_frame_that_shows_them() -> None:
    moved = np.zeros((3, 3), bool)
    moved[:, 2] = True
    (spot,) = fusion_entry(made(moved), "auto", [])["moved"]
    assert spot["frame"] == 3


def test_motion_is_told_from_a_hundredth_of_the_picture_on() -> None:
    def warned(share: float) -> bool:
        moved = np.zeros((100, 100), bool)
        moved.ravel()[: round(share * moved.size)] = True
        return bool(motion_warning(fusion_entry(made(moved), "auto", [])))

    assert warned(0.014)
    assert not warned(0.007)


def test_spots_are_listed_from_a_ten_thousandth_of_the_picture_on() -> None:
    moved = np.zeros((100, 300), bool)  # of which a ten thousandth is three cells
    moved[10, 10:14] = True
    moved[50, 200:202] = True
    (spot,) = fusion_entry(made(moved), "auto", [])["moved"]
    assert spot["x"] == round(10 * 9 / 300)


def test_little_motion_is_not_worth_a_warning() -> None:
    calm = fusion_entry(made(np.zeros((3, 3), bool)), "auto", [])
    assert calm["moved"] == []
    assert motion_warning(calm) == []
    assert motion_warning(fusion_entry(made(), "depth", [])) == []


@pytest.fixture
def aligned(tmp_path: Path) -> Path:
    folder = tmp_path / "aligned"
    folder.mkdir()
    for index, frame in enumerate(tilted((96, 200))[1]):
        write_image(folder / f"{index}.png", to_dtype(frame, np.dtype(np.uint8)))
    return folder


def test_fuse_writes_maps_beside_the_composite(aligned: Path, tmp_path: Path) -> None:
    output = tmp_path / "sharp.tif"
    words = ["fuse", str(aligned), "-o", str(output), "--depth", "--source-map", "-q"]
    assert CliRunner().invoke(app, words).exit_code == 0
    depth = read_picture(tmp_path / "sharp-depth.png").pixels
    source = read_picture(tmp_path / "sharp-source-map.png").pixels
    sure = read_picture(tmp_path / "sharp-depth-confidence.png").pixels
    assert [str(m.dtype) for m in (depth, source, sure)] == ["uint16", "uint8", "uint8"]
    index = depth[:, 10:-10] / 65535 * (FRAMES - 1)
    truth = np.linspace(0, FRAMES - 1, 200)[10:-10]
    assert np.median(np.abs(index - truth)) < 0.35
    assert np.median(np.abs(source[:, 10:-10] - truth)) < 0.6
    # What is there already stays unless told otherwise.
    output.unlink()
    assert CliRunner().invoke(app, words).exit_code == 2
    assert CliRunner().invoke(app, [*words, "--overwrite"]).exit_code == 0


def test_maps_need_fusing(aligned: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["run", str(aligned), "-o", str(tmp_path / "out"), "--no-fuse", "--depth"]
    )
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_names() -> None:
    assert MapOptions().names() == []
    assert MapOptions(depth=True, source=True).names("a-") == [
        "a-depth.png",
        "a-depth-confidence.png",
        "a-source-map.png",
    ]


def test_what_layers_found_near_steps_is_told() -> None:
    adopted = np.zeros((160, 240), np.uint8)
    adopted[40:90, 100:140] = 255
    adopted[10:12, 10:12] = 255  # too little to be listed
    edges = Edges(0.91234567, 0.25, -1, 5, 2, adopted)
    entry = fusion_entry(replace(made(), edges=edges), "auto", [])["edges"]
    assert (entry["step_px"], entry["softness"], entry["near"]) == (0.9123, 0.25, "last")
    assert (entry["squares"], entry["left"]) == (5, 2)
    assert entry["share"] == pytest.approx((50 * 40 + 4) / (160 * 240), abs=1e-5)
    (spot,) = entry["acted"]
    assert spot["x"] <= 100 < 140 <= spot["x"] + spot["width"]
    assert spot["y"] <= 40 < 90 <= spot["y"] + spot["height"]


def test_of_edges_nothing_is_told_if_nothing_was_asked() -> None:
    assert "edges" not in fusion_entry(made(), "auto", [])
