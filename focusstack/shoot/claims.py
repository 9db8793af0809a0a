"""Who works on which stack: claims as files, so that several machines can share one folder.

A claim is a file that can only be made where there is none, which every network share can do. Its
holder rewrites it now and then. Whoever sees one that has not changed for long, or whose process
has ended on the same machine, takes the stack over by making the file of the next number: one of
several who try succeeds. Clocks of machines are never compared.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from focusstack.runtime.files import output_errors
from focusstack.runtime.memory import psutil

BEAT = 5.0
"""Seconds between two signs of life. Chosen: four of them pass before a claim is stale, so that a
share that stands still for ten seconds costs nothing."""

STALE = 25.0
"""Seconds without a sign of life after which a claim counts for nothing. Chosen: well below the
minute after which people look; the work is done again, not lost, if its holder was only slow."""

_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}


@dataclass
class Claim:
    """A stack that this process works on.

    Attributes
    ----------
    name : str
        Of the stack.
    number : int
        How often it had been claimed before.
    lost : bool
        Whether somebody has taken it over meanwhile.
    """

    name: str
    number: int
    lost: bool = False


@dataclass
class _Seen:
    """What a claim of somebody else's said, and since when."""

    text: bytes
    since: float


class Claims:
    """The claims in a folder; while the ``with`` block lasts, those of this process are kept alive.

    Parameters
    ----------
    folder : path
        Must exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, Claim] = {}
        self._seen: dict[tuple[str, int], _Seen] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._keep_beating, daemon=True, name="claims")

    def __enter__(self) -> Claims:
        self._beating.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._beating.join()
        self.release_all()

    def _path(self, name: str, number: int) -> Path:
        return self._folder / f"{name}.claim-{number}"

    def claim(self, name: str) -> Claim | None:
        """Claim a stack; None if somebody else holds it.

        Raises
        ------
        OutputError
            If no file can be made.
        """
        newest = self._newest(name)
        if newest >= 0 and not self._is_stale(name, newest):
            return None
        with output_errors(self._folder):
            if not _made(self._path(name, newest + 1), _signed(0)):
                return None
        claim = Claim(name, newest + 1)
        with self._lock:
            self._held[name] = claim
        return claim

    def release(self, claim: Claim) -> None:
        """Let go of a stack, whatever became of it."""
        with self._lock:
            self._held.pop(claim.name, None)
            if self._superseded(claim):
                return
            for number in range(claim.number + 1):
                with suppress(OSError):
                    self._path(claim.name, number).unlink(missing_ok=True)

    def release_all(self) -> None:
        """Let go of all stacks that this process holds."""
        for claim in list(self._held.values()):
            self.release(claim)

    def holder(self, name: str) -> str:
        """Return in words who holds a stack; empty if nobody does."""
        told = _read(self._path(name, self._newest(name)))
        return f"{told.get('host')}, process {told.get('pid')}" if told else ""

    def _newest(self, name: str) -> int:
        number = -1
        while self._path(name, number + 1).exists():
            number += 1
        return number

    def _is_stale(self, name: str, number: int) -> bool:
        path = self._path(name, number)
        try:
            text = _bytes(path)
        except OSError:
            return False  # it is being let go
        told = _parsed(text)
        if told and told.get("place") == _place():
            return not _lives(told)
        seen = self._seen.get((name, number))
        if seen is None or seen.text != text:
            self._seen[name, number] = _Seen(text, monotonic())
            return False
        return monotonic() - seen.since > STALE

    def _superseded(self, claim: Claim) -> bool:
        claim.lost = claim.lost or self._path(claim.name, claim.number + 1).exists()
        return claim.lost

    def _keep_beating(self) -> None:
        beat = 0
        while not self._ended.wait(BEAT):
            beat += 1
            with self._lock:
                for claim in self._held.values():
                    if not self._superseded(claim):
                        with suppress(OSError):
                            _replace(self._path(claim.name, claim.number), _signed(beat))


def _made(path: Path, data: bytes) -> bool:
    """Make a file that holds `data` from the beginning; False if there is one already."""
    part = path.with_name(f".{path.name[:80]}.part-{secrets.token_hex(4)}")
    try:
        part.write_bytes(data)
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _made_plainly(path, data)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return True


def _made_plainly(path: Path, data: bytes) -> bool:
    """Make a file where the file system knows no links."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    return True


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name[:80]}.part-{secrets.token_hex(4)}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _signed(beat: int) -> bytes:
    """What a claim of this process says."""
    told = {"host": socket.gethostname(), "place": _place(), "pid": os.getpid(), "beat": beat}
    return json.dumps(told | {"started": _started(os.getpid())}).encode()


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parsed(_bytes(path))
    except OSError:
        return {}


def _bytes(path: Path) -> bytes:
    """What a claim holds, as far as it may be one."""
    with path.open("rb") as file:
        return file.read(4096)


def _parsed(text: bytes) -> dict[str, Any]:
    """What a claim says; nothing if it is none."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


@cache
def _place() -> str:
    """Where numbers of processes mean the same: this machine since it started, this container."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def _lives(told: dict[str, Any]) -> bool:
    """Whether the process that a claim names is still at work."""
    number = told.get("pid")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return False
    return _started(number) == told.get("started") and told.get("started") is not None


def _started(pid: int) -> float | None:
    """When a process began; None if there is none, or it has ended and waits to be seen off.

    Where the system counts that from its own start, as Linux does, that is told: the time of day
    when it began is reckoned anew by every process, and jumps when the clock is set.
    """
    library = psutil()
    try:
        process = library.Process(pid)
        if process.status() == library.STATUS_ZOMBIE:
            return None
        return _ticks(pid) or round(float(process.create_time()), 2)
    except (library.Error, OSError, OverflowError):
        return None


def _ticks(pid: int) -> float | None:
    """Ticks from the start of the system to that of a process; None where they are not told."""
    with suppress(OSError, ValueError, IndexError):
        told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        return float(told.rpartition(")")[2].split()[19])
    return None
