"""Times every case in turn with the other programs that are installed, and prints one table."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from benchmarks.speed.cases import PROGRAM, Case, commands, every_case
from benchmarks.speed.floor import floor_of, floors
from benchmarks.speed.frames import write_frames
from benchmarks.speed.process import Run, measured
from focusstack.frames.files import FileFrames
from focusstack.frames.search import survey

STAGES = ("Preparing", "Reading", "Finding", "Aligning", "Local", "Parallax", "Fusing", "Writing")
"""How the stages begin that focusstack names with --verbose."""

HEAD = """
| stack | frames | MP | program | wall s | processor s | floor s | peak MB | wall by fastest other |
|---|---:|---:|---|---:|---:|---:|---:|---:|"""


def run_everything(photos: list[Path], runs: int, names: Sequence[str]) -> None:
    """Time all cases, or those whose names begin with one of `names`, and print them."""
    rows: list[str] = []
    for case in every_case(photos):
        if not names or any(case.name.startswith(name) for name in names):
            rows += _timed(case, case.runs or runs)
            print("\n".join([HEAD, *rows[-4:]]), flush=True)
    print("\n".join([HEAD, *rows]))
    print(f"load at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _timed(case: Case, runs: int) -> list[str]:
    """Run a case in turn with the others; rows of the table."""
    with tempfile.TemporaryDirectory(prefix="speed-") as temporary:
        place = Path(temporary)
        folder = case.folder or _made(case, place / "frames")
        frames = FileFrames(survey([folder]).files)
        wanted = commands(case, folder, place)
        found: dict[str, list[Run]] = {name: [] for name in wanted}
        if not case.cold:
            measured(wanted["focusstack"])  # loops are compiled and files read for the first time
        for number in range(runs):
            for name, command in wanted.items():
                cache = {"NUMBA_CACHE_DIR": str(place / f"cache-{number}")} if case.cold else {}
                found[name].append(measured(command, STAGES, cache))
                shutil.rmtree(place / "out", ignore_errors=True)
        least = floors(frames.paths[0])
    _print_stages(case, found["focusstack"], len(frames), least)
    megapixels = frames.size[0] * frames.size[1] / 1e6
    floor = sum(floor_of(stage, least) or 0.0 for stage in ("Reading", "Finding", "Fusing"))
    fastest = min(
        (_median(of, "wall") for name, of in found.items() if name != "focusstack"), default=None
    )
    rows = []
    for name, of in found.items():
        wall, own = _median(of, "wall"), name == "focusstack"
        ratio = f"{wall / fastest:.2f}" if own and fastest else ""
        cells = [case.name, str(len(frames)), f"{megapixels:.0f}", name, f"{wall:.1f}"]
        cells += [f"{_median(of, 'cpu'):.1f}", f"{floor * len(frames):.1f}" if own else ""]
        cells += [f"{_median(of, 'peak') / 1e6:.0f}", ratio]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _made(case: Case, folder: Path) -> Path:
    """Write the frames of a case in a process apart, whose memory counts nowhere."""
    if not case.megapixels:
        subprocess.run(
            [sys.executable, "-c", PROGRAM, "sample", str(folder)], check=True, capture_output=True
        )
        return folder
    wanted = (folder, case.megapixels, case.frames, case.bits, case.suffix)
    process = get_context("spawn").Process(target=write_frames, args=wanted)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)
    return folder


def _print_stages(case: Case, runs: list[Run], count: int, least: dict[str, float]) -> None:
    """Print each stage's wall time beside what it takes of a processor at least."""
    print(f"{case.name}:")
    for stage in runs[0].stages:
        wall = median(run.stages[stage] for run in runs if stage in run.stages)
        floor = floor_of(stage, least)
        beside = "" if floor is None else f"   floor {floor * count:6.1f} s of a processor"
        print(f"    {stage[:40]:40} {wall:7.1f} s{beside}")


def _median(runs: list[Run], of: str) -> float:
    return float(median(getattr(run, of) for run in runs))
