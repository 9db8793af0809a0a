"""Bursts are stacked while somebody shoots, once all of each is there."""

from __future__ import annotations

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.shoots.shooting import write_shoot
from focusstack.errors import InputError
from focusstack.options import OutputOptions, StackOptions
from focusstack.shoot.arrivals import HOPELESS, PATIENCE, SETTLED, SHORTEST, Arrivals
from focusstack.shoot.gathering import find_pictures
from focusstack.shoot.settings import BatchOptions
from focusstack.shoot.state import StackState
from focusstack.shoot.watching import Watch, watch_folder

OPTIONS = BatchOptions(stack=StackOptions(threads=1), jobs=1)


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two stacks of three frames, as a camera has them."""
    folder = tmp_path_factory.mktemp("camera")
    write_shoot(folder, 2, 3)
    return sorted(folder.iterdir())


@pytest.fixture
def tether(tmp_path: Path) -> Path:
    folder = tmp_path / "tether"
    folder.mkdir()
    return folder


def output(tmp_path: Path) -> OutputOptions:
    return OutputOptions(tmp_path / "out", report=False, aligned=False, format="png")


def arrive(folder: Path, *paths: Path) -> list[Path]:
    return [Path(shutil.copy(path, folder)) for path in paths]


# When a burst is over --------------------------------------------------------------------------


def test_a_burst_is_over_when_nothing_arrives(camera: list[Path]) -> None:
    arrivals = Arrivals()
    for k in range(3):
        arrivals.look(camera[: k + 1], 0.5 * k)
    for now in (1.5, 2.5, 1.0 + 0.8 * SHORTEST):
        arrivals.look(camera[:3], now)
        assert not arrivals.is_over(now)
    arrivals.look(camera[:3], 1.0 + 1.2 * SHORTEST)
    assert arrivals.is_over(1.0 + 1.2 * SHORTEST)


def test_slow_bursts_are_waited_for(camera: list[Path]) -> None:
    arrivals = Arrivals()
    for k in range(4):
        arrivals.look(camera[: k + 1], 3.0 * k)
    assert arrivals.wanted_quiet() == pytest.approx(3 * PATIENCE)
    assert Arrivals(7.5).wanted_quiet() == 7.5


def test_nobody_waits_for_ever(camera: list[Path]) -> None:
    arrivals = Arrivals()
    for k in range(4):
        arrivals.look(camera[: k + 1], 60.0 * k)
    assert arrivals.wanted_quiet() == HOPELESS


def test_files_that_are_being_written_are_waited_for(camera: list[Path], tether: Path) -> None:
    whole = camera[0].read_bytes()
    path = tether / "IMG_0001.jpg"
    path.write_bytes(whole[: len(whole) // 2])
    arrivals = Arrivals(0.5)
    for now in (0.0, 5.0, HOPELESS - 1):
        arrivals.look([path], now)
        assert not arrivals.is_over(now), "its end is not there"
    path.write_bytes(whole)
    now = HOPELESS
    arrivals.look([path], now)
    assert not arrivals.is_over(now + SETTLED / 2)
    arrivals.look([path], now + 1.1 * SETTLED)
    assert arrivals.is_over(now + 1.1 * SETTLED)


def test_damaged_files_are_not_waited_for_for_ever(tether: Path) -> None:
    path = tether / "IMG_0001.jpg"
    path.write_bytes(b"half of a picture")
    arrivals = Arrivals(0.5)
    arrivals.look([path], 0.0)
    arrivals.look([path], 1.1 * HOPELESS)
    assert arrivals.is_over(1.1 * HOPELESS)


def test_files_that_vanish_are_forgotten(camera: list[Path], tether: Path) -> None:
    arrivals = Arrivals(0.5)
    arrivals.look([tether / "gone.jpg", camera[0]], 0.0)
    assert list(arrivals.files) == [camera[0]]


# A folder --------------------------------------------------------------------------------------


def test_each_burst_is_stacked_once(camera: list[Path], tether: Path, tmp_path: Path) -> None:
    watch = Watch(tether, output(tmp_path), OPTIONS, 2.0)
    heard: list[StackState] = []
    arrive(tether, *camera[:3])
    (tether / "IMG_0009.jpg.part").write_bytes(b"of an FTP client")
    (tether / ".IMG_0009.jpg").write_bytes(b"of a tether program")
    assert watch.look(0.0) == []
    assert watch.look(1.5) == []
    paths = watch.look(3.0)
    assert [path.name for path in paths] == [path.name for path in camera[:3]]
    with ThreadPoolExecutor(1) as pool:
        assert watch.stack(paths, pool, heard.append) == 1
        assert watch.look(4.0) == []
        arrive(tether, *camera[3:])
        assert watch.look(5.0) == []
        watch.look(6.5)
        assert watch.stack(watch.look(8.0), pool, heard.append) == 2
        assert watch.look(20.0) == []
    assert [state.name for state in heard] == [
        "tether-IMG_0001", "tether-IMG_0001", "tether-IMG_0004"
    ]  # fmt: skip
    assert [state.tries for state in heard] == [1, 1, 1]


def test_a_stack_that_goes_on_is_stacked_again(
    camera: list[Path], tether: Path, tmp_path: Path
) -> None:
    watch = Watch(tether, output(tmp_path), OPTIONS, 2.0)
    heard: list[StackState] = []
    arrive(tether, *camera[:2])
    watch.look(0.0)
    watch.look(1.5)
    with ThreadPoolExecutor(1) as pool:
        watch.stack(watch.look(3.0), pool, heard.append)
        arrive(tether, camera[2])
        watch.look(4.0)
        watch.look(5.5)
        watch.stack(watch.look(7.0), pool, heard.append)
    assert [(state.name, state.row.used) for state in heard] == [
        ("tether-IMG_0001", 2), ("tether-IMG_0001", 3)
    ]  # fmt: skip


def test_it_watches_until_it_is_stopped(camera: list[Path], tether: Path, tmp_path: Path) -> None:
    watch = Watch(tether, output(tmp_path), OPTIONS, 0.5)
    heard: list[StackState] = []
    stop = threading.Event()

    def shoot() -> None:
        time.sleep(0.3)
        for path in camera[:3]:
            arrive(tether, path)
            time.sleep(0.1)

    def told(state: StackState) -> None:
        heard.append(state)
        stop.set()

    with ThreadPoolExecutor(2) as pool:
        shooting = pool.submit(shoot)
        watch_folder(watch, told, pool, stop)
        shooting.result()
    assert [(state.name, state.status) for state in heard] == [("tether-IMG_0001", "done")]


def test_what_is_no_folder(tether: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        Watch(tether / "nowhere", output(tmp_path), OPTIONS)


# What goes meanwhile ---------------------------------------------------------------------------


def test_pictures_that_are_sorted_out_meanwhile_end_no_watch(
    camera: list[Path], tether: Path, tmp_path: Path
) -> None:
    watch = Watch(tether, output(tmp_path), OPTIONS, 1.0)
    files = arrive(tether, *camera[:4])
    assert watch.look(0.0) == []
    paths = watch.look(SETTLED)
    assert paths == files
    files[3].unlink()
    with ThreadPoolExecutor(1) as pool:
        assert watch.stack(paths, pool, lambda _: None) == 0
        again = watch.look(2 * SETTLED)
        assert again == files[:3]
        assert watch.stack(again, pool, lambda _: None) == 1


def test_a_folder_that_goes_while_it_is_looked_at_holds_nothing(
    camera: list[Path], tether: Path
) -> None:
    (tether / "copying").mkdir()
    arrive(tether, camera[0])
    arrive(tether / "copying", camera[1])
    found = find_pictures([tether], set())
    assert next(found) == tether / camera[0].name
    shutil.rmtree(tether / "copying")
    assert list(found) == []
