"""Composites carry their number in a collection, and lose nothing for it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from focusstack.images import ifd
from focusstack.images.catalogue import with_catalogue
from focusstack.images.metadata import Metadata
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from tests.support.camera_exif import XMP, by_pillow, camera_exif

NUMBER = 'ZMB Cölr. <12> & "7"'

WITH_IDENTIFIER = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg">'
    b"<dc:identifier>old</dc:identifier></rdf:Description></rdf:RDF></x:xmpmeta>"
)


@pytest.mark.parametrize("order", ["<", ">"])
def test_everything_else_stays(order: str) -> None:
    given = Metadata(camera_exif(order), b"icc", WITH_IDENTIFIER)
    found = with_catalogue(given, NUMBER)
    assert found.exif is not None
    assert ifd.text(ifd.read(found.exif), 0x10D) == NUMBER
    before, after = by_pillow(given.exif or b""), by_pillow(found.exif)
    assert {k: v for k, v in after.items() if k not in (0x10D, 0x8769, 0x8825)} == {
        k: v for k, v in before.items() if k not in (0x8769, 0x8825)
    }
    assert after.get_ifd(0x8769) == before.get_ifd(0x8769)
    assert found.icc == b"icc"
    assert found.xmp is not None
    assert b"old" not in found.xmp
    assert b'dc:format="image/jpeg"' in found.xmp


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize("given", [None, Metadata(camera_exif("<"), None, XMP)])
def test_exiftool_finds_it(tmp_path: Path, suffix: str, given: Metadata | None) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(path, np.zeros((8, 8, 3), np.uint8), with_catalogue(given, NUMBER), frames=(3, 2))
    assert read_picture(path).metadata.exif is not None
    if shutil.which("exiftool") is None:
        pytest.skip("there is no exiftool")
    told = subprocess.run(
        ["exiftool", "-j", "-DocumentName", "-XMP-dc:Identifier", path],
        capture_output=True,
        check=True,
    )
    (found,) = json.loads(told.stdout)
    assert found["Identifier"] == NUMBER
    assert found["DocumentName"] == NUMBER
