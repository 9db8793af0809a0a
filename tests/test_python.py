"""What Python users meet: arrays of any kind, plans in hand, keywords, methods of their own."""

from __future__ import annotations

import dataclasses
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import focusstack
from focusstack import StackOptions, UsageError
from focusstack.frames.indexed import IndexedFrames
from focusstack.numeric.arrays import Float32
from focusstack.runtime.bars import TqdmBars
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import render_stack

FRAMES = render_stack("plane", width=240, height=180, frames=3, blur=3, seed=4).frames
WHOLE = np.stack(FRAMES)


class Lazy:
    """Indexed like an array of dask or zarr, one frame at a time."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.shape, self.dtype, self._array = array.shape, array.dtype, array
        self.asked: list[int] = []

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        return self._array[index]


# Arrays ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def composite() -> np.ndarray[Any, Any]:
    image = focusstack.stack(FRAMES).image
    assert image is not None
    return image


def test_an_array_of_frames_is_a_stack(composite: np.ndarray[Any, Any]) -> None:
    lazy = Lazy(WHOLE)
    for given in (WHOLE, lazy):
        image = focusstack.stack(given).image
        assert image is not None
        assert np.array_equal(image, composite)
    assert set(lazy.asked) == {0, 1, 2}


def test_grey_arrays_with_and_without_an_axis_for_channels() -> None:
    grey = WHOLE[..., 0]
    for given in (grey, Lazy(grey), grey[..., None]):
        frames = focusstack.open_frames(given)
        assert (frames.channels, frames.size, len(frames)) == (1, (240, 180), 3)
        assert np.array_equal(frames.read(1).pixels, grey[1])


@pytest.mark.parametrize(
    "shape", [(180, 240, 3), (180, 240), (3, 180, 240, 2), (2, 3, 180, 240, 3)]
)
def test_what_is_no_stack(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="shape"):
        IndexedFrames(np.zeros(shape, np.uint8))


# Plans ----------------------------------------------------------------------------------------


def test_a_plan_in_hand(composite: np.ndarray[Any, Any], tmp_path: Path) -> None:
    plan = focusstack.plan_stack(FRAMES)
    path = plan.save(tmp_path / "plan.json")
    again = focusstack.StackPlan.load(path)
    assert focusstack.plan_to_json(again) == focusstack.plan_to_json(plan)
    # By position: arrays have no names that could be the same.
    for given in (plan, again, str(path)):
        image = focusstack.stack(list(FRAMES), plan=given).image
        assert image is not None
        assert np.array_equal(image, composite)
    with pytest.raises(UsageError, match="a plan cannot be read from int"):
        focusstack.stack(FRAMES, options=StackOptions(plan=3))  # type: ignore[arg-type]


def test_a_plan_says_in_a_line_what_it_is() -> None:
    plan = focusstack.plan_stack(FRAMES)
    assert repr(plan).startswith(
        f"<StackPlan of 3 frames (3 used) of 240 x 180 pixels, laid on {plan.reference}"
    )
    assert len(repr(plan)) < 300
    page = plan._repr_html_()
    assert page.count("<tr>") == 3
    assert "frame_0001" in page


# Keywords -------------------------------------------------------------------------------------


def test_options_by_keyword(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    first = focusstack.stack(FRAMES, out, method="pyramid", aligned=False, format="png", depth=True)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "depth-confidence.png", "depth.png", "fused.png", "report.html", "report.json"
    ]  # fmt: skip
    assert first.plan.fusion is not None
    assert first.plan.fusion["method"] == "pyramid"
    with pytest.raises(focusstack.OutputExistsError):
        focusstack.stack(FRAMES, out)
    focusstack.stack(FRAMES, out, overwrite=True, exclude="frame_0001")
    with pytest.raises(UsageError, match="no option metod") as caught:
        focusstack.stack(FRAMES, metod="depth")  # type: ignore[call-arg]
    assert caught.value.remedy == "Did you mean method or moved?"
    with pytest.raises(UsageError, match="quality is how results are written"):
        focusstack.stack(FRAMES, quality=90)


def test_plans_take_keywords_too() -> None:
    assert focusstack.plan_stack(FRAMES, reference="frame_0001").reference == "frame_0001"


# Methods of one's own -------------------------------------------------------------------------


def brightest(frames: Sequence[Float32]) -> Float32:
    return np.asarray(np.max(np.stack(frames), axis=0), np.float32)


class Mean:
    """Frames as they come."""

    def __init__(self) -> None:
        self.total: Any = 0.0
        self.count = 0

    def add(self, frame: Float32) -> None:
        self.total = self.total + frame
        self.count += 1

    def result(self) -> Float32:
        return np.asarray(self.total / self.count, np.float32)


@pytest.mark.parametrize("method", [brightest, Mean, lambda frames: frames[0]])
def test_a_method_of_ones_own(method: Any, tmp_path: Path) -> None:
    result = focusstack.stack(FRAMES, tmp_path / "out", method=method)
    assert result.image is not None
    assert result.image.dtype == np.uint8
    assert result.fused is not None
    aligned = [f.pixels for f in focusstack.aligned_frames(FRAMES, result.plan)]
    made = method() if isinstance(method, type) else None
    if made is not None:
        for frame in aligned:
            made.add(frame)
    expected = made.result() if made is not None else method(aligned)
    assert np.abs(result.fused.image - expected).max() < 0.02
    assert result.plan.fusion is not None
    assert result.plan.fusion["method"] == getattr(method, "__name__", "")


def test_a_method_that_gives_no_picture() -> None:
    with pytest.raises(UsageError, match=r"gave an array \(2,\)"):
        focusstack.stack(FRAMES, method=lambda frames: np.zeros(2 * len(frames[:1])))
    with pytest.raises(UsageError, match="no fusion method 'magic'"):
        focusstack.stack(FRAMES, method="magic")


# Progress -------------------------------------------------------------------------------------


def test_what_happens_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "focusstack"):
        focusstack.stack(FRAMES)
    told = [record.getMessage() for record in caplog.records]
    assert any(text.startswith("Fusing") for text in told)
    warned = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert all(isinstance(text, str) for text in warned)


def test_without_logging_a_warning_is_one_of_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("focusstack")
    quick = dataclasses.replace(focusstack.plan_stack(FRAMES), quick=True)
    monkeypatch.setattr(logger, "propagate", False)  # as where nothing is set up
    with pytest.warns(focusstack.StackWarning, match="quick") as caught:
        focusstack.stack(FRAMES, plan=quick)
    assert {one.filename for one in caught} == {__file__}
    logger.addHandler(logging.NullHandler())
    try:
        with warnings.catch_warnings(action="error"):
            focusstack.stack(FRAMES, plan=quick)
    finally:
        logger.handlers.clear()


@pytest.mark.parametrize("kind", ["rich", "tqdm"])
def test_ready_bars(kind: Any, capsys: pytest.CaptureFixture[str]) -> None:
    if kind == "tqdm":
        pytest.importorskip("tqdm", reason="tqdm is not installed")
    focusstack.stack(FRAMES, progress=focusstack.progress_bars(kind))
    said = capsys.readouterr()
    assert "Fusing" in said.out + said.err
    assert isinstance(focusstack.progress_bars(kind), TqdmBars) == (kind == "tqdm")
    with pytest.raises(UsageError, match="no progress bars of it"):
        focusstack.progress_bars("it")  # type: ignore[arg-type]


class EnoughError(Exception):
    """Somebody pressed a button."""


class Cancelling(Silent):
    """Ends the run in its fusing."""

    def start(self, stage: str, total: int) -> None:  # noqa: ARG002
        if stage.startswith("Fusing"):
            raise EnoughError


def test_what_progress_raises_cancels_a_run(tmp_path: Path) -> None:
    with pytest.raises(EnoughError):
        focusstack.stack(FRAMES, tmp_path / "out", progress=Cancelling())
    assert not (tmp_path / "out").exists()


def test_text_is_as_good_as_a_path(photos: Path) -> None:
    options = StackOptions(plan="a/report.json", dust="dust.png", exclude="a.jpg")  # type: ignore[arg-type]
    assert (options.plan, options.dust) == (Path("a/report.json"), Path("dust.png"))
    assert options.exclude == ("a.jpg",)
    assert len(focusstack.open_frames(str(photos))) == 4
