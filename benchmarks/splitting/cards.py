"""What a card holds: folders of pictures, and which of them belong together."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from benchmarks.splitting.exif import Taken, exif_of, place_note
from focusstack.numeric.arrays import Image

QUALITY = 90
"""Of the JPEGs."""


@dataclass
class Card:
    """Pictures on their way to a folder, and the truth about them.

    Attributes
    ----------
    rng : numpy.random.Generator
        Of the intervals.
    template : str
        Name of a picture by its number.
    number : int
        Of the next picture.
    clock : float
        Seconds since the first.
    taken : Taken or None
        What all shots have in common; without it there is no EXIF.
    groups : list of list of str
        Names of the pictures that belong together, folders included.
    """

    rng: np.random.Generator
    template: str = "IMG_{:04d}.jpg"
    number: int = 1
    clock: float = 0.0
    taken: Taken | None = field(default_factory=Taken)
    groups: list[list[str]] = field(default_factory=list)
    files: dict[str, tuple[Image, bytes]] = field(default_factory=dict)

    def pause(self, least: float, most: float) -> None:
        """Let time go by."""
        self.clock += float(self.rng.uniform(least, most))

    def shoot(
        self,
        frames: Sequence[Image],
        rhythm: Callable[[], float],
        changed: Callable[[int, Taken], Taken] | None = None,
        *,
        more: bool = False,
    ) -> None:
        """Take a stack.

        Parameters
        ----------
        frames : sequence of ndarray
            What is seen.
        rhythm : callable
            Seconds to the next.
        changed : callable, optional
            What is known of the k-th shot instead.
        more : bool
            Whether it belongs to the stack before.
        """
        names = []
        for k, frame in enumerate(frames):
            name = self.template.format(self.number)
            exif = b""
            if self.taken is not None:
                known = replace(self.taken, time=self.clock)
                known = changed(k, known) if changed else known
                exif = exif_of(known)
                if known.note[:6] == b"\1\0\x93\0\3\0":
                    exif = place_note(exif)
            self.files[name] = (frame, exif)
            names.append(name)
            self.number = self.number % 9999 + 1
            self.clock += rhythm()
        if more:
            self.groups[-1] += names
        else:
            self.groups.append(names)

    def write(self, folder: Path) -> None:
        """Write all pictures."""
        for name, (pixels, exif) in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_encoded(pixels, exif))

    def encoded(self) -> Iterator[tuple[str, bytes]]:
        """Yield every picture as JPEG, in the order they were taken."""
        for name, (pixels, exif) in self.files.items():
            yield name, _encoded(pixels, exif)


def _encoded(pixels: Image, exif: bytes) -> bytes:
    out = io.BytesIO()
    told = b"Exif\0\0" + exif if exif else b""
    Pillow.fromarray(pixels).save(out, "JPEG", quality=QUALITY, exif=told)
    return out.getvalue()
