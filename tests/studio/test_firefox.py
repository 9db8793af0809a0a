"""The pages in the other engine: look, paint, take back, write, recover, fuse, drop and export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from focusstack.images.read import read_picture
from tests.studio.conftest import Program
from tests.support.firefox import Firefox

CONTROL = "\ue009"
"""The key, as WebDriver calls it."""

SETTLED = (
    "window.desk && desk.version !== undefined && desk.strokes.idle && !desk.stroke"
    " && !desk.tiles.running.size && !desk.view.frame"
    " && ![...desk.tiles.all.values()].some(t => t.stale && t.level === desk.view.level)"
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    found = Firefox(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture
def firefox(running: Firefox) -> Iterator[Firefox]:
    """Firefox, whose last page may have asked nobody else for anything."""
    yield running
    asked = running.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name)"
        ".filter(n => !n.startsWith(location.origin) && !/^(data|blob):/.test(n))"
    )
    assert asked == []


def tile(firefox: Firefox) -> np.ndarray:
    """What the first tile shows at full size."""
    shown = "(t => [t.width, t.height, [...t.data]])(desk.tiles.get('result', 0, 0, 0))"
    width, height, data = firefox.evaluate(shown)
    return np.array(data).reshape(height, width, 4)[..., :3]


def at(firefox: Firefox, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the picture lies on the page."""
    found = firefox.evaluate(
        "((x, y) => { const b = document.getElementById('overlay').getBoundingClientRect();"
        " const [u, v] = desk.view.toCanvas(x, y); const r = desk.view.ratio;"
        " return [b.left + u / r, b.top + v / r] })(...arguments)",
        x,
        y,
    )
    return float(found[0]), float(found[1])


def opened(firefox: Firefox, address: str) -> None:
    firefox.go(address)
    firefox.until("window.desk && desk.version !== undefined")
    firefox.evaluate("document.getElementById('overlay').focus()")
    firefox.press("1")
    firefox.until(SETTLED)


def test_paint_undo_redo_write_and_open_again(
    firefox: Firefox, program: Program, folder: Path
) -> None:
    opened(firefox, program.address)
    assert firefox.evaluate("desk.view.scale") == 1
    fused = read_picture(folder / "fused.png").pixels
    assert np.array_equal(tile(firefox), fused)
    firefox.press("b")
    firefox.evaluate("desk.choose('frame:' + desk.info.frames[0], false)")
    firefox.evaluate("desk.set({ size: 40, hardness: 0.4, opacity: 0.8 })")
    firefox.drag(*(at(firefox, *place) for place in ((60, 60), (120, 90), (100, 130))))
    firefox.until(SETTLED)
    painted = tile(firefox)
    assert not np.array_equal(painted, fused)
    firefox.press(CONTROL, "z")
    firefox.until(SETTLED)
    assert np.array_equal(tile(firefox), fused)
    firefox.press(CONTROL, "y")
    firefox.until(SETTLED)
    assert np.array_equal(tile(firefox), painted)
    firefox.press(CONTROL, "s")
    firefox.until("document.getElementById('toast').textContent.startsWith('Written')")
    assert np.array_equal(read_picture(folder / "retouched.png").pixels, painted)
    opened(firefox, program.address)
    assert np.array_equal(tile(firefox), painted)
    assert firefox.evaluate("document.getElementById('notice').hidden")


def test_the_wheel_zooms_about_the_cursor(firefox: Firefox, program: Program) -> None:
    opened(firefox, program.address)
    x, y = at(firefox, 60, 50)
    before = firefox.evaluate("desk.view.scale")
    firefox.wheel(x, y, -300)
    firefox.until(f"desk.view.scale > {before} && !desk.view.frame")
    there = at(firefox, 60, 50)
    assert abs(there[0] - x) < 2
    assert abs(there[1] - y) < 2


def test_a_killed_server_loses_no_stroke(firefox: Firefox, program: Program, folder: Path) -> None:
    opened(firefox, program.address)
    firefox.press("b")
    firefox.drag(at(firefox, 60, 60), at(firefox, 90, 90), up=False)
    program.kill()
    firefox.drag(at(firefox, 120, 60), down=False)
    firefox.until("document.getElementById('notice').textContent.includes('has stopped')")
    assert "1 kept here" in firefox.evaluate("document.getElementById('saving').textContent")
    again = Program("review", folder)
    try:
        opened(firefox, again.address)
        firefox.until("desk.counted.strokes === 1")
        assert firefox.evaluate("document.getElementById('notice').hidden")
    finally:
        again.kill()
    (stroke,) = json.loads((folder / "retouch.json").read_text())["strokes"]
    assert stroke["kind"] == "paint"


def test_a_part_fused_anew_is_a_further_source(firefox: Firefox, program: Program) -> None:
    opened(firefox, program.address)
    firefox.evaluate("document.getElementById('method').value = 'pyramid'")
    firefox.evaluate("document.getElementById('fuse').click()")
    firefox.until("desk.source.startsWith('made:pyramid, all')")
    firefox.until(SETTLED)
    assert firefox.evaluate("document.getElementById('notice').hidden")


DROP = """
((files) => {
  const data = new DataTransfer();
  for (const file of files) data.items.add(file);
  window.dispatchEvent(new DragEvent('drop', { dataTransfer: data }));
})([...document.getElementById('files').files])
"""


def test_from_drop_to_export(
    firefox: Firefox, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    program = Program("app", "--inbox", tmp_path / "inbox")
    try:
        firefox.go(program.address)
        firefox.until("window.door && door.told")
        firefox.give("#files", sorted(photos.iterdir()))
        firefox.until("!document.getElementById('found').hidden")
        firefox.evaluate("document.getElementById('leave').click()")
        firefox.evaluate(DROP)  # what was picked before is now dropped
        firefox.until("!document.getElementById('found').hidden")
        assert len([*(tmp_path / "inbox").iterdir()]) == 2
        firefox.evaluate("document.getElementById('run').click()")
        firefox.until("document.querySelectorAll('#recent li').length === 1", 180)
        firefox.evaluate(
            "[...document.querySelectorAll('#recent button')]"
            ".find(b => b.textContent === 'Export…').click()"
        )
        firefox.evaluate("document.getElementById('export-go').click()")
        firefox.until("!document.getElementById('exported').hidden")
        (result,) = (tmp_path / "inbox").glob("*-stacked")
        (copy,) = (result / "export").iterdir()
        fused = read_picture(result / "fused.png").pixels
        assert read_picture(copy).pixels.shape == fused.shape
        assert firefox.evaluate("document.getElementById('notice').hidden")
    finally:
        program.kill()
