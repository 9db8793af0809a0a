"""``python -m docs.house``: who imports whom in the package, floor by floor.

A room is a package or module at the top of ``focusstack``. It may import rooms that `ORDER` names
before it and no others, so that nothing goes round in circles. Inside some rooms, `INSIDE` says the
same of their parts: a new file there gets its place in it. The exit code is 1 if something imports
what it may not.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]

PACKAGE = "focusstack"

Graph = dict[str, set[str]]
"""What each module, room or part imports."""

ORDER = (
    "errors", "runtime", "numeric",  # without pictures
    "geometry", "images", "options", "frames", "resample", "crop",  # pictures, where they lie
    "exposure", "alignment", "plan", "fusion",  # what is found out and what is made of it
    "first_pass", "second_pass", "output", "pipeline", "stages", "shoot",  # in what turn
    "retouch", "studio",  # and what people mend of it
    "scene", "", "cli", "__main__",  # "" is the package's own face
)  # fmt: skip
"""The rooms of the package: each imports only what stands before it."""

INSIDE = {
    "alignment": (
        "loops", "features", "tiles", "quality", "matrices", "fields", "parallax",
        "groups", "whole_frames", "coarse", "refine", "displacement", "whole_stack", "",
    ),
    "fusion": (
        "loops", "base", "levels", "motion", "layers", "pyramid", "weighted", "depth", "given",
        "layered", "registry", "passes", "",
    ),
    "shoot": (
        "maker_notes", "shots", "appearance", "signs", "stream", "boundaries", "gathering",
        "splitting", "sweeps", "stack_names", "stacks_csv", "state", "content", "claims",
        "one_stack", "workers", "lanes", "settings", "sharing", "overrides", "planning", "running",
        "overview", "batch", "arrivals", "watching", "cluster", "",
    ),
}  # fmt: skip
"""The parts of larger rooms, in the same way; "" is the room's own face."""


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return the file of every module of the package, by its name."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


class Import(NamedTuple):
    """One module imports another.

    Attributes
    ----------
    importer, imported : str
        Names of the modules.
    line : int
        Where the importer does it.
    """

    importer: str
    imported: str
    line: int


def imports(root: Path = ROOT) -> list[Import]:
    """Return who imports what of the package, wherever in its file it does."""
    files = modules(root)
    return [
        Import(name, other, line)
        for name, path in files.items()
        for other, line in _imported(path, files)
        if other != name
    ]


def import_graph(root: Path = ROOT) -> Graph:
    """Return what every module imports of the package."""
    graph: Graph = {name: set() for name in modules(root)}
    for found in imports(root):
        graph[found.importer].add(found.imported)
    return graph


def _imported(path: Path, files: Mapping[str, Path]) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names if name.name in files)
        elif isinstance(node, ast.ImportFrom) and (home := node.module or "") in files:
            for name in node.names:
                inner = f"{home}.{name.name}"
                yield inner if inner in files else home, node.lineno


def part_of(module: str, room: str = "") -> str:
    """Return which room of the package a module is in, or which part of a `room`.

    >>> part_of("focusstack.alignment.tiles.measure"), part_of("focusstack")
    ('alignment', '')
    >>> part_of("focusstack.alignment.tiles.measure", "alignment")
    'tiles'
    """
    parts = module.split(".")[1 + bool(room) :]
    return parts[0] if parts else ""


def gathered(graph: Graph, room: str = "") -> Graph:
    """Return what the rooms import of each other, or the parts of one room."""
    inside = [m for m in graph if not room or m.split(".")[1:2] == [room]]
    found: Graph = {part_of(m, room): set() for m in inside}
    for module in inside:
        here = part_of(module, room)
        found[here] |= {part_of(m, room) for m in graph[module] if m in inside} - {here}
    return found


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of those that import each other, directly or by way of others."""
    reached = {name: _reached(graph, name) for name in graph}
    groups = {frozenset(n for n in reached[name] if name in reached[n]) for name in graph}
    return sorted(sorted(group) for group in groups if group)


def _reached(graph: Graph, start: str) -> set[str]:
    """All that `start` imports, directly or by way of others."""
    found: set[str] = set()
    left = [start]
    while left:
        new = graph[left.pop()] - found
        found |= new
        left += new
    return found


def upward(graph: Graph, order: Sequence[str]) -> list[tuple[str, str]]:
    """Return the imports of what does not stand before the importer in the order."""
    place = {name: k for k, name in enumerate(order)}
    last = len(order)
    return sorted(
        (one, other)
        for one, others in graph.items()
        for other in others
        if place.get(other, last) >= place.get(one, last)
    )


def violations(found: Sequence[Import], files: Mapping[str, Path], room: str = "") -> list[str]:
    """Return what a room's order forbids, in words; that of the rooms without a `room`.

    Parameters
    ----------
    found : sequence of Import
        Of the whole package.
    files : mapping of str to path
        File of every module.
    room : str, optional
        A name in `INSIDE`.
    """
    order, called = (INSIDE[room], f"INSIDE[{room!r}]") if room else (ORDER, "ORDER")
    inside = [m for m in files if not room or m.split(".")[1:2] == [room]]
    unnamed = sorted({part_of(m, room) for m in inside} - set(order))
    told = [f"{called} in docs/house.py does not name {name!r}" for name in unnamed]
    for importer, imported, line in found:
        if not {importer, imported} <= set(inside):
            continue
        here, there = part_of(importer, room), part_of(imported, room)
        if here != there and upward({here: {there}}, order):
            told.append(
                f"{_file(files[importer])}:{line} imports {_address(imported, files)}, "
                f"which {called} does not name before it"
            )
    return told


def _file(path: Path) -> str:
    """Path of a module's file from the package."""
    parts = path.parts
    return "/".join(parts[len(parts) - parts[::-1].index(PACKAGE) :])


def _address(module: str, files: Mapping[str, Path]) -> str:
    """Path of a module from the package, without the suffix of its file."""
    return _file(files[module]).removesuffix(".py").removesuffix("/__init__")


def floors(graph: Graph) -> dict[str, int]:
    """Return the floor of each: 1 for what imports nothing, else one above all that it imports."""
    found: dict[str, int] = {}
    while len(found) < len(graph):
        ready = {n for n, others in graph.items() if n not in found and others <= found.keys()}
        if not ready:  # a circle has no floor
            break
        found |= {n: 1 + max((found[m] for m in graph[n]), default=0) for n in ready}
    return found


def shown_rooms(graph: Graph) -> list[str]:
    """Return the rooms worth a look inside: of more than six files, or with rooms of their own."""
    names = sorted(gathered(graph).keys() - {""})
    many = {name for name in names if len(gathered(graph, name)) > 6 + 1}  # and its __init__
    apart = {m.split(".")[1] for m in graph if m.count(".") > 2 and "loops" not in m.split(".")}
    return [name for name in names if name in many | apart | INSIDE.keys()]


HEADING = f"{'floor':>5}  {'name':14} imports"


def _told(graph: Graph, face: str) -> Iterator[str]:
    """Lines of a table; `face` is what the package's own ``__init__`` is called there."""
    levels = floors(graph)
    # A face that hands nothing on and that nobody asks is left out.
    empty = not graph.get("") and not any("" in others for others in graph.values())
    yield HEADING
    shown = [name for name in graph if name or not empty]
    for name in sorted(shown, key=lambda n: (levels.get(n, len(graph)), n)):
        others = " ".join(sorted(n or face for n in graph[name]))
        yield f"{levels.get(name, '?'):>5}  {name or face:14} {others}".rstrip()


def main() -> int:
    """Print who imports whom among rooms and inside them; 1 if somebody may not, else 0."""
    found, files = imports(), modules()
    graph = import_graph()
    rooms = gathered(graph)
    arrows = sum(len(others) for others in rooms.values())
    print(f"{len(graph)} modules in {len(rooms)} rooms; {arrows} arrows between rooms")
    print("Floor: 1 for what imports nothing here, else one above the highest that it imports.")
    print("Names on the right: the rooms, or parts of the same room, that it imports.\n")
    print(*_told(rooms, PACKAGE), sep="\n")
    for room in shown_rooms(graph):
        order = "" if room in INSIDE else "  (in any order, but in no circle)"
        print(f"\n{room}/{order}")
        print(*_told(gathered(graph, room), "(its __init__)"), sep="\n")
    round_about = [c for room in ("", *rooms) for c in circles(gathered(graph, room))]
    wrong = [f"imports itself by way of others: {c}" for c in circles(graph) + round_about]
    for room in ("", *INSIDE):
        wrong += violations(found, files, room)
    print("", *(wrong or ["No circle.", "Nothing imports upward."]), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
