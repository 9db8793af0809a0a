"""What a machine is prepared for is compiled before the work, once, as a stage of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import focusstack
from focusstack.errors import OutputError
from focusstack.frames.in_memory import ArrayFrames
from focusstack.options import FusionOptions, StackOptions
from focusstack.runtime import prepared
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import render_stack
from focusstack.second_pass import prepare as preparing
from focusstack.second_pass.prepare import STAGE, prepare, prepare_everything

FRAMES = render_stack("plane", width=240, height=180, frames=3, blur=3, seed=4).frames


class Heard(Silent):
    """Notes stages and warnings."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.warnings: list[str] = []

    def start(self, stage: str, total: int) -> None:  # noqa: ARG002
        self.stages.append(stage)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing is noted yet; loops themselves lie where they always do."""
    monkeypatch.setattr(prepared, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_it_is_the_first_stage_of_the_first_run(cache: Path) -> None:
    first, second = Heard(), Heard()
    focusstack.stack(FRAMES, progress=first)
    focusstack.stack(FRAMES, progress=second)
    assert first.stages[:2] == [STAGE, "Reading frames"]
    assert second.stages == first.stages[1:]
    assert not any("prepare" in text for text in first.warnings)
    assert [p.name.rpartition("-")[0] for p in cache.iterdir()] == ["prepared-run-uint8-3-auto"]


def test_each_kind_is_prepared_for_by_itself(cache: Path) -> None:
    grey = ArrayFrames([f[..., 0].astype(np.uint16) * 257 for f in FRAMES])
    other = StackOptions(fusion=FusionOptions(method="pyramid"))
    for frames, options, work in (
        (ArrayFrames(FRAMES), StackOptions(), "measure"),
        (ArrayFrames(FRAMES), other, "fuse"),
        (grey, StackOptions(), "run"),
    ):
        for stages in ([STAGE], []):
            heard = Heard()
            prepare(frames, options, heard, work)  # type: ignore[arg-type]
            assert heard.stages == stages
    assert len(list(cache.iterdir())) == 3


def test_where_nothing_can_be_kept_it_is_said_once_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(preparing, "usable_cores", lambda: 1)  # loops are taken from where they lie
    for folder in (None, tmp_path / "file"):
        monkeypatch.setattr(prepared, "cache_folder", lambda folder=folder: folder)
        heard = Heard()
        focusstack.stack(FRAMES, progress=heard)
        assert heard.stages[0] == STAGE
        (warning,) = [text for text in heard.warnings if "prepare anew" in text]
        assert "NUMBA_CACHE_DIR" in warning


def test_another_compiler_or_loop_is_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    before = prepared._state.__wrapped__()  # type: ignore[attr-defined]
    assert prepared._state.__wrapped__() == before  # type: ignore[attr-defined]
    monkeypatch.setattr(numba, "__version__", "another")
    assert prepared._state.__wrapped__() != before  # type: ignore[attr-defined]


COUNTING = """
import sys
from pathlib import Path
import numpy as np
import focusstack
from focusstack.runtime import compiler, prepared
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import render_stack

prepared.cache_folder = lambda: Path(sys.argv[1])
made, after = [], []
compiler._LISTENERS.append(lambda: made.append(1))

class Counting(Silent):
    def finish(self):
        after.append(len(made))

frames = render_stack("steps", width=480, height=360, frames=4, blur=4, seed=5).frames
focusstack.stack(frames, sys.argv[1] + "-out", progress=Counting())
print(*after)
"""


def test_nothing_is_compiled_in_any_other_stage(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", COUNTING, str(tmp_path / "cache")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, *others = map(int, ran.stdout.split())
    assert first > 20
    assert set(others) == {first}


def test_what_a_second_process_compiles_is_found_here(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only where a core is idle: with one thread, or a bound on memory, it is done here.
    asked = []

    @contextmanager
    def noted(module: str, function: str, arguments: Sequence[str]) -> Iterator[None]:
        asked.append((module, function, *arguments))
        yield

    monkeypatch.setattr(preparing, "in_second_process", noted)
    monkeypatch.setattr(preparing, "usable_cores", lambda: 2)
    for options in (
        StackOptions(threads=1),
        StackOptions(threads=2, memory=10**9),
        StackOptions(threads=2, fusion=FusionOptions(method=lambda *_: None)),
        StackOptions(threads=2, local=False),
    ):
        prepare(ArrayFrames(FRAMES), options, Silent())
        for mark in cache.iterdir():
            mark.unlink()
    ((module, function, *arguments),) = asked
    assert (module, arguments[:4]) == (preparing.__name__, ["uint8", "3", "auto", ""])
    monkeypatch.setattr(prepared, "keep_in", lambda _: None)
    getattr(preparing, function)(*arguments[:4], str(tmp_path))


def test_where_nothing_can_be_kept_processes_share_a_folder_for_the_time_being(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from numba import config

    before = config.CACHE_DIR  # type: ignore[attr-defined]
    with prepared.some_cache() as known:
        assert known == before
    monkeypatch.setattr(prepared, "cache_folder", lambda: None)
    with prepared.some_cache() as lent:
        assert lent == config.CACHE_DIR  # type: ignore[attr-defined]
        assert Path(lent).is_dir()
    assert before == config.CACHE_DIR  # type: ignore[attr-defined]
    assert not Path(lent).exists()


# Everything ahead -----------------------------------------------------------------------------

AHEAD = """
import sys
from pathlib import Path
import numpy as np
import focusstack
from focusstack.first_pass.effort import QUICK
from focusstack.frames.in_memory import ArrayFrames
from focusstack.fusion.registry import FUSERS
from focusstack.options import FusionOptions
from focusstack.runtime import compiler, prepared
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import render_stack
from focusstack.second_pass import prepare
from focusstack.second_pass.prealigned import fuse_aligned

prepared.cache_folder = lambda: Path(sys.argv[1])
prepare.TYPES = (np.uint16,)
made = []
compiler._LISTENERS.append(lambda: made.append(1))
prepare.prepare_everything(Silent())
first = len(made)
colour = render_stack("steps", width=240, height=180, frames=3, blur=4, seed=5).frames
colour = [frame.astype(np.uint16) * 257 for frame in colour]
for frames in (colour, [frame[..., 1].copy() for frame in colour]):
    found = focusstack.stack(frames, sys.argv[2] + str(frames[0].ndim))
    focusstack.plan_stack(frames, effort=QUICK)
    for method in FUSERS:
        focusstack.stack(frames, plan=found.plan, method=method)
        fuse_aligned(ArrayFrames(frames), FusionOptions(method))
print(first, len(made))
"""


def test_nothing_is_left_to_compile_once_everything_was_prepared(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", AHEAD, str(tmp_path / "cache"), str(tmp_path / "out")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, all_of_them = map(int, ran.stdout.split())
    assert first > 25
    assert all_of_them == first
    marks = {path.name.rpartition("-")[0] for path in (tmp_path / "cache").iterdir()}
    assert {f"prepared-fuse-uint16-{c}-depth" for c in (1, 3)} <= marks
    assert {"prepared-measure-uint16-3", "prepared-run-uint16-1-auto"} <= marks


def test_what_is_prepared_is_not_prepared_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "cache_place", lambda: cache.parent)
    done: list[object] = []
    monkeypatch.setattr(preparing, "_work_in_every_way", done.append)
    heard = Heard()
    assert prepare_everything(heard) == (cache.parent, True)
    assert prepare_everything(heard) == (cache.parent, False)
    assert heard.stages == [STAGE]
    assert len(done) == len(preparing.TYPES)
    # Runs of any kind find themselves prepared for.
    for frames in (FRAMES, [f[..., 0] / np.float32(255) for f in FRAMES]):
        for work in ("run", "measure", "fuse"):
            options = StackOptions(fusion=FusionOptions(method="depth"))
            prepare(ArrayFrames(frames), options, heard, work)
    assert heard.stages == [STAGE]


def test_where_nothing_can_be_kept_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []
    monkeypatch.setattr(preparing, "_work_in_every_way", done.append)
    monkeypatch.setattr(prepared, "cache_folder", lambda: None)
    with pytest.raises(OutputError, match=r"cannot be kept.*\nSet NUMBA_CACHE_DIR to a folder"):
        prepare_everything(Silent())
    assert done == []
    (tmp_path / "file").touch()  # as on a disk that is full
    monkeypatch.setattr(prepared, "cache_folder", lambda: tmp_path / "file")
    with pytest.raises(OutputError, match="NUMBA_CACHE_DIR"):
        prepare_everything(Silent())


def test_where_compiled_code_is_kept_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numba import config

    monkeypatch.setattr(config, "CACHE_DIR", "")
    for folder, told in (
        (prepared.PACKAGE / "runtime" / "__pycache__", prepared.PACKAGE),
        (tmp_path / "numba" / "runtime_1", tmp_path / "numba"),
        (None, None),
    ):
        monkeypatch.setattr(prepared, "cache_folder", lambda folder=folder: folder)
        assert prepared.cache_place() == told
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(prepared, "cache_folder", lambda: tmp_path / "runtime_1")
    assert prepared.cache_place() == tmp_path
