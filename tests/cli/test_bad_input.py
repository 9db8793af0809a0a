"""Everything that can be wrong with what is given: each has one outcome, and none a traceback."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from typer.testing import CliRunner, Result

from focusstack.cli import app
from focusstack.images.metadata import Metadata
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.plan.file import read_plan
from focusstack.scene.stack import render_stack
from tests.support.colour_profiles import DISPLAY_P3, SRGB_CURVE, profile

FRAMES = render_stack("plane", width=160, height=120, frames=4, blur=2, seed=4).frames


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def put(folder: Path, frames: list[Image], names: list[str] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    for k, frame in enumerate(frames):
        write_image(folder / (names[k] if names else f"{k}.png"), frame)
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return put(tmp_path / "photos", FRAMES)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    assert (
        call("run", put(folder / "in", FRAMES), "-o", folder / "out", "--no-report").exit_code == 0
    )
    return folder / "out" / "report.json"


def refused(folder: Path, code: int, *words: str) -> None:
    """``run`` must end with this code, say these words, and leave nothing."""
    before = sorted(folder.parent.iterdir())
    result = call("run", folder, "-o", folder.parent / "out")
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("error: ") or "\nerror: " in result.stderr
    assert "Traceback" not in result.output
    assert "unexpected" not in result.output
    for word in words:
        assert word in result.stderr
    assert sorted(folder.parent.iterdir()) == before


# Broken files ---------------------------------------------------------------------------------


def cut(share: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut(0), "is empty"),
        (cut(0.001), "2.png"),
        (cut(0.5), "damaged or truncated"),
        (cut(0.99), "damaged or truncated"),
        (lambda path: path.write_text("text"), "is not a picture"),
        (lambda path: path.write_bytes(bytes(5000)), "is not a picture"),
    ],
)
def test_one_broken_file_is_named(photos: Path, damage: Callable[[Path], None], said: str) -> None:
    damage(photos / "2.png")
    refused(photos, 3, said, "2.png")


def test_a_wrong_suffix_does_no_harm(photos: Path, plan: Path, tmp_path: Path) -> None:
    """The content decides what a file is; its name decides what the output is called."""
    (photos / "2.png").rename(photos / "2.jpg")
    found = call("run", photos, "-o", tmp_path / "out", "--plan", plan, "--no-report")
    assert found.exit_code == 0, found.output
    with Pillow.open(tmp_path / "out" / "aligned" / "2.jpg") as picture:
        assert picture.format == "JPEG"


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 300.0])
def test_floats_that_are_no_light(tmp_path: Path, wrong: float) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for k, frame in enumerate(FRAMES):
        values = (frame / 255).astype(np.float32)
        values[5, 7] = wrong if k == 1 else 0.5
        tifffile.imwrite(folder / f"{k}.tif", values, photometric="rgb")
    refused(folder, 3, "1.tif")


# Pictures without sense -----------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (63, 80), (200, 2)])
def test_too_small(tmp_path: Path, shape: tuple[int, ...]) -> None:
    frames = [np.full(shape, 10 + k, np.uint8) for k in range(3)]
    refused(put(tmp_path / "photos", frames), 3, "too few to be aligned")


@pytest.mark.parametrize("level", [0, 90, 255])
def test_nothing_to_see(tmp_path: Path, level: int) -> None:
    """One colour, all black, all clipped: a corner differs, or they would be copies."""
    frames = []
    for k in range(3):
        frame = np.full((120, 160, 3), level, np.uint8)
        frame[0, 0] = k
        frames.append(frame)
    refused(put(tmp_path / "photos", frames), 4)


def test_one_frame(photos: Path) -> None:
    for path in sorted(photos.iterdir())[1:]:
        path.unlink()
    refused(photos, 3, "at least two frames")


def test_no_frame(tmp_path: Path) -> None:
    refused(put(tmp_path / "photos", []), 3, "No pictures")


def test_two_identical_frames(photos: Path) -> None:
    shutil.copy(photos / "1.png", photos / "9.png")
    refused(photos, 3, "1.png and 9.png hold the same picture")


def test_very_wide_pictures(tmp_path: Path) -> None:
    """50 000 pixels are no limit; the height must do for tiles."""
    rng = np.random.default_rng(0)
    strip = rng.integers(40, 200, (8, 5000), np.uint8).repeat(9, 0).repeat(10, 1)
    frames = [np.ascontiguousarray(np.roll(strip, 3 * k, 1)) for k in range(2)]
    folder = put(tmp_path / "photos", frames)
    result = call("inspect", folder, "--json")
    assert result.exit_code in (0, 4), result.output
    assert "unexpected" not in result.output


# Mixtures -------------------------------------------------------------------------------------


def test_mixed_depths(photos: Path) -> None:
    write_image(photos / "2.png", read_picture(photos / "2.png").pixels.astype(np.uint16) * 257)
    refused(photos, 3, "differ in kind", "2.png (RGB uint16)")


def test_mixed_colours(photos: Path) -> None:
    write_image(photos / "2.png", read_picture(photos / "2.png").pixels[..., 1])
    refused(photos, 3, "differ in kind", "2.png (grey uint8)")


def test_mixed_profiles(photos: Path) -> None:
    icc = profile([SRGB_CURVE], DISPLAY_P3, "Display P3")
    write_image(photos / "2.png", read_picture(photos / "2.png").pixels, Metadata(icc=icc))
    refused(photos, 3, "differ in colour profile", "2.png (Display P3)")


def test_mixed_sizes(photos: Path) -> None:
    write_image(photos / "2.png", read_picture(photos / "2.png").pixels[:-10])
    refused(photos, 3, "differ in size", "2.png (160 x 110 pixels)")


def test_mixed_orientation_tags(tmp_path: Path, plan: Path) -> None:
    """Frames stored one way or another are the same frames once they are upright."""
    folder = tmp_path / "photos"
    folder.mkdir()
    turns = {1: 0, 3: 2, 6: 1, 8: 3}
    for k, (orientation, turn) in enumerate(turns.items()):
        exif = Pillow.Exif()
        exif[0x0112] = orientation
        stored = np.ascontiguousarray(np.rot90(FRAMES[k], turn))
        Pillow.fromarray(stored).save(folder / f"{k}.png", exif=exif)
    result = call("run", folder, "-o", tmp_path / "out", "--plan", plan, "--no-report")
    assert result.exit_code == 0, result.output
    for k in range(4):
        found = read_picture(tmp_path / "out" / "aligned" / f"{k}.png")
        expected = read_picture(plan.parent / "aligned" / f"{k}.png")
        assert found.metadata.orientation == 1
        np.testing.assert_array_equal(found.pixels, expected.pixels)


# Names ----------------------------------------------------------------------------------------

ODD = ["with space", "it's", 'say "hi"', "line\nbreak", "📷 é ü", "-o", "%s {0} $HOME", "tab\tbed"]


@pytest.mark.skipif(sys.platform == "win32", reason="such names do not exist on Windows")
def test_odd_names(tmp_path: Path) -> None:
    names = [f"{name}.png" for name in ODD[:4]]
    more = [f"{name}.png" for name in ODD[4:]]
    for k, given in enumerate((names, more)):
        folder = put(tmp_path / f"in {k}\n{ODD[k]}", FRAMES, given)
        out = tmp_path / f"out {k} {ODD[k + 2]}"
        result = call("run", folder, "-o", out)
        assert result.exit_code == 0, result.output
        assert sorted(p.name for p in (out / "aligned").iterdir()) == sorted(given)
        assert {f.file for f in read_plan(out / "report.json").frames} == set(given)
        assert call("inspect", folder).exit_code == 0


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    folder = put(tmp_path / "photos", FRAMES)
    odd = [os.fsdecode(b"\xff\xfe%d.png" % k) for k in range(4)]
    for k, name in enumerate(odd):
        (folder / f"{k}.png").rename(folder / name)
    result = call("run", folder, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in (tmp_path / "out" / "aligned").iterdir()) == sorted(odd)
    plan = tmp_path / "out" / "report.json"
    again = call("run", folder, "-o", tmp_path / "b", "--plan", plan, "--no-report")
    assert again.exit_code == 0, again.output
    assert call("inspect", folder).exit_code == 0
    write_image(folder / odd[1], FRAMES[1][:-9])
    assert call("inspect", folder).exit_code == 3


@pytest.mark.parametrize(("count", "side"), [(1000, 48), (40, 64)])
def test_many_tiny_frames(tmp_path: Path, count: int, side: int) -> None:
    """A thousand pictures are counted and refused quickly; many small ones are a stack."""
    rng = np.random.default_rng(0)
    wide = rng.integers(30, 220, (80, 80), np.uint8)
    folder = tmp_path / "photos"
    folder.mkdir()
    for k in range(count):
        frame = wide[k % 7 : k % 7 + side, k % 5 : k % 5 + side].copy()
        frame[0, :3] = k % 256, k // 256, 7
        Pillow.fromarray(frame).save(folder / f"{k}.png")
    result = call("inspect", folder)
    assert result.exit_code in ((3,) if side < 64 else (0, 4)), result.output
    assert "unexpected" not in result.output
    assert side >= 64 or "too few to be aligned" in result.stderr
