"""What is written, read back by exiftool, which shares no code with this program.

Debian: ``apt-get install libimage-exiftool-perl``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.options import OutputFormat, OutputOptions, StackOptions
from focusstack.pipeline import plan_stack, stack
from focusstack.plan.file import plan_to_json
from focusstack.runtime.version import __version__
from focusstack.scene.stack import render_stack
from tests.support.picture_files import P3, exif_of

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool (libimage-exiftool-perl) is not installed"
)

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'xmp:Rating="4" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)

KEPT = {
    "IFD0:Make": "Maker",
    "IFD0:Model": "Camera 5",
    "IFD0:Copyright": "(c) A. Photographer",
    "ExifIFD:ExposureTime": 0.008,
    "ExifIFD:FNumber": 5.6,
    "ExifIFD:FocalLength": 100,
    "ExifIFD:LensModel": "Macro 100 mm",
    "ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09",
    "XMP-xmp:Rating": 4,
    "ICC_Profile:ProfileDescription": "Display P3",
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three JPEG frames stored on their side, with all that a camera writes."""
    folder = tmp_path_factory.mktemp("home") / "photos"
    folder.mkdir()
    frames = render_stack("plane", width=160, height=112, frames=3, blur=2, seed=4).frames
    for k, frame in enumerate(frames):
        exif = Pillow.Exif()
        exif.load(exif_of(k))
        exif[0x0112] = 6
        stored = np.ascontiguousarray(np.rot90(frame, 1))
        Pillow.fromarray(stored).save(
            folder / f"{k}.jpg", quality=98, subsampling=0, exif=exif, icc_profile=P3, xmp=XMP
        )
    return folder


@pytest.fixture(scope="module")
def options(photos: Path) -> StackOptions:
    plan = photos.parent / "plan.json"
    plan.write_text(plan_to_json(plan_stack(photos)))
    return StackOptions(plan=plan)


def read_back(*paths: Path) -> list[dict[str, Any]]:
    """Tags by group and name, numbers as numbers."""
    command = ["exiftool", "-j", "-n", "-G1", "-warning", "-error", "-all", *map(str, paths)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(json.loads(found.stdout))


@pytest.mark.parametrize("kind", ["jpg", "png", "tif"])
def test_aligned_frames_and_composite(
    photos: Path, options: StackOptions, tmp_path: Path, kind: OutputFormat
) -> None:
    result = stack(photos, OutputOptions(tmp_path / "out", format=kind), options)
    height, width = result.plan.crop.height, result.plan.crop.width
    aligned = [tmp_path / "out" / "aligned" / f"{k}.{kind}" for k in range(3)]
    found = read_back(*aligned, tmp_path / "out" / f"fused.{kind}")
    reference = [f.file for f in result.plan.frames].index(result.plan.reference)
    for number, tags in zip([0, 1, 2, reference], found, strict=True):
        assert {name: tags.get(name) for name in KEPT} == KEPT
        assert tags["ExifIFD:ISO"] == 100 * (number + 1)  # each frame its own
        assert tags["IFD0:Orientation"] == 1
        assert tags["XMP-tiff:Orientation"] == 1
        assert tags["IFD0:Software"] == f"focusstack {__version__}"
        assert (tags["File:ImageWidth"] if kind == "jpg" else width) == width
        assert not {name for name in tags if "Warning" in name or "Error" in name}, tags
    for tags in found[:3]:
        assert "ExifIFD:CompositeImage" not in tags
    assert found[3]["ExifIFD:CompositeImage"] == 2
    assert found[3]["ExifIFD:CompositeImageCount"] == "3 3"
    with Pillow.open(aligned[0]) as picture:
        assert picture.size == (width, height)


def test_pages_have_their_own(photos: Path, options: StackOptions, tmp_path: Path) -> None:
    made = OutputOptions(tmp_path / "out", format="tif", multipage=True)
    result = stack(photos, made, options)
    command = [
        "exiftool",
        "-j",
        "-n",
        "-a",
        "-G4:1",
        "-ISO",
        "-Warning",
        tmp_path / "out/aligned.tif",
    ]
    found = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    (tags,) = json.loads(found.stdout)
    isos = [value for name, value in tags.items() if name.endswith(":ISO")]
    order = [int(name[0]) for name in result.plan.focus_order]
    assert isos == [100 * (k + 1) for k in order]
    assert not any("Warning" in name for name in tags)


def test_inputs_are_as_they_were(photos: Path) -> None:
    for k, tags in enumerate(read_back(*sorted(photos.iterdir()))):
        assert tags["IFD0:Orientation"] == 6
        assert tags["ExifIFD:ISO"] == 100 * (k + 1)
