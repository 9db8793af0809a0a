"""The page in the other engine: open, zoom, paint, take back, write, and open again."""

from __future__ import annotations

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


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    (tmp_path / "profile").mkdir()
    found = Firefox(tmp_path / "profile")
    yield found
    found.close()


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
