"""The sample set: a still life as a hand-held focus stack, with its truth beside it."""

from __future__ import annotations

import json
from pathlib import Path

from focusstack.errors import OutputError
from focusstack.images.write import write_image
from focusstack.runtime.files import write_atomically
from focusstack.runtime.progress import Progress
from focusstack.scene.stack import RenderedStack, render_stack

QUALITY = 95
"""JPEG quality that keeps the set small without visible blocks."""


def truth(stack: RenderedStack, names: list[str]) -> dict[str, object]:
    """Return what is known about a stack, ready for JSON.

    Parameters
    ----------
    stack : RenderedStack
        The stack.
    names : list of str
        File names of its frames.

    Returns
    -------
    dict
        ``size`` [width, height], ``frames``, ``reference`` (a name), ``matrices`` (frame pixel to
        reference pixel, pixel centres at integers), ``gains`` (on linear R, G, B) and ``focus``
        (inverse depth, 0 far to 1 near).
    """
    height, width = stack.frames[0].shape[:2]
    return {
        "size": [width, height],
        "frames": names,
        "reference": names[stack.reference],
        "matrices": stack.matrices.tolist(),
        "gains": stack.gains.tolist(),
        "focus": stack.focus,
    }


def write_sample(
    folder: str | Path,
    *,
    width: int = 1200,
    height: int = 800,
    progress: Progress | None = None,
) -> list[Path]:
    """Render the sample set into a folder: frames as JPEG and ``truth.json``.

    Parameters
    ----------
    folder : path
        Created if it does not exist.
    width, height : int, optional
        Size of a frame in pixels.
    progress : Progress, optional
        Told of every frame rendered.

    Returns
    -------
    list of Path
        The frames, from near to far focus.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made: {error.strerror}", "Name another folder."
        ) from error
    stack = render_stack(
        "desk", width=width, height=height, frames=10, breathing=0.045, shake=0.004, ev=0.25,
        wb=0.02, noise=0.006, blur=13.0 * width / 1200, seed=7, progress=progress,
    )  # fmt: skip
    names = [f"IMG_{i:04d}.jpg" for i in range(1, len(stack.frames) + 1)]
    for name, frame in zip(names, stack.frames, strict=True):
        write_image(folder / name, frame, quality=QUALITY)
    text = json.dumps(truth(stack, names), indent=1)
    write_atomically(folder / "truth.json", f"{text}\n".encode())
    return [folder / name for name in names]
