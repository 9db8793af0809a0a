"""Frames chosen by name: what patterns mean, what errors say, and what a run makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import focusstack
from focusstack.errors import InputError, UsageError
from focusstack.first_pass.effort import QUICK
from focusstack.frames.open import Inputs, open_frames
from focusstack.frames.selection import ALIKE, OFFERED, Selection
from focusstack.frames.sources import FrameSource
from focusstack.images.write import write_image
from focusstack.options import OutputOptions, StackOptions
from focusstack.scene import render_stack
from tests.support.cli_calls import call

NAMES = [f"IMG_{k}.png" for k in range(1, 6)]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name, pixels in zip(
        NAMES, render_stack("plane", width=240, height=180, frames=5).frames, strict=True
    ):
        write_image(folder / name, pixels)
    return folder


def left(inputs: Inputs, *, only: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    return list(open_frames(inputs, selection=Selection(only, exclude)).names)


@pytest.mark.parametrize(
    ("exclude", "gone"),
    [
        (["IMG_2.png"], {2}),
        (["IMG_2"], {2}),
        (["IMG_2,IMG_3.png"], {2, 3}),
        (["IMG_2", "IMG_5"], {2, 5}),
        (["*_[24]*"], {2, 4}),
    ],
)
def test_names_stems_globs_and_lists(photos: Path, exclude: list[str], gone: set[int]) -> None:
    wanted = [name for k, name in enumerate(NAMES, 1) if k not in gone]
    assert left(photos, exclude=tuple(exclude)) == wanted
    if len(gone) > 1:
        assert left(photos, only=tuple(exclude)) == sorted(set(NAMES) - set(wanted))


def test_paths_are_meant_as_a_shell_completes_them(photos: Path) -> None:
    assert left(photos, exclude=(str(photos / "IMG_1.png"),)) == NAMES[1:]
    assert left(photos, exclude=(str(photos / "*1.png"),)) == NAMES[1:]
    with pytest.raises(UsageError):
        left(photos, exclude=("elsewhere/IMG_1.png",))


def test_excluding_is_from_what_is_wanted(photos: Path) -> None:
    assert left(photos, only=("IMG_*",), exclude=("IMG_1",)) == NAMES[1:]


def test_files_that_are_not_wanted_need_not_fit(photos: Path, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes((photos / name).read_bytes())
    write_image(tmp_path / "IMG_9.png", np.zeros((90, 64, 3), np.uint8))
    with pytest.raises(InputError, match="differ in size"):
        left(tmp_path)
    assert left(tmp_path, exclude=("IMG_9",)) == NAMES
    assert left(tmp_path, only=("IMG_[1-5]*",)) == NAMES


def test_one_of_two_sets_of_a_folder(photos: Path, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes((photos / name).read_bytes())
        write_image(tmp_path / name.replace("png", "jpg"), np.full((180, 240, 3), 90, np.uint8))
    with pytest.raises(InputError, match="more than once"):
        left(tmp_path)
    assert left(tmp_path, only=("*.png",)) == NAMES


def test_pages_pictures_and_sources_have_names_too(tmp_path: Path) -> None:
    import tifffile

    arrays = render_stack("plane", width=240, height=180, frames=4).frames
    tifffile.imwrite(tmp_path / "cells.tif", np.stack(arrays), photometric="rgb")
    assert left(tmp_path, exclude=("cells_0002",)) == [f"cells_000{k}.tif" for k in (1, 3, 4)]
    assert left(tmp_path, only=("cells.tif",), exclude=("*_0001",))[0] == "cells_0002.tif"
    chosen = open_frames(arrays, selection=Selection(exclude=["frame_0001"]))
    assert isinstance(chosen, FrameSource)
    assert np.array_equal(chosen.read(0).pixels, arrays[1])
    assert len(chosen) == 3
    assert chosen.one_by_one().reduced(2).names == chosen.names
    assert left(chosen, exclude=("frame_0002",)) == ["frame_0003", "frame_0004"]


def test_what_matches_nothing_offers_what_is_close(photos: Path) -> None:
    with pytest.raises(UsageError, match=r"--exclude IMG_7 matches no frame") as caught:
        left(photos, exclude=("IMG_7",))
    assert sum(name in caught.value.remedy for name in NAMES) == OFFERED
    with pytest.raises(UsageError, match="--only qqqq") as caught:
        left(photos, only=("qqqq",))
    assert caught.value.remedy.startswith("Name some of IMG_1.png")


def test_only_what_is_alike_is_offered() -> None:
    chosen = Selection(exclude=["abcdefgh"])
    for name in ("abcd5678", "a2345678", "abcdefgx"):
        chosen.wants(name)
    with pytest.raises(UsageError) as caught:
        chosen.check()
    assert ALIKE == 0.5
    assert caught.value.remedy == "There is abcdefgx, abcd5678."


def test_fewer_than_two_are_no_stack(photos: Path) -> None:
    with pytest.raises(UsageError, match=r"--only leaves only IMG_1.png of 5 frames"):
        left(photos, only=("IMG_1",))
    with pytest.raises(UsageError, match=r"--exclude leaves none of 5 frames"):
        left(photos, exclude=("*",))
    with pytest.raises(UsageError, match=r"--only and --exclude leave none"):
        left(photos, only=("IMG_1", "IMG_2"), exclude=("IMG_*",))


def test_a_run_says_what_was_left_out_and_a_plan_stays(photos: Path, tmp_path: Path) -> None:
    quick = OutputOptions(tmp_path / "whole", fused=False, report=False)
    whole = focusstack.stack(photos, quick).plan
    gone = next(f.file for f in whole.frames if f.file != whole.reference)
    given = StackOptions(plan=tmp_path / "whole" / "report.json", exclude=(gone,))
    fewer = focusstack.stack(photos, tmp_path / "fewer", given).plan
    assert [f.file for f in fewer.frames if not f.used] == [gone]
    assert fewer.crop == whole.crop
    for name in set(NAMES) - {gone}:
        path = Path("aligned") / name
        assert (tmp_path / "fewer" / path).read_bytes() == (tmp_path / "whole" / path).read_bytes()
    assert not (tmp_path / "fewer" / "aligned" / gone).exists()
    told = json.loads((tmp_path / "fewer" / "report.json").read_text())
    assert f"left out as asked: {gone}" in told["warnings"]
    again = StackOptions(plan=tmp_path / "fewer" / "report.json")
    assert len(focusstack.plan_stack(photos, again).used()) == 4
    with pytest.raises(UsageError, match="reference"):
        focusstack.plan_stack(photos, StackOptions(plan=given.plan, exclude=(whole.reference,)))


def test_a_fresh_run_says_so_too_and_arrays_can_be_chosen(photos: Path) -> None:
    plan = focusstack.plan_stack(photos, StackOptions(exclude=("IMG_2",)), effort=QUICK)
    assert [f.file for f in plan.frames] == [n for n in NAMES if n != "IMG_2.png"]
    assert plan.warnings[-1] == "left out as asked: IMG_2.png"
    frames = focusstack.aligned_frames(photos, plan, StackOptions(exclude=("IMG_2",)))
    assert sorted(f.name for f in frames) == [f.file for f in plan.frames]
    with pytest.raises(UsageError, match="does not know: IMG_2") as caught:
        next(focusstack.aligned_frames(photos, plan))
    assert caught.value.changes[0].add == ("--exclude", "IMG_2.png")


def test_an_interrupted_run_is_not_gone_on_from_with_others(photos: Path, tmp_path: Path) -> None:
    from focusstack.output.resume import signature

    target = OutputOptions(tmp_path)

    def signed(*exclude: str) -> dict[str, object]:
        options = StackOptions(exclude=exclude)
        return signature(open_frames(photos, selection=Selection((), exclude)), target, options)

    assert signed("IMG_1") == signed("IMG_1")
    assert signed("IMG_1") != signed("IMG_2")
    assert signed("IMG_1") != signed()


def test_commands_take_names(photos: Path, tmp_path: Path) -> None:
    looked = call("inspect", photos, "--only", "IMG_[1-4]*", "--exclude", "IMG_2", "--json")
    assert [f["file"] for f in json.loads(looked.stdout)["frames"]] == [
        "IMG_1.png", "IMG_3.png", "IMG_4.png",
    ]  # fmt: skip
    for command in ("run", "align"):
        wrong = call(command, photos, "-o", tmp_path / "b", "--exclude", "IMG_7")
        assert wrong.exit_code == 2
        assert "matches no frame" in wrong.stderr
        assert not (tmp_path / "b").exists()
    told = call("inspect", photos, "--exclude", "IMG_2*").stdout
    assert "--exclude 'IMG_2*'" in told
