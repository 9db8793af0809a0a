"""Frames through a fuser, as often as it wants to see them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace

import numpy as np

from focusstack.errors import UsageError
from focusstack.fusion.base import Fused, Fuser, Validity
from focusstack.fusion.registry import make_fuser
from focusstack.images.colour import to_float
from focusstack.numeric.arrays import Float32, Image
from focusstack.numeric.expected import check_pictures
from focusstack.options import FusionOptions
from focusstack.resample.planes import Planes

Pass = Iterable[tuple[Float32 | Planes, Validity | None]]
"""Every frame once, in order, with how far its pixels are to be trusted."""


def fuse(frames: Sequence[Image], options: FusionOptions | None = None) -> Fused:
    """Fuse frames that are aligned and equally exposed.

    Parameters
    ----------
    frames : sequence of (H, W[, 3]) ndarray
        In focus order, all of one shape; uint8, uint16 or float32 0..1, sRGB-encoded.
    options : FusionOptions, optional
        Defaults if not given; whether frames have more than 8 bits is seen from their dtype.

    Returns
    -------
    Fused
        Its image is float32; :func:`focusstack.images.colour.to_dtype` rounds it.

    Raises
    ------
    UsageError
        If there is no frame, or no method of that name.
    ValueError
        If shapes or dtypes differ.

    Examples
    --------
    >>> near, far = np.full((2, 32, 48), 0.5, np.float32)
    >>> fuse([near, far]).image.shape
    (32, 48)
    """
    if isinstance(frames, Sequence) and not len(frames):
        raise UsageError("there is nothing to fuse", "Give at least one frame.")
    check_pictures(frames)
    first = frames[0]
    options = replace(options or FusionOptions(), deep=first.dtype != np.uint8)
    fuser = make_fuser(first.shape, len(frames), options)
    return run_passes(fuser, lambda _: ((to_float(frame), None) for frame in frames))


def name_pass(number: int, passes: int) -> str:
    """Tell people which pass it is, if there are several.

    Examples
    --------
    >>> name_pass(0, 1), name_pass(0, 2)
    ('Fusing', 'Fusing (1 of 2)')
    """
    return "Fusing" if passes == 1 else f"Fusing ({number + 1} of {passes})"


def run_passes(fuser: Fuser, frames: Callable[[int], Pass]) -> Fused:
    """Feed a fuser in as many passes as it wants, and return what it makes.

    Parameters
    ----------
    fuser : Fuser
        Has seen nothing yet.
    frames : callable
        Gives the frames of a pass, by its number from 0: the same ones every time. A generator
        is closed however the pass ends, so that threads which read ahead end with it.

    Examples
    --------
    >>> fuser, frame = make_fuser((32, 48), frames=1), np.zeros((32, 48), np.float32)
    >>> int(run_passes(fuser, lambda number: [(frame, None)]).source.max())
    0
    """
    number = 0
    while number < fuser.passes:  # a fuser may ask for more while it works
        shown = frames(number)
        with closing(shown) if isinstance(shown, Generator) else nullcontext():
            for frame, validity in shown:
                fuser.add(frame, validity)
                del frame  # before the next one is asked for
        fuser.end_pass()
        number += 1
    return fuser.result()
