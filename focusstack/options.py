"""Everything a user can ask for. The defaults need no touching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from focusstack.errors import AS_TIFF, Change, UsageError
from focusstack.images.limits import MOST_MEGAPIXELS
from focusstack.runtime.cores import usable_cores
from focusstack.runtime.memory import parse_bytes


@dataclass(frozen=True)
class MapOptions:
    """Which maps are written.

    Attributes
    ----------
    depth : bool
        Focus index, and how sure it is.
    source : bool
        Frame that each pixel comes from.
    """

    depth: bool = False
    source: bool = False

    def names(self, prefix: str = "") -> list[str]:
        """Return the file names."""
        depth = [f"{prefix}depth.png", f"{prefix}depth-confidence.png"] if self.depth else []
        return depth + ([f"{prefix}source-map.png"] if self.source else [])


EdgesHow = Literal["fast", "layers"]


@dataclass(frozen=True)
class FusionOptions:
    """Options of every fusion method.

    Attributes
    ----------
    method : str, callable or class
        Name of a method in ``focusstack.fusion.registry.FUSERS``, or one of your own that takes and
        gives plain arrays (`focusstack.fusion.given.GivenFuser`).
    radius : float, optional
        Reach in pixels of the window over which sharpness is judged. Larger is calmer, smaller
        follows finer outlines. None lets the method choose.
    smoothing : float, optional
        How far the depth map is smoothed, in pixels of half the size. None is not at all: only
        what has no texture takes its depth from its surroundings.
    motion : bool
        Whether detail found elsewhere in other frames means that something moved. False where
        frames are placed by what is sharp in them: what is blurred then lies beside its place. What
        is in some frames only is found anyway.
    moved : bool
        Whether anything that moves is looked for at all; if not, every place shows what is
        sharpest there, and what moved may be seen twice.
    edges : str
        ``fast``: near steps in depth as everywhere. ``layers``: there the frames are explained by a
        few layers where frames that were kept back bear it out (`focusstack.fusion.layers`).
    astray : float
        Pixels by which frames lie beside their places, root mean square: what that may explain is
        not told as moved.
    threads : int
        Threads; the result does not depend on it.
    deep : bool
        Whether 16-bit frames are fused, rather than 8-bit ones, which takes more memory.
    """

    method: str | Callable[..., Any] = "auto"
    radius: float | None = None
    smoothing: float | None = None
    motion: bool = True
    moved: bool = True
    edges: EdgesHow = "fast"
    astray: float = 0.0
    threads: int = 2
    deep: bool = True

    @property
    def method_name(self) -> str:
        """What the method is called."""
        if isinstance(self.method, str):
            return self.method
        return str(getattr(self.method, "__name__", type(self.method).__name__))


class GivenPlan(Protocol):
    """A plan in memory; see `focusstack.plan.model.StackPlan`."""

    @property
    def reference(self) -> str:
        """The frame that does not move."""


OutputFormat = Literal["auto", "jpg", "png", "tif"]


@dataclass(frozen=True)
class StackOptions:
    """Options of a run.

    Attributes
    ----------
    reference : str
        File name of the frame that does not move, or ``auto``.
    plan : path or StackPlan, optional
        An earlier report.json, or a plan, whose matrices, gains and crop are used again.
    fusion : FusionOptions
        How the frames become one.
    local : bool
        Whether local displacement may be added where a matrix leaves too much.
    threads : int
        Threads, at least 1; by default one for each core. The result does not depend on it.
    memory : int, optional
        Bytes that the run should stay within, or an amount of them such as ``600M``; half of what
        is free if not given. Where that is short, frames are not read ahead, and what is as large
        as a frame lies in a file; the result does not depend on it.
    max_megapixels : float
        Pictures that claim more are refused.
    only, exclude : tuple of str
        Names or globs of the frames to use, all if there are none, and of those of them to leave
        out; see `focusstack.frames.selection.Selection`.
    dust : path, optional
        A shot of a white or dark surface by the same camera, in which marks on the sensor show.
    keep_damaged : bool
        Whether frames whose files are damaged are used as they decode, instead of being left out.

    Raises
    ------
    UsageError
        If a number makes no sense.
    """

    reference: str = "auto"
    plan: Path | GivenPlan | None = None
    fusion: FusionOptions = field(default_factory=FusionOptions)
    local: bool = True
    threads: int = field(default_factory=usable_cores)
    memory: int | None = None
    max_megapixels: float = MOST_MEGAPIXELS
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    dust: Path | None = None
    keep_damaged: bool = False

    def __post_init__(self) -> None:
        given: dict[str, object] = {"memory": self.memory}
        if isinstance(given["memory"], str):
            object.__setattr__(self, "memory", _amount(given["memory"]))
        for name in ("plan", "dust"):
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, Path(getattr(self, name)))
        for name in ("only", "exclude"):  # one name is as good as a list of one
            names = getattr(self, name)
            object.__setattr__(self, name, (names,) if isinstance(names, str) else tuple(names))
        if not _is_number(self.threads, Integral) or self.threads < 1:
            raise UsageError(f"threads={self.threads!r:.40} does no work", "Give 1 or more.")
        if self.memory is not None and not (_is_number(self.memory) and self.memory > 0):
            raise UsageError(
                f"memory={self.memory!r:.40} holds no frame", "Give a positive number."
            )
        if not (_is_number(self.max_megapixels) and self.max_megapixels > 0):
            raise UsageError(
                f"max_megapixels={self.max_megapixels!r:.40} lets no picture through",
                "Give a positive number.",
            )


def _is_number(given: object, kind: type = Real) -> bool:
    return isinstance(given, kind)


def _amount(text: str) -> int:
    """Bytes that people ask for."""
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise UsageError(f"memory: {error}", "Give it as 600M or 4G, or in bytes.") from error


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
    bit_depth : int, optional
        8 or 16 bits; as the input if not given. JPEG has 8.
    multipage : bool
        Whether the aligned frames become the pages of one TIFF, ``aligned.tif``, in focus order.
    resume : bool
        Whether to go on from what an interrupted run left in `folder`.
    maps : MapOptions
        Which maps are written beside the composite.
    report : bool
        Whether ``report.html`` is written; ``report.json`` always is.
    name : str
        Of the composite, without suffix; maps begin with it, unless it is the usual one. What
        stands between braces is filled in (`focusstack.output.naming.FIELDS`).
    catalogue : str
        Number of the composite in a collection, which its EXIF and XMP then name.

    Raises
    ------
    UsageError
        If a value is unknown or two contradict each other.
    """

    folder: Path
    format: OutputFormat = "auto"
    quality: int = 95
    aligned: bool = True
    fused: bool = True
    overwrite: bool = False
    bit_depth: int | None = None
    multipage: bool = False
    resume: bool = False
    maps: MapOptions = field(default_factory=MapOptions)
    report: bool = True
    name: str = "fused"
    catalogue: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))
        if self.format not in get_args(OutputFormat):
            raise UsageError(
                f"there is no output format {self.format!r}",
                f"Choose one of {', '.join(get_args(OutputFormat))}.",
            )
        if not 1 <= self.quality <= 100:
            raise UsageError(f"quality {self.quality} is not in 1..100", "95 is the default.")
        if self.bit_depth not in (None, 8, 16):
            raise UsageError(f"there is no bit depth {self.bit_depth}", "Choose 8 or 16.")
        if self.format == "jpg" and self.bit_depth == 16:
            raise UsageError("JPEG holds 8 bits, not 16", "TIFF and PNG hold 16.", [AS_TIFF])
        if self.multipage and not self.aligned:
            raise UsageError(
                "multipage is how aligned frames are written, and none are",
                "They contradict each other.",
                [
                    Change("To write aligned frames", drop=("--no-aligned",)),
                    Change("To write none", drop=("--multipage",)),
                ],
            )
        if self.resume and self.overwrite:
            raise UsageError(
                "resume goes on from an earlier run, overwrite starts again",
                "Give one of them.",
                [
                    Change("To go on", drop=("--overwrite",)),
                    Change("To start again", drop=("--resume",)),
                ],
            )
