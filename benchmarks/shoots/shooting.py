"""Shoots of rendered stacks, and the program at work on them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from benchmarks.splitting.cards import Card
from benchmarks.splitting.subjects import sweep
from focusstack.images.write import write_image

ROOT = Path(__file__).parents[2]
"""Of the repository."""


def write_shoot(folder: Path, stacks: int, frames: int, subjects: int = 8) -> None:
    """Write stacks of tiny pictures; subjects come back, held otherwise."""
    card = Card(np.random.default_rng(0))
    for k in range(stacks):
        card.shoot(sweep(1 + k % subjects, frames, hand=1 + k // subjects), lambda: 0.4)
        card.pause(20, 60)
    card.write(folder)


def write_large(folder: Path, stacks: int, frames: int, times: int) -> None:
    """Write stacks of pictures that many times as wide and high."""
    for k in range(stacks):
        place = folder / f"stack-{k}"
        place.mkdir(parents=True)
        for j, frame in enumerate(sweep(1 + k, frames, hand=1)):
            height, width = frame.shape[:2]
            size = (times * width, times * height)
            large = cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC)
            write_image(place / f"IMG_{j}.jpg", np.asarray(large))


def command(card: Path, out: Path, *more: str) -> list[str]:
    """Return the command line of a batch."""
    given = ["--yes", "--no-report", "--format", "png", *more]
    return [sys.executable, "-m", "focusstack", "batch", str(card), "-o", str(out), *given]


def begin(card: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start a batch as a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command(card, out, *more),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=card.parent,
    )


def digests(out: Path) -> dict[str, str]:
    """Return a digest of every picture and plan of the results."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.suffix in (".png", ".json") and path.parent != out
        if not path.relative_to(out).as_posix().startswith(".")
    }


def finished(out: Path) -> dict[str, int]:
    """Return when each stack's plan was written, of those that are done."""
    found = {}
    for path in (out / ".focusstack-batch").glob("*.json"):
        if json.loads(path.read_bytes())["status"] == "done":
            found[path.stem] = (out / path.stem / "report.json").stat().st_mtime_ns
    return found
