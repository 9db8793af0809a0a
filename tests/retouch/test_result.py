"""The frames of a result are found, wherever it was written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from focusstack.errors import InputError
from focusstack.output.paths import seen_from
from focusstack.retouch.result import open_result
from tests.support.cli_calls import done


@pytest.fixture
def apart(photos: Path, tmp_path: Path) -> Path:
    """Results that lie far from their frames."""
    shutil.copytree(photos, tmp_path / "a" / "b" / "c" / "photos")
    out = tmp_path / "x" / "y" / "z" / "out"
    done("run", str(tmp_path / "a" / "b" / "c" / "photos"), "-o", str(out), "-q", "--no-report")
    return out


@pytest.mark.usefixtures("small_sample")
def test_frames_far_from_their_results_are_found(apart: Path) -> None:
    frames = open_result(apart).frames
    assert frames is not None
    assert frames.paths[0].parent.name == "photos"


@pytest.mark.usefixtures("small_sample")
@pytest.mark.parametrize(
    "told", ["/etc", "//host/share", r"\\host\share", "C:/x", "nowhere", "a\0b", ""]
)
def test_a_report_leads_nowhere_else(apart: Path, told: str) -> None:
    report = json.loads((apart / "report.json").read_text())
    assert not Path(report["frames_folder"]).is_absolute()
    (apart / "report.json").write_text(json.dumps({**report, "frames_folder": told}))
    assert open_result(apart).frames is None


def test_frames_of_several_folders_have_none() -> None:
    assert seen_from(Path("out"), [Path("a/1.jpg"), Path("b/2.jpg")]) is None
    assert seen_from(Path("out"), []) is None
    assert seen_from(Path("out"), [Path("out/1.jpg"), Path("out/2.jpg")]) == "."


def test_where_no_results_are_those_nearby_are_named(tmp_path: Path) -> None:
    for place in ("photos", "photos-stacked", "card/a", "card/b c", "card/empty"):
        (tmp_path / place).mkdir(parents=True)
    for place in ("photos-stacked", "card/a", "card/b c"):
        (tmp_path / place / "report.json").write_text("{}")
    for given, meant in (("photos", ["photos-stacked"]), ("card", ["card/a", "card/b c"])):
        with pytest.raises(InputError, match=r"holds no report\.json") as caught:
            open_result(tmp_path / given)
        inputs = [change.inputs for change in caught.value.changes]
        assert inputs == [(str(tmp_path / place),) for place in meant]
