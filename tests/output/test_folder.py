"""The output folder: complete or untouched, refused early, gone on from."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from typer.testing import CliRunner, Result

import focusstack.output.aligned
import focusstack.output.folder
import focusstack.output.report.writer
from focusstack.cli import app
from focusstack.errors import InputError, OutputError, OutputExistsError, UsageError
from focusstack.frames.open import open_frames
from focusstack.images import ifd, tags
from focusstack.images.metadata import Metadata
from focusstack.images.read import probe_all, read_picture
from focusstack.images.write import write_image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.staging import UNFINISHED
from focusstack.pipeline import plan_stack, stack
from focusstack.resample.planes import Planes
from focusstack.scene.stack import render_stack

NAMES = [f"{k}.png" for k in range(4)]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "photos"
    folder.mkdir()
    frames = render_stack("plane", width=200, height=150, frames=4, blur=3, seed=4).frames
    for name, frame in zip(NAMES, frames, strict=True):
        iso = ifd.Field(ifd.SHORT, (int(name[0]) * 100 + 100).to_bytes(2, "little"))
        inner = ifd.Directory({tags.ISO: iso})
        exif = ifd.serialise(ifd.Directory({}, {tags.EXIF: inner}), "<")
        write_image(folder / name, frame, Metadata(exif))
    return folder


@pytest.fixture(scope="module")
def whole(photos: Path) -> Path:
    """What an uninterrupted run writes."""
    stack(photos, photos.parent / "whole")
    return photos.parent / "whole"


@pytest.fixture(scope="module")
def options(whole: Path) -> StackOptions:
    return StackOptions(plan=whole / "report.json")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def results(folder: Path) -> dict[str, bytes]:
    """What is the same however it came about: report.html tells times and options as well."""
    return {k: v for k, v in contents(folder).items() if k != "report.html"}


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def failing_after(count: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the writer of aligned frames fail after so many."""
    written = 0

    def instead(path: Path, *arguments: Any, **named: Any) -> None:
        nonlocal written
        if written == count:
            raise error
        written += 1
        write_image(path, *arguments, **named)

    for module in (focusstack.output.aligned, focusstack.output.folder):
        monkeypatch.setattr(module, "write_image", instead)


# Complete or untouched ------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OutputError("disk"), KeyboardInterrupt(), RuntimeError("x")])
def test_earlier_results_survive_whatever_happens(
    photos: Path, whole: Path, options: StackOptions, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, error: BaseException,
) -> None:  # fmt: skip
    out = Path(shutil.copytree(whole, tmp_path / "out"))
    (out / "fused.png").write_bytes(b"the earlier one")
    before = contents(out)
    failing_after(2, error, monkeypatch)
    with pytest.raises(type(error)):
        stack(photos, OutputOptions(out, overwrite=True), options)
    now = {k: v for k, v in contents(out).items() if not k.startswith(UNFINISHED)}
    assert now == before


@pytest.mark.parametrize("what", ["write_image", "draw_ahead", "_write_plan"])
def test_what_fails_beside_the_work_fails_the_run(
    photos: Path, options: StackOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OutputError("disk")

    inside = {
        "write_image": focusstack.output.folder,
        "draw_ahead": focusstack.output.report.writer,
        "_write_plan": focusstack.output.folder.OutputFolder,
    }
    monkeypatch.setattr(inside[what], what, fail)
    out = tmp_path / "out"
    with pytest.raises(OutputError, match="disk"):
        stack(photos, OutputOptions(out, aligned=False), options)
    assert not [p for p in out.glob("*") if p.name != UNFINISHED]
    monkeypatch.undo()
    stack(photos, OutputOptions(out, aligned=False, resume=True), options)
    assert {p.name for p in out.iterdir()} == {"fused.png", "report.html", "report.json"}


def test_a_run_that_fails_early_leaves_no_folder(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "deeper"
    for broken in (b"", b"\x89PNG\r\n\x1a\nno"):
        copy = Path(shutil.copytree(photos, tmp_path / "photos", dirs_exist_ok=True))
        (copy / "2.png").write_bytes(broken)
        with pytest.raises(InputError):
            stack(copy, out)
    frames = [np.full((90, 120, 3), 10 * k, np.uint8) for k in range(3)]
    with pytest.raises(Exception, match="detail"):
        stack(frames, out)  # found out in the first pass
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]


@pytest.mark.parametrize("command", ["equalize", "crop"])
def test_other_commands_leave_nothing_either(photos: Path, tmp_path: Path, command: str) -> None:
    copy = Path(shutil.copytree(photos, tmp_path / "photos"))
    data = (copy / "3.png").read_bytes()
    (copy / "3.png").write_bytes(data[: len(data) // 2])
    assert call(command, copy, "-o", tmp_path / "out").exit_code == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]


def test_an_input_that_changes_is_noticed(
    photos: Path, options: StackOptions, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(photos, tmp_path / "photos"))
    frames = open_frames(copy)
    pixels = read_picture(copy / "2.png").pixels
    write_image(copy / "2.png", pixels[::-1])
    with pytest.raises(InputError, match=r"2\.png has changed"):
        stack(frames, tmp_path / "out", options)
    (copy / "2.png").unlink()
    with pytest.raises(InputError, match=r"2\.png cannot be read"):
        stack(frames, tmp_path / "out", options)
    assert not (tmp_path / "out").exists() or (tmp_path / "out" / UNFINISHED).is_dir()


def test_an_output_folder_that_vanishes(
    photos: Path, options: StackOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    rounded = Planes.rounded

    def vanishing(*arguments: Any) -> Any:
        shutil.rmtree(out, ignore_errors=True)
        out.write_text("now a file")
        return rounded(*arguments)

    monkeypatch.setattr(Planes, "rounded", vanishing)
    with pytest.raises(OutputError, match="was moved or removed"):
        stack(photos, out, options)
    assert out.read_text() == "now a file"


# Going on -------------------------------------------------------------------------------------


@pytest.fixture
def interrupted(
    photos: Path, options: StackOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A run that has been interrupted after two aligned frames."""
    with monkeypatch.context() as patched:
        failing_after(2, KeyboardInterrupt(), patched)
        with pytest.raises(KeyboardInterrupt) as caught:
            stack(photos, tmp_path / "out", options)
    assert "--resume" in caught.value.__notes__[0]
    return tmp_path / "out"


@pytest.mark.parametrize("fused", [True, False])
def test_resumed_runs_give_the_same_bytes(
    photos: Path, whole: Path, options: StackOptions, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, fused: bool,
) -> None:  # fmt: skip
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        failing_after(2, KeyboardInterrupt(), patched)
        with pytest.raises(KeyboardInterrupt):
            stack(photos, OutputOptions(out, fused=fused), options)
    done = {p.name: p.stat().st_mtime_ns for p in (out / UNFINISHED / "aligned").iterdir()}
    assert len(done) == 2
    stack(photos, OutputOptions(out, fused=fused, resume=True), options)
    expected = results(whole)
    if not fused:
        expected = {k: v for k, v in expected.items() if k.startswith("aligned")}
    found = results(out)
    assert {k: found[k] for k in expected} == expected
    for name, time in done.items():  # not written again
        assert (out / "aligned" / name).stat().st_mtime_ns == time
    # What was done before is shown too.
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count('"overview":') == len(NAMES) + fused


def test_the_plan_is_not_made_again(
    photos: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        failing_after(1, KeyboardInterrupt(), patched)
        with pytest.raises(KeyboardInterrupt):
            stack(photos, out)

    def never(*_: object) -> None:
        raise AssertionError("planned again")

    monkeypatch.setattr("focusstack.pipeline.plan_stack", never)
    stack(photos, OutputOptions(out, resume=True))
    assert results(out) == results(whole)


@pytest.mark.usefixtures("interrupted")
def test_damaged_frames_are_written_again(
    photos: Path, whole: Path, options: StackOptions, tmp_path: Path
) -> None:
    place = tmp_path / "out" / UNFINISHED
    spoilt = next((place / "aligned").iterdir())
    spoilt.write_bytes(b"spoilt")
    (place / "aligned" / ".x.png.part-12ab").write_bytes(b"half")
    with (place / ".state" / "done.jsonl").open("a") as file:
        file.write('["cut o')
    stack(photos, OutputOptions(tmp_path / "out", resume=True), options)
    assert results(tmp_path / "out") == results(whole)


def test_a_move_that_was_cut_off_goes_on(
    photos: Path, whole: Path, options: StackOptions, interrupted: Path
) -> None:
    moved = sorted((interrupted / UNFINISHED / "aligned").iterdir())[0]
    (interrupted / "aligned").mkdir()
    moved.rename(interrupted / "aligned" / moved.name)
    stack(photos, OutputOptions(interrupted, resume=True), options)
    assert results(interrupted) == results(whole)


def test_an_unfinished_run_is_not_lost_unasked(
    photos: Path, whole: Path, options: StackOptions, interrupted: Path
) -> None:
    with pytest.raises(OutputError, match="unfinished run") as caught:
        stack(photos, interrupted, options)
    assert [change.add for change in caught.value.changes] == [("--resume",), ("--overwrite",)]
    assert len(list((interrupted / UNFINISHED / "aligned").iterdir())) == 2
    stack(photos, OutputOptions(interrupted, overwrite=True), options)
    assert results(interrupted) == results(whole)


def test_other_options_or_frames_are_not_resumed(
    photos: Path, options: StackOptions, interrupted: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="quality 95"):
        stack(photos, OutputOptions(interrupted, quality=80, resume=True), options)
    with pytest.raises(UsageError, match="another plan given"):
        stack(photos, OutputOptions(interrupted, resume=True))
    with pytest.raises(UsageError, match=r"another 0\.png"):
        stack([photos / n for n in NAMES[1:]], OutputOptions(interrupted, resume=True), options)
    assert len(list((interrupted / UNFINISHED / "aligned").iterdir())) == 2
    state = interrupted / UNFINISHED / ".state" / "run.json"
    sound = json.loads(state.read_text())
    sound["plan"]["frames"][1]["matrix"][0][2] += 1000
    for text in ("{", "[" * 200_000, '{"made_from": [], "plan": 7}', json.dumps(sound)):
        state.write_text(text)
        with pytest.raises(OutputError, match="damaged"):
            stack(photos, OutputOptions(interrupted, resume=True), options)


def test_a_plan_that_is_no_file_is_told_before_the_work(photos: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/proc/self/mem"), tmp_path):
        with pytest.raises(InputError, match="cannot be read as a plan"):
            stack(photos, OutputOptions(tmp_path / "out"), StackOptions(plan=path))
    assert not (tmp_path / "out").exists()


def test_nothing_to_resume_is_a_new_run(
    photos: Path, whole: Path, options: StackOptions, tmp_path: Path
) -> None:
    stack(photos, OutputOptions(tmp_path / "out", resume=True), options)
    assert results(tmp_path / "out") == results(whole)
    again = stack(photos, OutputOptions(tmp_path / "out", resume=True), options)
    assert again.done_before
    with pytest.raises(OutputExistsError, match="not empty"):
        stack(photos, OutputOptions(tmp_path / "out", quality=80, resume=True), options)
    frames = [read_picture(photos / n).pixels for n in NAMES]
    with pytest.raises(UsageError, match="only a run on files"):
        stack(frames, OutputOptions(tmp_path / "new", resume=True))


def test_the_program_says_how_to_go_on(
    photos: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("run", photos, "-o", tmp_path / "out", "--plan", whole / "report.json")
    with monkeypatch.context() as patched:
        failing_after(1, OutputError("the disk is full", "Free some space."), patched)
        result = call(*command)
    assert result.exit_code == 5
    assert "--resume goes on from there" in result.stderr
    assert call(*command).exit_code == 2
    assert call(*command, "--resume", "--overwrite").exit_code == 2
    assert call(*command, "--resume").exit_code == 0
    assert results(tmp_path / "out") == results(whole)


# Depth and pages ------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "dtype"), [(8, np.uint8), (16, np.uint16)])
def test_bit_depth(
    photos: Path, options: StackOptions, tmp_path: Path, depth: int, dtype: type
) -> None:
    result = stack(photos, OutputOptions(tmp_path / "out", bit_depth=depth), options)
    assert result.image is not None
    for path in (tmp_path / "out/fused.png", tmp_path / "out/aligned/1.png"):
        assert read_picture(path).pixels.dtype == dtype
    aligned = read_picture(tmp_path / "out/aligned/1.png").pixels
    steps = len(np.unique(aligned))
    assert (steps > 256) == (depth == 16)  # what resampling gives between codes is kept


@pytest.mark.parametrize("command", ["equalize", "crop"])
def test_bit_depth_of_other_commands(photos: Path, tmp_path: Path, command: str) -> None:
    for depth, dtype in (("8", np.uint8), ("16", np.uint16)):
        done = call(command, photos, "-o", tmp_path / depth, "--bit-depth", depth)
        assert done.exit_code == 0, done.output
        pixels = read_picture(tmp_path / depth / "1.png").pixels
        assert pixels.dtype == dtype
    eight = read_picture(tmp_path / "8" / "1.png").pixels
    sixteen = read_picture(tmp_path / "16" / "1.png").pixels
    assert np.abs(sixteen / 257 - eight).max() <= 0.51


def test_jpegs_of_16_bits_become_tiff(photos: Path, options: StackOptions, tmp_path: Path) -> None:
    folder = tmp_path / "jpg"
    folder.mkdir()
    for name in NAMES:
        Pillow.open(photos / name).convert("RGB").save(folder / f"{name[0]}.jpg", quality=95)
    stack(folder, OutputOptions(tmp_path / "out", bit_depth=16), options)
    assert read_picture(tmp_path / "out/fused.tif").pixels.dtype == np.uint16


def test_aligned_frames_as_pages(
    photos: Path, whole: Path, options: StackOptions, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = stack(photos, OutputOptions(out, multipage=True, bit_depth=16), options)
    assert sorted(p.name for p in out.iterdir()) == [
        "aligned.tif", "fused.png", "report.html", "report.json"
    ]  # fmt: skip
    found = probe_all(out / "aligned.tif")
    assert len(found) == 4
    for page, name in zip(found, result.plan.focus_order, strict=True):
        pixels = read_picture(out / "aligned.tif", page.page).pixels
        expected = read_picture(whole / "aligned" / name).pixels
        assert np.abs(pixels / 257 - expected).max() <= 0.51
        assert page.metadata.iso == int(name[0]) * 100 + 100  # its own
        assert page.metadata.software.startswith("focusstack ")
    with tifffile.TiffFile(out / "aligned.tif") as tiff:
        assert len(tiff.pages) == 4
        assert not tiff.is_bigtiff


def test_pages_are_written_anew_when_resumed(
    photos: Path, options: StackOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = OutputOptions(tmp_path / "a", multipage=True)
    stack(photos, made, options)
    with monkeypatch.context() as patched:
        failing_after(0, KeyboardInterrupt(), patched)  # at the composite
        with pytest.raises(KeyboardInterrupt):
            stack(photos, OutputOptions(tmp_path / "b", multipage=True), options)
    stack(photos, OutputOptions(tmp_path / "b", multipage=True, resume=True), options)
    assert results(tmp_path / "a") == results(tmp_path / "b")


def test_the_composite_says_of_how_many_frames(whole: Path) -> None:
    exif = read_picture(whole / "fused.png").metadata.exif
    assert exif is not None
    inner = ifd.read(exif).children[tags.EXIF]
    order = ifd.header(exif)[0]
    assert ifd.number(inner, tags.COMPOSITE, order) == 2
    assert np.frombuffer(inner.fields[tags.SOURCES].data, f"{order}u2").tolist() == [4, 4]
    reference = json.loads((whole / "report.json").read_text())["reference"]
    assert ifd.number(inner, tags.ISO, order) == int(reference[0]) * 100 + 100


# Refused before the work ----------------------------------------------------------------------


def test_too_large_for_the_format(tmp_path: Path) -> None:
    wide = [np.full((64, 65600), k, np.uint8) for k in range(2)]
    with pytest.raises(OutputError, match="jpg holds at most 65500"):
        stack(wide, OutputOptions(tmp_path / "out", format="jpg"))
    assert not (tmp_path / "out").exists()


def test_a_folder_in_the_place_of_a_file(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "fused.png").mkdir()
    with pytest.raises(OutputError, match=r"fused\.png cannot be written: a folder"):
        stack(photos, OutputOptions(tmp_path, overwrite=True))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(photos: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="may not write"):
        stack(photos, tmp_path / "out")


def test_fuse_knows_its_target_before_the_work(photos: Path, tmp_path: Path) -> None:
    result = call("fuse", photos, "-o", tmp_path / "nowhere" / "a.png")
    assert result.exit_code == 5
    assert "does not exist" in result.stderr
    result = call("fuse", photos, "-o", tmp_path / "a.jpg", "--bit-depth", "16")
    assert result.exit_code == 2
    assert "JPEG holds 8 bits" in result.stderr


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"format": "gif"}, "'gif'"),
        ({"quality": 0}, "quality 0"),
        ({"bit_depth": 12}, "bit depth 12"),
        ({"bit_depth": 16, "format": "jpg"}, "JPEG"),
        ({"resume": True, "overwrite": True}, "resume"),
    ],
)
def test_options_that_make_no_sense(tmp_path: Path, named: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        OutputOptions(tmp_path, **named)
    assert caught.value.remedy


def test_numbers_that_make_no_sense() -> None:
    for named in ({"threads": 0}, {"threads": -1}, {"memory": 0}, {"max_megapixels": 0}):
        with pytest.raises(UsageError):
            StackOptions(**named)  # type: ignore[arg-type]


@pytest.mark.parametrize("inputs", [None, 7, b"photos", {"a": 1}, [1, 2], [None], ["a", 3],
                                    np.zeros((80, 80), np.uint8)])  # fmt: skip
def test_inputs_of_odd_types(inputs: Any) -> None:
    with pytest.raises(UsageError, match="cannot be read from") as caught:
        plan_stack(inputs)
    assert "folder" in caught.value.remedy


def test_iterables_are_inputs_too(photos: Path) -> None:
    assert len(open_frames(photos.glob("*.png"))) == 4
    assert len(open_frames(read_picture(photos / n).pixels for n in NAMES)) == 4
    assert len(open_frames(tuple(str(photos / n) for n in NAMES))) == 4


def test_the_default_output_is_beside_the_input_as_named(
    photos: Path, whole: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(photos)
    done = call("run", tmp_path / "link", "--plan", whole / "report.json", "--no-aligned")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "link-stacked" / "fused.png").is_file()
    assert not (photos.parent / "photos-stacked").exists()


def test_nothing_is_written_through_a_link(
    photos: Path, whole: Path, options: StackOptions, tmp_path: Path
) -> None:
    out, victim = Path(shutil.copytree(whole, tmp_path / "out")), tmp_path / "victim"
    (out / "aligned").rename(victim)
    (out / "aligned").symlink_to(victim, target_is_directory=True)
    before = contents(victim)
    with pytest.raises(OutputError, match="aligned is a link"):
        stack(photos, OutputOptions(out, overwrite=True), options)
    assert contents(victim) == before
