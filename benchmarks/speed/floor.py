"""What the work on a frame takes at least: the libraries' own calls, one core, nothing around them.

A run that decodes, looks for features, moves every pixel once and fuses cannot take less.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

LEVELS = 7
"""Of the pyramid."""

PROXY_MEGAPIXELS = 1.0
"""Size at which features are looked for."""

STAGES = {
    "Reading": ("decode", "shrink"),
    "Finding": ("features",),
    "Fusing": ("decode", "warp", "pyramid", "select"),
}
"""Which of these calls a stage cannot do without; stages by how their names begin."""


def floors(frame: Path) -> dict[str, float]:
    """Return seconds of the processor that each of the calls takes on a frame."""
    cv2.setNumThreads(1)
    pixels = _decoded(frame)
    height, width = pixels.shape[:2]
    scale = min(1.0, (PROXY_MEGAPIXELS * 1e6 / (width * height)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    small8 = np.asarray(small if small.dtype == np.uint8 else small / 257, np.uint8)
    turned = np.array([[1, 0.001, 0.3], [-0.001, 1, 0.6], [0, 0, 1]])
    light = pixels.astype(np.float32)
    grey = cv2.cvtColor(light, cv2.COLOR_BGR2GRAY)
    sift = cv2.SIFT.create()
    calls: dict[str, Callable[[], object]] = {
        "decode": lambda: _decoded(frame),
        "shrink": lambda: cv2.resize(pixels, size, interpolation=cv2.INTER_AREA),
        "features": lambda: sift.detectAndCompute(small8, None),
        "warp": lambda: cv2.warpPerspective(light, turned, (width, height), flags=cv2.INTER_CUBIC),
        "pyramid": lambda: _pyramid(light),
        "select": lambda: cv2.compare(cv2.GaussianBlur(grey * grey, (7, 7), 0), grey, cv2.CMP_GT),
    }
    return {name: _seconds(call) for name, call in calls.items()}


def floor_of(stage: str, floors: dict[str, float]) -> float | None:
    """Return seconds of the processor that a stage takes a frame at least; None if not known."""
    for begins, calls in STAGES.items():
        if stage.startswith(begins):
            return sum(floors[call] for call in calls)
    return None


def _decoded(frame: Path) -> np.ndarray:
    found = cv2.imread(str(frame), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise SystemExit(f"{frame} cannot be decoded by OpenCV, so its floor is not known")
    return cv2.cvtColor(found, cv2.COLOR_GRAY2BGR) if found.ndim == 2 else found[..., :3]


def _pyramid(picture: np.ndarray) -> None:
    """Take a picture apart into bands."""
    for _ in range(LEVELS):
        half = cv2.pyrDown(picture)
        cv2.subtract(picture, cv2.pyrUp(half, dstsize=picture.shape[1::-1]))
        picture = half


def _seconds(call: Callable[[], object]) -> float:
    """Return the least processor time of three calls."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        call()
        spent.append(time.process_time() - start)
    return min(spent)
