"""Where pictures usually lie is offered, so that nobody climbs through a disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from focusstack.studio import folder_view
from focusstack.studio.folder_view import MOST_PLUGGED, shortcuts, view_folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "home"
    (made / "Pictures").mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: made)
    monkeypatch.setattr(folder_view, "VOLUMES", tmp_path / "volumes")
    return made


def test_usual_folders_are_offered_where_they_are(home: Path) -> None:
    (home / "Downloads").write_text("no folder")
    assert shortcuts() == [home, home / "Pictures"]
    told = view_folder(str(home / "Pictures"))["shortcuts"]
    assert told == [{"name": p.name, "path": str(p)} for p in shortcuts()]


def test_cards_are_offered_and_not_too_many(home: Path, tmp_path: Path) -> None:
    volumes = tmp_path / "volumes"
    for name in ("EOS_DIGITAL", ".hidden", *(f"disk {k}" for k in range(2 * MOST_PLUGGED))):
        (volumes / name).mkdir(parents=True)
    found = shortcuts()[2:]
    assert found[0] == volumes / "EOS_DIGITAL"
    assert len(found) == MOST_PLUGGED
    assert volumes / ".hidden" not in found
