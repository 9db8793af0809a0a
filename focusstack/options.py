"""What a user can say, once, for the library and the command line alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from focusstack.fusion.options import FusionOptions

OutputFormat = Literal["auto", "jpg", "png", "tif"]


@dataclass(frozen=True)
class StackOptions:
    """Options of a run.

    Attributes
    ----------
    reference : str
        File name of the frame that does not move, or ``auto``.
    plan : path, optional
        An earlier report.json whose matrices, gains and crop are used again.
    fusion : FusionOptions
        How the frames become one.
    local : bool
        Whether local displacement may be added where a matrix leaves too much.
    workers : int
        Threads; the result does not depend on it.
    """

    reference: str = "auto"
    plan: Path | None = None
    fusion: FusionOptions = field(default_factory=FusionOptions)
    local: bool = True
    workers: int = 2


@dataclass(frozen=True)
class OutputOptions:
    """Where and how results are written.

    Attributes
    ----------
    folder : path
        Created if need be.
    format : str
        ``auto`` (as the input), ``jpg``, ``png`` or ``tif``.
    quality : int
        Of JPEG, 1 to 100.
    aligned, fused : bool
        What to write.
    overwrite : bool
        Whether `folder` may already hold files.
    """

    folder: Path
    format: OutputFormat = "auto"
    quality: int = 95
    aligned: bool = True
    fused: bool = True
    overwrite: bool = False
