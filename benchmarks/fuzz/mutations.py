"""Ways in which a file can be damaged."""

from __future__ import annotations

import numpy as np

INTERESTING = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
"""Values at the edges of what fields hold."""

HEAD = 400
"""Bytes at the start of a file in which most of its structure lies."""


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Return `data` damaged in one to four of the ways below."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        way = WAYS[int(rng.integers(len(WAYS)))]
        if len(out) > 8:
            out = way(out, rng)
    return bytes(out)


def _place(out: bytearray, rng: np.random.Generator, room: int = 1) -> int:
    """Somewhere, half of the time near the start."""
    end = max(1, len(out) - room)
    return int(rng.integers(min(HEAD, end) if rng.random() < 0.5 else end))


def _bit(out: bytearray, rng: np.random.Generator) -> bytearray:
    out[_place(out, rng)] ^= 1 << int(rng.integers(8))
    return out


def _bytes(out: bytearray, rng: np.random.Generator) -> bytearray:
    for _ in range(int(rng.integers(1, 20))):
        out[_place(out, rng)] = int(rng.integers(256))
    return out


def _number(out: bytearray, rng: np.random.Generator) -> bytearray:
    width = int(rng.choice([1, 2, 4]))
    value = int(rng.choice(INTERESTING)) & (256**width - 1)
    at = _place(out, rng, width)
    order = "little" if rng.random() < 0.5 else "big"
    out[at : at + width] = value.to_bytes(width, order)  # type: ignore[arg-type]
    return out


def _cut(out: bytearray, rng: np.random.Generator) -> bytearray:
    return out[: int(rng.integers(1, len(out)))]


def _without(out: bytearray, rng: np.random.Generator) -> bytearray:
    at = _place(out, rng)
    del out[at : at + int(rng.integers(1, 64))]
    return out


def _twice(out: bytearray, rng: np.random.Generator) -> bytearray:
    at, count = _place(out, rng), int(rng.integers(1, 256))
    out[at:at] = out[at : at + count]
    return out


def _moved(out: bytearray, rng: np.random.Generator) -> bytearray:
    here, there, count = _place(out, rng), _place(out, rng), int(rng.integers(1, 64))
    out[there : there + count] = out[here : here + count]
    return out


WAYS = [_bit, _bytes, _number, _number, _cut, _without, _twice, _moved]
