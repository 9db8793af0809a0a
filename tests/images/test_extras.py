"""HEIC, AVIF, camera RAW and films: what they decode to, and what is said without the extra."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.errors import InputError, UsageError
from focusstack.frames.files import FileFrames
from focusstack.frames.open import open_frames
from focusstack.images import ifd
from focusstack.images.colour import linearise
from focusstack.images.read import probe, read_picture
from focusstack.images.video import REPEATED, chosen
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Float32, Image
from focusstack.pipeline import plan_stack, stack
from focusstack.scene.stack import render_stack
from tests.support.colour_profiles import SRGB_CURVE, profile
from tests.support.sensor_data import write_dng

# HEIC and AVIF --------------------------------------------------------------------------------


def gradient(width: int = 96, height: int = 64) -> Image:
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.asarray(np.rint(255 * np.stack([x, y, (x + y) / 2], -1)).astype(np.uint8))


def exif_of(orientation: int) -> Pillow.Exif:
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0112] = "Maker", orientation
    return exif


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_heif(tmp_path: Path, suffix: str) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    icc = profile([SRGB_CURVE])
    path = tmp_path / f"a{suffix}"
    image = Pillow.fromarray(gradient())
    image.save(path, quality=98, exif=exif_of(1), icc_profile=icc, xmp=b"<x/>")
    found = read_picture(path)
    assert probe(path)[:4] == (96, 64, 3, np.dtype(np.uint8))
    assert np.abs(found.pixels.astype(int) - gradient()).mean() < 2
    assert found.metadata.icc == icc
    assert found.metadata.exif is not None
    assert ifd.text(ifd.read(found.metadata.exif), 0x010F) == "Maker"
    assert b"<x/>" in (found.metadata.xmp or b"")


@pytest.mark.parametrize("bits", [10, 12])
def test_heic_of_more_than_8_bits(tmp_path: Path, bits: int) -> None:
    heif = pytest.importorskip("pillow_heif")
    ramp = np.linspace(0, 65535, 96).astype(np.uint16)
    grey = np.repeat(np.repeat(ramp[None, :, None], 64, 0), 3, 2)
    heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        image = heif.from_bytes("RGB;16", (96, 64), grey.tobytes())
        image.save(tmp_path / "a.heic", quality=100, chroma=444)
    finally:
        heif.options.SAVE_HDR_TO_12_BIT = False
    found = read_picture(tmp_path / "a.heic").pixels
    assert found.dtype == np.uint16
    assert found.max() == 65535  # white is full code
    assert np.abs(found.astype(int) - grey).mean() < 120  # of 65535: below half a code of 8 bits
    assert len(np.unique(found[..., 1])) > 90


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_avif_is_upright_once(tmp_path: Path, orientation: int) -> None:
    """The format says how to turn, and the EXIF repeats it: that is one turn, not two."""
    path = tmp_path / "a.avif"
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    stored = np.ascontiguousarray(np.rot90(gradient(), turns))
    Pillow.fromarray(stored).save(path, quality=98, exif=exif_of(orientation))
    found = read_picture(path)
    assert found.pixels.shape == gradient().shape
    assert np.abs(found.pixels.astype(int) - gradient()).mean() < 2
    write_image(tmp_path / "a.png", found.pixels, found.metadata)
    assert read_picture(tmp_path / "a.png").metadata.orientation == 1


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_truncated_heif(tmp_path: Path, suffix: str) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    path = tmp_path / f"a{suffix}"
    Pillow.fromarray(gradient()).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(InputError, match="damaged or truncated"):
        read_picture(path)


# RAW ------------------------------------------------------------------------------------------


def surface(level: float = 0.3) -> Float32:
    """Even grey light with a brighter patch, in sRGB's primaries."""
    light = np.full((96, 128, 3), level, np.float32)
    light[20:60, 30:80] *= 2
    return light


def test_raw_is_developed_to_light(tmp_path: Path) -> None:
    """Development undoes the sensor: grey is grey, and values are the light that there was."""
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "a.dng", surface())
    found = read_picture(tmp_path / "a.dng")
    assert found.pixels.dtype == np.uint16
    light = linearise(found.pixels, found.transfer)[8:-8, 8:-8]
    assert light[:5].mean((0, 1)) == pytest.approx(np.full(3, 0.3), rel=0.03)
    assert light[30, 50] == pytest.approx(np.full(3, 0.6), rel=0.03)
    assert found.metadata.iso == 200
    assert found.metadata.icc is not None


def test_raw_frames_differ_by_exposure_alone(tmp_path: Path) -> None:
    """Neither content nor the camera's changing white balance brightens or colours a frame."""
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "1.dng", surface(0.3))
    write_dng(tmp_path / "2.dng", surface(0.15))
    dimmed = surface(0.3)
    dimmed[:, 64:] = 0.01
    write_dng(tmp_path / "3.dng", dimmed)
    frames = FileFrames([tmp_path / f"{k}.dng" for k in (1, 2, 3)])
    light = [linearise(frames.read(i).pixels)[8:16, 8:40].mean((0, 1)) for i in range(3)]
    assert light[1] / light[0] == pytest.approx(np.full(3, 0.5), rel=0.01)
    assert light[2] / light[0] == pytest.approx(np.ones(3), rel=0.01)


def test_one_white_balance_for_all(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    neutral = (0.5, 1.0, 0.6)
    other = (0.6, 1.0, 0.5)
    write_dng(tmp_path / "1.dng", surface(), neutral)
    # The same sensor values, with another opinion of the camera about white.
    write_dng(tmp_path / "2.dng", surface() * np.array(neutral, np.float32) / other, other)
    frames = FileFrames([tmp_path / "1.dng", tmp_path / "2.dng"])
    means = [linearise(frames.read(i).pixels).mean((0, 1)) for i in range(2)]
    assert means[1] == pytest.approx(means[0], rel=0.01)
    alone = linearise(read_picture(tmp_path / "2.dng").pixels).mean((0, 1))
    assert abs(alone[0] / means[0][0] - 1) > 0.1


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_raw_is_upright_once(tmp_path: Path, orientation: int) -> None:
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "a.dng", surface(), orientation=orientation)
    found = read_picture(tmp_path / "a.dng").pixels
    write_dng(tmp_path / "b.dng", surface())
    turns = {3: 2, 6: 3, 8: 1}[orientation]
    expected = np.rot90(read_picture(tmp_path / "b.dng").pixels, turns)
    np.testing.assert_array_equal(found, expected)


def test_raw_stack_end_to_end(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    rendered = render_stack("plane", width=240, height=180, frames=4, blur=3, seed=4, bits=16)
    for k, frame in enumerate(rendered.frames):
        write_dng(tmp_path / f"{k}.dng", linearise(frame) * 0.9, iso=100 * (k + 1))
    result = stack(tmp_path, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out/aligned").iterdir()) == [
        f"{k}.tif" for k in range(4)
    ]
    assert result.plan.residual_px is not None
    assert result.plan.residual_px.median < 0.3
    for k in range(4):
        found = read_picture(tmp_path / f"out/aligned/{k}.tif")
        assert found.pixels.dtype == np.uint16
        assert found.metadata.iso == 100 * (k + 1)


def test_damaged_raw(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "a.dng", surface())
    data = (tmp_path / "a.dng").read_bytes()
    for cut in (data[:40], data[: len(data) // 2], b"no sensor data"):
        (tmp_path / "a.dng").write_bytes(cut)
        with pytest.raises(InputError, match=r"a\.dng"):
            read_picture(tmp_path / "a.dng")


# Films ----------------------------------------------------------------------------------------


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
    found = chosen(changes, sharpness, most=10)
    assert len(found) == 10
    assert found == sorted(found)
    assert not {7, 30, 31} & set(found)
    for k, i in enumerate(found):
        assert sharpness[i] >= 0.6
        assert 10 * k - 3 <= i <= 10 * k + 13
    assert chosen(changes[:6], sharpness[:6]) == list(range(6))


def test_pictures_that_differ_by_less_than_a_codec_does_are_repetitions() -> None:
    changes = np.array([0.0, 0.6, 1.2, 0.6, 1.2])
    assert chosen(changes, np.ones(5)) == [0, 2, 4]


def test_a_long_film_gives_a_stack_of_common_length() -> None:
    found = chosen(np.full(300, 5.0), np.random.default_rng(0).random(300))
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


# Without the extra ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("a.heic", "pillow_heif", "heic"), ("a.NEF", "rawpy", "raw"), ("a.mp4", "av", "video")],
)
def test_the_command_that_installs_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for k in (1, 2):
        (tmp_path / f"{k}{name[1:]}").write_bytes(b"\0\0\0\x20ftypheic" + bytes(100))
    with pytest.raises(InputError, match="extra that is not installed") as caught:
        plan_stack(sorted(tmp_path.iterdir())[:1] if extra == "video" else tmp_path)
    assert f"pip install 'focusstack[{extra}]'" in str(caught.value)
