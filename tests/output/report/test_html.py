"""The page as text: complete, harmless, small, and fair in what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from focusstack.alignment.quality.residual import Residual, Zone, residual_map
from focusstack.exposure.shading import Shading
from focusstack.exposure.trial import LightChoice, Trial
from focusstack.first_pass import judge, rejection, remarks
from focusstack.frames.files import FileFrames
from focusstack.frames.in_memory import ArrayFrames
from focusstack.fusion.base import Fused
from focusstack.geometry.coordinates import Rect
from focusstack.images.write import write_image
from focusstack.options import FusionOptions, MapOptions, OutputOptions, StackOptions
from focusstack.output import maps
from focusstack.output.report import plots
from focusstack.output.report.collecting import Gathered, Gathering
from focusstack.output.report.html import draw_ahead, draw_exposures, report_page
from focusstack.output.report.judgement import FEW, MOST_BLAMED, judgement
from focusstack.output.report.light_words import light_words
from focusstack.output.report.provenance import provenance
from focusstack.output.report.remedies import OTHERWISE, REMEDIES, remedy
from focusstack.output.report.rows import HEADINGS
from focusstack.plan.model import FramePlan, PairClosure, StackPlan
from focusstack.plan.verdict import ADVICE, Grade, Verdict, stack_verdict
from focusstack.runtime.progress import StageClock

RNG = np.random.default_rng(1)
AWKWARD = ["<script>.jpg", "a&b.jpg", 'quote".jpg', "é 1#%.jpg", "</script><b>.jpg"]


def frame(name: str, grade: Grade = "pass", error: float | None = 0.1) -> FramePlan:
    zones = {"centre": Zone(0.02, 0.1), "corner": Zone(0.04, 0.2)}
    residual = Residual(0.03, 0.1, 0.15, 50, zones)
    words = f"good to {error} px" if grade == "pass" else f"may be off by {error} px"
    return FramePlan(
        name, True, None, np.eye(3), np.ones(3), residual, 0.0, 0.5,
        error_px=error, verdict=Verdict(grade, words, causes=() if grade == "pass" else ("error",)),
    )  # fmt: skip


def lost(name: str) -> FramePlan:
    return FramePlan(name, False, "exposed beyond repair", None, np.ones(3), None, 0.0, 0.1)


def plan(*frames: FramePlan, canvas: tuple[int, int] = (400, 300)) -> StackPlan:
    used = tuple(f.file for f in frames if f.used)
    told = [(f.file, f.verdict) for f in frames if f.verdict]
    missing = [f.file for f in frames if not f.used]
    worst = max((f.error_px for f in frames if f.error_px is not None), default=None)
    return StackPlan(
        reference=used[0],
        canvas=canvas,
        crop=Rect(3, 4, canvas[0] - 10, canvas[1] - 20),
        frames=frames,
        focus_order=used,
        residual_px=Residual(0.03, 0.1, 0.15, 50),
        error_px=0.1,
        verdict=stack_verdict(told, 0.1, missing, worst),
        pairs=tuple(PairClosure(p, 40, 0.1) for p in pairwise(used)),
        residual_map_px=np.full((8, 12), 0.1),
    )


def gathered(made: StackPlan, composite: bool = True) -> Gathered:
    """Pictures of noise, which takes most bytes."""
    gathering = Gathering(made)
    shape = (made.crop.height, made.crop.width, 3)
    for f in made.used():
        gathering.add(f.file, RNG.integers(0, 256, shape, np.uint8), None)
    if composite:
        noise = RNG.integers(0, 256, shape, np.uint8)
        gathering.add_composite(noise, None)
        count = len(made.used())
        source = RNG.integers(0, count, shape[:2]).astype(np.uint16)
        depth = source.astype(np.float32)
        gathering.add_fused(Fused(depth, depth, np.full_like(depth, 0.5), source))
    return gathering.found


class Page(HTMLParser):
    """Tags, attributes and text of a page, as a browser sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.shown = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]

    def handle_data(self, data: str) -> None:
        self.shown += data

    def addresses(self) -> list[str]:
        return [v for name, v in self.attributes if name in ("href", "src", "xlink:href")]


# What it shows ---------------------------------------------------------------------------------


def test_every_name_is_shown_and_none_is_run() -> None:
    made = plan(*[frame(n) for n in AWKWARD[:-1]], lost(AWKWARD[-1]))
    made = made.with_warnings([f"left out: {AWKWARD[-1]}: exposed beyond repair"])
    plain = Page(report_page(plan(frame("a"), frame("b")), gathered(plan(frame("a"), frame("b")))))
    page = Page(
        report_page(
            made, gathered(made), None, "<b>fused.jpg", {n: f"aligned/{n}" for n in AWKWARD}
        )
    )
    for name in AWKWARD:
        assert name in page.shown
    assert made.warnings[0] in page.shown
    assert page.tags.count("script") == plain.tags.count("script")
    assert page.tags.count("tr") == 1 + len(AWKWARD)
    assert "aligned/%C3%A9%201%23%25.jpg" in page.addresses()
    assert "%3Cb%3Efused.jpg" in page.addresses()


def test_names_of_raw_bytes_lead_to_their_files() -> None:
    name = b"\xe9.jpg".decode(errors="surrogateescape")
    made = plan(frame(name), frame("b.jpg"))
    page = report_page(made, gathered(made), None, "fused.jpg", {name: f"aligned/{name}"})
    assert 'href="aligned/%E9.jpg"' in page


def test_nothing_is_asked_for_but_the_file() -> None:
    made = plan(frame("a.jpg"), frame("b.jpg"))
    page = Page(report_page(made, gathered(made), None, "fused.jpg"))
    for address in page.addresses():
        assert address.startswith(("#", "data:")) or address in ("fused.jpg", "report.json")
    assert not any("url(http" in v or "@import" in v for _, v in page.attributes)
    policy = next(v for n, v in page.attributes if n == "content" and "default-src" in v)
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("composite", [True, False])
@pytest.mark.parametrize("grey", [True, False])
def test_pictures_of_every_kind(composite: bool, grey: bool) -> None:
    made = plan(frame("a.jpg"), frame("b.jpg"), frame("c.jpg"))
    if grey:
        frames = [replace(f, gain=np.ones(1)) for f in made.frames]
        made = replace(made, frames=tuple(frames))
    gathering = Gathering(made)
    shape = (280, 390) if grey else (280, 390, 3)
    for f in made.frames:
        gathering.add(f.file, RNG.random(shape, np.float32), None)
    if composite:
        gathering.add_composite(RNG.integers(0, 65536, shape, np.uint16), None)
    page = Page(report_page(made, gathering.found, None, "fused.tif" if composite else None))
    assert ("composite" in [v for n, v in page.attributes if n == "id"]) == composite
    assert page.tags.count("svg") >= 6


def test_numbers_alone_make_a_page_too() -> None:
    bare = FramePlan("b.jpg", True, None, np.eye(3), np.ones(3), None, 0.0, 0.5)
    made = StackPlan("b.jpg", (40, 30), Rect(0, 0, 40, 30), (bare,), ("b.jpg",))
    page = Page(report_page(made))
    assert "Nothing is known" in page.shown
    assert page.tags.count("img") == 0


def test_fifty_frames_of_noise_stay_below_five_megabytes() -> None:
    made = plan(*[frame(f"IMG_{k}.jpg") for k in range(50)], canvas=(700, 520))
    gathering = Gathering(made)  # which knows how many there are
    noise = RNG.integers(0, 256, (500, 690, 3), np.uint8)
    gathering.add("IMG_0.jpg", noise, None)
    gathering.add_composite(noise, None)
    shown = gathering.found
    shown.frames = {f.file: shown.frames["IMG_0.jpg"] for f in made.frames}
    size = len(report_page(made, shown, None, "fused.jpg").encode())
    assert 2_000_000 < size < 5_000_000


def test_the_page_is_the_same_each_time() -> None:
    made = plan(frame("a.jpg"), frame("b.jpg"))
    shown = gathered(made)
    assert report_page(made, shown) == report_page(made, shown)


def test_what_is_drawn_ahead_is_what_the_page_draws() -> None:
    made = plan(frame("a"), frame("b", "look"), frame("c"))
    entry = {"method": "weighted", "maps": [], "moved_share": 0.0, "moved": []}
    later = replace(made, fusion=entry).with_warnings(["late"])
    shown = gathered(made)
    drawn, exposures = draw_ahead(made), draw_exposures(made, shown)
    assert report_page(later, shown, drawn=drawn, exposures=exposures) == report_page(later, shown)


def test_every_row_has_a_cell_for_every_heading() -> None:
    made = plan(frame("a.jpg"), frame("b.jpg", "look", None), lost("c.jpg"))
    page = report_page(made)
    rows = re.findall(r"<tr id=.*?</tr>", page, re.DOTALL)
    assert [len(re.findall(r"<t[hd]\b", row)) for row in rows] == [len(HEADINGS)] * 3
    assert "-0" not in "".join(re.findall(r">([-+−.\d]+)<", "".join(rows)))


# What it says ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "grade", "title", "sentence"),
    [
        ([frame("a"), frame("b")], "pass", "You can trust this picture", "All 2 frames lie"),
        (
            [frame("a"), frame("b"), lost("c")],
            "look", "can trust what is in this picture, but not everything", "1 frame was left out",
        ),
        ([frame("a"), frame("b", "look", 0.8)], "look", "Look closely", "b may be off by 0.8 px"),
        ([frame("a", "fail", 3.0), frame("b")], "fail", "Do not trust this", "a may be off"),
    ],
)  # fmt: skip
def test_the_verdict(frames: list[FramePlan], grade: str, title: str, sentence: str) -> None:
    found = judgement(plan(*frames), fused=True)
    assert found.grade == grade
    assert title in found.title
    assert sentence in found.sentence
    assert bool(found.remedy) == any(f.verdict and f.verdict.grade != "pass" for f in frames)
    assert "alignment" in judgement(plan(*frames), fused=False).title


def uneven(terms: str, *earned: bool) -> StackPlan:
    trials = tuple(Trial(terms, 0.03, 0.01, 0.9, 0.1, one) for one in earned)
    shading, other = Shading(square=0.2, across=-0.1), Shading(square=-0.1)
    frames = [
        replace(frame("a.jpg"), shading=shading, exponent=0.9),
        replace(frame("b.jpg"), shading=other),
    ]
    return replace(plan(*frames), light=LightChoice(terms, 0.4, trials))


def test_what_was_evened_out_is_said_in_words() -> None:
    made = uneven("radial, planar, exponent", True)
    said = " ".join(light_words(made))
    assert "up to 0.29 EV against the reference" in said  # 0.2 / ln 2
    assert "up to 0.23 EV from edge to edge" in said  # 0.1 * 400 / 250 / ln 2
    assert "powers of 0.900 to 1.000" in said
    assert "0.010 EV instead of 0.030" in said
    page = Page(report_page(made, gathered(made)))
    assert "get darker towards their corners" in page.shown


def test_what_was_not_evened_out_is_said_too() -> None:
    assert light_words(plan(frame("a.jpg"), frame("b.jpg"))) == []
    (words,) = light_words(uneven("gain"))
    assert "would leave 40 %" in words
    (words,) = light_words(uneven("gain", False))
    assert "foretold" in words


def test_the_worst_frame_is_blamed_first() -> None:
    frames = [*[frame(f"a{k}") for k in range(5)], frame("b", "look", 0.5), frame("c", "fail", 3.0)]
    frames += [frame("d", "look", 0.9), frame("e", "look", None), lost("f")]
    assert [b.file for b in judgement(plan(*frames), True).blamed] == ["c", "e", "d", "b", "f"]
    many = [*[frame(f"a{k}") for k in range(20)], *[frame(f"b{k}", "look", 0.5) for k in range(9)]]
    found = judgement(plan(*many), True)
    assert len(found.blamed) == MOST_BLAMED
    assert found.more == 9 - MOST_BLAMED


def test_where_all_are_alike_none_is_blamed() -> None:
    frames = [frame(f"b{k}", "look", 0.5) for k in range(9)]
    found = judgement(plan(*frames), True)
    assert "All frames may be off by up to 0.5 px. No single frame is to blame." in found.sentence
    assert len(found.blamed) == FEW
    assert found.more == 9 - FEW
    found = judgement(plan(*frames, frame("worst", "look", 1.5), lost("c")), True)
    assert "Much worse than the others: worst." in found.sentence
    assert found.remedy == ADVICE["error"]  # the page itself says why a frame was left out
    assert [b.file for b in found.blamed] == ["worst", "c"]
    # Nor is a frame that fails lost among many that are hardly better.
    frames = [frame(f"b{k}", "look", 1.9) for k in range(9)]
    found = judgement(plan(*frames, frame("worst", "fail", 2.1)), True)
    assert [b.file for b in found.blamed] == ["worst"]


def test_every_warning_has_a_remedy_of_its_own() -> None:
    """Sentences of the modules that warn: each must be known here."""
    sources = [Path(str(m.__file__)).read_text() for m in (judge, rejection, remarks, maps)]
    said = [
        "another scene, or no overlap", "its links to the rest break", "too blurred to be placed",
        "too little detail to be placed", "exposed beyond repair", "cannot be placed",
        "exposure could not be compared and is left as it is",
        "exposure could not be compared and is taken from EXIF",
        "the exposure recorded in EXIF is not the one measured", "common exposure is",
        "is clipped in every frame", "of the common area", "something moved between frames",
    ]  # fmt: skip
    for sentence in said:
        assert any(sentence in source for source in sources), f"no longer said: {sentence}"
        patterns = [p for p, _ in REMEDIES if re.search(p, _as_warning(sentence))]
        assert patterns, sentence
        assert remedy(_as_warning(sentence)) != OTHERWISE
    assert remedy("what nobody has said before") == OTHERWISE


def _as_warning(sentence: str) -> str:
    """With the words around it that the pattern asks for."""
    if sentence == "common exposure is":
        return "the common exposure is 1.0 EV below the reference's"
    return "a.jpg alone takes 9 % of the common area" if "common area" in sentence else sentence


# How it was made -------------------------------------------------------------------------------


def test_the_clock_passes_everything_on() -> None:
    class Listener:
        def __init__(self) -> None:
            self.heard: list[object] = []

        def start(self, stage: str, total: int) -> None:
            self.heard.append((stage, total))

        def advance(self, steps: int = 1) -> None:
            self.heard.append(steps)

        def finish(self) -> None:
            self.heard.append("finish")

        def note(self, message: str) -> None:
            self.heard.append(message)

        def warn(self, message: str) -> None:
            self.heard.append(message)

    listener = Listener()
    clock = StageClock(listener)
    clock.start("Aligning", 3)
    clock.advance(2)
    clock.note("n")
    clock.warn("w")
    clock.finish()
    clock.finish()
    assert listener.heard == [("Aligning", 3), 2, "n", "w", "finish", "finish"]
    assert [name for name, _ in clock.stages] == ["Aligning"]
    assert 0 <= clock.stages[0][1] <= clock.seconds


def test_the_command_that_makes_it_again(tmp_path: Path) -> None:
    photos = tmp_path / "my photos"
    photos.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        write_image(photos / name, RNG.integers(0, 256, (64, 64, 3), np.uint8))
    whole = FileFrames([photos / n for n in ("a.png", "b.png", "c.png")])
    out = tmp_path / "out"
    made = provenance(whole, StackOptions(), OutputOptions(out), StageClock())
    assert made.command == "focusstack run 'my photos/' --output out"
    some = FileFrames([photos / n for n in ("a.png", "b.png")])
    options = StackOptions("a.png", None, FusionOptions(method="depth"), local=False)
    output = OutputOptions(out, "tif", 80, aligned=False, bit_depth=16, maps=MapOptions(depth=True))
    made = provenance(some, options, output, StageClock())
    assert made.command == (
        "focusstack run 'my photos/a.png' 'my photos/b.png' --output out --format tif --quality 80 "
        "--bit-depth 16 --method depth --reference a.png --no-aligned --no-local --depth"
    )
    aligned = provenance(whole, StackOptions(), OutputOptions(out, fused=False), StageClock())
    assert aligned.command.startswith("focusstack align ")
    arrays = ArrayFrames([RNG.random((64, 64, 3), np.float32) for _ in range(2)])
    assert "INPUT" in provenance(arrays, StackOptions(), OutputOptions(out), StageClock()).command
    page = report_page(plan(frame("a"), frame("b")), None, made)
    assert str(tmp_path) not in page  # where it lay is nobody's business
    for name, version in made.versions:
        assert name in page
        assert version in page


# Plots -----------------------------------------------------------------------------------------


def test_plots_take_their_colours_from_the_page() -> None:
    made = plan(frame("a"), frame("b", "look", 0.5), frame("c", "fail", 3.0))
    stops = np.zeros((3, 3), np.float32)
    drawn = [
        plots.movement_plot(made),
        plots.residual_plot(made),
        plots.pairs_plot(made),
        plots.exposure_plot(stops, stops[:, :1] + 0.1),
    ]
    for svg in drawn:
        assert not re.search(r"#0[1-9a]0a0[1-9a]", svg)
        assert "var(--ink)" in svg
        assert "<svg" in svg[:5]
    ids = [name for svg in drawn for name in re.findall(r' id="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))
    for svg in drawn:
        known = set(re.findall(r' id="([^"]+)"', svg))
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)) <= {
            pair for name in known for pair in ((name, ""), ("", name))
        }


def test_pairs_as_matrices() -> None:
    made = plan(frame("a"), frame("b"), frame("c"))
    tiles, closure = plots.pair_matrices(made)
    assert np.array_equal(tiles, tiles.T, equal_nan=True)
    assert tiles[0, 1] == tiles[1, 2] == 40
    assert np.isnan(tiles[0, 2])
    assert closure[1, 0] == 0.1


def test_a_map_of_residuals_finds_the_bad_corner() -> None:
    places = RNG.uniform((0, 0), (1200, 800), (4000, 2))
    lengths = np.where((places < (300, 200)).all(1), 1.0, 0.1)
    found = residual_map(places, lengths, (1200, 800))
    rows, columns = found.shape
    assert rows * columns == pytest.approx(96, rel=0.1)
    assert 1200 / columns == pytest.approx(800 / rows, rel=0.1)
    assert found[: rows // 4, : columns // 4] == pytest.approx(1.0)
    assert found[rows // 4 :] == pytest.approx(0.1)
    assert np.isnan(residual_map(places[:3], lengths[:3], (1200, 800))).all()
