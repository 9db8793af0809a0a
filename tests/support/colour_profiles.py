"""ICC profiles made here, byte by byte, for the tests: matrix/TRC and grey ones."""

from __future__ import annotations

import struct
from collections.abc import Sequence

# Primaries under D50 as XYZ columns, from the specifications of the colour spaces.
SRGB = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
PROPHOTO = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))


def fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def parametric(kind: int, *numbers: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + fixed(*numbers)


def sampled(samples: Sequence[int]) -> bytes:
    return b"curv" + bytes(4) + struct.pack(f">I{len(samples)}H", len(samples), *samples)


SRGB_CURVE = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
LINEAR = sampled([])
GAMMA_22 = sampled([round(2.19921875 * 256)])
GAMMA_18 = sampled([round(1.8 * 256)])


def profile(
    curves: Sequence[bytes], primaries: Sequence[Sequence[float]] = SRGB, name: str = "made here"
) -> bytes:
    """RGB profile with three curves (or one for all), or a grey one without primaries."""
    text = name.encode("utf-16-be")
    described = b"mluc" + bytes(4) + struct.pack(">II", 1, 12)
    described += b"enUS" + struct.pack(">II", len(text), 28) + text
    tags = {b"desc": described, b"wtpt": b"XYZ " + bytes(4) + fixed(0.9642, 1, 0.8249)}
    if primaries:
        for letter, column in zip((b"r", b"g", b"b"), primaries, strict=True):
            tags[letter + b"XYZ"] = b"XYZ " + bytes(4) + fixed(*column)
        for letter, curve in zip(
            (b"r", b"g", b"b"), list(curves) * (3 // len(curves)), strict=True
        ):
            tags[letter + b"TRC"] = curve
    else:
        tags[b"kTRC"] = curves[0]
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytearray(128)
    head[8:12] = b"\x04\x30\0\0"
    head[12:24] = b"mntr" + (b"RGB " if primaries else b"GRAY") + b"XYZ "
    head[24:36] = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    head[36:40] = b"acsp"
    head[68:80] = fixed(0.9642, 1, 0.8249)
    whole = bytes(head) + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]
