"""Constants and terms are found and changed; what a test asserts is killed, the rest survives."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mutations.__main__ import ROOT, gathered, main
from benchmarks.mutations.constants import changes, mutants_of, numbers
from benchmarks.mutations.exempt import Exemptions, read_exemptions
from benchmarks.mutations.mirror import TABLE as FURTHER
from benchmarks.mutations.mirror import steps_of
from benchmarks.mutations.terms import term_mutants

MODULE = '''"""A made-up module."""

GUARDED = 3
"""A test asserts what it makes of it."""

LOOSE, _SHARE = 8, 4 / 255
"""µ: no test knows."""

NAMES = {"a": True}
Alias = 7


def tripled(x: int) -> int:
    """Return three times `x`."""
    NUMBER = 5
    return GUARDED * x - 0 * NUMBER
'''

TEST = """from made_up.room.thing import tripled


def test_tripled():
    assert tripled(2) == 6
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of one module and its test."""
    for folder, name, text in (
        ("made_up", "__init__.py", ""),
        ("made_up/room", "__init__.py", ""),
        ("made_up/room", "thing.py", MODULE),
        ("tests/room", "test_thing.py", TEST),
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    return tmp_path


def found_in(text: str) -> list[tuple[str, object]]:
    return [(name, value) for name, _, value in numbers(text.encode())]


# What is changed -------------------------------------------------------------------------------


def test_constants_are_found_but_no_other_numbers() -> None:
    assert found_in(MODULE) == [("GUARDED", 3), ("LOOSE", 8), ("_SHARE", 4 / 255)]


def test_numbers_of_a_table_are_counted_and_types_are_none() -> None:
    text = "SIZES: tuple[int, ...] = (1 << 4, np.float32(-0.5))\n_IN = read_only(np.float32, 2)\n"
    assert found_in(text) == [("SIZES[0]", 16), ("SIZES[1]", -0.5)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.3, [0.6, 0.15]), (5, [10, 2]), (1, [2, 0]), (0, []), (-4, [-8, -2])],
)
def test_twice_and_half(value: float, expected: list[float]) -> None:
    assert changes(value) == expected


def test_a_mutant_is_the_module_with_one_number_changed(tree: Path) -> None:
    file = tree / "made_up" / "room" / "thing.py"
    made = {m.key: m.applied(file.read_bytes()).decode() for m in mutants_of(tree, file)}
    assert made["made_up/room/thing.py:LOOSE 8 -> 4"] == MODULE.replace("= 8,", "= 4,")
    share = repr(8 / 255)
    assert made[f"made_up/room/thing.py:_SHARE 4 / 255 -> {share}"] == MODULE.replace(
        "4 / 255", share
    )
    assert len(made) == 6


def test_a_term_is_changed_in_its_function_only(tree: Path, tmp_path: Path) -> None:
    table = tmp_path / "terms.toml"
    row = '[[term]]\npath = "made_up/room/thing.py"\nfunction = "tripled"\n'
    table.write_text(f'{row}old = " - 0"\nnew = " + 1"\n')
    (mutant,) = term_mutants(tree, table)
    text = (tree / mutant.path).read_bytes()
    assert mutant.applied(text).decode() == MODULE.replace(" - 0", " + 1")
    table.write_text(f'{row}old = "LOOSE"\nnew = "1"\n')
    with pytest.raises(LookupError, match="exactly once in tripled"):
        term_mutants(tree, table)


def test_exempt_are_names_single_numbers_modules_and_folders(tree: Path) -> None:
    mutants = mutants_of(tree, tree / "made_up" / "room" / "thing.py")
    by_name = Exemptions({"made_up/room/thing.py:LOOSE": "", "made_up/gone.py:X": ""}, {})
    assert [m.name for m in mutants if by_name.key_of(m.path, m.name)] == ["LOOSE", "LOOSE"]
    assert by_name.unused((m.path, m.name) for m in mutants) == ["made_up/gone.py:X"]
    assert all(Exemptions({}, {"made_up/room": ""}).key_of(m.path, m.name) for m in mutants)
    assert not any(Exemptions({}, {"made_up/roo": ""}).key_of(m.path, m.name) for m in mutants)


# Which tests -----------------------------------------------------------------------------------


def test_the_mirrored_file_comes_before_its_folder(tree: Path, tmp_path: Path) -> None:
    own, other = "tests/room/test_thing.py", "tests/room/test_other.py"
    assert steps_of(tree, "made_up/room/thing.py") == [(own,)]
    (tree / other).touch()
    (tree / "tests" / "room" / "within").mkdir()
    (tree / "tests" / "room" / "within" / "test_deep.py").touch()
    assert steps_of(tree, "made_up/room/thing.py") == [(own,), (other,)]
    assert steps_of(tree, "made_up/room/loops/thing.py") == [(own,), (other,)]
    deep = "tests/room/within/test_deep.py"
    assert steps_of(tree, "made_up/room/loops/deep.py") == [(deep,), (other, own)]
    assert steps_of(tree, "made_up/room/new.py") == [(other, own)]
    assert steps_of(tree, "made_up/room/inner/other.py") == [("tests/room",)]
    with pytest.raises(LookupError, match="no tests mirror"):
        steps_of(tree, "made_up/elsewhere.py")
    table = tmp_path / "tests.toml"
    table.write_text('[tests]\n"made_up/elsewhere.py" = ["tests/a.py"]\nmade_up = ["tests/b.py"]')
    assert steps_of(tree, "made_up/elsewhere.py", table) == [("tests/a.py", "tests/b.py")]


# Who survives ----------------------------------------------------------------------------------


def test_what_a_test_asserts_is_killed_and_the_rest_survives(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["made_up", "--only", "GUARDED", "LOOSE", "--jobs", "2"]
    arguments += ["--results", str(tree / "results.jsonl")]
    assert main(arguments, tree) == 1
    said = capsys.readouterr().out
    assert said.count("killed    by tests/room/test_thing.py::test_tripled") == 2
    assert said.count("SURVIVED") == 2
    assert "2 of 4 survived (50%)" in said
    assert main([*arguments, "--most", "0.5"], tree) == 0
    assert capsys.readouterr().out.count("(known)") == 4
    # Nothing is changed where it was started.
    assert (tree / "made_up" / "room" / "thing.py").read_text(encoding="utf-8") == MODULE


def test_tests_that_fail_anyway_kill_nothing(tree: Path) -> None:
    (tree / "tests" / "room" / "test_thing.py").write_text("def test_it():\n    assert False\n")
    with pytest.raises(SystemExit, match=r"before anything is changed.*test_it"):
        main(["made_up"], tree)


# The tables are of this code -------------------------------------------------------------------


def test_every_exemption_and_every_term_is_of_something_that_exists() -> None:
    mutants, exempt = gathered(ROOT, ["focusstack"])  # raises where a term is gone
    assert len(mutants) > 0 < len(exempt)
    files = (ROOT / "focusstack").rglob("*.py")
    constants = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in files
        for name, _, _ in numbers(path.read_bytes())
    ]
    assert read_exemptions().unused(constants) == []


def test_every_exemption_gives_its_reason_in_order() -> None:
    table = read_exemptions()
    for part in (table.names, table.tags):
        assert list(part) == sorted(part)
        assert all(len(reason) > 10 for reason in part.values())


def test_tests_are_named_for_every_module_that_has_thresholds() -> None:
    mutants, _ = gathered(ROOT, ["focusstack"])
    assert FURTHER.is_file()
    for path in {m.path for m in mutants}:
        for step in steps_of(ROOT, path):
            assert all((ROOT / t).exists() for t in step), step
