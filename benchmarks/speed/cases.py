"""All that is timed by one command: first runs, small and large stacks, many frames, real ones."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "from focusstack.cli import main; main()"

PEERS = {
    "focusweave": "focusweave {input} --min-shift 0 --keep-size --output {output}.jpg",
    "openfocus": "openfocus -i {input} -o {output}.png",
}
"""Other programs, and how they fuse a folder: those that are installed run in turn with this."""


@dataclass(frozen=True)
class Case:
    """One stack, and how it is run.

    Attributes
    ----------
    name : str
        For people.
    megapixels, frames, bits, suffix
        Of rendered frames; 0 megapixels are the sample set.
    folder : Path or None
        Frames that are not rendered.
    cold : bool
        Whether nothing is compiled before every run.
    options : str
        Of focusstack run.
    runs : int or None
        If other than asked for.
    """

    name: str
    megapixels: float = 0
    frames: int = 10
    bits: int = 8
    suffix: str = ".jpg"
    folder: Path | None = None
    cold: bool = False
    options: str = "--no-aligned"
    runs: int | None = None


def every_case(photos: list[Path]) -> list[Case]:
    """Return what is timed, the cheapest first; `photos` are folders of real frames."""
    return [
        Case("sample, first run", cold=True, options=""),
        Case("16 bits, first run", 1, bits=16, suffix=".tif", cold=True, options=""),
        Case("sample", options=""),
        Case("small frames", 3, 12),
        Case("small frames, 16 bits", 3, 12, 16, ".tif"),
        *(Case(folder.name, folder=folder) for folder in photos),
        *(Case(f"{f.name}, aligned frames", folder=f, options="") for f in photos),
        Case("large frames", 24, 20),
        Case("many large frames", 24, 200, runs=1),
    ]


def commands(case: Case, frames: Path, place: Path) -> dict[str, list[str]]:
    """Return how each program fuses the frames of a case into `place`, this one first."""
    ours = [sys.executable, "-c", PROGRAM, "run", str(frames), "--output", str(place / "out")]
    found = {"focusstack": [*ours, "--overwrite", "--verbose", *shlex.split(case.options)]}
    for name, command in {} if case.cold else PEERS.items():
        if shutil.which(name):
            filled = command.format(input=shlex.quote(str(frames)), output=place / name)
            found[name] = shlex.split(filled)
    return found
