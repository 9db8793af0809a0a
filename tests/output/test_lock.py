"""One run at a time in a folder, and no lock that outlives its holder."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from focusstack.errors import OutputError
from focusstack.output import lock as lock_module
from focusstack.output.lock import LOCK, FolderLock

CONTEXT = multiprocessing.get_context("spawn")


def test_the_second_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(OutputError, match="another run is writing") as error:
        second.acquire()
    assert error.value.exit_code == 5
    first.release()
    assert not list(tmp_path.iterdir())
    second.acquire()
    second.release()
    second.release()
    assert not list(tmp_path.iterdir())


def test_a_file_left_behind_locks_nothing(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("12345 elsewhere\n")
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert (tmp_path / LOCK).read_text().split() == [str(os.getpid()), socket.gethostname()]
    lock.release()


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / LOCK).symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError):
        FolderLock(tmp_path).acquire()
    assert (tmp_path / "precious").read_text() == "precious"


def hold(folder: Path) -> None:
    FolderLock(folder).acquire()
    (folder / "held").touch()
    time.sleep(60)


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    process = CONTEXT.Process(target=hold, args=(tmp_path,))
    process.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    with pytest.raises(OutputError):
        FolderLock(tmp_path).acquire()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.join()
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()


def compete(folder: Path, rounds: int) -> None:
    """Enter again and again; leave a mark if somebody else is inside."""
    for _ in range(rounds):
        lock = FolderLock(folder)
        try:
            lock.acquire()
        except OutputError:
            continue
        try:
            (folder / "inside").open("x").close()
            (folder / "inside").unlink()
        except FileExistsError:
            (folder / "two at once").touch()
        lock.release()


def test_never_two_at_once(tmp_path: Path) -> None:
    processes = [CONTEXT.Process(target=compete, args=(tmp_path, 400)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert not list(tmp_path.iterdir())


def test_without_locks_of_the_system_the_holder_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: int) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(lock_module, "_lock", unknown)
    lock = FolderLock(tmp_path)
    (tmp_path / LOCK).write_text(f"{os.getppid()} {socket.gethostname()}\n")
    with pytest.raises(OutputError, match="another run"):
        lock.acquire()
    (tmp_path / LOCK).write_text("77 another-machine\n")
    with pytest.raises(OutputError, match="another run"):
        lock.acquire()
    ended = CONTEXT.Process(target=int)
    ended.start()
    ended.join()
    (tmp_path / LOCK).write_text(f"{ended.pid} {socket.gethostname()}\n")
    lock.acquire()
    lock.release()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["a link", "a folder", "a hard link", "no file"])
def test_what_is_no_lock_is_told_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    folder, precious = tmp_path / "out", tmp_path / "precious"
    folder.mkdir()
    precious.write_text("precious")
    place = folder / LOCK
    makes: dict[str, Callable[[], object]] = {
        "a link": lambda: place.symlink_to(precious),
        "a folder": place.mkdir,
        "a hard link": lambda: place.hardlink_to(precious),
        "no file": lambda: os.mkfifo(place),
    }
    makes[kind]()
    with pytest.raises(OutputError, match=f"{LOCK} is {kind}") as caught:
        FolderLock(folder).acquire()
    assert "Remove it" in caught.value.remedy
    assert precious.read_text() == "precious"
    assert os.path.lexists(place)


def test_the_lock_of_another_folder_of_the_same_name_stays(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    first, second = FolderLock(folder), FolderLock(folder)
    first.acquire()
    folder.rename(tmp_path / "away")
    folder.mkdir()
    second.acquire()
    first.release()
    assert (folder / LOCK).is_file()
    second.release()
