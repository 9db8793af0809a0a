"""The command line: every command and option, exit codes, what is printed where."""

from __future__ import annotations

import functools
import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image as Pillow
from typer.testing import CliRunner, Result

import focusstack.pipeline
import focusstack.scene
from focusstack.cli import app
from focusstack.colour import to_float
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.plan_file import read_plan
from focusstack.scene import RenderedStack, render_stack
from focusstack.terminal import TerminalProgress
from focusstack.typing import Image
from focusstack.verdict import LEADS
from focusstack.version import __version__

NAMES = [f"IMG_{k}.png" for k in (8, 9, 10, 11)]
WRITING = ["run", "align", "equalize", "crop"]
COMMAND = typer.main.get_command(app)


def call(*arguments: str | Path) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(app, [str(a) for a in arguments])


def done(*arguments: str | Path) -> Result:
    """Run the program and expect success."""
    result = call(*arguments)
    assert result.exit_code == 0, result.stderr
    return result


def failed(code: int, *arguments: str | Path) -> str:
    """Run the program, expect this exit code; return what it says."""
    result = call(*arguments)
    assert result.exit_code == code, (result.exit_code, result.stderr, result.exception)
    assert "Traceback" not in result.stderr
    assert not result.stdout
    return str(result.stderr)


def listed(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def written(folder: Path, frames: Sequence[Image], names: Sequence[str]) -> Path:
    folder.mkdir(parents=True)
    for frame, name in zip(frames, names, strict=True):
        write_image(folder / name, frame)
    return folder


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The program sets up logging as if it were alone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="module")
def rendered() -> RenderedStack:
    return render_stack("steps", width=240, height=180, frames=4, blur=4, seed=5)


@pytest.fixture(scope="module")
def photos(rendered: RenderedStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four PNG frames, read-only by custom."""
    return written(tmp_path_factory.mktemp("home") / "photos", rendered.frames, NAMES)


@pytest.fixture(scope="module")
def stacked(photos: Path) -> Path:
    """What ``run`` makes of the photos without any option."""
    done("run", photos)
    return photos.with_name("photos-stacked")


@pytest.fixture(scope="module")
def plan(stacked: Path) -> Path:
    return stacked / "report.json"


@pytest.fixture
def copies(photos: Path, tmp_path: Path) -> Path:
    """A copy of the photos that a test may spoil."""
    return Path(shutil.copytree(photos, tmp_path / "copies"))


# Every option ---------------------------------------------------------------------------------

CALLS = [
    "run {photos} --output {out} --format jpg --quality 60 --no-aligned --plan {plan} --debug",
    "run {photos} -o {out} --no-fuse --plan {plan} --overwrite --quiet --verbose --reference auto",
    "run {photos} -o {out} --method weighted --plan {plan} -q -v --no-local --bit-depth 16 --depth",
    "run {photos} -o {out} --plan {plan} --multipage --resume --max-megapixels 9 --source-map",
    "run {photos} -o {out} --plan {plan} --threads 1 --memory 2G --no-report",
    "align {photos} -o {out} --plan {plan} --threads 2 --memory 500MiB --no-report",
    "equalize {photos} -o {out} --plan {plan} --threads 2 --memory 1.5GB",
    "inspect {photos} --threads 1 --memory 2g",
    "align {photos} -o {out} --plan {plan} --multipage --resume --max-megapixels 9 --bit-depth 8",
    "align {photos} --output {out} --format png --quality 80 --plan {plan} --overwrite --debug",
    "align {photos} -o {out} --plan {plan} --reference auto --no-local -q -v --quiet --verbose",
    "fuse {aligned} --output {out}.tif --quality 80 --method depth --overwrite --debug -q -v",
    "fuse {aligned} -o {out}.jpg --quiet --verbose --bit-depth 8 --max-megapixels 9",
    "fuse {aligned} -o {out}.png --depth --source-map",
    "equalize {photos} --output {out} --format tif --quality 80 --plan {plan} --reference auto",
    "equalize {photos} -o {out} --plan {plan} --overwrite --quiet --verbose -q -v --debug",
    "equalize {photos} -o {out} --plan {plan} --bit-depth 16 --max-megapixels 9",
    "crop {aligned} --output {out} --format jpg --quality 80 --overwrite --debug",
    "crop {aligned} -o {out} --quiet --verbose -q -v --bit-depth 16 --max-megapixels 9",
    "inspect {photos} --max-megapixels 9 --json --reference IMG_9.png --quiet --verbose --debug",
    "inspect {photos} -q -v --thorough",
    "sample {out} --overwrite --quiet --verbose -q -v --debug",
]


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    small = functools.partial(focusstack.scene.write_sample, width=96, height=64)
    monkeypatch.setattr(focusstack.scene, "write_sample", small)


@pytest.mark.parametrize("line", CALLS)
@pytest.mark.usefixtures("small_sample")
def test_every_option_is_taken(line: str, photos: Path, stacked: Path, tmp_path: Path) -> None:
    places = {"photos": photos, "out": tmp_path / "out", "plan": stacked / "report.json"}
    words = line.format(**places, aligned=stacked / "aligned").split()
    done(*words)
    if words[0] != "inspect":
        assert any(tmp_path.iterdir())


def test_no_option_is_left_untried() -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    tried = {(line.split()[0], word) for line in CALLS for word in line.split()}
    for name, command in COMMAND.commands.items():
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("-"):
                    assert (name, option) in tried, f"{name} {option}"


# Help -----------------------------------------------------------------------------------------


def test_the_commands_are_those_promised() -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    promised = ["run", "align", "fuse", "equalize", "crop", "inspect", "sample"]
    assert list(COMMAND.commands) == promised


@pytest.mark.parametrize(
    "option",
    ["--output", "-o", "--format", "--no-aligned", "--no-fuse", "--plan", "--reference",
     "--overwrite", "--quiet", "-q", "--verbose", "-v", "--debug"],
)  # fmt: skip
def test_run_has_the_options_promised(option: str) -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    assert any(option in p.opts for p in COMMAND.commands["run"].params)


def test_help_names_every_command_and_option() -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    top = done("--help").stdout
    assert "Exit codes" in top
    for name, command in COMMAND.commands.items():
        assert name in top
        shown = done(name, "--help").stdout
        assert command.help
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("-"):
                    assert option in shown


def test_without_a_command_there_is_help() -> None:
    result = call()
    assert "Usage" in result.stdout + result.stderr
    assert "inspect" in result.stdout + result.stderr


def test_the_version() -> None:
    assert done("--version").stdout == f"focusstack {__version__}\n"


# What is written ------------------------------------------------------------------------------


def test_run_writes_beside_the_input(photos: Path, stacked: Path) -> None:
    aligned = [f"aligned/{name}" for name in sorted(NAMES)]
    assert listed(stacked) == [*aligned, "fused.png", "report.html", "report.json"]
    assert listed(photos) == sorted(NAMES)


def test_aligned_frames_and_composite_are_as_large_as_the_crop(stacked: Path) -> None:
    crop = read_plan(stacked / "report.json").crop
    for path in [*(stacked / "aligned").iterdir(), stacked / "fused.png"]:
        assert read_picture(path).pixels.shape == (crop.height, crop.width, 3)


def test_the_contract_of_report_json(stacked: Path) -> None:
    data = json.loads((stacked / "report.json").read_text())
    assert data["schema"] == 1
    assert data["focusstack"] == __version__
    assert data["reference"] in NAMES
    assert data["canvas"] == {"width": 240, "height": 180}
    crop = data["crop"]
    assert set(crop) == {"x", "y", "width", "height"}
    assert crop["x"] + crop["width"] <= 240
    assert crop["y"] + crop["height"] <= 180
    assert [f["file"] for f in data["frames"]] == NAMES
    for frame in data["frames"]:
        assert frame["used"] is True
        assert frame["reason"] is None
        assert np.array(frame["matrix"]).shape == (3, 3)
        assert frame["matrix"][2][2] == pytest.approx(1)
        assert len(frame["gain"]) == 3
        assert {"median", "p95", "edge_p95"} <= set(frame["residual_px"])
        assert isinstance(frame["exposure_ev"], float)
        assert 0 < frame["sharpness"] <= 1
    assert data["warnings"] == []


def test_a_lost_frame_in_the_report(rendered: RenderedStack, tmp_path: Path) -> None:
    frames = [*rendered.frames, np.full_like(rendered.frames[0], 90)]
    folder = written(tmp_path / "in", frames, [*NAMES, "IMG_12.png"])
    result = done("run", folder, "-o", tmp_path / "out", "-q")
    assert not result.stdout
    assert "warning: " in result.stderr
    assert "IMG_12.png" in result.stderr
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    lost = data["frames"][4]
    assert (lost["file"], lost["used"], lost["matrix"]) == ("IMG_12.png", False, None)
    assert lost["reason"]
    assert any("IMG_12.png" in w for w in data["warnings"])
    assert "IMG_12.png" not in listed(tmp_path / "out" / "aligned")
    assert lost["reason"] in (tmp_path / "out" / "report.html").read_text()


class Text(HTMLParser):
    """What a browser shows of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shown = ""
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.shown += data


def test_the_page_names_every_frame(rendered: RenderedStack, plan: Path, tmp_path: Path) -> None:
    names = [n.replace("IMG", "<b>&amp; é") for n in NAMES]
    folder = written(tmp_path / "in", rendered.frames, names)
    text = plan.read_text().replace("IMG", "<b>&amp; é")
    other = tmp_path / "plan.json"
    other.write_text(text, encoding="utf-8")
    done("run", folder, "-o", tmp_path / "out", "--plan", other)
    shown = Text((tmp_path / "out" / "report.html").read_text(encoding="utf-8")).shown
    for name in names:
        assert name in shown


def test_align_writes_no_composite(photos: Path, plan: Path, stacked: Path, tmp_path: Path) -> None:
    done("align", photos, "-o", tmp_path / "out", "--plan", plan)
    assert listed(tmp_path / "out") == [
        *(f"aligned/{name}" for name in sorted(NAMES)), "report.html", "report.json"
    ]  # fmt: skip
    for name in NAMES:
        one, other = (d / "aligned" / name for d in (tmp_path / "out", stacked))
        assert one.read_bytes() == other.read_bytes()


def test_a_plan_gives_the_same_bytes(
    photos: Path, plan: Path, stacked: Path, tmp_path: Path
) -> None:
    done("run", photos, "-o", tmp_path / "out", "--plan", plan)
    for name in listed(stacked):
        if name != "report.html":  # tells times and options
            assert (tmp_path / "out" / name).read_bytes() == (stacked / name).read_bytes(), name


def test_no_aligned_and_no_fuse(photos: Path, plan: Path, tmp_path: Path) -> None:
    done("run", photos, "-o", tmp_path / "a", "--no-aligned", "--plan", plan)
    assert listed(tmp_path / "a") == ["fused.png", "report.html", "report.json"]
    done("run", photos, "-o", tmp_path / "b", "--no-fuse", "--plan", plan)
    assert "fused.png" not in listed(tmp_path / "b")
    assert len(listed(tmp_path / "b" / "aligned")) == 4
    failed(2, "run", photos, "-o", tmp_path / "c", "--no-aligned", "--no-fuse")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(("option", "kind"), [("jpg", "JPEG"), ("tif", "TIFF"), ("png", "PNG")])
def test_formats(photos: Path, plan: Path, tmp_path: Path, option: str, kind: str) -> None:
    done("run", photos, "-o", tmp_path / "out", "--plan", plan, "--format", option)
    for path in (tmp_path / "out" / f"fused.{option}", tmp_path / f"out/aligned/IMG_8.{option}"):
        with Pillow.open(path) as picture:
            assert picture.format == kind


def test_no_report(photos: Path, plan: Path, tmp_path: Path) -> None:
    done("align", photos, "-o", tmp_path / "out", "--no-report", "--plan", plan)
    assert "report.html" not in listed(tmp_path / "out")
    assert "report.json" in listed(tmp_path / "out")


def test_jpegs_in_jpegs_out(rendered: RenderedStack, plan: Path, tmp_path: Path) -> None:
    names = [n.replace(".png", ".JPG") for n in NAMES]
    folder = written(tmp_path / "in", rendered.frames, names)
    done("run", folder, "-o", tmp_path / "out", "--plan", plan)
    assert (tmp_path / "out" / "fused.JPG").is_file()
    assert listed(tmp_path / "out" / "aligned") == sorted(names)


def test_quality(photos: Path, plan: Path, tmp_path: Path) -> None:
    sizes = []
    for quality in ("40", "95"):
        out = tmp_path / quality
        done("run", photos, "-o", out, "--plan", plan, "--format", "jpg", "--quality", quality)
        sizes.append((out / "fused.jpg").stat().st_size)
    assert sizes[0] < 0.6 * sizes[1]


def test_methods_differ(photos: Path, plan: Path, tmp_path: Path) -> None:
    pixels = {}
    for method in ("pyramid", "depth"):
        out = tmp_path / method
        done("run", photos, "-o", out, "--plan", plan, "--no-aligned", "--method", method)
        pixels[method] = to_float(read_picture(out / "fused.png").pixels)
    off = np.abs(pixels["pyramid"] - pixels["depth"])
    assert 0 < off.mean() < 0.05


def test_globs_and_files(photos: Path, plan: Path, tmp_path: Path) -> None:
    done("align", photos / "IMG_*.png", "-o", tmp_path / "a", "--plan", plan)
    done("align", *(photos / n for n in NAMES[::-1]), "-o", tmp_path / "b", "--plan", plan)
    assert listed(tmp_path / "a") == listed(tmp_path / "b")
    order = [f.file for f in read_plan(tmp_path / "b" / "report.json").frames]
    assert order == NAMES


def test_output_beside_the_folder_of_the_files(copies: Path) -> None:
    done("crop", copies / "IMG_8.png", copies / "IMG_9.png")
    assert len(listed(copies.with_name("copies-stacked"))) == 2


def test_fuse(stacked: Path, tmp_path: Path) -> None:
    done("fuse", stacked / "aligned", "-o", tmp_path / "sharp.png")
    found = to_float(read_picture(tmp_path / "sharp.png").pixels)
    expected = to_float(read_picture(stacked / "fused.png").pixels)
    # The aligned files hold no values beyond white, and are rounded to 8 bits.
    assert np.abs(found - expected).mean() < 0.004


def test_equalize(photos: Path, rendered: RenderedStack, plan: Path, tmp_path: Path) -> None:
    done("equalize", photos, "-o", tmp_path / "out", "--plan", plan)
    assert listed(tmp_path / "out") == sorted(NAMES)
    reference = read_plan(plan).reference
    same = [read_picture(d / reference).pixels for d in (tmp_path / "out", photos)]
    assert np.array_equal(same[0], same[1])
    for name, frame in zip(NAMES, rendered.frames, strict=True):
        assert read_picture(tmp_path / "out" / name).pixels.shape == frame.shape


def test_crop(rendered: RenderedStack, tmp_path: Path) -> None:
    frames = [np.maximum(frame, 30) for frame in rendered.frames]
    frames[1][:12], frames[2][:, -20:] = 0, 0
    folder = written(tmp_path / "in", frames, NAMES)
    result = done("crop", folder, "-o", tmp_path / "out")
    assert "220 x 168 pixels at 0, 12" in result.stdout
    for name, frame in zip(NAMES, frames, strict=True):
        assert np.array_equal(read_picture(tmp_path / "out" / name).pixels, frame[12:, :220])


def test_inspect_prints_a_table(photos: Path) -> None:
    before = listed(photos.parent)
    lines = done("inspect", photos, "--reference", "IMG_10.png").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == NAMES
    for word in ("EV", "zoom", "rot", "shift", "sharp", "verdict"):
        assert word in lines[0]
    assert any(line.startswith(tuple(LEADS.values())) for line in lines[5:])
    assert any("reference IMG_10.png" in line for line in lines)
    assert lines[-1].split(maxsplit=1) == ["next", f"focusstack run {photos}"]
    assert listed(photos.parent) == before


def test_inspect_prints_the_report(photos: Path, plan: Path) -> None:
    result = done("inspect", photos, "--json", "--thorough")
    written = json.loads(plan.read_text())
    assert written.pop("fusion")["method"] == "auto"
    measured = json.loads(result.stdout)
    assert measured.pop("fusion") is None
    assert measured == written
    assert not result.stderr


def test_a_quick_look_may_be_rendered_but_not_unnoticed(
    photos: Path, plan: Path, tmp_path: Path
) -> None:
    text = done("inspect", photos, "--json").stdout
    (tmp_path / "quick.json").write_text(text)
    result = done("run", photos, "-o", tmp_path / "out", "--plan", tmp_path / "quick.json")
    assert "warning: the plan is of a quick look" in result.stderr
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    assert data["quick"]
    assert any("quick look" in w for w in data["warnings"])
    assert not json.loads(plan.read_text())["quick"]


def test_sample(tmp_path: Path, small_sample: None) -> None:
    result = done("sample", tmp_path / "demo")
    assert "demo" in result.stdout
    truth = json.loads((tmp_path / "demo" / "truth.json").read_text())
    assert listed(tmp_path / "demo") == sorted([*truth["frames"], "truth.json"])
    failed(5, "sample", tmp_path / "demo")
    done("sample", tmp_path / "demo", "--overwrite")


# Exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "{photos}", "--nonsense"),
        ("run",),
        ("nonsense",),
        ("fuse", "{photos}"),
        ("run", "{photos}", "--format", "gif"),
        ("run", "{photos}", "--quality", "0"),
        ("run", "{photos}", "--quality", "101"),
        ("run", "{photos}", "--method", "magic"),
        ("run", "{photos}", "-o", "{out}", "--reference", "IMG_99.png"),
        ("inspect", "{photos}", "--reference", "IMG_99.png"),
    ],
)
def test_usage(photos: Path, tmp_path: Path, arguments: Sequence[str]) -> None:
    said = failed(2, *(a.format(photos=photos, out=tmp_path / "out") for a in arguments))
    assert said.strip()


def test_a_plan_of_other_frames_is_wrong_usage(copies: Path, plan: Path, tmp_path: Path) -> None:
    (copies / "IMG_9.png").rename(copies / "IMG_90.png")
    said = failed(2, "run", copies, "-o", tmp_path / "out", "--plan", plan)
    assert "IMG_9.png" in said
    assert "--plan" in said


def test_unusable_input(copies: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "out")
    assert "nowhere" in failed(3, "run", tmp_path / "nowhere", *out)
    empty = tmp_path / "empty"
    empty.mkdir()
    failed(3, "run", empty, *out)
    failed(3, "run", copies / "IMG_8.png", *out)
    (copies / "IMG_9.png").write_bytes((copies / "IMG_9.png").read_bytes()[:2000])
    assert "IMG_9.png" in failed(3, "run", copies, *out)
    assert "IMG_9.png" in failed(3, "inspect", copies)
    (copies / "IMG_9.png").write_bytes(b"no picture")
    assert "IMG_9.png" in failed(3, "fuse", copies, "-o", tmp_path / "out.png")


def test_frames_of_another_size_are_named(copies: Path, tmp_path: Path) -> None:
    write_image(copies / "IMG_9.png", np.zeros((90, 120, 3), np.uint8))
    said = failed(3, "run", copies, "-o", tmp_path / "out")
    assert "IMG_9.png" in said
    assert "120 x 90" in said


def test_a_damaged_plan(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    said = failed(3, "run", photos, "-o", tmp_path / "out", "--plan", tmp_path / "plan.json")
    assert "plan.json" in said
    failed(3, "run", photos, "-o", tmp_path / "out", "--plan", tmp_path / "missing.json")


def test_files_that_do_not_exist_beside_a_missing_folder(tmp_path: Path) -> None:
    # Without --output the missing folder is met first; it is the input that is wrong.
    assert "nowhere" in failed(3, "run", tmp_path / "nowhere" / "IMG_1.jpg")
    assert "nowhere" in failed(3, "align", tmp_path / "nowhere" / "*.jpg")


def test_frames_that_do_not_belong_together(rendered: RenderedStack, tmp_path: Path) -> None:
    other = render_stack("plane", width=240, height=180, frames=4, seed=8).frames
    folder = written(tmp_path / "in", [*rendered.frames, *other], [*NAMES, *"abcd"][:4] + [
        f"other_{k}.png" for k in range(4)])  # fmt: skip
    said = failed(4, "run", folder, "-o", tmp_path / "out")
    assert "IMG_" in said
    assert "other_" in said


@pytest.mark.parametrize("command", WRITING)
def test_a_folder_that_holds_files_is_left_alone(
    command: str, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("a")
    said = failed(5, command, photos, "-o", tmp_path)
    assert "not empty" in said
    assert "--overwrite" in said
    assert listed(tmp_path) == ["precious.txt"]


def test_overwrite_replaces_results_and_nothing_else(
    photos: Path, plan: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done("run", photos, "-o", out, "--plan", plan, "--no-aligned")
    (out / "precious.txt").write_text("a")
    (out / "fused.png").write_bytes(b"old")
    failed(5, "run", photos, "-o", out, "--plan", plan)
    assert (out / "fused.png").read_bytes() == b"old"
    done("run", photos, "-o", out, "--plan", plan, "--overwrite")
    assert (out / "precious.txt").read_text() == "a"
    assert read_picture(out / "fused.png").pixels.ndim == 3


def test_a_composite_is_not_replaced_unasked(stacked: Path, tmp_path: Path) -> None:
    target = tmp_path / "sharp.png"
    target.write_bytes(b"old")
    assert "sharp.png exists" in failed(5, "fuse", stacked / "aligned", "-o", target)
    assert target.read_bytes() == b"old"
    done("fuse", stacked / "aligned", "-o", target, "--overwrite")


@pytest.mark.parametrize("command", WRITING)
def test_output_that_cannot_be_made(command: str, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    assert "file" in failed(5, command, photos, "-o", tmp_path / "file" / "out")
    assert "file" in failed(5, command, photos, "-o", tmp_path / "file")


def test_composites_of_unknown_kind_are_refused(stacked: Path, tmp_path: Path) -> None:
    assert ".gif" in failed(5, "fuse", stacked / "aligned", "-o", tmp_path / "sharp.gif")
    assert failed(5, "fuse", stacked / "aligned", "-o", tmp_path)


@pytest.mark.parametrize(
    ("command", "output"), [("equalize", "."), ("crop", "."), ("fuse", "IMG_8.png")]
)
def test_inputs_are_never_overwritten(copies: Path, command: str, output: str) -> None:
    before = {p.name: p.read_bytes() for p in copies.iterdir()}
    said = failed(5, command, copies, "-o", copies / output, "--overwrite")
    assert "never overwritten" in said
    assert {p.name: p.read_bytes() for p in copies.iterdir()} == before


def test_aligned_frames_as_input_are_never_overwritten(copies: Path) -> None:
    folder = copies.parent / "out" / "aligned"
    folder.parent.mkdir()
    copies.rename(folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    for command in ("run", "align"):
        assert "never overwritten" in failed(5, command, folder, "-o", folder.parent, "--overwrite")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_inputs_reached_by_a_link_are_never_overwritten(copies: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(copies)
    before = {p.name: p.read_bytes() for p in copies.iterdir()}
    failed(5, "crop", copies, "-o", tmp_path / "link", "--overwrite")
    assert {p.name: p.read_bytes() for p in copies.iterdir()} == before


def raising(error: BaseException) -> object:
    def instead(*_: object, **__: object) -> None:
        raise error

    return instead


def test_interruption(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focusstack.pipeline, "stack", raising(KeyboardInterrupt()))
    for more in ((), ("--debug",)):
        assert "interrupted" in failed(130, "run", photos, "-o", tmp_path / "out", *more)


def test_the_unexpected(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focusstack.pipeline, "stack", raising(ZeroDivisionError("of all things")))
    said = failed(1, "run", photos, "-o", tmp_path / "out")
    assert "ZeroDivisionError: of all things" in said
    assert "--debug" in said
    result = call("run", photos, "-o", tmp_path / "out", "--debug")
    assert isinstance(result.exception, ZeroDivisionError)


# What is printed where ------------------------------------------------------------------------


def test_results_go_to_stdout_and_nothing_to_stderr(
    photos: Path, plan: Path, tmp_path: Path
) -> None:
    result = done("run", photos, "-o", tmp_path / "out", "--plan", plan)
    assert str(tmp_path / "out") in result.stdout
    verdict, *_ = result.stdout.splitlines()
    judged = read_plan(tmp_path / "out" / "report.json").verdict
    assert judged is not None
    assert verdict == judged.sentence()
    lines = result.stdout.splitlines()[-5:]
    assert [line.split()[0] for line in lines] == [
        "written", "frames", "residual", "exposure", "area"
    ]  # fmt: skip
    assert "fused.png, aligned/ (4 frames), report.html, report.json" in lines[0]
    assert "all 4 used" in lines[1]
    assert not result.stderr


@pytest.mark.parametrize("quiet", ["-q", "--quiet"])
@pytest.mark.usefixtures("small_sample")
def test_quiet_prints_nothing(
    photos: Path, plan: Path, stacked: Path, tmp_path: Path, quiet: str
) -> None:
    reuse = ("--plan", plan, quiet)
    aligned = stacked / "aligned"
    for k, arguments in enumerate(
        [
            ("run", photos, *reuse),
            ("align", photos, *reuse),
            ("equalize", photos, *reuse),
            ("crop", aligned, quiet),
        ]
    ):
        result = done(*arguments, "-o", tmp_path / str(k))
        assert not result.stdout + result.stderr, arguments
    assert not done("fuse", aligned, "-o", tmp_path / "a.png", quiet).output
    assert not done("sample", tmp_path / "demo", quiet).output


def test_verbose_tells_the_stages(photos: Path, tmp_path: Path) -> None:
    result = done("align", photos, "-o", tmp_path / "out", "--verbose")
    stages = ["Reading frames", "Finding features", "Aligning", "Writing aligned frames"]
    places = [result.stderr.index(stage) for stage in stages]
    assert places == sorted(places)
    assert not any(stage in result.stdout for stage in stages)


def test_bars_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def shown(stream: io.StringIO, quiet: bool) -> str:
        monkeypatch.setattr(sys, "stderr", stream)
        progress = TerminalProgress(quiet)
        progress.start("Reading frames", 2)
        progress.advance()
        progress.advance()
        progress.finish()
        progress.warn("careful")
        return stream.getvalue()

    assert "Reading frames" in shown(Terminal(), quiet=False)
    for text in (shown(Terminal(), quiet=True), shown(io.StringIO(), quiet=False)):
        assert text == "warning: careful\n"


# As a process ---------------------------------------------------------------------------------


def process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.argv[0] = 'focusstack'; from focusstack.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_run_as_a_process(photos: Path, stacked: Path, plan: Path, tmp_path: Path) -> None:
    found = process("run", photos, "-o", tmp_path / "out", "--plan", plan, "--no-aligned")
    assert (found.returncode, found.stderr) == (0, "")
    assert (tmp_path / "out" / "fused.png").read_bytes() == (stacked / "fused.png").read_bytes()


def test_errors_show_a_traceback_only_to_who_asks(tmp_path: Path) -> None:
    plain = process("run", tmp_path / "nowhere", "-o", tmp_path / "out")
    assert plain.returncode == 3
    assert plain.stderr.startswith("error: ")
    assert "Traceback" not in plain.stderr
    debug = process("run", tmp_path / "nowhere", "-o", tmp_path / "out", "--debug")
    assert "Traceback" in debug.stderr
    assert "InputError" in debug.stderr
    assert debug.returncode != 0


def test_debug_keeps_the_exit_code(tmp_path: Path) -> None:
    assert process("inspect", tmp_path / "nowhere", "--debug").returncode == 3


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals on Windows")
def test_ctrl_c_ends_a_run(tmp_path: Path) -> None:
    frames = render_stack("plane", width=480, height=360, frames=6, seed=1).frames
    folder = written(tmp_path / "in", frames, [f"{k}.png" for k in range(6)])
    code = "from focusstack.cli import main; main()"
    command = [sys.executable, "-c", code, "run", str(folder), "-o", str(tmp_path / "out"), "-v"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("memory: up to ")
        assert running.stderr.readline().strip() == "Reading frames"
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
        assert running.wait(60) == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    # Nothing half written is left.
    assert not [p for p in listed(tmp_path / "out") if "fused" in p or p.startswith(".")]
