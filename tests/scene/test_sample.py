"""The sample set: whole, small, and with its truth beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from focusstack.errors import OutputError
from focusstack.scene.sample import write_sample

SAMPLES_FOLDER = Path(__file__).resolve().parents[2] / "samples" / "desk"


def check_truth(folder: Path) -> None:
    """Assert that ``truth.json`` describes the frames beside it."""
    truth = json.loads((folder / "truth.json").read_text())
    names = sorted(p.name for p in folder.glob("*.jpg"))
    assert truth["frames"] == names
    assert truth["reference"] in names
    n = len(names)
    assert np.shape(truth["matrices"]) == (n, 3, 3)
    assert np.shape(truth["gains"]) == (n, 3)
    assert len(truth["focus"]) == n
    for name in names:
        picture = cv2.imread(str(folder / name))
        assert picture is not None
        assert [picture.shape[1], picture.shape[0]] == truth["size"]


def test_sample_is_written_with_its_truth(tmp_path: Path) -> None:
    written = write_sample(tmp_path / "new" / "set", width=150, height=100)
    assert [p.name for p in written] == [f"IMG_{i:04d}.jpg" for i in range(1, 11)]
    assert sorted(p.name for p in (tmp_path / "new" / "set").iterdir()) == [
        *(p.name for p in written), "truth.json",
    ]  # fmt: skip
    check_truth(tmp_path / "new" / "set")


def test_sample_into_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError):
        write_sample(tmp_path / "taken", width=150, height=100)


def test_committed_sample_is_whole_and_small() -> None:
    check_truth(SAMPLES_FOLDER)
    assert sum(p.stat().st_size for p in SAMPLES_FOLDER.iterdir()) < 4_000_000


def test_rendering_loads_neither_scipy_nor_networkx(tmp_path: Path) -> None:
    """Both come with scikit-image, of which one photograph is wanted; they take seconds."""
    code = (
        "import sys; from focusstack.scene.sample import write_sample; "
        f"write_sample({str(tmp_path / 'set')!r}, width=96, height=64); "
        "print([name for name in ('scipy', 'networkx') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
