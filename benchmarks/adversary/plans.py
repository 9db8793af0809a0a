"""Give the program plans that want to do harm; look at how it ends, what it takes and what it leaves.

python -m benchmarks.adversary.plans               500 plans
python -m benchmarks.adversary.plans --count 50    so many
python -m benchmarks.adversary.plans --only crop   kinds whose names contain this

Each is a sound plan of a tiny stack, spoilt in one way. The program must end with an exit code that
it promises and in words, within 5 seconds of its own and 500 MB, and leave nothing of a run that
failed. Where it goes on, frames that the plan puts elsewhere are not called good.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.adversary.children import Child, Ended
from focusstack.images.write import write_image
from focusstack.scene.stack import render_stack

SECONDS, MEGABYTES = 5.0, 500.0
"""What a run with any plan of a tiny stack may take."""

PROMISED = {0, 2, 3, 4, 5}
"""Exit codes of README."""

MOVED_PX = 3.0
"""From here on a frame lies elsewhere: a verdict fails what is off by two pixels."""

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


class Range:
    """A tiny stack and its sound plan."""

    def __init__(self, place: Path) -> None:
        self.place, self.photos = place, place / "photos"
        self.photos.mkdir()
        frames = render_stack("plane", width=200, height=150, frames=4, blur=2, seed=4).frames
        for k, frame in enumerate(frames):
            write_image(self.photos / f"{k}.png", frame)
        made = Child(["run", str(self.photos), "-o", str(place / "made")]).ended()
        assert made.code == 0, made.said
        self.text = (place / "made" / "report.json").read_bytes()
        self.sound: Document = json.loads(self.text)
        self.run(self.text)  # compilers warm

    def run(self, text: bytes, path: Path | None = None) -> Ended:
        """Run the stack with a plan."""
        shutil.rmtree(self.place / "out", ignore_errors=True)
        if path is None:
            path = self.place / "plan.json"
            path.write_bytes(text)
        out = str(self.place / "out")
        return Child(["run", str(self.photos), "-o", out, "--plan", str(path)]).ended(60)

    def wrong(self, ended: Ended) -> Iterator[str]:
        """Tell what is wrong with how a run has ended."""
        out = self.place / "out"
        if ended.code not in PROMISED:
            yield f"exit code {ended.code}: {ended.said[-400:]}"
        for word in ("Traceback", "unexpected", "Warning", "Value error", "\x1b"):
            if word in ended.said:
                yield f"says {word!r}: {ended.said[-400:]}"
        if ended.code and "error: " not in ended.said:
            yield f"no words: {ended.said[-200:]}"
        if ended.seconds > SECONDS:
            yield f"took {ended.seconds:.1f} s"
        if ended.megabytes > MEGABYTES:
            yield f"took {ended.megabytes:.0f} MB"
        if ended.code and out.exists():
            yield f"left {[p.name for p in out.rglob('*')]}"
        if not ended.code:
            yield from self._believed(json.loads((out / "report.json").read_text()))

    def _believed(self, made: Document) -> Iterator[str]:
        """Tell whether frames that lie elsewhere are called good."""
        ends = np.array([[0, 0, 1], [199, 0, 1], [0, 149, 1], [199, 149, 1]], float)
        for frame, sound in zip(made["frames"], self.sound["frames"], strict=False):
            if not frame["used"] or frame["file"] != sound["file"]:
                continue
            p, q = (ends @ np.array(f["matrix"]).T for f in (frame, sound))
            off = float(
                np.median(np.linalg.norm(p[:, :2] / p[:, 2:] - q[:, :2] / q[:, 2:], axis=1))
            )
            if off > MOVED_PX and made["verdict"]["grade"] == "pass":
                yield f"{frame['file']} lies {off:.1f} px elsewhere and is called good"


def attack(count: int, only: list[str], seed: int) -> int:
    """Run with so many plans; return how many came to harm."""
    counted, bad, worst = Counter[str](), 0, [0.0, 0.0]
    kinds = [k for k in (*KINDS, "text", "device") if not only or any(o in k for o in only)]
    with tempfile.TemporaryDirectory(prefix="focusstack-plans-") as folder:
        place = Path(folder)
        field = Range(place)
        os.mkfifo(place / "pipe")
        for k in range(count):
            random, kind = Random(f"{seed} {k}"), kinds[k % len(kinds)]
            path, text = None, b""
            if kind == "device":
                devices = ["/dev/zero", "/dev/null", "/proc/self/mem", str(place / "pipe"), folder]
                path = Path(random.choice(devices))
            elif kind == "text":
                text = spoilt_text(field.text, random)
            else:
                document = copy.deepcopy(field.sound)
                KINDS[kind](document, random)
                text = json.dumps(document).encode()
            ended = field.run(text, path)
            counted[f"{kind} {ended.code}"] += 1
            worst = [max(worst[0], ended.seconds), max(worst[1], ended.megabytes)]
            for told in field.wrong(ended):
                bad += 1
                print(f"plan {k} ({kind}): {told}", flush=True)
    for outcome, times in sorted(counted.items()):
        print(f"{times:4d}  {outcome}")
    print(f"{count} plans, {bad} came to harm; at most {worst[0]:.1f} s and {worst[1]:.0f} MB")
    return bad


def main() -> int:
    """Attack; 1 if anything came to harm."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    return 1 if attack(given.count, given.only, given.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
