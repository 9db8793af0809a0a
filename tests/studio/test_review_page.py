"""The page in a real browser: look, paint, take back, keep, and lose nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from focusstack.images.read import read_picture
from focusstack.retouch.replay import replay
from focusstack.retouch.result import open_result
from tests.studio.conftest import Desk, Program, Served

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


def tile(desk: Desk, of: str = "result") -> np.ndarray:
    """What the first tile shows at full size."""
    width, height = desk.page.evaluate(
        f"(t => [t.width, t.height])(desk.tiles.get({json.dumps(of)}, 0, 0, 0))"
    )
    return desk.shown(of).reshape(height, width, 4)[..., :3]


def full_size(desk: Desk) -> None:
    desk.page.locator("#overlay").focus()
    desk.page.keyboard.press("1")
    desk.settle()


def test_it_opens_with_the_composite_and_all_frames(desk: Desk, folder: Path) -> None:
    page = desk.page
    assert page.locator("#folder").inner_text() == "photos-stacked"
    desk.until("document.querySelectorAll('#strip img').length === 4")
    full_size(desk)
    assert np.array_equal(tile(desk), read_picture(folder / "fused.png").pixels)
    assert page.evaluate("desk.view.scale") == 1
    page.keyboard.press("2")
    assert page.evaluate("desk.view.scale") == 2
    page.keyboard.press("f")
    assert page.evaluate("desk.view.fitted")


def test_wheel_zooms_about_the_cursor_and_steps_through_frames(desk: Desk) -> None:
    page = desk.page
    x, y = desk.at(60, 50)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    desk.until("!desk.view.frame")
    there = desk.at(60, 50)
    assert abs(there[0] - x) < 1.5
    assert abs(there[1] - y) < 1.5
    before = page.evaluate("desk.source")
    page.keyboard.down("Alt")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Alt")
    desk.until(f"desk.source !== {json.dumps(before)}")


def painted(desk: Desk, kind: str = "b") -> None:
    """A dab and a stroke with a soft brush."""
    full_size(desk)
    desk.page.keyboard.press(kind)
    desk.page.evaluate("desk.set({ size: 40, hardness: 0.4, opacity: 0.8 })")
    desk.drag((60, 60), (120, 90), (100, 130))


def test_what_is_previewed_is_what_is_carried_out(desk: Desk, folder: Path) -> None:
    page = desk.page
    full_size(desk)
    # What the server sends after a stroke is not looked at.
    page.evaluate("desk.settled = () => {}; desk.changed = () => {}")
    previews = []
    before = read_picture(folder / "fused.png").pixels
    for source, key in ((0, "b"), (3, "b"), (1, "b"), (2, "e"), (3, "c")):
        page.evaluate(f"desk.choose('frame:' + desk.info.frames[{source}], false)")
        page.keyboard.press(key)
        page.evaluate(f"desk.set({{ size: {30 + 10 * source}, hardness: 0.3 * {source} }})")
        of = {"b": "desk.source", "e": "'fused'", "c": "'result'"}[key]
        desk.until(f"Boolean(desk.tiles.ready({of}, 0, 0, 0).data)")
        if key == "c":  # from where strokes lie, and over itself
            page.keyboard.down("Alt")
            page.mouse.click(*desk.at(95, 60))
            page.keyboard.up("Alt")
        desk.drag((50 + 20 * source, 40), (90, 100 - 10 * source), (150, 60))
        previews.append(tile(desk))
        desk.until("desk.strokes.idle")
        # The next stroke begins on what the server has, as the page does once all is kept.
        page.evaluate("desk.tiles.held = false; desk.tiles.spoil('result', [0, 0, 9999, 9999])")
        page.evaluate("desk.view.redraw()")
        desk.settle()
        exact = replay(open_result(folder), open_result(folder).retouch())
        assert np.abs(previews[-1] - exact.astype(int)).max() <= 1
        assert np.array_equal(tile(desk), exact)
        assert np.abs(exact - before.astype(int)).max() > 20
        before = exact


def test_what_is_painted_from_is_there_before_it_is_painted(desk: Desk) -> None:
    full_size(desk)
    page = desk.page
    there = "Boolean(desk.tiles.get({of}, 0, 0, 0)?.data)"
    page.evaluate("desk.choose('frame:' + desk.info.frames[0], false)")
    page.keyboard.press("b")
    desk.until(there.format(of="desk.source"))
    page.evaluate("desk.choose('frame:' + desk.info.frames[2], false)")
    desk.until(there.format(of="desk.source"))
    assert not page.evaluate(there.format(of="'fused'"))
    page.keyboard.press("e")
    desk.until(there.format(of="'fused'"))


def test_a_source_that_comes_late_paints_over_nothing_newer(desk: Desk, folder: Path) -> None:
    full_size(desk)
    page = desk.page
    page.keyboard.press("b")
    page.evaluate("desk.set({ size: 60, hardness: 1, opacity: 1 })")
    # The source's tile comes only once all that the server paints is shown.
    page.evaluate(
        "(() => { const fetch = desk.tiles.fetch.bind(desk.tiles); window.waiting = new Map();"
        " desk.tiles.fetch = (tile) => tile.of.startsWith('frame:') ?"
        " waiting.set(tile.key, () => fetch(tile)) : fetch(tile) })()"
    )
    page.evaluate("desk.choose('frame:' + desk.info.frames[0], false)")
    desk.drag((60, 60), (120, 90))
    page.keyboard.press("Control+z")
    desk.until("desk.strokes.idle && desk.counted.undone === 1 && !desk.tiles.running.size")
    desk.until("!desk.tiles.get('result', 0, 0, 0).stale")
    page.evaluate("waiting.forEach((come) => come())")
    desk.until("desk.tiles.get(desk.source, 0, 0, 0).data && !desk.tiles.running.size")
    desk.settle()
    assert np.array_equal(tile(desk), read_picture(folder / "fused.png").pixels)


def test_two_pages_show_the_same_picture(
    desk: Desk, context: BrowserContext, served: Served, folder: Path
) -> None:
    other = Desk(context, served.address)
    for page, x in ((desk, 40), (other, 100), (desk, 160)):
        full_size(page)
        page.page.keyboard.press("b")
        page.drag((x, 60), (x + 20, 80))
        page.settle()
    exact = replay(open_result(folder), open_result(folder).retouch())
    for page in (desk, other):
        page.until("desk.version === 3")
        page.settle()
        assert np.array_equal(tile(page), exact)
    assert other.heard == []
    # What another page has painted elsewhere shows as soon as one's own stroke is kept.
    for others, stale in ((0, False), (1, True)):
        desk.page.evaluate(
            f"desk.changed({{ ...desk.counted, version: desk.version + 1 + {others},"
            " rect: [0, 0, 0, 0] }, 'stroke')"
        )
        assert desk.page.evaluate("desk.tiles.get('result', 0, 0, 0).stale") is stale


def test_undo_and_redo_and_undo_of_everything(desk: Desk, folder: Path) -> None:
    painted(desk)
    desk.settle()
    first = tile(desk)
    desk.page.keyboard.press("e")
    desk.drag((60, 60), (70, 60))
    desk.settle()
    second = tile(desk)
    assert not np.array_equal(first, second)
    desk.page.keyboard.press("Control+z")
    desk.settle()
    assert np.array_equal(tile(desk), first)
    desk.page.keyboard.press("Control+Shift+Z")
    desk.settle()
    assert np.array_equal(tile(desk), second)
    for _ in range(2):
        desk.page.keyboard.press("Control+z")
    desk.settle()
    fused = folder / "fused.png"
    assert np.array_equal(tile(desk), read_picture(fused).pixels)
    desk.until("document.getElementById('undo').disabled")
    desk.page.keyboard.press("Control+s")
    desk.until("document.getElementById('toast').textContent.startsWith('Written')")
    assert (folder / "retouched.png").read_bytes() == fused.read_bytes()


def test_what_is_saved_is_what_is_shown_also_after_a_reload(desk: Desk, folder: Path) -> None:
    painted(desk)
    desk.settle()
    shown = tile(desk)
    desk.page.locator("#save").click()
    desk.until("document.getElementById('toast').textContent.startsWith('Written')")
    assert np.array_equal(read_picture(folder / "retouched.png").pixels, shown)
    desk.open(desk.address)
    full_size(desk)
    assert np.array_equal(tile(desk), shown)
    assert desk.page.locator("#saving").inner_text().startswith("1 stroke kept")


def test_clone_and_region(desk: Desk, folder: Path) -> None:
    full_size(desk)
    page = desk.page
    page.keyboard.press("c")
    page.evaluate("desk.set({ size: 20, hardness: 1, opacity: 1 })")
    page.keyboard.down("Alt")
    page.mouse.click(*desk.at(90, 70))
    page.keyboard.up("Alt")
    desk.drag((30, 30), (31, 30))
    desk.settle()
    fused = read_picture(folder / "fused.png").pixels
    assert np.array_equal(tile(desk)[26:34, 26:34], fused[66:74, 86:94])
    page.evaluate("desk.choose('frame:' + desk.info.frames[0], false)")
    page.keyboard.press("l")
    page.evaluate("desk.set({ feather: 2, gradient: false })")
    desk.drag((100, 60), (160, 60), (160, 110), (100, 110))
    desk.settle()
    frame = read_picture(folder / "aligned" / str(page.evaluate("desk.info.frames[0]"))).pixels
    inner = np.s_[66:104, 106:154]
    assert np.abs(tile(desk)[inner] - frame[inner].astype(int)).max() <= 1
    kinds = [s["kind"] for s in json.loads((folder / "retouch.json").read_text())["strokes"]]
    assert kinds == ["clone", "fill"]


def test_all_of_a_source_is_taken_as_one_stroke(desk: Desk, folder: Path) -> None:
    full_size(desk)
    desk.page.evaluate("desk.choose('frame:' + desk.info.frames[0], false)")
    desk.page.locator("#whole").click()
    desk.settle()
    frame = read_picture(folder / "aligned" / str(desk.page.evaluate("desk.info.frames[0]"))).pixels
    assert np.abs(tile(desk) - frame.astype(int)).max() <= 1
    desk.page.keyboard.press("Control+z")
    desk.settle()
    assert np.array_equal(tile(desk), read_picture(folder / "fused.png").pixels)


PEN = """
(points) => {
  const at = document.getElementById('overlay');
  at.setPointerCapture = () => {};
  points.forEach(([clientX, clientY, pressure], index) => {
    const kind = index === 0 ? 'pointerdown' : 'pointermove';
    at.dispatchEvent(new PointerEvent(kind, { pointerId: 7, pointerType: 'pen', clientX, clientY,
      pressure, button: index === 0 ? 0 : -1, buttons: 1, bubbles: true, cancelable: true }));
  });
  const [clientX, clientY] = points.at(-1);
  at.dispatchEvent(new PointerEvent('pointerup', { pointerId: 7, pointerType: 'pen', clientX,
    clientY, bubbles: true }));
}
"""


def test_a_pen_presses(desk: Desk, folder: Path) -> None:
    full_size(desk)
    desk.page.keyboard.press("b")
    desk.page.evaluate("desk.set({ size: 40 })")
    points = [[*desk.at(60 + 20 * k, 60), 0.2 + 0.2 * k] for k in range(4)]
    desk.page.evaluate(PEN, points)
    desk.settle()
    (stroke,) = json.loads((folder / "retouch.json").read_text())["strokes"]
    assert [p[2] for p in stroke["points"]] == pytest.approx([0.2, 0.4, 0.6, 0.8])


TWO_FINGERS = """
([a, b]) => {
  const at = document.getElementById('overlay');
  at.setPointerCapture = () => {};
  const send = (kind, id, [clientX, clientY]) => at.dispatchEvent(new PointerEvent(kind, {
    pointerId: id, pointerType: 'touch', clientX, clientY, button: 0, buttons: 1, bubbles: true,
    cancelable: true }));
  send('pointerdown', 1, a);
  send('pointerdown', 2, b);
  const apart = [b[0] + (b[0] - a[0]), b[1] + (b[1] - a[1])];
  for (let k = 1; k <= 5; k++)
    send('pointermove', 2, [b[0] + (apart[0] - b[0]) * k / 5, b[1] + (apart[1] - b[1]) * k / 5]);
  send('pointerup', 1, a);
  send('pointerup', 2, apart);
}
"""


def test_two_fingers_zoom_and_paint_nothing(desk: Desk) -> None:
    full_size(desk)
    desk.page.keyboard.press("b")
    desk.page.evaluate(TWO_FINGERS, [desk.at(60, 60), desk.at(120, 60)])
    assert desk.page.evaluate("desk.view.scale") == pytest.approx(2, rel=0.02)
    desk.settle()
    assert desk.state()["strokes"] == 0


def test_a_killed_server_loses_no_stroke(
    context: BrowserContext, folder: Path, program: Program
) -> None:
    desk = Desk(context, program.address)
    painted(desk)
    desk.settle()
    desk.drag((150, 40), (170, 60), up=False)
    program.kill()
    desk.page.mouse.move(*desk.at(180, 90))
    desk.page.mouse.up()
    desk.until("document.getElementById('notice').textContent.includes('has stopped')")
    assert "1 kept here" in desk.page.locator("#saving").inner_text()
    again = Program("review", folder)
    try:
        other = Desk(context, again.address)
        other.until("desk.counted.strokes === 2")
        other.settle()
        assert other.heard == []
        strokes = json.loads((folder / "retouch.json").read_text())["strokes"]
        assert len(strokes) == 2
        assert strokes[1]["points"][-1][:2] == pytest.approx(
            [180 + other.state()["offset"][0], 90 + other.state()["offset"][1]], abs=1
        )
    finally:
        again.kill()


def test_a_part_fused_anew_is_a_further_source(desk: Desk) -> None:
    page = desk.page
    page.locator("#method").select_option("pyramid")
    page.locator("#which").select_option("without")
    page.locator("#smoothing").fill("3")
    full_size(desk)
    page.locator("#fuse").click()
    desk.until("desk.source.startsWith('made:pyramid, without')")
    assert desk.page.evaluate("desk.source").endswith("part, smoothed 3")
    desk.settle()
    assert page.locator("#strip button[aria-pressed=true] .name").inner_text().startswith("pyramid")
    desk.page.keyboard.press("b")
    desk.drag((60, 60), (90, 90))
    desk.settle()
    assert page.locator("#notice").is_hidden()


def test_every_view_shows_what_it_says(desk: Desk) -> None:
    page = desk.page
    page.locator("#overlay").focus()
    for key, mode, panes in (("s", "side", 2), ("g", "onion", 1), ("d", "difference", 1)):
        page.keyboard.press(key)
        assert page.locator(f"[data-mode={mode}]").get_attribute("aria-checked") == "true"
        assert page.evaluate("desk.view.panes.length") == panes
        desk.settle()
    page.keyboard.press("r")
    page.keyboard.down("x")
    assert page.evaluate("desk.view.panes[0][0].of === desk.source")
    page.keyboard.up("x")
    assert page.evaluate("desk.view.panes[0][0].of") == "result"
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert page.locator("html").get_attribute("data-theme") == "light"


def test_the_sharpest_frame_is_proposed(desk: Desk) -> None:
    page = desk.page
    desk.until("desk.strip.sharp?.length && desk.info.survey.done === 4")
    page.mouse.move(*desk.at(100, 80))
    desk.until("document.querySelector('#strip .best')")
    best = page.locator("#strip .best").get_attribute("data-of")
    assert best is not None
    assert page.locator("#proposal b").inner_text() == best.removeprefix("frame:")
    page.keyboard.press("q")
    assert page.evaluate("desk.source") == best


def test_every_control_is_reached_and_named(desk: Desk) -> None:
    page = desk.page
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, select')].filter(e => e.checkVisibility()"
        " && !(e.innerText || e.title || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)"
    )
    assert nameless == []
    reached = set()
    page.locator("body").focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {"overlay", "save", "help", "fuse", "slabs", "next"} <= reached


@pytest.mark.parametrize("size", [(1280, 720), (3840, 2160), (390, 844), (844, 390), (820, 1180)])
def test_nothing_sticks_out_at_any_size(desk: Desk, size: tuple[int, int]) -> None:
    desk.page.set_viewport_size({"width": size[0], "height": size[1]})
    desk.settle()
    found = desk.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert found == list(size)
    box = desk.page.locator("#stage").bounding_box()
    assert box is not None
    assert box["width"] * box["height"] > 0.4 * size[0] * size[1]
