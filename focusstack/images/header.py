"""What a format reader hands over: a header at once, the pixels on demand."""

from __future__ import annotations

import contextlib
import errno
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from PIL import ImageFile

from focusstack.images.metadata import Metadata
from focusstack.numeric.arrays import Image

REPAIR = "Copy the file again from its source, or leave it out."
CONVERT = "Save such pictures as RGB or grey JPEG, PNG or TIFF with 8 or 16 bits."
SINGLE = "Save each page as a file of its own."


WITHOUT_EXTRA = "which is read by an extra that is not installed"
"""What is said of a picture whose reader is missing, after its kind."""


class UnreadableError(Exception):
    """Why a file cannot be used (continuing its name), and the remedy."""

    def __init__(self, reason: str, remedy: str = REPAIR) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class Header:
    """What is known before decoding.

    Attributes
    ----------
    width, height : int
        As stored, before the orientation is applied.
    channels : int
        1 (grey) or 3 (RGB), without alpha.
    dtype : dtype
        uint8, uint16 or float32.
    metadata : Metadata
        As stored.
    decode : callable
        Returns the stored pixels ``(H, W)`` or ``(H, W, C)``: grey or RGB, then alpha if any. To be
        called while the file is open.
    note : str or None
        What the user should know.
    page : int
        Where in its file the picture is, counted from 0.
    reduction : int
        By how much smaller than `width` and `height` the pixels come.
    faults : list of str
        What the decoder found damaged, once `decode` has been called.
    unit : int
        Rows of the file that a JPEG codes at once; 0 in other formats.
    unproven : bool
        Whether nothing in the file tells wrong pixels from right ones: WebP without losses.
    """

    width: int
    height: int
    channels: int
    dtype: np.dtype[np.generic]
    metadata: Metadata
    decode: Callable[[], Image]
    note: str | None = None
    page: int = 0
    reduction: int = 1
    faults: list[str] = field(default_factory=list)
    unit: int = 0
    unproven: bool = False


@contextlib.contextmanager
def decoding() -> Iterator[None]:
    """Turn whatever a decoder raises on broken data into one error."""
    try:
        yield
    except UnreadableError:
        raise
    except MemoryError as error:
        raise UnreadableError(
            "needs more memory than there is", "Close other programs, or reduce the pictures."
        ) from error
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):  # it is not the file's fault
            raise
        raise UnreadableError(f"is damaged or truncated ({error})") from error
    except Exception as error:  # decoders fail in every possible way on broken data
        raise UnreadableError(f"is damaged or truncated ({error})") from error


def refuse_spare_end(opened: Callable[[BinaryIO], ImageFile.ImageFile], shorter: bytes) -> None:
    """Refuse a file whose pixels are all there without the last bytes of its data.

    Parameters
    ----------
    opened : callable
        Opens such a file.
    shorter : bytes
        The file without them.

    Raises
    ------
    UnreadableError
        If it is damaged: sound data cannot do without their end.
    """
    try:
        opened(io.BytesIO(shorter)).load()
    except (OSError, RuntimeError, SyntaxError, ValueError):
        return
    raise UnreadableError("is damaged (its data go on behind the last pixel)")


def pillow_pixels(image: ImageFile.ImageFile) -> Image:
    """Decode an 8 bit picture by Pillow to grey or RGB, with alpha if it has any."""
    plain = {"1": "L", "P": "RGB", "RGBX": "RGB", "YCbCr": "RGB"}.get(image.mode, image.mode)
    if plain not in ("L", "LA", "RGB", "RGBA"):
        raise UnreadableError(f"has {image.mode} colours, which are not supported", CONVERT)
    with decoding():
        return np.array(image if plain == image.mode else image.convert(plain))
