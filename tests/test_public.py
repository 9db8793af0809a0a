"""What the package offers: names, documentation, and no more loaded than is needed."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import focusstack
from focusstack.errors import FocusstackError

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(focusstack.__path__, "focusstack.")
    if "__main__" not in module.name
)
HEAVY = {"cv2", "scipy", "numba", "skimage", "imageio", "tifffile", "PIL"}


def loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after running `code`."""
    show = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    found = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True
    )
    return set(found.stdout.splitlines()[-1].split())


def test_names_are_sorted() -> None:
    assert focusstack.__all__ == sorted(focusstack.__all__)
    assert len(set(focusstack.__all__)) == len(focusstack.__all__)


@pytest.mark.parametrize("name", focusstack.__all__)
def test_every_name_can_be_imported_and_is_documented(name: str) -> None:
    found = getattr(focusstack, name)
    if name == "__version__":
        assert found == version("focusstack")
        return
    # Dataclasses without a docstring of their own show their signature instead.
    text = inspect.getdoc(found)
    assert text
    assert not text.startswith(f"{name}(")


@pytest.mark.parametrize("name", ["stack", "plan_stack"])
def test_functions_tell_parameters_and_errors(name: str) -> None:
    function = getattr(focusstack, name)
    text = inspect.getdoc(function) or ""
    for section in ("Parameters\n---", "Raises\n---"):
        assert section in text
    for parameter in inspect.signature(function).parameters:
        assert f"{parameter} :" in text


def test_unknown_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        focusstack.nonsense  # noqa: B018
    assert set(dir(focusstack)) >= set(focusstack.__all__)


def test_every_error_carries_its_exit_code_and_remedy() -> None:
    codes = {}
    for name in focusstack.__all__:
        found = getattr(focusstack, name)
        if isinstance(found, type) and issubclass(found, FocusstackError):
            codes[name] = found.exit_code
            error = found("what happened", "what to do")
            assert str(error) == "what happened\nwhat to do"
            assert str(found("what happened")) == "what happened"
    assert codes == {
        "FocusstackError": 1,
        "UsageError": 2,
        "InputError": 3,
        "AlignmentError": 4,
        "OutputError": 5,
        "OutputExistsError": 2,
    }


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is_for(name: str) -> None:
    assert importlib.import_module(name).__doc__


def test_types_are_marked() -> None:
    assert (Path(focusstack.__file__).parent / "py.typed").is_file()


def test_the_command_is_installed() -> None:
    (found,) = [e for e in entry_points(group="console_scripts") if e.name == "focusstack"]
    assert found.value == "focusstack.cli:main"


@pytest.mark.parametrize("code", ["import focusstack", "import focusstack.cli"])
def test_importing_loads_nothing_heavy(code: str) -> None:
    loaded = loaded_by(code)
    assert "focusstack" in loaded
    assert not loaded & HEAVY


def test_options_and_errors_load_nothing_heavy() -> None:
    code = "import focusstack; focusstack.StackOptions(); focusstack.OutputOptions; "
    code += "focusstack.FusionOptions(); focusstack.InputError"
    assert not loaded_by(code) & {"scipy", "numba", "skimage"}


def test_help_loads_nothing_heavy() -> None:
    code = "from focusstack.cli import app\ntry: app(['run', '--help'])\nexcept SystemExit: pass"
    assert not loaded_by(code) & HEAVY


def test_a_pipeline_loads_compiler_and_plots_when_they_are_needed() -> None:
    slow = {"numba", "scipy", "networkx", "matplotlib", "pydantic", "skimage", "psutil"}
    assert not loaded_by("import focusstack.pipeline, focusstack.stages") & slow


# What is declared is used, and the other way round ----------------------------------------------

ROOT = Path(__file__).resolve().parents[1]

MODULE_OF = {
    "opencv-python-headless": "cv2",
    "scikit-image": "skimage",
    "pillow": "PIL",
    "pillow-heif": "pillow_heif",
}
"""Modules of distributions that are called otherwise."""

COMES_WITH = {"llvmlite": "numba", "pydantic_core": "pydantic"}
"""Parts of a distribution that are imported by themselves."""

FOR_WORK = {"test", "docs"}
"""Extras of those who change the program; nothing in it imports them."""

LOADERS = {"extra", "files", "import_module"}
"""Functions that import what their first argument names, or read a file that comes with it."""


def declared() -> set[str]:
    """Modules of the distributions in pyproject.toml that the package needs or may use."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *(line for e in extras if e not in FOR_WORK for line in extras[e]),
    ]
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in lines]
    return {MODULE_OF.get(name, name) for name in names}


def imported() -> set[str]:
    """Third-party modules that the package imports, at once or when they are wanted."""
    found: set[str] = set()
    for path in (ROOT / "focusstack").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in LOADERS:
                first = node.args[0]
                found |= {str(first.value)} if isinstance(first, ast.Constant) else set()
    names = {COMES_WITH.get(top, top) for top in (name.partition(".")[0] for name in found)}
    return names - sys.stdlib_module_names - {"focusstack"}


def test_every_import_is_declared() -> None:
    assert sorted(imported() - declared()) == []


def test_every_dependency_is_imported() -> None:
    assert sorted(declared() - imported()) == []


def test_the_citation_is_of_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {focusstack.__version__}\n" in text
