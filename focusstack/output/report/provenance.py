"""How a result was made: versions, options, times, and the command that makes it again."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from focusstack.frames.sources import FrameSource
from focusstack.options import OutputOptions, StackOptions
from focusstack.runtime.progress import StageClock
from focusstack.runtime.version import __version__

LIBRARIES = ("numpy", "opencv-python-headless", "numba", "scikit-image", "pillow")
"""Whose versions may change what comes out."""


@dataclass(frozen=True)
class Provenance:
    """How a result was made.

    Attributes
    ----------
    command : str
        What to type to make it again.
    options : list of (str, str)
        Every option and its value.
    versions : list of (str, str)
        Program, interpreter, libraries, system.
    stages : list of (str, float)
        Each stage of the run and the seconds it took.
    seconds : float
        That the run took.
    """

    command: str
    options: list[tuple[str, str]]
    versions: list[tuple[str, str]]
    stages: list[tuple[str, float]]
    seconds: float


def provenance(
    frames: FrameSource, options: StackOptions, output: OutputOptions, clock: StageClock
) -> Provenance:
    """Tell how a run was made; folders are named without what they lie in."""
    return Provenance(
        _command(frames, options, output),
        _options(options, output),
        versions(),
        clock.stages,
        clock.seconds,
    )


def versions() -> list[tuple[str, str]]:
    """Version of the program and of all that it rests on."""
    found = [("focusstack", __version__), ("Python", platform.python_version())]
    for name in LIBRARIES:
        found.append((name, metadata.version(name)))
    return [*found, ("system", f"{platform.system()} {platform.machine()}")]


def _command(frames: FrameSource, options: StackOptions, output: OutputOptions) -> str:
    """What to type, with the options that change the result and are not the default."""
    plain, given = OutputOptions(Path()), StackOptions()
    parts = ["focusstack", "align" if not output.fused else "run", *_inputs(frames)]
    values = {
        "--output": output.folder.name,
        "--format": output.format if output.format != plain.format else None,
        "--quality": output.quality if output.quality != plain.quality else None,
        "--bit-depth": output.bit_depth,
        "--method": (
            options.fusion.method if options.fusion.method != given.fusion.method else None
        ),
        "--reference": options.reference if options.reference != given.reference else None,
        "--plan": options.plan.name if options.plan else None,
        **_pages(frames, options),
    }
    for name, value in values.items():
        parts += [name, str(value)] if value is not None else []
    flags = {
        "--no-aligned": not output.aligned,
        "--no-local": not options.local,
        "--multipage": output.multipage,
        "--depth": output.maps.depth,
        "--source-map": output.maps.source,
    }
    parts += [name for name, wanted in flags.items() if wanted]
    return shlex.join(parts)


def _pages(frames: FrameSource, options: StackOptions) -> dict[str, str | None]:
    """Which of a file's pages were used; files are named by themselves."""
    if len(set(frames.paths)) == len(frames):
        return {}
    return {
        "--only": ",".join(options.only) or None,
        "--exclude": ",".join(options.exclude) or None,
    }


def _inputs(frames: FrameSource) -> Sequence[str]:
    if not frames.paths:
        return ["INPUT"]
    files = list(dict.fromkeys(Path(path) for path in frames.paths))
    folders = {path.parent for path in files}
    if len(files) > 1 and len(folders) == 1:
        folder = folders.pop()
        suffixes = {path.suffix for path in files}
        if {p.name for p in folder.iterdir() if p.suffix in suffixes} == {p.name for p in files}:
            return [f"{folder.resolve().name}/"]
    return [f"{path.resolve().parent.name}/{path.name}" for path in files]


def _options(options: StackOptions, output: OutputOptions) -> list[tuple[str, str]]:
    found = [*_flat(asdict(options)), *_flat(asdict(output))]
    return [(name, value) for name, value in found if name not in ("overwrite", "resume")]


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        label = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            found += _flat(value, f"{label}: ")
        else:
            shown = value.name if isinstance(value, Path) else value
            found.append((label, "–" if shown is None else str(shown)))
    return found
