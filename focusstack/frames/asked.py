"""The frames that options ask for."""

from __future__ import annotations

from focusstack.frames.open import Inputs, open_frames
from focusstack.frames.selection import Selection
from focusstack.frames.sources import FrameSource
from focusstack.options import StackOptions
from focusstack.runtime.progress import Progress


def open_asked(
    inputs: Inputs,
    options: StackOptions,
    progress: Progress | None = None,
    *,
    every: bool = False,
) -> FrameSource:
    """Open the frames that the options ask for.

    Parameters
    ----------
    inputs : FrameSource, path, iterable of paths or iterable of ndarray
        The frames.
    options : StackOptions
        Which of them, how large they may be, and whether damaged ones count.
    progress : Progress, optional
        Is told what is left out.
    every : bool, optional
        Whether every picture of a folder is a frame.

    Raises
    ------
    InputError, UsageError
        As `focusstack.frames.open.open_frames`.
    """
    limit, keep, wanted = options.max_megapixels, options.keep_damaged, selection_of(options)
    return open_frames(inputs, progress, limit, wanted, keep_damaged=keep, every=every)


def selection_of(options: StackOptions) -> Selection:
    """Return which of the frames the options ask for."""
    return Selection(options.only, options.exclude)
