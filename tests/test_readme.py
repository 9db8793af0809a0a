"""The README tells what is there: commands, options, examples, files."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest
import typer

from focusstack.cli import app
from focusstack.cli.choices import Method
from focusstack.errors import AlignmentError, InputError, OutputError, UsageError
from focusstack.fusion.registry import FUSERS

ROOT = Path(__file__).resolve().parents[1]
COMMAND = typer.main.get_command(app)

OF_THE_PROGRAM = {"--version", "--help", "-h", "--install-completion", "--show-completion"}
"""Options that no single command has."""

pytestmark = pytest.mark.skipif(
    not (ROOT / "README.md").is_file(), reason="there is no README.md yet"
)


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Code blocks of a language, as written."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", readme(), re.MULTILINE | re.DOTALL)
    return [code for name, code in found if name == language]


def commands() -> dict[str, set[str]]:
    """Every command and its options."""
    assert isinstance(COMMAND, typer.core.TyperGroup)
    return {
        name: {o for p in command.params for o in p.opts if o.startswith("-")}
        for name, command in COMMAND.commands.items()
    }


def option_rows() -> list[tuple[set[str], str]]:
    """Rows of the table of options: the options, and the commands they belong to."""
    rows = []
    for line in readme().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", cells[0])) if cells else set()
        if len(cells) == 3 and cells[0].startswith("`-"):
            rows.append((options, cells[1]))
    return rows


def promised(of: str) -> set[str]:
    """Commands that a cell of the table names."""
    if of == "all":
        return set(commands())
    if of == "all that write":
        return {name for name, options in commands().items() if "--overwrite" in options}
    return set(of.replace(" ", "").split(","))


def examples() -> list[str]:
    """Command lines in console blocks and in the help."""
    assert isinstance(COMMAND, typer.core.TyperGroup)
    epilogs = [c.epilog or "" for c in (COMMAND, *COMMAND.commands.values())]
    quoted = [code for text in epilogs for code in re.findall(r"`([^`]+)`", text)]
    lines = [line.partition("#")[0] for block in blocks("sh") for line in block.splitlines()]
    parts = [part.strip() for line in (*lines, *quoted) for part in line.split("&&")]
    found = [re.sub(r"^\S*focusstack ", "", part) for part in parts if "focusstack " in part]
    return [line for line in found if "=" not in line]


# Commands and options -------------------------------------------------------------------------


def test_every_command_is_documented() -> None:
    for name in commands():
        assert re.search(rf"`focusstack {name}[ `]", readme()), name


def test_every_option_is_documented_with_its_commands() -> None:
    rows = option_rows()
    for name, options in commands().items():
        for option in options:
            of = [cell for documented, cell in rows if option in documented]
            assert of, f"{option} is not in the table"
            assert any(name in promised(cell) for cell in of), f"{name} {option}"


def test_no_option_is_documented_that_does_not_exist() -> None:
    known = commands()
    for documented, cell in option_rows():
        for option in documented - OF_THE_PROGRAM:
            # The sample set is written as it is.
            for name in promised(cell) - ({"sample"} if "write" in cell else set()):
                assert option in known[name], f"{name} {option}"


def test_choices_are_documented() -> None:
    for option, choices in (("format", ["auto", "jpg", "png", "tif"]), ("method", [*FUSERS])):
        assert f"--{option} {'|'.join(choices)}`".replace("|", "\\|") in readme()


def test_every_fusion_method_is_a_choice() -> None:
    assert {method.value for method in Method} == set(FUSERS)


def test_exit_codes_are_documented() -> None:
    text = readme()
    for code, word in (
        (UsageError.exit_code, "usage"),
        (InputError.exit_code, "input"),
        (AlignmentError.exit_code, "the frames cannot be aligned"),
        (OutputError.exit_code, "output"),
        (130, "interrupted"),
    ):
        assert re.search(rf"\b{code} {word}", text.replace("\n", " "))


# Examples -------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", examples() if (ROOT / "README.md").is_file() else [])
def test_console_examples_parse(line: str) -> None:
    name, *arguments = shlex.split(line)
    assert isinstance(COMMAND, typer.core.TyperGroup)
    assert name in COMMAND.commands
    # Raises where an option does not exist or lacks its value.
    COMMAND.commands[name].make_context(name, arguments)


def test_there_are_console_examples() -> None:
    assert len(examples()) >= 6
    assert {line.split()[0] for line in examples()} >= {"run", "align", "inspect"}


# Names and files ------------------------------------------------------------------------------


def test_modules_that_are_named_exist() -> None:
    named = set(re.findall(r"`(focusstack(?:\.\w+)+)", readme()))
    assert named
    for name in named:
        home, _, last = name.rpartition(".")
        if not hasattr(importlib.import_module(home), last):
            importlib.import_module(name)


def test_files_that_are_shown_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)", readme()):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def test_pages_show_every_picture_and_each_is_small() -> None:
    pages = {ROOT / "README.md": readme()}
    pages |= {
        p: p.read_text(encoding="utf-8")
        for p in (ROOT / "docs").rglob("*.md")
        if "built" not in p.parts
    }
    shown = {
        (page.parent / target).resolve()
        for page, text in pages.items()
        for target in re.findall(r"\]\(([^)#]+)", text)
        if "://" not in target
    }
    assert [p for p in shown if not p.exists()] == []
    pictures = set((ROOT / "docs" / "pictures").iterdir())
    assert pictures <= shown
    assert all(p.stat().st_size <= 200_000 for p in pictures)


def test_the_tour_of_the_code_is_of_this_code() -> None:
    (tour,) = [block for block in blocks("") if "pipeline.py" in block]
    for line in tour.splitlines():
        for name in re.findall(r"(\w+(?:\.py|/))", line.partition("   ")[0]):
            assert (ROOT / "focusstack" / name).exists(), name
