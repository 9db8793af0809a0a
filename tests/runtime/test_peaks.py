"""Memory does not grow with the stack: peaks of processes that see few and many frames."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from focusstack.frames.proxies.proxy import proxy_scale, proxy_size
from focusstack.geometry.coordinates import Rect, translation
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Float32, Image
from focusstack.plan.file import plan_to_json
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.runtime.memory_need import StackSize, memory_need

pytestmark = pytest.mark.skipif(os.name == "nt", reason="peaks are read from getrusage")

FEW, MANY = 4, 24
SIZE = (1200, 840)

PROGRAM = """
import resource, sys
from pathlib import Path
from focusstack import StackOptions, plan_stack, stack
task, memory, plan, *files = sys.argv[1:]
if task == "plan":
    plan_stack(files, StackOptions(threads=1))
else:
    stack(files, None, StackOptions(plan=Path(plan), threads=2, memory=int(memory) or None))
status = Path("/proc/self/status")
if status.exists():  # counts from when the program began, not from its parent's peak
    print(status.read_text().split("VmHWM:")[1].split()[0])
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(task: str, plan: Path, files: list[Path], memory: int = 0) -> int:
    """Largest resident size, in kB, of a process that does one of the passes."""
    # Freed memory goes back at once and threads share it, so that peaks are what is in use.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, "-c", PROGRAM, task, str(memory), str(plan), *map(str, files)]
    found = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=300, env=environment
    )
    return int(found.stdout)


def texture(width: int, height: int, grain: int) -> Float32:
    coarse = np.random.default_rng(grain).random((height // grain, width // grain, 3), np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def frames(width: int, height: int, count: int, drift: float = 1.0) -> list[Image]:
    """A wall that drifts by, a broad stripe of it in focus."""
    size = width + 150, height + 110
    sharp = 0.4 * texture(*size, 4) + 0.5 * texture(*size, 25)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 2.5))
    along = np.linspace(0, 1, size[0], dtype=np.float32)[None, :, None]
    found = []
    for k in range(count):
        share = np.exp(-np.square((along - k / (MANY - 1)) / 0.4))
        both = np.clip(share * sharp + (1 - share) * soft, 0, 1)
        zoom = 1 - 0.001 * drift * k
        H = np.array(
            [[zoom, 0, -50 - 3 * drift * np.sin(k)], [0, zoom, -40 - 2 * drift * np.cos(k)]]
        )
        moved = cv2.warpAffine(both, H, (width, height))
        found.append(np.asarray(moved * 235, np.uint8))
    return found


def written(folder: Path, pictures: list[Image]) -> list[Path]:
    folder.mkdir()
    files = [folder / f"IMG_{k}.jpg" for k in range(len(pictures))]
    for path, picture in zip(files, pictures, strict=True):
        write_image(path, picture)
    return files


def planned(folder: Path, files: list[Path], size: tuple[int, int]) -> Path:
    """Save a plan that moves every frame by a fraction of a pixel."""
    plans = tuple(
        FramePlan(path.name, True, None, translation(0.3 * k, 0.1), np.ones(3), None, 0.0, 1.0)
        for k, path in enumerate(files)
    )
    crop = Rect(10, 10, size[0] - 20, size[1] - 20)
    names = tuple(path.name for path in files)
    plan = StackPlan(names[0], size, crop, plans, names)
    path = folder / f"plan_{len(files)}.json"
    path.write_text(plan_to_json(plan))
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return written(tmp_path_factory.mktemp("memory") / "in", frames(*SIZE, MANY))


def test_rendering_many_frames_takes_no_more_memory_than_few(tmp_path: Path) -> None:
    files = written(tmp_path / "in", frames(*SIZE, MANY, drift=0))
    few, many = (peak("render", planned(tmp_path, files[:n], SIZE), files[:n]) for n in (FEW, MANY))
    # Twenty frames kept as they are in the files would be 60 MB, a fifth of the whole.
    assert many < 1.1 * few


def test_planning_many_frames_takes_no_more_memory_than_few(
    files: list[Path], tmp_path: Path
) -> None:
    # Not all of them, since planning takes a second and a half a frame.
    few, many = (peak("plan", tmp_path, files[:n]) for n in (FEW, MANY // 2))
    # Features and matches are kept: a few MB a frame. Eight proxies would be 40 MB.
    assert many < 1.15 * few


def test_rendering_stays_within_a_bound(tmp_path: Path) -> None:
    size = (4200, 3000)
    proxies = proxy_size(*size, proxy_scale(*size))
    stack = StackSize(size[0] * size[1], proxies[0] * proxies[1], channels=3, itemsize=1, count=3)
    bound = memory_need(stack, threads=2, bound=0).bytes  # the least that is promised
    pictures = [np.tile(picture, (3, 3, 1)) for picture in frames(1400, 1000, 3, drift=0)]
    files = written(tmp_path / "in", pictures)
    plan = planned(tmp_path, files, size)
    assert peak("render", plan, files) << 10 > 1.5 * bound
    assert peak("render", plan, files, bound) << 10 < bound
