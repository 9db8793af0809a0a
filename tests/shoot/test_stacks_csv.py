"""The table of stacks goes out and comes back; what comes back is not believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.shoot.boundaries import Boundary
from focusstack.shoot.shots import Shot
from focusstack.shoot.splitting import Stack
from focusstack.shoot.stack_names import NamedStack, name_stacks
from focusstack.shoot.stacks_csv import (
    MOST_BYTES,
    read_catalogue,
    read_stacks,
    stacks_table,
    write_stacks,
)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    for name in ("a1.jpg", "a2.jpg", "b1.jpg", "b2.jpg", "=c.jpg"):
        Pillow.new("RGB", (20, 10)).save(folder / name)
    return folder


def stacks(card: Path) -> list[NamedStack]:
    a, b = ([Shot(card / f"{s}{k}.jpg") for k in (1, 2)] for s in "ab")
    pause = Boundary(2, new=True, sure=False, reasons=("a pause of 3 s",))
    doubt = Boundary(2, new=False, sure=False, reasons=("the picture changes",))
    return name_stacks(
        [Stack(tuple(a)), Stack((*b, Shot(card / "=c.jpg")), pause, (doubt,))], "{first}"
    )


def test_it_comes_back_as_it_went_out(card: Path) -> None:
    write_stacks(card.parent / "stacks.csv", stacks(card), card)
    text = (card.parent / "stacks.csv").read_text()
    assert text.splitlines() == [
        "stack,file,sure,reason",
        "a1,a1.jpg,yes,",
        "a1,a2.jpg,yes,",
        "b1,b1.jpg,no,a pause of 3 s",
        "b1,b2.jpg,yes,",
        "b1,./=c.jpg,no,perhaps: the picture changes",
    ]
    back = read_stacks(card.parent / "stacks.csv", [card])
    assert [one.name for one in back] == ["a1", "b1"]
    assert [[p.name for p in one.stack.paths] for one in back] == [
        ["a1.jpg", "a2.jpg"],
        ["b1.jpg", "b2.jpg", "=c.jpg"],
    ]
    assert stacks_table(back, card).count("\n") == 6


def edited(card: Path, text: str) -> Path:
    path = card.parent / "edited.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_make_of_it(card: Path, delimiter: str) -> None:
    rows = [("File", "mine", "STACK"), ("b1.jpg", "1", "Beetle 7"), ("a1.jpg", "", "Beetle 7"),
            ("a2.jpg", "", "")]  # fmt: skip
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    (one,) = read_stacks(edited(card, text), [card])
    assert one.name == "Beetle 7"
    assert [path.name for path in one.stack.paths] == ["b1.jpg", "a1.jpg"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("x,../../etc/passwd", "row 2: .* does not lie in"),
        ("x,/etc/passwd", "row 2: .* does not lie in"),
        ("x,nowhere.jpg", "row 2: .* is no picture"),
        ("x,a1.jpg\nx,./a1.jpg", "row 3: .* is in row 2, too"),
        ("x,a\0.jpg", "no table|no possible name|is no picture"),
        ('x,"a1.jpg', "is no table"),
        ("x,", "names no picture"),
    ],
)
def test_nothing_is_believed(card: Path, row: str, why: str) -> None:
    (card.parent / "etc").mkdir()
    with pytest.raises(InputError, match=why):
        read_stacks(edited(card, f"stack,file\n{row}\n"), [card])


def test_names_lead_nowhere(card: Path) -> None:
    (one,) = read_stacks(edited(card, "stack,file\n../../x,a1.jpg\n../../x,a2.jpg\n"), [card])
    assert one.name == "x"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "stack,stack,file\n", "\n\n"])
def test_other_tables_are_refused(card: Path, text: str) -> None:
    with pytest.raises(InputError, match="no table with columns stack and file"):
        read_stacks(edited(card, text), [card])


def test_files_that_are_no_tables(card: Path) -> None:
    path = card.parent / "x.csv"
    with pytest.raises(InputError, match="cannot be read"):
        read_stacks(path, [card])
    path.write_bytes(b"stack,file\n\xff\xfe\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_stacks(path, [card])
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(InputError, match="larger than any"):
        read_stacks(path, [card])


def test_catalogue_numbers(card: Path) -> None:
    path = edited(card, "name;file\nZMB 12;A1.JPG\nZMB 13;b1\n")
    assert read_catalogue(path) == {"a1.jpg": "ZMB 12", "b1": "ZMB 13"}
    named = name_stacks([s.stack for s in stacks(card)], "{catalogue}", read_catalogue(path))
    assert [(one.name, one.catalogue) for one in named] == [
        ("ZMB 12", "ZMB 12"),
        ("ZMB 13", "ZMB 13"),
    ]
    with pytest.raises(InputError, match=r"row 3: .* two names"):
        read_catalogue(edited(card, "name,file\nA,1.jpg\nB,1.jpg\n"))
    with pytest.raises(InputError, match="row 2: its name"):
        read_catalogue(edited(card, "name,file\nA\x1b[1m,1.jpg\n"))


def test_names_that_would_get_one_folder_are_no_one_stack(card: Path) -> None:
    text = "stack,file\nBeetle?,a1.jpg\nbeetle?,a2.jpg\nBeetle:,b1.jpg\nBeetle:,b2.jpg\n"
    with pytest.raises(InputError, match=r"row 4: Beetle: and Beetle\? would get one folder"):
        read_stacks(edited(card, text), [card])
