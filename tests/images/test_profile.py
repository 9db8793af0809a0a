"""ICC profiles: curves as LittleCMS understands them, and what exposure makes of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from focusstack.errors import InputError
from focusstack.exposure.apply import apply_gain, tone_table
from focusstack.frames.files import FileFrames
from focusstack.images.colour import Transfer, codes, decode, linearise, to_dtype
from focusstack.images.metadata import Metadata
from focusstack.images.profile import ProfileError, colours_of, name_of, transfer_of
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.pipeline import plan_stack, stack
from focusstack.plan.file import read_plan
from focusstack.scene.stack import render_stack
from tests.support.colour_profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    GAMMA_18,
    GAMMA_22,
    LINEAR,
    PROPHOTO,
    SRGB,
    SRGB_CURVE,
    parametric,
    profile,
    sampled,
)

TABLE = sampled([round(65535 * (i / 255) ** 2.6) for i in range(256)])
CURVES = {
    "gamma 1.8": GAMMA_18,
    "gamma 2.2": GAMMA_22,
    "linear": LINEAR,
    "table": TABLE,
    "gamma": parametric(0, 2.4),
    "CIE 122": parametric(1, 2.2, 1.05, -0.05),
    "IEC 61966-3": parametric(2, 2.2, 1.04, -0.04, 0.001),
    "ProPhoto": parametric(3, 1.8, 1.0, 0.0, 1 / 16, 1 / 32),
    "offsets": parametric(4, 2.4, 0.94, 0.05, 0.08, 0.04, 0.003, 0.002),
}


def by_littlecms(icc: bytes) -> np.ndarray:
    """Linear light of the 8 bit grey codes, to 8 bits: an independent reader of the curves."""
    to = profile([LINEAR], SRGB)
    source, target = (ImageCms.ImageCmsProfile(io.BytesIO(p)) for p in (icc, to))
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    made = ImageCms.profileToProfile(
        Pillow.fromarray(ramp),
        source,
        target,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert made is not None
    return np.asarray(np.asarray(made)[0].mean(1) / 255)


@pytest.mark.parametrize("name", CURVES)
def test_curves_are_those_of_littlecms(name: str) -> None:
    icc = profile([CURVES[name]], SRGB)
    transfer = transfer_of(icc)
    assert transfer is not None
    found = linearise(np.arange(256, dtype=np.uint8)[None], transfer)[0]
    assert found == pytest.approx(by_littlecms(icc), abs=1.2 / 255)


@pytest.mark.parametrize(("primaries", "curve"), [(SRGB, SRGB_CURVE), (DISPLAY_P3, SRGB_CURVE)])
def test_srgb_curves_need_no_table(primaries: tuple[tuple[float, ...], ...], curve: bytes) -> None:
    assert transfer_of(profile([curve], primaries)) is None
    assert transfer_of(None) is None
    assert transfer_of(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()) is None


@pytest.mark.parametrize(("off", "same"), [(0.00035, True), (0.0007, False)])
def test_curves_that_hardly_differ_from_srgb_are_srgb(off: float, same: bool) -> None:
    light = decode(np.linspace(0, 1, 4096, dtype=np.float32))
    light[2000:2200] += np.float32(off)
    curve = sampled([round(65535 * float(v)) for v in light])
    assert (transfer_of(profile([curve])) is None) == same


def test_grey_profiles() -> None:
    transfer = transfer_of(profile([GAMMA_22], ()))
    assert transfer is not None
    half = linearise(np.full((2, 2), 32768, np.uint16), transfer)
    assert half == pytest.approx(0.5**2.2, rel=1e-3)


def test_channels_of_their_own() -> None:
    transfer = transfer_of(profile([LINEAR, GAMMA_22, GAMMA_18], ADOBE_RGB))
    image = np.full((3, 4, 3), 100, np.uint8)
    expected = np.array([1.0, 2.19921875, 1.8])
    assert linearise(image, transfer)[1, 1] == pytest.approx((100 / 255) ** expected, rel=2e-3)
    table = tone_table(np.dtype(np.uint8), np.full(3, 0.5), transfer)
    assert table[:, 100] == pytest.approx(100 / 255 * 0.5 ** (1 / expected), rel=2e-3)


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_equalising_there_and_back(name: str, dtype: str) -> None:
    """A gain of one half and then of two brings every code back, to rounding."""
    transfer = transfer_of(profile([CURVES[name]], SRGB))
    every = codes(np.dtype(np.uint16))[None]
    there = apply_gain(every, np.array([0.5]), transfer)
    back = apply_gain(there, np.array([2.0]), transfer)
    lit = linearise(every, transfer) > 0.01  # below, curves are flat
    assert np.abs(back - every)[lit].max() < 1e-3
    image = np.arange(256, dtype=dtype)[None]
    assert np.array_equal(to_dtype(apply_gain(image, np.ones(1), transfer), image.dtype), image)


@given(st.floats(0.05, 8), st.sampled_from(sorted(CURVES)))
def test_gains_multiply_light(gain: float, name: str) -> None:
    transfer = transfer_of(profile([CURVES[name]], SRGB))
    assert transfer is not None
    image = np.linspace(0.3, 1, 50, dtype=np.float32)[None]
    found = transfer.decode(apply_gain(image, np.array([gain]), transfer))
    assert found == pytest.approx(transfer.decode(image) * gain, rel=5e-3, abs=3e-4)


def test_beyond_white_goes_on() -> None:
    transfer = transfer_of(profile([GAMMA_22], ADOBE_RGB))
    assert transfer is not None
    beyond = np.array([[1.0, 1.5, 2.0]], np.float32)
    assert transfer.decode(beyond) == pytest.approx(beyond**2.2, rel=0.01)
    assert transfer.encode(transfer.decode(beyond)) == pytest.approx(beyond, rel=1e-4)


@pytest.mark.parametrize(
    "icc",
    [
        profile([parametric(7, 1.0)], SRGB),
        profile([sampled([65535, 0])], SRGB),
        profile([b"curv" + bytes(4) + b"\0\0\xff\xff"], SRGB),
        profile([SRGB_CURVE], SRGB).replace(b"rTRC", b"xTRC"),
        b"\0" * 200,
        profile([SRGB_CURVE], SRGB)[:140],
    ],
)
def test_profiles_without_curves(icc: bytes) -> None:
    with pytest.raises(ProfileError):
        transfer_of(icc)


@given(st.data())
def test_damaged_profiles_give_curves_or_one_error(data: st.DataObject) -> None:
    icc = bytearray(profile([TABLE], SRGB))
    for _ in range(data.draw(st.integers(1, 6))):
        icc[data.draw(st.integers(0, len(icc) - 1))] = data.draw(st.integers(0, 255))
    try:
        transfer = transfer_of(bytes(icc))
    except ProfileError:
        return
    if transfer is not None:
        assert (np.diff(transfer.curves) >= 0).all()
        assert np.isfinite(transfer.encode(np.linspace(0, 3, 50, dtype=np.float32)[None])).all()


def test_a_profile_without_curves_is_carried_and_said(tmp_path: Path) -> None:
    icc = profile([SRGB_CURVE], SRGB).replace(b"rTRC", b"xTRC")
    write_image(tmp_path / "a.png", np.zeros((9, 9, 3), np.uint8), Metadata(icc=icc))
    found = read_picture(tmp_path / "a.png")
    assert found.metadata.icc == icc
    assert "tone curves of sRGB are assumed" in (found.note or "")
    assert found.transfer is None


# Stacks ---------------------------------------------------------------------------------------


def test_same_colours_whatever_the_bytes() -> None:
    one = profile([SRGB_CURVE], SRGB, "one")
    other = profile([SRGB_CURVE], SRGB, "another name")
    assert colours_of(one, 3) == colours_of(other, 3) == colours_of(None, 3)
    spaces = [(SRGB_CURVE, SRGB), (SRGB_CURVE, DISPLAY_P3), (GAMMA_22, ADOBE_RGB),
              (GAMMA_18, PROPHOTO), (LINEAR, SRGB)]  # fmt: skip
    assert len({colours_of(profile([c], p), 3) for c, p in spaces}) == len(spaces)
    assert name_of(one) == "one"
    assert name_of(None) == "no profile"


def test_mixed_profiles_are_named(tmp_path: Path) -> None:
    p3 = profile([SRGB_CURVE], DISPLAY_P3, "Display P3")
    for k, icc in enumerate([None, None, p3]):
        write_image(tmp_path / f"{k}.png", np.full((9, 9, 3), k, np.uint8), Metadata(icc=icc))
    paths = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"colour profile.*2\.png \(Display P3\)"):
        FileFrames(paths)
    assert len(FileFrames(paths[:2])) == 2


@pytest.fixture(scope="module")
def adobe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack in linear light encoded with gamma 2.2, 16 bit TIFF, one frame a stop darker."""
    folder = tmp_path_factory.mktemp("adobe")
    icc = profile([GAMMA_22], ADOBE_RGB, "Adobe RGB")
    rendered = render_stack("plane", width=240, height=180, frames=4, blur=3, seed=4)
    for k, frame in enumerate(rendered.frames):
        light = linearise(frame) * (0.5 if k == 2 else 1)
        pixels = np.rint(65535 * light ** (1 / 2.19921875)).astype(np.uint16)
        write_image(folder / f"{k}.tif", pixels, Metadata(icc=icc))
    return folder


def test_gains_are_measured_in_the_light_of_the_profile(adobe: Path, tmp_path: Path) -> None:
    """Taken for sRGB, the darker frame would be off by 10 % in its dark parts."""
    plan = plan_stack(adobe)
    rendered = render_stack("plane", width=240, height=180, frames=4, blur=3, seed=4)
    gains = np.array([f.gain for f in plan.frames])
    true = rendered.gains * np.array([1, 1, 2, 1])[:, None]
    reference = [f.file for f in plan.frames].index(plan.reference)
    assert gains == pytest.approx(true / true[reference], rel=0.004)


def test_profile_and_depth_end_to_end(adobe: Path, tmp_path: Path) -> None:
    stack(adobe, tmp_path / "out")
    written = [tmp_path / "out/fused.tif", *(tmp_path / "out/aligned").iterdir()]
    assert len(written) == 5
    for path in written:
        with tifffile.TiffFile(path) as tiff:
            assert tiff.pages.first.dtype == np.uint16
            assert (
                tiff.pages.first.tags.valueof(34675) == read_picture(adobe / "0.tif").metadata.icc
            )
    plan = read_plan(tmp_path / "out/report.json")
    frames = [linearise(read_picture(p).pixels, Transfer(CURVE)) for p in sorted(written[1:])]
    means = np.array([f.mean((0, 1)) for f in frames])
    assert means == pytest.approx(np.broadcast_to(means[0], means.shape), rel=0.01)
    assert plan.residual_px is not None


CURVE = (np.arange(65536) / 65535)[None] ** 2.19921875
