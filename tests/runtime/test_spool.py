"""What is kept of frames, in memory and on disk."""

from __future__ import annotations

import errno
from typing import Any

import numpy as np
import pytest

from focusstack.errors import OutputError
from focusstack.runtime.spool import Spool


class Full:
    """A file on a full disk."""

    def __init__(self) -> None:
        self.closed = False

    def seek(self, _: int) -> None:
        pass

    def write(self, _: Any) -> None:
        pass  # the buffer takes it

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self) -> None:
        self.closed = True
        self.flush()


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Full()
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)
    with Spool() as spool:
        with pytest.raises(OutputError, match="the disk is full") as caught:
            spool.put("a", np.zeros(10))
        assert "TMPDIR" in caught.value.remedy
        with pytest.raises(KeyError):
            spool.get("a")
    assert full.closed


def test_a_folder_without_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", none)
    with pytest.raises(OutputError, match="you may not write there"):
        Spool()


def test_what_was_written_is_read() -> None:
    with Spool(100) as spool:
        spool.put("small", np.arange(5))
        spool.put("large", np.arange(500.0), np.eye(7, dtype=np.float32))
        assert np.array_equal(spool.get("small")[0], np.arange(5))
        numbers, eye = spool.get("large")
        assert np.array_equal(numbers, np.arange(500.0))
        assert np.array_equal(eye, np.eye(7))
