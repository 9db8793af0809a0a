"""One rotten file inside an otherwise sound stack: what becomes of the composite."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image as Pillow

import focusstack
from focusstack.errors import FocusstackError
from focusstack.numeric.arrays import Image
from focusstack.options import StackOptions
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import render_stack

FRAMES, WIDTH, HEIGHT = 6, 480, 360
"""Of the stack: small, so that many can be tried."""

NOISE = 20
"""Codes, of 255, by which a composite may differ in a pixel without being harmed: what another
choice of frame makes of an edge."""

FEWEST = 16
"""Pixels that must differ for a composite to count as harmed: the smallest block of a JPEG has
64."""

Encode = Callable[[Image], bytes]


def _pillow(kind: str, **options: object) -> Encode:
    def encode(pixels: Image) -> bytes:
        file = io.BytesIO()
        Pillow.fromarray(pixels).save(file, kind, **options)
        return file.getvalue()

    return encode


def _tiff(pixels: Image, compression: str | None = None) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", compression=compression)
    return file.getvalue()


def _heic(pixels: Image) -> bytes:
    from pillow_heif import from_pillow

    file = io.BytesIO()
    from_pillow(Pillow.fromarray(pixels)).save(file, quality=90)
    return file.getvalue()


FORMATS: dict[str, tuple[str, Encode]] = {
    "jpg 4:2:0": ("jpg", _pillow("JPEG", quality=93, subsampling=2)),
    "jpg 4:4:4": ("jpg", _pillow("JPEG", quality=95, subsampling=0)),
    "jpg progressive": ("jpg", _pillow("JPEG", quality=93, progressive=True)),
    "jpg restart": ("jpg", _pillow("JPEG", quality=93, restart_marker_rows=1)),
    "png": ("png", _pillow("PNG")),
    "png 16 bit": ("png", lambda p: cv2.imencode(".png", p.astype(np.uint16) * 257)[1].tobytes()),
    "tif plain": ("tif", _tiff),
    "tif deflate": ("tif", lambda p: _tiff(p, "zlib")),
    "tif LZW": ("tif", _pillow("TIFF", compression="tiff_lzw")),
    "webp": ("webp", _pillow("WEBP", quality=90)),
    "webp lossless": ("webp", _pillow("WEBP", lossless=True)),
    "avif": ("avif", _pillow("AVIF", quality=90, speed=9)),
    "heic": ("heic", _heic),
    "bmp": ("bmp", _pillow("BMP")),
}
"""Suffix and writer of each format."""


def rot(data: bytes, random: np.random.Generator) -> tuple[bytes, str]:
    """Return a file with one fault behind its first kilobyte, and what was done."""
    out = bytearray(data)
    at = int(random.integers(min(1024, len(out) // 2), len(out) - 2))
    kind = str(random.choice(["bit", "byte", "garbage", "zeros", "cut out"]))
    if kind == "bit":
        out[at] ^= 1 << int(random.integers(8))
    elif kind == "byte":
        out[at] ^= int(random.integers(1, 256))
    else:
        end = min(at + (512 if kind == "zeros" else int(random.integers(2, 600))), len(out) - 2)
        if kind == "garbage":
            out[at:end] = random.bytes(end - at)
        elif kind == "zeros":
            out[at:end] = bytes(end - at)
        else:
            del out[at:end]
    return bytes(out), kind


@cache
def _frames() -> list[Image]:
    return render_stack("plane", width=WIDTH, height=HEIGHT, frames=FRAMES, seed=7).frames


@dataclass(frozen=True)
class _Stack:
    """A sound stack in one format."""

    suffix: str
    files: list[bytes]


@cache
def _stack(name: str) -> _Stack:
    suffix, encode = FORMATS[name]
    return _Stack(suffix, [encode(frame) for frame in _frames()])


@cache
def _sound(name: str, missing: int | None) -> Image | None:
    """Return the composite of a sound stack, or of what is left of it without a frame."""
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder), _stack(name), {} if missing is None else {missing: None})
        return _run(Path(folder))[0]


def put(folder: Path, stack: _Stack, others: dict[int, bytes | None]) -> None:
    """Write the stack, some files as given instead, or not at all."""
    for k, data in enumerate(stack.files):
        given = others.get(k, data)
        if given is not None:
            (folder / f"frame{k}.{stack.suffix}").write_bytes(given)


class _Ears(Silent):
    """Hears warnings."""

    def __init__(self) -> None:
        self.said = ""

    def warn(self, message: str) -> None:
        self.said += message + "\n"


def _run(folder: Path) -> tuple[Image | None, str]:
    """Stack a folder; the composite, in 8 bits, and all that was said."""
    ears = _Ears()
    try:
        result = focusstack.stack(folder, options=StackOptions(threads=1), progress=ears)
    except FocusstackError as error:
        return None, f"{ears.said}{error}"
    assert result.image is not None
    image = result.image if result.image.dtype == np.uint8 else (result.image >> 8).astype(np.uint8)
    verdict = result.plan.verdict
    good = "Good" if verdict is not None and verdict.grade == "pass" else ""
    return image, f"{ears.said}{verdict}\n{good}"


def harm(image: Image, sound: Sequence[Image]) -> int:
    """Pixels in which a composite differs from all that are sound, where sizes agree to compare."""
    least: int | None = None
    for other in sound:
        shape = [min(a, b) for a, b in zip(image.shape[:2], other.shape[:2], strict=True)]
        if max(abs(a - b) for a, b in zip(image.shape, other.shape, strict=True)) > 0:
            continue
        apart = cv2.absdiff(image[: shape[0], : shape[1]], other[: shape[0], : shape[1]])
        count = int((apart.reshape(*apart.shape[:2], -1).max(axis=2) > NOISE).sum())
        least = count if least is None else min(least, count)
    return -1 if least is None else least


def judge(name: str, rotten: bytes, k: int, folder: Path) -> str:
    """Return what became of a stack with one rotten frame."""
    stack = _stack(name)
    put(folder, stack, {k: rotten})
    image, said = _run(folder)
    if f"frame{k}.{stack.suffix}" in said:
        return "named"
    if image is None:
        return "refused without a name"
    sound = [s for missing in (None, k) if (s := _sound(name, missing)) is not None]
    count = harm(image, sound)
    if count == -1:
        return "other crop"
    if count < FEWEST:
        return "unharmed"
    return "HARMED, good" if said.endswith("Good") else "harmed, doubted"


def attack(count: int, only: Sequence[str], seed: int, keep: Path | None, seconds: float) -> int:
    """Rot `count` files and print a table; 1 if damage is in a picture that is called good.

    The table is of what was tried when so many seconds are over.
    """
    end = time.monotonic() + seconds
    random = np.random.default_rng(seed)
    names = [name for name in FORMATS if not only or any(part in name for part in only)]
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for number in range(count):
        if time.monotonic() > end:
            break
        name = names[number % len(names)]
        k = int(random.integers(FRAMES))
        rotten, kind = rot(_stack(name).files[k], random)
        with tempfile.TemporaryDirectory() as folder:
            came = judge(name, rotten, k, Path(folder))
            if keep is not None and came not in ("named", "unharmed"):
                place = keep / f"{number:05d} {name} {kind} frame{k} {came}".replace(":", "")
                shutil.copytree(folder, place)
        table[name][came] += 1
    outcomes = sorted({came for row in table.values() for came in row})
    print(f"{'format':18}" + "".join(f"{came:>24}" for came in outcomes))
    for name in names:
        print(f"{name:18}" + "".join(f"{table[name][came]:>24}" for came in outcomes))
    return int(any("good" in came for came in outcomes))
