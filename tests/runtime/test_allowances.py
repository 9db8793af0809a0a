"""What the system does not let a run have is told before the work."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading

import pytest

from focusstack.errors import UsageError
from focusstack.images.header import UnreadableError, decoding
from focusstack.runtime.allowances import (
    FEWEST_FILES,
    LEAST_SPACE,
    check_allowances,
    told_as_limit,
)

resource = pytest.importorskip("resource")

ASK = """
import resource
from focusstack.errors import UsageError
from focusstack.runtime.allowances import check_allowances
resource.setrlimit(resource.{kind}, ({soft}, {hard}))
try:
    check_allowances(2)
except UsageError as error:
    print(error.exit_code, error.message, error.remedy)
else:
    print(*resource.getrlimit(resource.{kind}))
"""


def asked(kind: str, soft: int, hard: int) -> str:
    code = ASK.format(kind=kind, soft=soft, hard=hard)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout.strip()


@pytest.mark.parametrize(("files", "enough"), [(FEWEST_FILES // 2, False), (FEWEST_FILES, True)])
def test_too_few_open_files_are_told(files: int, enough: bool) -> None:
    told = asked("RLIMIT_NOFILE", files, files)
    assert told == f"{files} {files}" if enough else told.startswith("2 the system lets this prog")
    assert enough or "ulimit -n 1024" in told


def test_more_files_are_taken_where_they_are_allowed() -> None:
    assert asked("RLIMIT_NOFILE", 9, 600) == "600 600"
    assert asked("RLIMIT_NOFILE", 1200, 1300) == "1200 1300"


@pytest.mark.parametrize(("share", "enough"), [(0.7, False), (1.4, True)])
def test_too_few_addresses_are_told(share: float, enough: bool) -> None:
    space = int(share * LEAST_SPACE)
    told = asked("RLIMIT_AS", space, space)
    assert told == f"{space} {space}" if enough else "of addresses" in told


def test_threads_that_cannot_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    start, count = threading.Thread.start, iter(range(100))

    def few(self: threading.Thread) -> None:
        if next(count) >= 6:
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", few)
    with pytest.raises(UsageError, match="start 6 threads, not 16") as caught:
        check_allowances(16)
    assert "--threads 3" in caught.value.remedy
    assert not [t for t in threading.enumerate() if t.daemon and "wait" in t.name]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "x"), "open no more files"),
        (OSError(errno.ENFILE, "x"), "open no more files"),
        (MemoryError(), "have no more memory"),
        (OSError(errno.EACCES, "x"), None),
        (ValueError("x"), None),
    ],
)
def test_what_is_used_up_is_told_in_words(error: BaseException, words: str | None) -> None:
    told = told_as_limit(error)
    assert (told is None) == (words is None)
    assert told is None or (words or "") in told.message


def test_no_file_is_blamed_for_what_the_system_does_not_allow() -> None:
    with pytest.raises(OSError, match="too many"), decoding():
        raise OSError(errno.EMFILE, "too many open files")
    with pytest.raises(UnreadableError, match="is damaged"), decoding():
        raise OSError(errno.EIO, "broken data stream")


def test_a_program_that_may_hardly_have_anything_says_so() -> None:
    """Before its libraries are loaded, which would fail without a word that means anything."""
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29)); "
    code += "sys.argv = ['focusstack', 'inspect', '.']; from focusstack.cli import main; main()"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 2
    assert found.stderr.startswith("error: the system lets this program have 0.5 GB of addresses")
