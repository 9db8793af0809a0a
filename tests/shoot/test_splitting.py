"""Shoots are split where their stacks end: held against cards whose cuts are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from benchmarks.splitting.__main__ import Score, score
from benchmarks.splitting.cards import Card
from benchmarks.splitting.exif import Taken
from benchmarks.splitting.kinds import KINDS, subjects
from benchmarks.splitting.subjects import sweep
from focusstack.errors import InputError, UsageError
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.shoot.boundaries import Boundary
from focusstack.shoot.shots import Shot
from focusstack.shoot.splitting import Stack, parse_how, split


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Score]:
    """How every kind of card is split."""
    found = {}
    for name, kind in KINDS.items():
        folder = tmp_path_factory.mktemp("card")
        card = kind(np.random.default_rng(7))
        card.write(folder)
        found[name] = score(card, split(folder), folder)
    return found


def test_nearly_all_cuts_are_found_and_nearly_none_made_up(scores: dict[str, Score]) -> None:
    assert len(scores) >= 20
    cuts, found = sum(s.cuts for s in scores.values()), sum(s.found for s in scores.values())
    made_up = sum(s.made_up for s in scores.values())
    assert found / cuts >= 0.98
    assert found / (found + made_up) >= 0.98


def test_every_error_is_announced(scores: dict[str, Score]) -> None:
    assert {name for name, s in scores.items() if s.errors > s.announced} == set()


def test_few_decisions_are_left_to_people(tmp_path: Path) -> None:
    """Announcing everything would be no help."""
    for k, name in enumerate(("subjects", "by hand", "twice", "singles", "flash")):
        KINDS[name](np.random.default_rng(1)).write(tmp_path / str(k))
        assert split(tmp_path / str(k)).unsure == [], name


# By hand ---------------------------------------------------------------------------------------


def card_of(folder: Path, *, exif: bool = True) -> list[list[str]]:
    """Two subjects, 30 seconds apart."""
    card = Card(np.random.default_rng(0), taken=Taken() if exif else None)
    for k in (1, 2):
        card.shoot(sweep(k, 4), lambda: 0.5)
        card.clock += 30
    card.write(folder)
    return card.groups


def names(stacks: tuple[Stack, ...]) -> list[list[str]]:
    return [[path.name for path in stack.paths] for stack in stacks]


def test_a_boundary_has_its_reason(tmp_path: Path) -> None:
    groups = card_of(tmp_path)
    shoot = split(tmp_path)
    assert names(shoot.stacks) == groups
    assert [stack.reason for stack in shoot.stacks] == ["", "a pause of 30 s; another subject"]
    assert all(stack.sure for stack in shoot.stacks)


def test_folders_gaps_and_none(tmp_path: Path) -> None:
    first, second = card_of(tmp_path / "a")
    card_of(tmp_path / "b")
    assert names(split(tmp_path, "folder").stacks) == [first + second] * 2
    assert names(split(tmp_path, "gap=20").stacks) == [first, second] * 2
    assert names(split(tmp_path, "gap=40").stacks) == [first + second] * 2
    (whole,) = split(tmp_path, "none").stacks
    assert len(whole.paths) == 16


def test_a_gap_without_times_is_not_sure(tmp_path: Path) -> None:
    card_of(tmp_path, exif=False)
    shoot = split(tmp_path, "gap=20")
    assert len(shoot.stacks) == 1
    assert not shoot.stacks[0].sure


@pytest.mark.parametrize("text", ["gap", "gap=", "gap=-1", "gap=nan", "gap=inf", "auto=3", "x"])
def test_other_ways_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="gap=SECONDS"):
        parse_how(text)


def test_shots_in_two_formats_count_once(tmp_path: Path) -> None:
    """The first of the two formats is taken; which does not depend on the order of files."""
    groups = card_of(tmp_path)
    for path in sorted(tmp_path.glob("*.jpg")):
        Pillow.open(path).save(path.with_suffix(".png"), exif=Pillow.open(path).getexif())
    shoot = split(tmp_path)
    assert names(shoot.stacks) == groups
    assert shoot.stacks[0].shots[0].twin == tmp_path / "IMG_0001.png"
    assert shoot.notes == ("left out, the same shots in another format: 8 as .png",)


def test_results_of_this_program_are_left_out(tmp_path: Path) -> None:
    groups = card_of(tmp_path)
    write_image(tmp_path / "fused.jpg", sweep(1, 4)[0])
    (tmp_path / "results" / "aligned").mkdir(parents=True)
    (tmp_path / "results" / "report.json").write_text("{}")
    write_image(tmp_path / "results" / "aligned" / "IMG_0001.jpg", sweep(1, 4)[0])
    shoot = split(tmp_path)
    assert names(shoot.stacks) == groups
    assert "fused.jpg" in shoot.notes[0]


def test_frames_that_this_program_rendered_are_frames(tmp_path: Path) -> None:
    for k, frame in enumerate(sweep(1, 4)):
        write_image(tmp_path / f"frame_{k}.jpg", frame)
    assert len(split(tmp_path).stacks[0].paths) == 4


def test_what_is_left_is_not_searched(tmp_path: Path) -> None:
    groups = card_of(tmp_path)
    card_of(tmp_path / "out")
    assert names(split(tmp_path, leave=[tmp_path / "out"]).stacks) == groups


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    groups = card_of(tmp_path / "card")
    (tmp_path / "card" / "round").symlink_to(tmp_path / "card", target_is_directory=True)
    assert names(split(tmp_path / "card").stacks) == groups


def test_several_pages_and_films_are_stacks(tmp_path: Path) -> None:
    pages = [Pillow.fromarray(frame) for frame in sweep(3, 4)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "film.mp4").write_bytes(b"not looked into")
    groups = card_of(tmp_path)
    assert names(split(tmp_path).stacks) == [["film.mp4"], *groups, ["pages.tif"]]


def test_damaged_files_belong_somewhere(tmp_path: Path) -> None:
    """What is wrong with them is said when they are stacked."""
    card_of(tmp_path)
    damaged = tmp_path / "IMG_0002.jpg"
    damaged.write_bytes(damaged.read_bytes()[:300])
    shoot = split(tmp_path)
    assert damaged in [p for s in (*shoot.stacks, *shoot.singles) for p in s.paths]


def test_people_decide_what_is_not_sure(tmp_path: Path) -> None:
    KINDS["specimens, no EXIF"](np.random.default_rng(0)).write(tmp_path)
    unsure = split(tmp_path).unsure
    asked: list[tuple[str, str, bool]] = []

    def no(before: Shot, behind: Shot, boundary: Boundary) -> bool:
        asked.append((before.path.name, behind.path.name, boundary.new))
        return False

    assert unsure
    shoot = split(tmp_path, ask=no)
    assert len(asked) == len(unsure)
    assert shoot.unsure == []
    assert len(split(tmp_path, ask=lambda *_: True).stacks) > len(shoot.stacks)


def test_nothing_is_written(tmp_path: Path) -> None:
    subjects(np.random.default_rng(0)).write(tmp_path)
    before = {path: path.stat() for path in tmp_path.iterdir()}
    split(tmp_path)
    after = {path: path.stat() for path in tmp_path.iterdir()}
    assert {p: s.st_mtime_ns for p, s in before.items()} == {
        p: s.st_mtime_ns for p, s in after.items()
    }


def test_no_input_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        split(tmp_path / "nowhere")
    with pytest.raises(InputError, match="No pictures"):
        split(tmp_path)


def test_pictures_are_what_they_were(tmp_path: Path) -> None:
    """The cards of this test hold what was rendered."""
    card_of(tmp_path)
    first = read_picture(tmp_path / "IMG_0001.jpg").pixels
    assert np.abs(first.astype(int) - sweep(1, 4)[0]).mean() < 5
