"""Ways to spoil a sound plan."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np

Document = dict[str, Any]
ODD: list[Any] = [
    None, [], {}, "", "x" * 9999, "\x1b[31m", -1, 0, 1e300, -1e300, 1e-300, float("nan"),
    float("inf"), 10**400, True, [[1]], {"a": {"a": {}}}, 2**63,
]  # fmt: skip
"""What stands where something else is expected."""


def places(node: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every part of a document."""
    if path:
        yield path
    if isinstance(node, (dict, list)):
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            yield from places(value, (*path, key))


def put(document: Document, path: tuple[Any, ...], value: object) -> None:
    """Put something where something else was."""
    node: Any = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value


def odd_value(document: Document, random: Random) -> None:
    """One or two values of another kind."""
    for _ in range(random.choice([1, 1, 2])):
        put(document, random.choice(list(places(document))), copy.deepcopy(random.choice(ODD)))


def missing(document: Document, random: Random) -> None:
    """An entry less."""
    path = random.choice([p for p in places(document) if isinstance(p[-1], str)])
    node: Any = document
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]


def number(document: Document, random: Random) -> None:
    """A number that is another by orders of magnitude."""
    paths = [p for p in places(document) if isinstance(got(document, p), (int, float))]
    path = random.choice(paths)
    put(
        document, path, got(document, path) * 10 ** random.uniform(-12, 12) * random.choice([1, -1])
    )


def got(document: Document, path: tuple[Any, ...]) -> Any:
    """What stands somewhere."""
    node: Any = document
    for key in path:
        node = node[key]
    return node


def matrix(document: Document, random: Random) -> None:
    """A frame that lies elsewhere, is of another size, or is seen from its back."""
    frame = random.choice(document["frames"])
    H, kind = np.array(frame["matrix"]), random.randrange(5)
    if kind == 0:
        H[:2, 2] += [random.gauss(0, 10 ** random.uniform(0, 6)) for _ in range(2)]
    elif kind == 1:
        H[:2] *= 10 ** random.uniform(-6, 6)
    elif kind == 2:
        H[2, :2] = [random.gauss(0, 10 ** random.uniform(-5, 1)) for _ in range(2)]
    elif kind == 3:
        H[random.randrange(3)] *= -1
    else:
        H = np.array([[random.gauss(0, 1) for _ in range(3)] for _ in range(3)])
    frame["matrix"] = H.tolist()


def crop(document: Document, random: Random) -> None:
    """A crop that reaches beyond the frames, or of a pixel."""
    width, height = document["canvas"]["width"], document["canvas"]["height"]
    x, y = random.randrange(width), random.randrange(height)
    whole = {"x": 0, "y": 0, "width": width, "height": height}
    small = {"x": x, "y": y, "width": random.randint(1, width - x), "height": 1}
    document["crop"] = random.choice([whole, small, {**small, "height": height - y}])


def displacement(document: Document, random: Random) -> None:
    """Local displacement of any size, with any number of nodes."""
    rows, columns = random.choice([(2, 2), (5, 7), (60, 80), (400, 500), (2, 40000)])
    size = 10 ** random.uniform(-1, 7)
    row = [[random.uniform(-size, size), random.uniform(-size, size)] for _ in range(columns)]
    random.choice(document["frames"])["local_px"] = [row] * rows


def parallax(document: Document, random: Random) -> None:
    """A depth map and viewpoints that tell nonsense."""
    import base64
    import zlib

    rows, columns = random.choice([(7, 9), (2, 2), (900, 900), (30000, 30000)])
    steps = np.full(random.choice([rows * columns, 10, 40_000_000]), random.randint(-32768, 32767))
    text = base64.b64encode(zlib.compress(steps.astype("<i2").tobytes(), 1)).decode()
    text = random.choice([text, text[: len(text) // 2], "é" * 9, "A" * 5_000_000])
    document["scene_depth"] = {
        "rows": rows, "columns": columns, "slab": random.uniform(-2, 2), "zlib_base64": text
    }  # fmt: skip
    size = 10 ** random.uniform(-1, 8)
    view = {"travel": [random.gauss(0, size) for _ in range(3)], "focus": random.gauss(0, 2)}
    random.choice(document["frames"])["view"] = view


def light(document: Document, random: Random) -> None:
    """Gains, exponents, shading and bends beyond all lamps and lenses."""
    frame = random.choice(document["frames"])
    size = 10 ** random.uniform(-9, 9)
    frame |= random.choice(
        [
            {"gain": [size] * 3},
            {"exponent": size},
            {"shading": {"square": size, "across": -size}},
            {"bend": [random.uniform(-0.3, 0.3), random.uniform(-0.3, 0.3)]},
        ]
    )
    document["common_ev"] = random.choice([0.0, random.uniform(-40, 40)])


def many(document: Document, random: Random) -> None:
    """Far too much of something."""
    size = random.choice([20_000, 300_000])
    document |= random.choice(
        [
            {"frames": document["frames"] * (size // 100)},
            {"focus_order": ["x"] * size},
            {"model_residual_px": {str(k): "x" for k in range(size)}},
            {"warnings": [random.choice(["x", 7])] * size},
            {"pairs": [{}] * size},
            {"junk": [{"a": []}] * size},
            {"residual_map_px": [[0.5] * 100] * (size // 100)},
        ]
    )


def names(document: Document, random: Random) -> None:
    """Frames with other names, or the names of others."""
    called = random.choice(["../../x.png", "/etc/passwd", "", "\x1b]0;x\x07.png", "1.png", "0.jpg"])
    random.choice(document["frames"])["file"] = called
    document.pop("focus_order", None)
    document["reference"] = random.choice([called, document["reference"]])


KINDS: dict[str, Callable[[Document, Random], None]] = {
    f.__name__: f
    for f in (
        odd_value, missing, number, matrix, crop, displacement, parallax, light, many, names
    )
}  # fmt: skip
"""Ways to spoil a document."""


def spoilt_text(text: bytes, random: Random) -> bytes:
    """Bytes that are no document any more."""
    kind, at = random.randrange(7), random.randrange(len(text))
    if kind == 0:
        return text[:at]
    if kind == 1:
        return text[:at] + bytes([random.randrange(256)]) + text[at + 1 :]
    if kind == 2:
        return text.decode().encode(random.choice(["utf-16", "utf-32", "utf-8-sig"]))
    if kind == 3:
        return random.choice([b"[", b'{"a":']) * random.choice([900, 200_000])
    if kind == 4:
        return text + random.randbytes(random.choice([1, 70 << 20]))
    if kind == 5:
        return text.replace(b"0.0", b"9" * 6000)
    return random.randbytes(at)
