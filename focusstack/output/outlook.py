"""What a run would read, leave out and write, how long it would take, and how much memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from focusstack.frames.asked import open_asked
from focusstack.frames.memory_needed import memory_needed
from focusstack.frames.open import Inputs
from focusstack.fusion.registry import check_method
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.folder import asked_output
from focusstack.output.paths import OutputPaths, check_targets, output_dtype

START = 4.0
"""Processor seconds that a run takes before and after its frames: loading, solving, the report
(``python -m benchmarks.speed``, growth with the number of frames)."""

A_FRAME = 0.55
"""Processor seconds for a frame, however large: its proxy is compared (the same runs)."""

A_MEGAPIXEL = 0.043
"""Processor seconds for each megapixel of a frame: decoding, resampling, fusing (the same runs)."""

SHARED = 0.8
"""Share of the work that threads divide among them (the same runs: two threads take 0.6 of it)."""


@dataclass(frozen=True)
class Outlook:
    """What a run would do.

    Attributes
    ----------
    names : tuple of str
        Frames that would be read, in natural order.
    size : (int, int)
        Their width and height.
    notes : tuple of str
        What would be left out, and why.
    folder : path
        Where results would go.
    writes : tuple of str
        What, in words.
    taken : bool
        Whether there is something already.
    seconds : float
        About how long it would take; local displacement takes half as long again.
    bytes : int
        The most memory that it would take.
    """

    names: tuple[str, ...]
    size: tuple[int, int]
    notes: tuple[str, ...]
    folder: Path
    writes: tuple[str, ...]
    taken: bool
    seconds: float
    bytes: int


def foresee_stack(
    inputs: Inputs, output: OutputOptions, options: StackOptions | None = None
) -> Outlook:
    """Return what `stack` would do; nothing is read but the headers of files, nothing written.

    Parameters
    ----------
    inputs : FrameSource, path, sequence of paths or sequence of ndarray
        The frames.
    output : OutputOptions
        What would be written, and where.
    options : StackOptions, optional
        Defaults if not given.

    Raises
    ------
    InputError, UsageError, OutputError
        As `stack`, so far as they are known before the work.

    Examples
    --------
    >>> from focusstack.scene import render_stack
    >>> frames = render_stack("plane", width=240, height=180, frames=3).frames
    >>> foresee_stack(frames, OutputOptions("out")).writes[:2]
    ('fused.png', 'aligned/ (3 frames)')
    """
    options = options or StackOptions()
    frames = open_asked(inputs, options)
    check_method(options.fusion)
    asked = asked_output(output, frames, options)
    paths = OutputPaths(asked, output_dtype(asked, frames.dtype))
    check_targets(paths.targets(frames.names), frames)
    width, height = frames.size
    fused = paths.fused(frames.names[0]) if asked.fused else None
    return Outlook(
        tuple(frames.names),
        frames.size,
        tuple(frames.notes),
        asked.folder,
        tuple(paths.in_words(fused, len(frames))),
        asked.folder.is_dir() and any(asked.folder.iterdir()),
        run_seconds(len(frames), width * height / 1e6, options.threads),
        memory_needed(frames, options).bytes,
    )


def run_seconds(frames: int, megapixels: float, threads: int) -> float:
    """Return about how long a run takes, on a computer like that of the benchmarks.

    Examples
    --------
    >>> round(run_seconds(20, 24, 2))
    21
    """
    work = START + frames * (A_FRAME + A_MEGAPIXEL * megapixels)
    return work * (1 - SHARED + SHARED / threads)


def outlook_lines(outlook: Outlook) -> Sequence[str]:
    """Return what there is to say of it, a line each."""
    names, (width, height) = outlook.names, outlook.size
    span = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
    told = [
        ("read", f"{len(names)} frames of {width} x {height} pixels: {span}"),
        *(("note", note) for note in outlook.notes),
        ("write", f"{outlook.folder}: {', '.join(outlook.writes)}"),
        *([("there", "something is there already")] if outlook.taken else []),
        ("time", f"about {_rounded(outlook.seconds)}"),
        ("memory", f"up to {outlook.bytes / (1 << 30):.1f} GB"),
    ]
    return [f"  {name:<8}  {value}" for name, value in told]


def _rounded(seconds: float) -> str:
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5))} s"
    return f"{round(seconds / 60)} min"
