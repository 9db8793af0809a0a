"""Frames in picture files."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

from focusstack.errors import InputError, leaving_out
from focusstack.frames.checks import check_count, check_names, common_kind
from focusstack.frames.damaged import checked
from focusstack.frames.identity import identity, refuse_changed, refuse_copies
from focusstack.images.header import REPAIR
from focusstack.images.jpeg import Spare
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture, Probe, Reading, probe_all, read_picture
from focusstack.images.suffixes import RAW


class FileFrames:
    """Frames in picture files.

    Parameters
    ----------
    paths : sequence of path
        Files in the order of the stack. One that holds several pages counts as so many frames,
        named after the file and the number of the page.
    notes : sequence of str, optional
        What the user should know about how they were chosen.
    reading : Reading, optional
        How files are read; defaults if not given.

    Raises
    ------
    InputError
        If there are fewer than two, one cannot be read, sizes, dtypes or channels differ, two hold
        the same bytes, or two names differ in folder or suffix only. Names the files.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        notes: Sequence[str] = (),
        reading: Reading | None = None,
    ) -> None:
        self.notes = tuple(notes)
        files = [Path(path) for path in paths]
        self._reading = _of_one_development(reading or Reading(), files)
        found = _probed(files, self._reading)
        several = [(path, page) for path, pages in found for page in pages]
        self.paths = [path for path, _ in several]
        self.names = [name for path, pages in found for name in _names(path, len(pages))]
        check_count(len(self.names))
        shown = [str(path.with_name(n)) for path, n in zip(self.paths, self.names, strict=True)]
        check_names([Path(name).stem for name in self.names], shown)
        probes = [page for _, page in several]
        self._pages = [page.page for page in probes]
        self._metadata = [page.metadata for page in probes]
        self.size, self.dtype, self.channels = common_kind(self.names, probes)
        self._identities = {path: identity(path) for path in files}
        refuse_copies(files)

    def __len__(self) -> int:
        return len(self.paths)

    def metadata_of(self, i: int) -> Metadata | None:
        """Return what the file of frame `i` says besides its pixels."""
        return self._metadata[i]

    def reduced(self, reduction: int) -> FileFrames:
        """Return these frames as they are read for a small proxy: smaller where that is faster."""
        smaller = copy(self)
        smaller._reading = replace(self._reading, reduction=reduction)
        return smaller

    def one_by_one(self) -> FileFrames:
        """Return these frames for a reader who lets each go before the next is read.

        Each may take the memory of the one before.
        """
        same = copy(self)
        same._reading = replace(self._reading, spare=Spare())
        return same

    def read(self, i: int) -> Picture:
        """Decode frame `i`.

        Raises
        ------
        DamagedError
            If its pixels are damaged, and damaged frames are not wanted.
        InputError
            If the file cannot be decoded, or has changed since this object was made.
        """
        path = self.paths[i]
        try:
            picture = read_picture(path, self._pages[i], self._reading)
            refuse_changed(path, self._identities[path])
            return checked(picture, str(path), keep=self._reading.keep_damaged)
        except InputError as error:
            if len(self._identities) > 2 and "pip install" not in error.remedy:
                error.changes = (*error.changes, leaving_out([path.name]))
            raise


def _of_one_development(reading: Reading, paths: Sequence[Path]) -> Reading:
    """Give sensor data the white balance of the first frame throughout."""
    raw = [path for path in paths if path.suffix.lower() in RAW]
    if not raw or reading.white_balance is not None:
        return reading
    from focusstack.images.raw import white_balance_of

    return replace(reading, white_balance=white_balance_of(raw[0]))


def _probed(paths: Sequence[Path], reading: Reading) -> list[tuple[Path, list[Probe]]]:
    """Probe every file; the error names all that cannot be read."""
    found, failed = [], []
    unread = []
    for path in paths:
        try:
            found.append((path, probe_all(path, reading)))
        except InputError as error:
            failed.append(error)
            unread.append(path.name)
    if len({error.remedy for error in failed}) == 1 and "pip install" in failed[0].remedy:
        raise failed[0]
    change = [leaving_out(unread)] if len(found) > 1 else []
    if len(failed) > 1:
        more = f"\nand {len(failed) - 8} more." if len(failed) > 8 else ""
        message = "\n".join(error.message for error in failed[:8]) + more
        remedies = {error.remedy for error in failed}
        again = len(remedies) > 1 or REPAIR in remedies
        remedy = "Copy these files again, or leave them out." if again else remedies.pop()
        raise InputError(message, remedy, change)
    if failed:
        failed[0].changes = failed[0].changes or tuple(change)
        raise failed[0]
    return found


def _names(path: Path, pages: int) -> list[str]:
    """Names of the frames in a file: its own, or one for each page."""
    if pages == 1:
        return [path.name]
    width = max(4, len(str(pages)))
    return [f"{path.stem}_{page:0{width}d}{path.suffix}" for page in range(1, pages + 1)]
