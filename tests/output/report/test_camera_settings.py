"""How frames were taken, as their EXIF says."""

from __future__ import annotations

import struct

import numpy as np

from focusstack.images import ifd, tags
from focusstack.images.metadata import Metadata
from focusstack.output.report.camera_settings import Shot, exposure_words, shared_gear, shot_of
from focusstack.output.report.collecting import Gathering
from focusstack.output.report.html import report_page
from tests.support.report_plans import Page, frame, plan

RNG = np.random.default_rng(1)


def rational(above: int, below: int) -> ifd.Field:
    return ifd.Field(ifd.RATIONAL, struct.pack("<II", above, below))


def text(value: str) -> ifd.Field:
    return ifd.Field(ifd.ASCII, value.encode() + b"\0")


def taken(model: str = "Canon EOS R5", lens: str = "RF100mm F2.8", f: int = 8) -> Metadata:
    inner = {
        tags.EXPOSURE_TIME: rational(1, 125),
        tags.F_NUMBER: rational(f, 1),
        tags.ISO: ifd.Field(ifd.SHORT, struct.pack("<H", 200)),
        tags.FOCAL_LENGTH: rational(100, 1),
        tags.LENS: text(lens),
    }
    outer = {tags.MAKE: text("Canon"), tags.MODEL: text(model)}
    return Metadata(ifd.serialise(ifd.Directory(outer, {tags.EXIF: ifd.Directory(inner)}), "<"))


def test_what_exif_says() -> None:
    shot = shot_of(taken())
    assert shot == Shot("Canon EOS R5", "RF100mm F2.8", "f/8", "1/125 s", "ISO 200", "100 mm")
    assert shot.settings == "f/8, 1/125 s, ISO 200"
    assert shot_of(taken(model="R5")).camera == "Canon R5"
    assert shot_of(Metadata()) == Shot()


def test_names_out_of_files_are_short_and_printable() -> None:
    shot = shot_of(taken(lens="x" * 500 + "\u202e"))
    assert shot.lens == "x" * 59 + "…"


def test_exposure_times_are_those_of_cameras() -> None:
    times = (1 / 4000, 1 / 125, 0.3, 1.0, 30.0, None, 0.0, -1.0)
    assert [exposure_words(t) for t in times] == [
        "1/4000 s", "1/125 s", "0.3 s", "1 s", "30 s", "", "", ""
    ]  # fmt: skip


def test_gear_is_told_where_all_frames_share_it() -> None:
    shots = [shot_of(taken()), shot_of(taken(lens="another"))]
    assert shared_gear(shots) == "Canon EOS R5, 100 mm"
    assert shared_gear([]) == ""


def test_the_table_shows_what_is_known() -> None:
    made = plan(frame("a.jpg"), frame("b.jpg"))
    gathering = Gathering(made)
    for f, lens in zip(made.frames, ("<b>lens", "<b>lens"), strict=True):
        gathering.add(f.file, RNG.random((280, 390, 3), np.float32), taken(lens=lens))
    page = Page(report_page(made, gathering.found))
    for words in ("Canon EOS R5, <b>lens, 100 mm.", "Aperture", "f/8", "1/125 s", "200"):
        assert words in page.shown
