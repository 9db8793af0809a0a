"""``python -m docs.house``: who imports whom in the package, floor by floor.

A room is a package or module at the top of ``focusstack``. It may import rooms that `ORDER` names
before it and no others, so that nothing goes round in circles. Inside the larger rooms, `INSIDE`
says the same of their parts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PACKAGE = "focusstack"

Graph = dict[str, set[str]]
"""What each module, room or part imports."""

ORDER = (
    "errors", "runtime", "numeric",  # without pictures
    "geometry", "images", "options", "frames", "resample", "crop",  # pictures, where they lie
    "exposure", "alignment", "plan", "fusion",  # what is found out and what is made of it
    "first_pass", "second_pass", "output", "pipeline", "stages",  # in what turn
    "scene", "", "cli", "__main__",  # "" is the package's own face
)  # fmt: skip
"""The rooms of the package: each imports only what stands before it."""

INSIDE = {
    "alignment": (
        "loops", "features", "tiles", "quality", "matrices", "fields", "parallax",
        "coarse", "refine", "displacement", "whole_stack", "",
    ),
    "fusion": (
        "loops", "base", "levels", "motion", "pyramid", "weighted", "depth", "registry",
        "passes", "",
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


def import_graph(root: Path = ROOT) -> Graph:
    """Return what every module imports of the package, wherever in its file it does."""
    files = modules(root)
    return {name: set(_imported(path, files)) - {name} for name, path in files.items()}


def _imported(path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in files)
        elif isinstance(node, ast.ImportFrom) and (home := node.module or "") in files:
            for name in node.names:
                inner = f"{home}.{name.name}"
                yield inner if inner in files else home


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


def floors(graph: Graph) -> dict[str, int]:
    """Return the floor of each: 1 for what imports nothing, else one above all that it imports."""
    found: dict[str, int] = {}
    while len(found) < len(graph):
        ready = {n for n, others in graph.items() if n not in found and others <= found.keys()}
        if not ready:  # a circle has no floor
            break
        found |= {n: 1 + max((found[m] for m in graph[n]), default=0) for n in ready}
    return found


def _told(graph: Graph) -> Iterator[str]:
    levels = floors(graph)
    for name in sorted(graph, key=lambda n: (levels.get(n, len(graph)), n)):
        others = " ".join(sorted(n or PACKAGE for n in graph[name]))
        yield f"{levels.get(name, '?'):>4}  {name or PACKAGE:14} {others}".rstrip()


def main() -> None:
    """Print rooms with their floor and what they import, the parts of rooms, and circles."""
    graph = import_graph()
    rooms = gathered(graph)
    arrows = sum(len(others) for others in rooms.values())
    print(f"{len(graph)} modules in {len(rooms)} rooms; {arrows} arrows between rooms")
    print(*_told(rooms), sep="\n")
    for room in INSIDE:
        print(f"\n{room}/")
        print(*_told(gathered(graph, room)), sep="\n")
    found = circles(graph) + [c for room in ("", *rooms) for c in circles(gathered(graph, room))]
    print("\nNo circle." if not found else f"\nCircles: {found}")
    wrong = upward(rooms, ORDER)
    for room, order in INSIDE.items():
        wrong += upward(gathered(graph, room), order)
    print("Nothing imports upward." if not wrong else f"Imports upward: {wrong}")


if __name__ == "__main__":
    main()
