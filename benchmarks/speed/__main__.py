"""Time whole runs of focusstack, from the files to the composite, beside other programs.

python -m benchmarks.speed --all                          first runs, small and large stacks
python -m benchmarks.speed --all --photos insect keyboard     and real ones
python -m benchmarks.speed                                20 frames of 12 megapixels, JPEG
python -m benchmarks.speed --megapixels 24 --frames 200   of any size and number
python -m benchmarks.speed --megapixels 2 12 48         growth: a table
python -m benchmarks.speed --bits 16 --suffix .tif        of 16 bits
python -m benchmarks.speed --input photos                 real frames
python -m benchmarks.speed --options=--memory=1G          other options of focusstack run
python -m benchmarks.speed --vs 'other {input} --output {output}.jpg'   in turn, with ratios
"""

from __future__ import annotations

import argparse
import platform
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from benchmarks.speed.cases import PROGRAM
from benchmarks.speed.everything import STAGES, run_everything
from benchmarks.speed.frames import write_frames
from benchmarks.speed.process import Run, measured
from focusstack.frames.files import FileFrames
from focusstack.frames.search import survey
from focusstack.runtime.cores import usable_cores


def main() -> None:
    chosen = _chosen()
    if chosen.all is not None:
        run_everything(chosen.photos, chosen.runs, chosen.all)
        return
    print(f"{usable_cores()} cores, {platform.machine()}; medians of {chosen.runs} runs")
    sizes = [(m, n) for m in chosen.megapixels for n in chosen.frames]
    rows = [_raced(chosen, *size) for size in (sizes if chosen.input is None else sizes[:1])]
    if len(rows) > 1:
        print("\n".join([HEAD, *rows]))


def _raced(chosen: argparse.Namespace, wished: float, count: int) -> str:
    """Run everything on frames of one size and number, and print it; return a row of a table."""
    with tempfile.TemporaryDirectory(prefix="speed-") as temporary:
        place = Path(temporary)
        folder = chosen.input or place / "frames"
        if chosen.input is None:
            _render(folder, wished, count, chosen.bits, chosen.suffix)
        frames = FileFrames(survey([folder]).files)
        megapixels = frames.size[0] * frames.size[1] / 1e6
        print(f"{len(frames)} frames of {megapixels:.1f} MP, {8 * frames.dtype.itemsize} bits")
        ours = [sys.executable, "-c", PROGRAM, "run", str(folder), "--output"]
        ours += [str(place / "out"), "--overwrite", "--verbose", *shlex.split(chosen.options)]
        other = chosen.vs.format(input=shlex.quote(str(folder)), output=place / "other")
        commands = [ours, *([shlex.split(other)] if chosen.vs else [])]
        runs = _in_turn(commands, place, chosen.runs)
    _print("focusstack", runs[0], len(frames), megapixels)
    if chosen.vs:
        _print(commands[1][0], runs[1], len(frames), megapixels)
        for name in ("wall", "cpu", "peak"):
            pairs = zip(runs[0], runs[1], strict=True)
            ratio = median(getattr(a, name) / getattr(b, name) for a, b in pairs)
            print(f"focusstack / {Path(commands[1][0]).name}, {name}: {ratio:.2f}")
    return _row(runs[0], len(frames), megapixels)


HEAD = """
| frames | megapixels | wall s | s a frame | processor s | ms a frame and megapixel | peak MB |
|---|---|---|---|---|---|---|"""


def _row(runs: Sequence[Run], frames: int, megapixels: float) -> str:
    wall, cpu, peak = (median(getattr(r, key) for r in runs) for key in ("wall", "cpu", "peak"))
    each = 1000 * cpu / frames / megapixels
    cells = (frames, f"{megapixels:.0f}", f"{wall:.1f}", f"{wall / frames:.2f}", f"{cpu:.1f}")
    return f"| {' | '.join(map(str, cells))} | {each:.0f} | {peak / 1e6:.0f} |"


def _render(*arguments: object) -> None:
    """Write frames in a process apart: the memory of this one would count in those it starts."""
    process = get_context("spawn").Process(target=write_frames, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--all", nargs="*", metavar="CASE", help="each case, or those named")
    parser.add_argument("--photos", type=Path, nargs="+", default=[], metavar="FOLDER")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12], metavar="M")
    parser.add_argument("--frames", type=int, nargs="+", default=[20], metavar="N")
    parser.add_argument("--bits", type=int, choices=(8, 16), default=8)
    parser.add_argument("--suffix", default=".jpg", metavar=".EXT", help="of rendered frames")
    parser.add_argument("--input", type=Path, metavar="FOLDER", help="frames, not rendered ones")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    parser.add_argument("--options", default="--no-aligned", help="of focusstack run")
    parser.add_argument("--vs", default="", metavar="COMMAND", help="with {input} and {output}")
    return parser.parse_args()


def _in_turn(commands: Sequence[Sequence[str]], place: Path, count: int) -> list[list[Run]]:
    """Run all commands one after the other, `count` times, after a start that is not counted."""
    runs: list[list[Run]] = [[] for _ in commands]
    measured(commands[0], STAGES)  # loops are compiled and files read for the first time
    for _ in range(count):
        for command, found in zip(commands, runs, strict=True):
            found.append(measured(command, STAGES))
            shutil.rmtree(place / "out", ignore_errors=True)
    return runs


def _print(name: str, runs: Sequence[Run], frames: int, megapixels: float) -> None:
    wall, cpu = (median(getattr(r, key) for r in runs) for key in ("wall", "cpu"))
    peak = median(r.peak for r in runs) / 1e6
    print(
        f"{Path(name).name}: {wall:.1f} s wall, {wall / frames:.2f} s a frame, "
        f"{1000 * wall / frames / megapixels:.0f} ms a frame and megapixel; "
        f"{cpu:.1f} s of processors, {1000 * cpu / frames / megapixels:.0f} ms; peak {peak:.0f} MB"
    )
    for stage in runs[0].stages:
        print(f"    {stage:24} {median(r.stages[stage] for r in runs if stage in r.stages):7.1f} s")


if __name__ == "__main__":
    main()
