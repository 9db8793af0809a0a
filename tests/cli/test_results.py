"""The command line: what commands write."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.images.colour import to_float
from focusstack.images.read import read_picture
from focusstack.plan.file import read_plan
from focusstack.plan.verdict import LEADS
from focusstack.runtime.version import __version__
from focusstack.scene.stack import RenderedStack
from tests.support.cli_calls import NAMES, done, failed, listed, written

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
    done("run", photos, "-o", tmp_path / "out", "--plan", plan, "--no-report")
    for name in listed(stacked):
        if name != "report.html":  # not written this time
            assert (tmp_path / "out" / name).read_bytes() == (stacked / name).read_bytes(), name


def test_no_aligned_and_no_fuse(photos: Path, plan: Path, tmp_path: Path) -> None:
    done("run", photos, "-o", tmp_path / "a", "--no-aligned", "--plan", plan)
    assert listed(tmp_path / "a") == ["fused.png", "report.html", "report.json"]
    done("run", photos, "-o", tmp_path / "b", "--no-fuse", "--plan", plan, "--no-report")
    assert "fused.png" not in listed(tmp_path / "b")
    assert len(listed(tmp_path / "b" / "aligned")) == 4
    failed(2, "run", photos, "-o", tmp_path / "c", "--no-aligned", "--no-fuse")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(("option", "kind"), [("jpg", "JPEG"), ("tif", "TIFF"), ("png", "PNG")])
def test_formats(photos: Path, plan: Path, tmp_path: Path, option: str, kind: str) -> None:
    quick = ("--plan", plan, "--no-report")
    done("run", photos, "-o", tmp_path / "out", *quick, "--format", option)
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
    done("run", folder, "-o", tmp_path / "out", "--plan", plan, "--no-report")
    assert (tmp_path / "out" / "fused.JPG").is_file()
    assert listed(tmp_path / "out" / "aligned") == sorted(names)


def test_quality(photos: Path, plan: Path, tmp_path: Path) -> None:
    sizes = []
    command = ("run", photos, "--plan", plan, "--no-report", "--format", "jpg")
    for quality in ("40", "95"):
        out = tmp_path / quality
        done(*command, "-o", out, "--quality", quality)
        sizes.append((out / "fused.jpg").stat().st_size)
    assert sizes[0] < 0.6 * sizes[1]


def test_methods_differ(photos: Path, plan: Path, tmp_path: Path) -> None:
    pixels = {}
    command = ("run", photos, "--plan", plan, "--no-report", "--no-aligned")
    for method in ("pyramid", "depth"):
        out = tmp_path / method
        done(*command, "-o", out, "--method", method)
        pixels[method] = to_float(read_picture(out / "fused.png").pixels)
    off = np.abs(pixels["pyramid"] - pixels["depth"])
    assert 0 < off.mean() < 0.05


def test_globs_and_files(photos: Path, plan: Path, tmp_path: Path) -> None:
    quick = ("--plan", plan, "--no-report")
    done("align", photos / "IMG_*.png", "-o", tmp_path / "a", *quick)
    done("align", *(photos / n for n in NAMES[::-1]), "-o", tmp_path / "b", *quick)
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


def test_inspect_prints_a_table(photos: Path, tmp_path: Path) -> None:
    photos = Path(shutil.copytree(photos, tmp_path / "photos"))
    before = listed(photos.parent)
    lines = done("inspect", photos, "--reference", "IMG_10.png").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == NAMES
    for word in ("EV", "zoom", "rot", "shift", "sharp", "verdict"):
        assert word in lines[0]
    assert any(line.startswith(tuple(LEADS.values())) for line in lines[5:])
    assert any("laid on IMG_10.png" in line for line in lines)
    assert lines[-1].split(maxsplit=1) == [
        "next",
        f"focusstack run {photos} --reference IMG_10.png",
    ]
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
    result = done("run", photos, "-o", tmp_path / "out", "--no-report",
                  "--plan", tmp_path / "quick.json")  # fmt: skip
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
    failed(2, "sample", tmp_path / "demo")
    done("sample", tmp_path / "demo", "--overwrite")
