"""The recipe of the container: it parses, takes what is there, and runs as no root.

Where Docker is, the workflow `test` builds it, runs it and looks at its size; here its own words
are looked at, and the command that prepares it is one of the program's.
"""

from __future__ import annotations

import fnmatch
import re
import shlex
import tomllib
from pathlib import Path

import typer

from tests.support.cli_calls import COMMAND
from tests.support.page_blocks import ROOT

KNOWN = {"FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}


def instructions() -> list[tuple[str, str]]:
    """Instructions and what they are of, those over several lines as one."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(w[0], w[2]) for w in (x.partition(" ") for x in lines) if w[0] and w[0][0] != "#"]


def taken(path: Path) -> bool:
    """Whether a file of the repository is sent to the build."""
    name = path.relative_to(ROOT).as_posix()
    kept = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split():
        pattern = line.removeprefix("!")
        anywhere = pattern.startswith("**/") and pattern[3:] in path.parts
        if anywhere or fnmatch.fnmatch(name, pattern) or name.startswith(f"{pattern}/"):
            kept = line.startswith("!")
    return kept


def test_instructions_are_known_and_in_order() -> None:
    words = [word for word, _ in instructions()]
    assert set(words) <= KNOWN
    assert words[0] == "FROM"
    images = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert len(set(images)) == 1
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = re.fullmatch(r"python:(3\.\d+)-slim", images[0])
    assert python
    assert f"Programming Language :: Python :: {python[1]}" in project["classifiers"]
    for _, rest in instructions():
        for extras in re.findall(r"\[([\w,]+)\]'", rest):
            assert set(extras.split(",")) <= set(project["optional-dependencies"])


def test_it_runs_as_no_root_and_starts_the_program() -> None:
    last = [word for word, _ in instructions()]
    told = dict(instructions())
    assert told["USER"] != "root"
    assert f" {told['USER']}" in told["RUN"]
    assert last.index("USER") > len(last) - 1 - last[::-1].index("RUN")
    assert told["ENTRYPOINT"] == '["focusstack"]'


def test_the_program_that_prepares_it_is_typed_rightly() -> None:
    runs = [rest for word, rest in instructions() if word == "RUN"]
    calls = [
        c for r in runs for c in r.split(" && ") if c.startswith("/opt/focusstack/bin/focusstack ")
    ]
    assert isinstance(COMMAND, typer.core.TyperGroup)
    assert calls
    for call in calls:
        name, *arguments = shlex.split(call)[1:]
        COMMAND.commands[name].make_context(name, arguments)
        for place in re.findall(r"/src/(\S+)", call):
            assert (ROOT / place).exists()
    cache = [rest for word, rest in instructions() if word == "ENV" and "NUMBA_CACHE_DIR" in rest]
    assert len(cache) == 2, "loops are compiled to, and looked for in, the same folder"
    assert len({re.search(r"NUMBA_CACHE_DIR=(\S+)", rest)[1] for rest in cache}) == 1  # type: ignore[index]


def test_what_the_build_needs_is_sent_to_it_and_nothing_else() -> None:
    for needed in ("pyproject.toml", "README.md", "LICENSE", "focusstack/cli/__init__.py",
                   "focusstack/studio/page/app.html", "samples/desk/IMG_0001.jpg"):  # fmt: skip
        assert taken(ROOT / needed), needed
    for other in (
        "tests/conftest.py",
        "docs/index.md",
        ".git/HEAD",
        "focusstack/__pycache__/a.pyc",
    ):
        assert not taken(ROOT / other), other
