"""What a fault in a JPEG's data leaves: all that is coded after it is of another tint."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.first_pass.block_maps import Seen
from focusstack.first_pass.coding_faults import (
    BEYOND,
    CELL,
    FEWEST_BLOCKS,
    LEAST,
    OWN,
    REACH,
    Shift,
    find_shift,
    strongest_lines,
)
from focusstack.images.read import orient, read_picture
from focusstack.numeric.arrays import Float32, Image
from focusstack.pipeline import plan_stack
from focusstack.scene.stack import render_stack

FRAMES = render_stack("plane", width=480, height=360, frames=5, seed=4, blur=2).frames
NOISE = np.random.default_rng(1).normal(0, 3, (160, 320, 3))


def calm(base: float = 100.0) -> Image:
    """A picture without edges."""
    return np.asarray(np.clip(base + NOISE, 0, 255), np.uint8)


def tinted(
    frame: Image, row: int, column: int, codes: object, unit: int = 16, *, strip: bool = False
) -> Image:
    """What all behind some place becomes, or the rest of its row of units."""
    wide = frame.astype(int)
    wide[row : row + unit, column:] += np.asarray(codes)
    if not strip:
        wide[row + unit :] += np.asarray(codes)
    return np.asarray(np.clip(wide, 0, 255), np.uint8)


# One frame ------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [8, 16])
@pytest.mark.parametrize("codes", [(12, 12, 12), (-12, -12, -12), (14, 0, 0), (0, 0, -20)])
@pytest.mark.parametrize("strip", [False, True])
def test_a_shift_is_found_where_it_begins(
    unit: int, codes: tuple[int, int, int], strip: bool
) -> None:
    found = find_shift(tinted(calm(), 64, 120, codes, unit, strip=strip), unit)
    assert found is not None
    assert found[:4] == (64, 120, unit, strip)
    assert found.codes == pytest.approx(codes, abs=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rows_are_those_of_the_file(orientation: int) -> None:
    """However the picture is turned."""
    stored = tinted(FRAMES[0], 112, 200, (25, 20, 20))
    found = find_shift(orient(stored, orientation), 16, orientation)
    assert found is not None
    assert found[:4] == (112, 200, 16, False)
    assert found.orientation == orientation


@pytest.mark.parametrize("column", [288, 296])
def test_the_shortest_strip_has_four_blocks(column: int) -> None:
    """As few as three are not told from what texture does."""
    found = find_shift(tinted(calm(), 64, column, (90, 90, 90), strip=True), 16)
    assert found is not None
    assert (found.column, found.strip) == (288, True)


@pytest.mark.parametrize(("row", "column"), [(0, 200), (144, 40)])
def test_the_first_and_the_last_row_of_units_have_one_edge(row: int, column: int) -> None:
    found = find_shift(tinted(calm(), row, column, (12, 12, 12)), 16)
    assert found is not None
    assert found[:4] == (row, column, 16, False)


def test_grey_pictures_have_a_tint_too() -> None:
    found = find_shift(tinted(calm(), 64, 120, (12, 12, 12))[..., 1], 16)
    assert found is not None
    assert found[:3] == (64, 120, 16)


@pytest.mark.parametrize("frame", FRAMES)
def test_sound_frames_have_none(frame: Image) -> None:
    assert find_shift(frame, 8) is None
    assert find_shift(frame, 16) is None


@pytest.mark.parametrize(("k", "channel"), [(0, (1, 1, 1)), (1, (0, -0.344, 1.772))])
def test_what_nobody_sees_is_no_shift(k: int, channel: tuple[float, float, float]) -> None:
    """A few codes of luma, two of a colour difference."""
    for share, found in ((0.6, False), (1.5, True)):
        codes = np.rint(LEAST[k] * share * np.array(channel) * 2) / 2
        frame = tinted(calm().astype(float) * 1.0, 64, 120, 0)
        wide = frame.astype(float)
        wide[64:80, 120:] += codes
        wide[80:] += codes
        dithered = np.floor(wide + np.random.default_rng(2).random(wide.shape))
        assert (find_shift(dithered.astype(np.uint8), 16) is not None) == found, share


@pytest.mark.parametrize(("row", "off"), [(64, 0), (67, 3), (61, -3)])
def test_what_the_scene_does_elsewhere_it_does_on_edges_of_units(row: int, off: int) -> None:
    """As long a step of 12 codes away from the edges: that on an edge is no fault."""
    frame = tinted(calm(), 64, 120, (12, 12, 12))
    assert find_shift(frame, 16) is not None
    wide = frame.astype(int)
    wide[99:] += 12
    assert find_shift(np.clip(wide, 0, 255).astype(np.uint8), 16) is None
    assert 1.5 < BEYOND < 4


def test_texture_hides_nothing_that_is_plain() -> None:
    """20 codes where neighbours differ by as much: no pixel alone tells it."""
    texture = np.random.default_rng(3).normal(0, 20, (160, 480, 1))
    frame = np.clip(120 + texture.repeat(3, 2), 0, 255).astype(np.uint8)
    found = find_shift(tinted(frame, 64, 120, (20, 20, 20)), 16)
    assert found is not None
    assert found[:3] == (64, 120, 16)


def test_an_edge_that_is_not_level_is_none() -> None:
    frame = calm().astype(int)
    for x in range(frame.shape[1]):
        frame[60 + x // 20 :, x] += 40
    assert find_shift(frame.astype(np.uint8), 16) is None


def test_a_lens_spreads_edges_over_several_pixels() -> None:
    frame = calm().astype(float)
    frame += 20 * np.clip((np.arange(160) - 61) / 6, 0, 1)[:, None, None]
    assert find_shift(frame.astype(np.uint8), 16) is None


def test_small_pictures_have_no_lines() -> None:
    assert find_shift(np.zeros((30, 30, 3), np.uint8), 16) is None
    assert strongest_lines(np.zeros((30, 30, 3), np.uint8), 16).tolist() == [0, 0, 0]


# Against others -------------------------------------------------------------------------------


def blocks(frame: Image) -> Float32:
    """Means of 8 x 8 pixels."""
    h, w = frame.shape[0] // 8, frame.shape[1] // 8
    means = frame[: h * 8, : w * 8].reshape(h, 8, w, 8, -1).mean(axis=(1, 3))
    return np.asarray(means, np.float32)


def shares(frame: Image, others: list[Image], shift: Shift) -> list[float]:
    codes = blocks(frame)
    seen = [(blocks(other), np.ones(codes.shape[:2], bool)) for other in others]
    return shift.against(codes, seen, 1 / CELL)


@pytest.mark.parametrize("strip", [False, True])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_others_do_not_show_what_is_a_frames_own(strip: bool, orientation: int) -> None:
    whole = orient(calm(), orientation)
    frame = orient(tinted(calm(), 64, 120, (15, 15, 15), strip=strip), orientation)
    shift = find_shift(frame, 16, orientation)
    assert shift is not None
    assert shares(frame, [whole, frame], shift) == pytest.approx([1, 0], abs=0.15)
    assert shift.is_own(blocks(frame), known([whole, whole, frame]), 1 / CELL)
    assert not shift.is_own(blocks(frame), known([whole, frame, frame]), 1 / CELL)
    assert not shift.is_own(blocks(frame), known([whole]), 1 / CELL)
    assert 0.3 < OWN < 0.8


def known(frames: list[Image]) -> Seen:
    return [(blocks(f), np.ones(blocks(f).shape[:2], bool)) for f in frames]


def test_others_that_hardly_show_the_place_have_no_say() -> None:
    frame = tinted(calm(), 64, 120, (15, 15, 15))
    shift = find_shift(frame, 16)
    assert shift is not None
    codes = blocks(frame)
    for columns, said in ((1, False), (2, True)):
        seen = np.zeros(codes.shape[:2], bool)
        seen[:, 20 : 20 + columns] = True
        assert bool(shift.against(codes, [(blocks(calm()), seen)], 1 / CELL)) == said
    assert 1.5 < FEWEST_BLOCKS < 3  # a column has six blocks that differ by a half
    assert 1.5 < REACH < 6


def test_what_is_far_from_the_line_does_not_matter() -> None:
    """Where something else moved."""
    frame = tinted(calm(), 64, 120, (15, 15, 15))
    shift = find_shift(frame, 16)
    assert shift is not None
    other = calm()
    other[130:] += 40
    other[:30] -= 40
    assert shares(frame, [other], shift) == pytest.approx([1], abs=0.15)


# Files ----------------------------------------------------------------------------------------


def encoded(frame: Image, **options: object) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(frame).save(file, "JPEG", quality=93, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("options", "unit"),
    [({"subsampling": 0}, 8), ({"subsampling": 1}, 8), ({"subsampling": 2}, 16)],
)
def test_the_rows_of_units_are_those_of_the_file(
    tmp_path: Path, options: dict[str, object], unit: int
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(FRAMES[0], **options))
    assert read_picture(path).unit == unit
    path.write_bytes(encoded(FRAMES[0][..., 0]))
    assert read_picture(path).unit == 8
    Pillow.fromarray(FRAMES[0]).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").unit == 0


def wrong_once(data: bytes, sound: Image, random: np.random.Generator) -> bytes:
    """Change bits until the decoder says nothing and much is of another tint."""
    import simplejpeg

    start = data.index(b"\xff\xda") + 14
    for _ in range(2000):
        rotten = bytearray(data)
        rotten[int(random.integers(start, len(data) - 2))] ^= 1 << int(random.integers(8))
        try:
            pixels = simplejpeg.decode_jpeg(bytes(rotten), "RGB")
        except ValueError:
            continue
        off = np.abs(pixels.astype(int) - sound).max(axis=2) > 25
        if off.mean() > 0.3:
            return bytes(rotten)
    raise AssertionError


@pytest.mark.parametrize("seed", [0, 1])
def test_a_frame_whose_data_went_wrong_once_is_named(tmp_path: Path, seed: int) -> None:
    files = [encoded(frame) for frame in FRAMES]
    for k, data in enumerate(files):
        (tmp_path / f"{k}.jpg").write_bytes(data)
    assert all(frame.used for frame in plan_stack(tmp_path).frames)
    sound = read_picture(tmp_path / "2.jpg").pixels
    random = np.random.default_rng(seed)
    (tmp_path / "2.jpg").write_bytes(wrong_once(files[2], sound, random))
    plan = plan_stack(tmp_path)
    assert [frame.file for frame in plan.frames if not frame.used] == ["2.jpg"]
    assert "damaged" in (plan.frames[2].reason or "")


def test_a_line_that_all_frames_have_is_no_fault(tmp_path: Path) -> None:
    for k, frame in enumerate(FRAMES):
        lined = frame.copy()
        lined[:16] = 30  # a bar above, as wide as the picture
        (tmp_path / f"{k}.jpg").write_bytes(encoded(lined))
    assert all(frame.used for frame in plan_stack(tmp_path).frames)
