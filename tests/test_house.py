"""Rules of the house: who may import whom, how large things are, and how they are called."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import filterfalse
from pathlib import Path

import pytest

import focusstack.cli
from benchmarks.mutations.constants import constants_of, numbers_in
from benchmarks.mutations.exempt import read_exemptions
from docs.house import (
    INSIDE,
    ROOT,
    Import,
    circles,
    gathered,
    import_graph,
    imports,
    modules,
    upward,
    violations,
)
from tests.support.page_blocks import PAGES

OF_THE_CODE = ["architecture.md", "how-it-works.md", "review.md", "shoots.md"]
"""Pages that name files of the package."""

FILES = {path.relative_to(ROOT).as_posix(): path for path in modules().values()}
GRAPH = import_graph()
ROOMS = gathered(GRAPH)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def compiled(path: Path) -> bool:
    """Whether a file holds compiled loops, which take apart into arguments what others hold."""
    return "loops" in path.parts


def functions() -> Iterator[tuple[str, Function]]:
    """Every function but compiled loops, and where it is."""
    for name, path in FILES.items():
        for node in ast.walk(tree(path)):
            if isinstance(node, Function) and not compiled(path):
                yield f"{name}:{node.lineno} {node.name}", node


# Who imports whom -----------------------------------------------------------------------------


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles(GRAPH) == []


@pytest.mark.parametrize("room", ["", *sorted(ROOMS.keys() - {""})])
def test_no_room_and_no_part_of_a_room_imports_itself_by_way_of_others(room: str) -> None:
    assert circles(gathered(GRAPH, room)) == []


@pytest.mark.parametrize("room", ["", *INSIDE])
def test_nothing_imports_upward(room: str) -> None:
    found = violations(imports(), modules(), room)
    assert not found, "\n".join(found)


def test_an_import_upward_is_told_by_file_and_line() -> None:
    home = ROOT / "focusstack" / "fusion"
    files = {f"focusstack.fusion.{n}": home / f"{n}.py" for n in ("base", "mean", "registry")}
    found = [
        Import("focusstack.fusion.registry", "focusstack.fusion.base", 5),
        Import("focusstack.fusion.registry", "focusstack.fusion.mean", 6),
    ]
    assert violations(found, files, "fusion") == [
        "INSIDE['fusion'] in docs/house.py does not name 'mean'",
        "fusion/registry.py:6 imports fusion/mean, which INSIDE['fusion'] does not name before it",
    ]


def test_circles_and_steps_upward_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}
    assert circles(graph) == [["b", "c"]]
    assert upward(graph, "cbad") == [("c", "b")]
    assert upward(graph | {"c": set()}, "cbad") == []
    assert upward({"d": {"a"}}, "cbd") == [("d", "a")], "what has no place is above all"


def test_nothing_private_is_imported_from_another_module() -> None:
    found = [
        f"{name}:{node.lineno} {one.name}"
        for name, path in FILES.items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("focusstack")
        for one in node.names
        if one.name.startswith("_") and not one.name.startswith("__")
    ]
    assert found == []


def test_no_distribution_is_declared_twice() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    for lines in (project["dependencies"], *extras):
        names = Counter(re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in lines)
        assert {name for name, count in names.items() if count > 1} == set()


# How many and how large ------------------------------------------------------------------------


def test_the_list_of_rooms_is_short() -> None:
    names = [p.name for p in (ROOT / "focusstack").iterdir()]
    assert len(set(names) - {"py.typed", "__pycache__"}) <= 26


def test_no_file_has_more_than_300_lines() -> None:
    lines = {n: len(p.read_text(encoding="utf-8").splitlines()) for n, p in FILES.items()}
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_functions_have_at_most_seven_parameters() -> None:
    # The parameters of a command are its options.
    commands = {c.callback.__name__ for c in focusstack.cli.app.registered_commands if c.callback}
    found = []
    for where, node in functions():
        a = node.args
        names = [p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
        if len([n for n in names if n not in ("self", "cls")]) > 7:
            found += [] if "cli" in where and node.name in commands else [where]
    assert found == []


def test_functions_have_at_most_45_lines() -> None:
    found = []
    for where, node in functions():
        body = node.body[1:] if ast.get_docstring(node) else node.body
        lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
        found += [f"{where}: {lines}"] if lines > 45 else []
    assert found == []


# What things are called ------------------------------------------------------------------------


TWICE = {
    "arguments.py", "files.py", "light.py", "limits.py", "measure.py", "rows.py", "run.py",
    "search.py", "__init__.py",
}  # fmt: skip
"""Names that two rooms share, each of which says of what. There should be fewer, never more."""


def test_no_two_modules_have_the_same_name() -> None:
    """Compiled loops are called as what they are the loops of, commands as what they open."""
    doors = [path for path in FILES.values() if path.parent.name != "cli"]
    for alike in (filter(compiled, doors), filterfalse(compiled, doors)):
        names = Counter(path.name for path in alike)
        assert {name for name, count in names.items() if count > 1} <= TWICE


def test_names_tell_what_is_there() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base_classes"}
    assert [name for name, path in FILES.items() if path.stem in vague] == []


# What is said of things ------------------------------------------------------------------------


def texts(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Docstrings, those of constants included, and their lines."""
    for node in ast.walk(module):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                yield child.lineno, str(child.value.value)


def test_the_first_line_of_a_docstring_stands_alone() -> None:
    leaning = ("The same", "That of", "Those of")
    found = [
        f"{name}:{line}"
        for name, path in FILES.items()
        for line, text in texts(tree(path))
        if text.startswith(leaning)
    ]
    assert found == []


def unexplained(module: ast.Module) -> Iterator[str]:
    """Names in capitals that hold a number, if no docstring follows them or their group."""
    explained = False
    for statement in reversed(module.body):
        constants = list(constants_of(statement))
        if constants and not explained:
            yield from (name for name, value in constants if any(numbers_in(value)))
        elif not constants:
            explained = isinstance(statement, ast.Expr) and isinstance(
                statement.value, ast.Constant
            )


def test_every_number_in_capitals_is_explained() -> None:
    """But those that the list of what needs no guard explains."""
    exempt = read_exemptions()
    found = [(n, c) for n, path in FILES.items() for c in unexplained(tree(path))]
    assert [f"{n}:{c}" for n, c in found if not exempt.key_of(n, c)] == []


def below_constants(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Strings that stand alone without being the docstring of what they are in."""
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        for statement in body[1:] if isinstance(body, list) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                yield statement.lineno, str(statement.value.value)


def test_examples_stand_where_they_are_run() -> None:
    """Below a constant nobody runs them."""
    found = [
        f"{name}:{line}"
        for name, path in FILES.items()
        for line, text in below_constants(tree(path))
        if ">>>" in text
    ]
    assert found == []


def missing_of(text: str) -> list[str]:
    """Files that a text names and that are not there.

    They stand from the root, from the package, or from a folder that the same paragraph, or the
    same row of a table, names.
    """
    missing = []
    for part in re.split(r"\n\n|\|\n", text):
        named = re.findall(r"`((?:\w+/)*\w+(?:\.(?:py|toml)|/))(?:[ `:])", part)
        homes = [ROOT, ROOT / "focusstack"]
        for name in (n for n in named if "/" in n):
            for home in (ROOT, ROOT / "focusstack"):
                place = home / name
                homes += [place if name.endswith("/") else place.parent] if place.exists() else []
        missing += [n for n in named if not any((home / n).exists() for home in homes)]
    return [name for name in missing if not name.endswith("X.py")]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", *(f"docs/{name}" for name in OF_THE_CODE)])
def test_files_that_pages_name_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert ".py`" in text
    assert missing_of(text) == []


def test_files_that_pages_do_not_name_rightly_are_found() -> None:
    assert missing_of("`fusion/` has `pyramid.py` and `docs/house.py`") == []
    assert missing_of("`fusion/` has `ladder.py`\n\n`pyramid.py`") == ["ladder.py", "pyramid.py"]


def test_the_tour_in_the_readme_names_every_room() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (tour,) = re.findall(r"## How it is built\n+```\n(.*?)```", text, re.DOTALL)
    lines = re.findall(r"^((?:\w+(?:\.py|/) +)+)", tour, re.MULTILINE)
    named = {name for line in lines for name in line.split()}
    there = {p.name + "/" if p.is_dir() else p.name for p in (ROOT / "focusstack").iterdir()}
    assert named == there - {"__init__.py", "__main__.py", "__pycache__/", "py.typed"}


def test_links_of_pages_lead_somewhere() -> None:
    for page in (ROOT / "CONTRIBUTING.md", *PAGES):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)", text):
            assert "://" in target or (page.parent / target).exists(), f"{page}: {target}"
