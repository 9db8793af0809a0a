"""Which tests mirror a module."""

from __future__ import annotations

import tomllib
from pathlib import Path

from benchmarks.mutations.mutant import module_path

TABLE = Path(__file__).with_name("tests.toml")

ALL = Path("tests")

Step = tuple[str, ...]
"""Arguments of one run of pytest."""


def steps_of(root: Path, module: str, table: Path = TABLE) -> list[Step]:
    """Return the runs of pytest that guard a module, the narrowest first.

    First ``tests/a/test_b.py`` of ``package/a/b.py``, then the other tests in ``tests/a``, without
    its folders, which mirror other packages. Where there are none, all tests of the nearest
    folder that there is. Last, what the table names. Compiled loops, ``a/loops/b.py``, have every
    ``test_b.py`` below ``tests/a``. All tests together are no mirror of a module.

    Parameters
    ----------
    root : Path
        Of the tree.
    module : str
        Path of the module from there, with slashes.
    table : Path, optional
        Further tests by module or folder.

    Raises
    ------
    LookupError
        If there are none.
    """
    _, *rooms, name = Path(module).with_suffix("").parts
    folder = Path(ALL, *(room for room in rooms if room != "loops"))
    looped = "loops" in rooms
    own = sorted((root / folder).glob(f"{'**/' if looped else ''}test_{name}.py"))
    beside = sorted({*(root / folder).glob("test_*.py")} - {*own})
    near = [own, [] if folder == ALL else beside]
    if not any(near):
        while not (root / folder).is_dir():
            folder = folder.parent
        near = [[root / folder] if folder != ALL else []]
    steps: list[Step] = [tuple(module_path(root, p) for p in step) for step in near if step]
    told = tuple(t for t in _further(module, table) if not any(t in step for step in steps))
    steps += [told] if told else []
    if not steps:
        raise LookupError(f"no tests mirror {module}; name some in {table.name}")
    return steps


def _further(module: str, table: Path) -> list[str]:
    """Tests that the table names for a module or a folder that it is in."""
    found = tomllib.loads(table.read_text(encoding="utf-8")) if table.is_file() else {}
    named = found.get("tests", {})
    return [t for key, tests in named.items() if f"{module}/".startswith(f"{key}/") for t in tests]
