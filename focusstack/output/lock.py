"""One run at a time writes to a folder, on every system, however the others ended.

The lock is the system's own, on a file in the folder: it ends with the process that holds it, so
that a file which a killed run left behind locks nothing. Where the file system knows no locks, the
file itself is one, and counts for nothing once the process that it names has ended.

A library (filelock) does the same but leaves its file behind, which nobody wants among pictures.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from focusstack.errors import BusyError, OutputError
from focusstack.runtime.files import output_errors

LOCK = ".focusstack-lock"
"""Name of the file that is locked."""

_BUSY = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
_UNKNOWN = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EBADF}


class FolderLock:
    """An exclusive lock on an output folder, which must exist.

    Parameters
    ----------
    folder : path
        The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / LOCK
        self._handle: int | None = None

    def acquire(self) -> None:
        """Lock the folder, at once or not at all.

        Raises
        ------
        BusyError
            If another run holds it.
        OutputError
            If no file can be made in the folder, or what has the name of the lock is none.
        """
        with output_errors(self._folder):
            while self._handle is None:
                self._handle = self._opened()
            with suppress(OSError):
                os.truncate(self._handle, 0)
                os.write(self._handle, f"{os.getpid()} {socket.gethostname()}\n".encode())

    def _opened(self) -> int | None:
        """Handle of the locked file; None if it was removed before it could be locked."""
        self._refuse_others()
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        handle = os.open(self._path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
        try:
            self._refuse_others(os.fstat(handle))
            if not self._locked(handle):
                raise BusyError(
                    f"another run is writing to {self._folder}",
                    "Wait until it has ended, or choose another --output.",
                )
            # Its holder removes the file at last: a lock on a file without a name is none.
            named = self._path.lstat()
            if os.path.samestat(named, os.fstat(handle)):
                return handle
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        return None

    def _refuse_others(self, found: os.stat_result | None = None) -> None:
        """Refuse what has the lock's name and is a link, a folder, or a second name of a file."""
        with suppress(FileNotFoundError):
            found = found or self._path.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_nlink < 2:
                return
            kinds = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder", stat.S_IFREG: "a hard link"}
            kind = kinds.get(stat.S_IFMT(found.st_mode), "no file")
            raise OutputError(
                f"{self._path} is {kind}, not a lock of this program's",
                "Remove it, or choose another --output.",
            )

    def _locked(self, handle: int) -> bool:
        try:
            _lock(handle)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            if error.errno not in _UNKNOWN:
                raise
            return not _holder_lives(handle)
        return True

    def is_held(self) -> bool:
        """Whether the folder is locked still: nobody has removed it or put another there."""
        try:
            return self._handle is not None and os.path.samestat(
                self._path.lstat(), os.fstat(self._handle)
            )
        except OSError:
            return False

    def release(self) -> None:
        """Unlock the folder and leave no file behind."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        with suppress(OSError):  # while it is locked; Windows removes no open file
            if os.path.samestat(self._path.lstat(), os.fstat(handle)):
                self._path.unlink()
        with suppress(OSError):
            os.close(handle)
        if os.name == "nt":
            with suppress(OSError):
                self._path.unlink()


def _lock(handle: int) -> None:
    """Lock an open file for this process alone; OSError if another holds it."""
    if os.name == "nt":
        import msvcrt

        # Beyond its content, which others may read.
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        os.lseek(handle, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder_lives(handle: int) -> bool:
    """Whether the process that a file names may still be at work."""
    named = os.pread(handle, 300, 0).decode(errors="replace").split()
    if len(named) != 2 or not named[0].isdigit():
        return False
    if named[1] != socket.gethostname():
        return True
    try:
        os.kill(int(named[0]), 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return int(named[0]) != os.getpid()
