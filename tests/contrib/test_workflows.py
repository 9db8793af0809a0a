"""Workflows that run elsewhere: they parse, ask for what is there, and keep to what is promised."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.page_blocks import ROOT, blocks_of

FOLDER = ROOT / ".github" / "workflows"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FILES = sorted(FOLDER.glob("*.yml"))

Steps = list[dict[str, Any]]


def jobs(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text())["jobs"]
    return found


def runs(path: Path) -> Iterator[str]:
    """All that a workflow types."""
    for job in jobs(path.name).values():
        yield from (step["run"] for step in job.get("steps", []) if "run" in step)


def before(name: str, all_jobs: dict[str, Any]) -> set[str]:
    """Jobs that have to succeed before one begins."""
    needs = all_jobs[name].get("needs", [])
    first = {needs} if isinstance(needs, str) else set(needs)
    return first.union(*(before(one, all_jobs) for one in first))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_jobs_need_jobs_that_exist_and_may_only_read(path: Path) -> None:
    told = yaml.safe_load(path.read_text())
    assert told["permissions"] == {"contents": "read"}
    for name, job in told["jobs"].items():
        assert before(name, told["jobs"]) <= set(told["jobs"])
        for step in job.get("steps", []):
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v1)", step.get("uses", "a/b@v1"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_typed_is_shell_and_names_what_is_there(path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    for text in runs(path):
        plain = re.sub(r"\$\{\{.*?\}\}", "x", text)
        assert subprocess.run([bash, "-n", "-c", plain], check=False).returncode == 0, text
        for name in re.findall(r"(?:tests|contrib|samples|docs)(?:/[\w.-]+)*", text):
            assert (ROOT / name).exists(), name
        for extras in re.findall(r"[.)]\[([\w,]+)\]['\"]", text):
            assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def test_every_python_that_is_promised_is_tested() -> None:
    promised = {c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d", c)}
    assert min(promised, key=lambda v: int(v[2:])) == PROJECT["requires-python"].strip(">=")
    for file, job in (("test.yml", "tests"), ("release.yml", "wheel")):
        assert set(jobs(file)[job]["strategy"]["matrix"]["python"]) == promised
    lowest = jobs("test.yml")["tests"]["strategy"]["matrix"]["include"]
    assert lowest == [{"python": "3.11", "constraints": "-c tests/lowest.txt"}]


def test_the_first_command_of_the_readme_is_typed_as_it_stands() -> None:
    first = next(b for b in blocks_of(ROOT / "README.md") if b.language == "sh").code.strip()
    assert first in [text.strip() for text in runs(FOLDER / "test.yml")]
    second = [b for b in blocks_of(ROOT / "README.md") if b.language == "sh"][1].code.strip()
    assert second in (ROOT / ".ci" / "run").read_text()


def test_nothing_is_published_that_was_not_tested_audited_and_attested() -> None:
    release = jobs("release.yml")
    assert before("publish", release) >= {"test", "build", "wheel", "audit", "bundle", "attest"}
    assert release["test"]["uses"] == "./.github/workflows/test.yml"
    typed = "\n".join(step.get("run", "") for step in release["audit"]["steps"])
    for wanted in ("pip-audit --path", "cyclonedx-py environment"):
        assert wanted in typed
    publishing = release["publish"]
    # A trusted publisher: no password, no token of one's own.
    assert publishing["permissions"] == {"id-token": "write"}
    assert publishing["environment"]["name"] == "pypi"
    assert "secrets." not in (FOLDER / "release.yml").read_text()
    assert {"id-token", "attestations"} <= set(release["attest"]["permissions"])
