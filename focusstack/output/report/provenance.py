"""How a result was made: versions, options, times, and the command that makes it again."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from focusstack.errors import FocusstackError
from focusstack.frames.as_typed import as_typed
from focusstack.frames.search import survey
from focusstack.frames.selection import Selection
from focusstack.frames.sources import FrameSource
from focusstack.options import OutputOptions, StackOptions
from focusstack.runtime.command_line import CommandLine
from focusstack.runtime.progress import StageClock
from focusstack.runtime.version import __version__

LIBRARIES = ("numpy", "opencv-python-headless", "numba", "pillow", "simplejpeg")
"""Whose versions may change what comes out."""


@dataclass(frozen=True)
class Provenance:
    """How a result was made.

    Attributes
    ----------
    command : CommandLine or None
        What to type in the output folder to make it again; None if there are no files.
    options : list of (str, str)
        Every option as it is typed, and its value.
    versions : list of (str, str)
        Program, interpreter, libraries, system.
    stages : list of (str, float)
        Each stage of the run and the seconds it took.
    seconds : float
        That the run took.
    key : str
        What tells the run from others, so that it is not done twice.
    stack : str
        What the stack is called: as the folder of its frames is, or its file.
    """

    command: CommandLine | None
    options: list[tuple[str, str]]
    versions: list[tuple[str, str]]
    stages: list[tuple[str, float]]
    seconds: float
    key: str = ""
    stack: str = ""


def provenance(
    frames: FrameSource,
    options: StackOptions,
    output: OutputOptions,
    clock: StageClock,
    key: str = "",
) -> Provenance:
    """Tell how a run was made; files are named by the way to them from the output folder."""
    return Provenance(
        _command(frames, options, output),
        [(name, value or "no") for name, value in asked(options, output)],
        versions(),
        clock.stages,
        clock.seconds,
        key,
        stack_name(frames),
    )


def stack_name(frames: FrameSource) -> str:
    """Return what a stack is called: as the folder of its frames is, or the file that holds all."""
    paths = list(dict.fromkeys(Path(path) for path in frames.paths))
    if not paths:
        return ""
    return paths[0].name if len(paths) == 1 else paths[0].resolve().parent.name


def versions() -> list[tuple[str, str]]:
    """Version of the program and of all that it rests on."""
    found = [("focusstack", __version__), ("Python", platform.python_version())]
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):  # it comes under another name, or in a bundle
            found.append((name, metadata.version(name)))
    return [*found, ("system", f"{platform.system()} {platform.machine()}")]


def _command(
    frames: FrameSource, options: StackOptions, output: OutputOptions
) -> CommandLine | None:
    """What to type in the output folder, with what changes the result and is not the default."""
    of_python = callable(options.fusion.method) or not isinstance(options.plan, Path | None)
    if not frames.paths or of_python:
        return None
    words = [(name, value) for name, value in asked(options, output) if value not in ("", None)]
    plain = dict(asked(StackOptions(), OutputOptions(Path())))
    given = [(n, None if v == ON else v) for n, v in words if v != plain.get(n)]
    beside = {
        name: _from(output.folder, path)
        for name, path in (("--plan", options.plan), ("--dust", options.dust))
        if isinstance(path, Path)
    }
    inputs, chosen = _inputs(frames, options)
    return CommandLine(
        "run" if output.fused else "align",
        tuple(_from(output.folder, Path(one)) for one in inputs),
        (
            ("--output", "."),
            ("--overwrite", None),
            *((name, beside.get(name, value)) for name, value in given if name != "--no-fuse"),
            *chosen,
        ),
    )


ON = "yes"
"""What stands for a flag that is set."""


def asked(options: StackOptions, output: OutputOptions) -> list[tuple[str, str | None]]:
    """Return the options of a run as they are typed, with their values; flags have `ON` or none."""

    def flag(wanted: bool) -> str | None:
        return ON if wanted else None

    depth = output.bit_depth
    return [
        ("--format", output.format),
        ("--quality", str(output.quality)),
        ("--bit-depth", "auto" if depth is None else str(depth)),
        ("--name", output.name),
        ("--method", options.fusion.method_name),
        ("--moved", "auto" if options.fusion.moved else "off"),
        ("--edges", options.fusion.edges),
        ("--reference", options.reference),
        ("--plan", options.plan.name if isinstance(options.plan, Path) else None),
        ("--dust", options.dust.name if options.dust else None),
        ("--max-megapixels", f"{options.max_megapixels:g}"),
        ("--no-aligned", flag(not output.aligned)),
        ("--no-fuse", flag(not output.fused)),
        ("--no-local", flag(not options.local)),
        ("--no-report", flag(not output.report)),
        ("--multipage", flag(output.multipage)),
        ("--depth", flag(output.maps.depth)),
        ("--source-map", flag(output.maps.source)),
        ("--keep-damaged", flag(options.keep_damaged)),
    ]


def _from(folder: Path, path: Path) -> str:
    """The way to a file from a folder; its full name where there is none."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return str(path.resolve())


def _inputs(
    frames: FrameSource, options: StackOptions
) -> tuple[list[str], list[tuple[str, str | None]]]:
    """The frames as they would be typed, and the options that choose among them."""
    asked_for = (("--only", options.only), ("--exclude", options.exclude))
    chosen: list[tuple[str, str | None]] = [(name, one) for name, many in asked_for for one in many]
    files = list(dict.fromkeys(Path(path) for path in frames.paths))
    if len(files) < len(frames):  # pages or pictures of a film
        return [str(path) for path in files], chosen
    if chosen and _means(files[0].parent, options, files):
        return [str(files[0].parent)], chosen
    return as_typed(files), []


def _means(folder: Path, options: StackOptions, files: list[Path]) -> bool:
    """Whether a folder, with the names asked for, means these files."""
    try:
        found = survey([folder], Selection(options.only, options.exclude)).files
    except FocusstackError:
        return False
    return {path.resolve() for path in found} == {path.resolve() for path in files}
