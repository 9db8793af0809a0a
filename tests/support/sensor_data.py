"""A DNG file as a camera would write it, from linear RGB light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from focusstack.numeric.arrays import Float32

SHORT, LONG, BYTE, ASCII, RATIONAL, SRATIONAL = 3, 4, 1, 2, 5, 10

WHITE = 16383
"""Code of full sensor, 14 bits."""


def write_dng(
    path: Path,
    light: Float32,
    neutral: tuple[float, float, float] = (0.5, 1.0, 0.6),
    iso: int = 200,
    orientation: int = 1,
) -> None:
    """Write linear sRGB light ``(H, W, 3)`` 0..1 as a Bayer mosaic (RGGB) seen under a light.

    Parameters
    ----------
    neutral : tuple of float
        What the sensor says of a white surface, which is the camera's white balance.
    """
    seen = np.clip(light * np.array(neutral), 0, 1) * WHITE
    mosaic = seen[..., 1].copy()
    mosaic[::2, ::2] = seen[::2, ::2, 0]
    mosaic[1::2, 1::2] = seen[1::2, 1::2, 2]
    # XYZ (D65) to linear sRGB: a sensor that sees sRGB's primaries.
    matrix = np.array([[3.2405, -1.5371, -0.4985], [-0.9693, 1.8760, 0.0416],
                       [0.0556, -0.2040, 1.0572]])  # fmt: skip
    exact = [int(v) for m in matrix.ravel() for v in (round(m * 10000), 10000)]
    as_shot = [int(v) for n in neutral for v in (round(n * 10000), 10000)]
    tifffile.imwrite(
        path,
        np.rint(mosaic).astype(np.uint16),
        photometric=32803,
        metadata=None,
        software="camera",
        extratags=[
            (274, SHORT, 1, orientation, True),
            (271, ASCII, 0, "Maker", True),
            (272, ASCII, 0, "Camera", True),
            (50706, BYTE, 4, bytes([1, 4, 0, 0]), True),
            (50708, ASCII, 0, "Maker Camera", True),
            (33421, SHORT, 2, (2, 2), True),
            (33422, BYTE, 4, bytes([0, 1, 1, 2]), True),
            (50714, SHORT, 1, 0, True),
            (50717, LONG, 1, WHITE, True),
            (50721, SRATIONAL, 9, exact, True),
            (50728, RATIONAL, 3, as_shot, True),
            (50778, SHORT, 1, 21, True),
            (34855, SHORT, 1, iso, True),
        ],
    )
