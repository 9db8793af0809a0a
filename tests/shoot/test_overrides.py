"""Options for some stacks, from focusstack.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from focusstack.errors import InputError, UsageError
from focusstack.options import OutputOptions, StackOptions
from focusstack.shoot.overrides import FILE, OverrideFiles

STACK, OUTPUT = StackOptions(threads=2), OutputOptions(Path("out"))


def applied(root: Path, name: str, folder: Path) -> tuple[StackOptions, OutputOptions]:
    return OverrideFiles([root]).applied(name, folder, STACK, OUTPUT)


def test_the_nearer_file_counts_more(tmp_path: Path) -> None:
    day = tmp_path / "day"
    day.mkdir()
    (tmp_path / FILE).write_text(
        'method = "depth"\nno-aligned = true\nquality = 80\n'
        '[stack."beetle*"]\nexclude = ["IMG_3.jpg"]\nquality = 70\n'
    )
    (day / FILE).write_text('quality = 90\ndust = "white.jpg"\nformat = "tif"\nbit-depth = 16\n')
    options, output = applied(tmp_path, "fly", tmp_path)
    assert (options.fusion.method, options.exclude) == ("depth", ())
    assert (output.aligned, output.quality) == (False, 80)
    options, output = applied(tmp_path, "beetle-7", day)
    assert options.exclude == ("IMG_3.jpg",)
    assert options.dust == day / "white.jpg"
    assert (output.quality, output.format, output.bit_depth) == (90, "tif", 16)
    assert (options.threads, output.folder) == (2, Path("out"))


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    assert applied(tmp_path, "a", tmp_path) == (STACK, OUTPUT)


def test_files_above_the_shoot_are_not_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('method = "depth"\n')
    (tmp_path / "card").mkdir()
    assert applied(tmp_path / "card", "a", tmp_path / "card") == (STACK, OUTPUT)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("nonsense = 1\n", "nonsense"),
        ("quality = 101\n", "quality"),
        ("quality = '90'\n", "quality"),
        ("method = 'magic'\n", "method"),
        ("[stack.a]\nthreads = 3\n", "stack.a.threads"),
        ("output = '/etc'\n", "output"),
        ("max-megapixels = inf\n", "max-megapixels"),
        ("a = = 1", "is no TOML"),
        ("quality = " + "9" * 5000, "is no TOML: Exceeds"),
        ('dust = "a\\u0000b"', "dust"),
        ("a = '" + "x" * (2 << 20) + "'", "larger than any"),
    ],
)
def test_what_is_no_option_is_refused(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(InputError, match=where):
        applied(tmp_path, "a", tmp_path)


def test_what_contradicts_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("format = 'jpg'\nbit-depth = 16\n")
    with pytest.raises(UsageError, match="JPEG holds 8 bits"):
        applied(tmp_path, "a", tmp_path)
