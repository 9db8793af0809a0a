"""Every block of code and every command of README and the documentation is executed.

Stacks are tiny. What a line asks for is done, with these exceptions: `run` and `align` of the same
photos take the plan that was measured before, and leave the page out; what is there already is
written over; pages in the browser are not served, watches not waited for, nothing is compiled
ahead. Of what needs a program or machine that is not here, `ELSEWHERE` says why, and the words for
focusstack in it are parsed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer

from focusstack.cli.mistyped import CLICK_ERROR
from focusstack.shoot.overrides import read_overrides
from tests.support.cli_calls import COMMAND, call
from tests.support.page_blocks import PAGES, ROOT, Block, blocks_of, name_of

MANIFEST = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

ELSEWHERE = {
    "python": "the tests themselves, as .ci/run types them",
    "dask": "a cluster; tests/shoot/test_cluster.py has one",
    "srun": "SLURM",
    "sbatch": "SLURM",
    "snakemake": "run by tests/test_shoots_page.py where it is installed",
    "nextflow": "run by tests/test_shoots_page.py where it is installed",
}
"""Programs that are not here."""

INSTALLERS = {"pip", "pipx", "uv", "python3"}
"""What installs from the registry: what is asked for has to exist, and is not fetched."""

SHELL = {"for", "install", "mkdir", "cp", "echo", "command"}
"""What a shell runs, with the program on its path."""

SAID = {"", "text", "lua"}
"""Blocks that show what something looks like."""

OTHERWISE_PLACED = {"--plan", "--reference", "--dust"}
"""Options with which the measured plan is not the one."""

WRITING = {"run", "align", "equalize", "crop", "fuse", "sample"}
"""Commands that write over what is there if they are told to."""

FOUND_DONE = (0, 6)
"""Exit codes of what is done, also where `--fail-on` finds a tiny picture doubtful."""


# The program ----------------------------------------------------------------------------------


def parsed(words: list[str]) -> None:
    """Raises where a command or an option does not exist or lacks its value."""
    assert isinstance(COMMAND, typer.core.TyperGroup)
    if not words[0].startswith("-"):
        COMMAND.commands[words[0]].make_context(words[0], words[1:])


def focusstack(words: list[str]) -> None:
    """Run the program in this process."""
    parsed(words)
    if words[0] == "batch" and "--cluster" in words:
        return  # as ELSEWHERE says
    words = [re.sub(r"^/media/card/\w+", "card", word).removeprefix("/") for word in words]
    out, _, sink = " ".join(words).partition(" > ")
    words = words[: len(out.split(" "))]
    words += ["--no-report"] * (words[0] in ("run", "align", "batch"))
    if words[0] in ("run", "align") and words[1].startswith("photos"):
        words += [] if OTHERWISE_PLACED & {*words} else ["--plan", "measured.json"]
    if words[0] in WRITING and "--resume" not in words:
        words += ["--overwrite"]
    result = call(*words)
    assert result.exit_code in FOUND_DONE, f"{words}: {result.stderr}"
    if sink:
        Path(sink).write_text(result.stdout)


def install(line: str) -> None:
    """What is installed exists: this project or well-known tools, and its extras."""
    for extras in re.findall(r"'[^' ]*\[([\w,]+)\]'", line):
        assert set(extras.split(",")) <= set(MANIFEST["optional-dependencies"])
    named = re.findall(r"(?<=[ '])focusstack\[", line)
    assert named or "." in line or "pip install" not in line


def in_a_shell(line: str) -> None:
    """Run lines as they are; what they call `focusstack` with is run in this process, then."""
    shim, calls = Path("bin") / "focusstack", Path("calls").resolve()
    shim.parent.mkdir(exist_ok=True)
    shim.write_text(f'#!/bin/sh\n(printf "%s\\0" "$@"; printf "\\n") >> {calls}\n')
    shim.chmod(0o755)
    calls.write_text("")
    path = f"{shim.parent.resolve()}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["bash", "-euc", line], env=os.environ | {"PATH": path}, check=True)
    told = [one.split("\0")[:-1] for one in calls.read_text().splitlines()]
    assert told or not line.startswith("for ")
    for words in told:
        focusstack(words)


def execute(command: str) -> None:
    """Execute one command of a page."""
    words = shlex.split(command, comments=True)
    if not words or words[0] == ".":  # an environment is begun
        return
    program = Path(words[0]).name
    if program == "focusstack":
        focusstack(words[1:])
    elif program in SHELL:
        in_a_shell(command)
    elif program in INSTALLERS:
        install(command)
    elif program == "docker":
        assert Path("Dockerfile").is_file()
        if words[1] == "run":
            focusstack(words[words.index("focusstack") + 1 :])
    elif program == "pyinstaller":
        assert Path(words[-1]).is_file()
    else:
        assert program in ELSEWHERE, f"nobody executes {command}"
        within = re.search(r"focusstack ([^']+)", command)
        if within and program not in ("snakemake", "nextflow"):
            parsed(shlex.split(within[1]))


def commands_in(block: Block) -> list[str]:
    """The commands of a block; what goes over several lines is one."""
    if block.code.startswith("for "):
        return [block.code]
    lines = block.code.splitlines()
    return [part.strip(" &") for line in lines for part in line.split(" && ")]


# Pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
@pytest.mark.usefixtures("workplace")
def test_all_blocks_of_a_page_run_in_its_order(page: Path) -> None:
    names: dict[str, object] = {}
    for block in blocks_of(page):
        where = f"{name_of(page)}:{block.line}"
        if block.language == "sh":
            for command in commands_in(block):
                execute(command)
        elif block.language == "python":
            exec(compile("\n" * (block.line - 1) + block.code, str(page), "exec"), names)
        elif block.language == "toml":
            Path("focusstack.toml").write_text(block.code)
            assert read_overrides(Path("focusstack.toml")) is not None
        elif block.language == "json":
            json.loads(block.code)
        else:
            assert block.language in SAID or block.language[0] == "{", where


def test_there_are_commands_of_every_kind() -> None:
    lines = [c for p in PAGES for b in blocks_of(p) if b.language == "sh" for c in commands_in(b)]
    words = [shlex.split(line, comments=True) for line in lines if not line.startswith("for ")]
    assert isinstance(COMMAND, typer.core.TyperGroup)
    tried = {w[1] for w in words if len(w) > 1 and Path(w[0]).name == "focusstack"}
    assert tried >= set(COMMAND.commands) - {"sample"}
    assert len(lines) > 60


@pytest.mark.parametrize(
    "command",
    [
        "focusstack run photos/ --qualty 5",
        "focusstack run nowhere",
        "frobnicate photos",
        "pip install '.[nonsense]'",
        "cp contrib/nothing.lua photos",
    ],
)
@pytest.mark.usefixtures("workplace")
def test_what_does_not_exist_is_found(command: str) -> None:
    with pytest.raises((AssertionError, CLICK_ERROR, subprocess.CalledProcessError)):
        execute(command)
