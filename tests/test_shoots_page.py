"""The page on whole shoots, and what comes with it for other programs."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from benchmarks.shoots.shooting import write_shoot
from focusstack.cli import app
from focusstack.shoot.overrides import FILE, read_overrides
from tests.support.cli_calls import done

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "shoots.md"
COMMAND = typer.main.get_command(app)


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def lines() -> list[str]:
    """Command lines of this program in the page, within those of others, too."""
    found = [line for block in blocks("sh") for line in block.splitlines()]
    parts = [re.search(r"(?:^|')focusstack ([^']*(?:'[^']*')?[^']*)", line) for line in found]
    return [part[1].strip() for part in parts if part]


@pytest.mark.parametrize("line", lines())
def test_commands_parse(line: str) -> None:
    name, *arguments = shlex.split(line)
    assert isinstance(COMMAND, typer.core.TyperGroup)
    COMMAND.commands[name].make_context(name, arguments)


def test_there_are_commands() -> None:
    assert {line.split()[0] for line in lines()} == {"split", "batch", "watch"}
    assert len(lines()) >= 8


def test_the_file_of_options_is_understood(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    (tmp_path / FILE).write_text(block)
    assert tomllib.loads(block)["method"] == "depth"
    found = read_overrides(tmp_path / FILE)
    assert found is not None
    assert found.stack["beetle-*"].exclude == ["IMG_0007"]


def test_the_rule_for_snakemake_stacks_every_stack(tmp_path: Path) -> None:
    snakemake = shutil.which("snakemake") or os.environ.get("FOCUSSTACK_SNAKEMAKE")
    if snakemake is None:
        pytest.skip("there is no snakemake")
    write_shoot(tmp_path / "card", 2, 3)
    program = tmp_path / "bin" / "focusstack"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m focusstack "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    rule = ROOT / "contrib" / "snakemake" / "Snakefile"
    subprocess.run(
        [snakemake, "--snakefile", rule, "--cores", "2", "--config", "card=card", "out=stacked"],
        cwd=tmp_path,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    found = sorted(path.parent.name for path in tmp_path.glob("stacked/*/report.json"))
    assert found == ["card-IMG_0001", "card-IMG_0004"]
    listed = json.loads((tmp_path / "stacked" / "stacks.json").read_text())
    assert [stack["name"] for stack in listed["stacks"]] == found


def test_what_the_processes_for_nextflow_type_stacks_every_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their scripts, with values in place of variables, and the table between them."""
    text = (ROOT / "contrib" / "nextflow" / "main.nf").read_text(encoding="utf-8")
    first, second = re.findall(r'"""\n(.*?)"""', text, re.DOTALL)
    columns = set(re.findall(r"\brow\.(\w+)", text))
    write_shoot(tmp_path / "card", 2, 3)
    monkeypatch.chdir(tmp_path)

    def typed(script: str, **values: object) -> None:
        for name, value in values.items():
            script = re.sub(rf"\$\{{{name}[\w.()]*\}}", str(value), script)
        program, *words = shlex.split(script.replace("\\\n", " "))
        assert program == "focusstack"
        assert "$" not in script
        done(*words)

    typed(first, card="card")
    with Path("stacks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert columns <= set(rows[0])
    for name in sorted({row["stack"] for row in rows}):
        frames = " ".join(str(Path("card") / row["file"]) for row in rows if row["stack"] == name)
        typed(second, frames=frames, name=name, **{"task.cpus": 2, "task.memory": 2000})
        assert (tmp_path / name / "report.json").is_file()
    assert len(list(tmp_path.glob("card-*/fused.jpg"))) == 2


def test_the_process_for_nextflow_stacks_every_stack(tmp_path: Path) -> None:
    if shutil.which("nextflow") is None:
        pytest.skip("there is no nextflow")
    write_shoot(tmp_path / "card", 2, 3)
    subprocess.run(
        ["nextflow", "run", ROOT / "contrib" / "nextflow" / "main.nf", "--card", "card"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert len(list(tmp_path.glob("stacked/*/report.json"))) == 2
