// Every key, once: what it does, and what the help says of it.

export const KEYS = [
  ["Tools"],
  ["h", "H", "move the picture", (desk) => desk.take("hand")],
  ["b", "B", "paint from the source", (desk) => desk.take("paint")],
  ["e", "E", "erase back to the fused picture", (desk) => desk.take("erase")],
  ["c", "C", "clone (Alt-click: from where)", (desk) => desk.take("clone")],
  ["l", "L", "fill a region from the source", (desk) => desk.take("fill")],
  ["k", "K", "choose another crop", (desk) => desk.take("crop")],
  ["[", "[  ]", "smaller, larger brush", (desk) => desk.grow(1 / 1.15)],
  ["]", null, null, (desk) => desk.grow(1.15)],
  ["{", "{  }", "softer, harder brush", (desk) => desk.harden(-10)],
  ["}", null, null, (desk) => desk.harden(10)],
  ["o", "O  Shift O", "less, more opacity", (desk, event) => desk.cover(event.shiftKey ? 10 : -10)],
  ["Source"],
  [",", ",  .", "frame before, next frame", (desk) => desk.step(-1)],
  [".", null, null, (desk) => desk.step(1)],
  [null, "Shift wheel", "through the frames"],
  ["q", "Q", "take the sharpest frame under the cursor", (desk) => desk.propose()],
  ["Looking"],
  ["r", "R", "the result", (desk) => desk.show("result")],
  ["x", "X (hold)", "see the source", (desk, event) => !event.repeat && desk.peek("source")],
  ["\\", "\\ (hold)", "see the fused picture", (desk, event) => !event.repeat && desk.peek("fused")],
  ["w", "W", "source and result in turn", (desk, event) => !event.repeat && desk.blink()],
  ["s", "S", "side by side", (desk) => desk.show("side")],
  ["g", "G", "source laid over the result", (desk) => desk.show("onion")],
  ["d", "D", "difference of source and result", (desk) => desk.show("difference")],
  ["f", "F", "all of the picture", (desk) => desk.zoom("fit")],
  ["1", "1  2", "100 %, 200 %", (desk) => desk.zoom(1)],
  ["2", null, null, (desk) => desk.zoom(2)],
  ["+", "+  −", "zoom", (desk) => desk.zoomBy(1.25)],
  ["=", null, null, (desk) => desk.zoomBy(1.25)],
  ["-", null, null, (desk) => desk.zoomBy(0.8)],
  [null, "Wheel", "zoom; Space or middle button moves"],
  ["ArrowLeft", "Arrows", "move the picture", (desk) => desk.move(1, 0)],
  ["ArrowRight", null, null, (desk) => desk.move(-1, 0)],
  ["ArrowUp", null, null, (desk) => desk.move(0, 1)],
  ["ArrowDown", null, null, (desk) => desk.move(0, -1)],
  ["Places"],
  ["n", "N  Shift N", "next place, place before", (desk, event) => desk.places.next(event.shiftKey ? -1 : 1)],
  ["m", "M", "this place is fine", (desk) => desk.markFine()],
  ["Work"],
  ["ctrl z", "Ctrl Z", "undo", (desk) => desk.undo()],
  ["ctrl shift z", "Ctrl Shift Z", "redo", (desk) => desk.redo()],
  ["ctrl y", null, null, (desk) => desk.redo()],
  ["ctrl s", "Ctrl S", "write the picture", (desk) => desk.save()],
  ["a", "A", "run again: frames, reference, crop", (desk) => desk.again.open()],
  ["t", "T", "dark or light", (desk) => desk.theme()],
  ["?", "?", "this list", (desk) => desk.help()],
];

export function actionOf(event) {
  const ctrl = event.ctrlKey || event.metaKey;
  const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const name = ctrl ? `ctrl ${event.shiftKey ? "shift " : ""}${letter}` : letter;
  return KEYS.find((one) => one[0] === name && one[3])?.[3];
}

export function fillHelp(list) {
  let section = null;
  for (const [first, shown, words] of KEYS) {
    if (shown === undefined) {
      section = document.createElement("section");
      const heading = document.createElement("h3");
      heading.textContent = first;
      section.append(heading);
      list.append(section);
      continue;
    }
    if (!words) continue;
    const row = document.createElement("div");
    const label = document.createElement("span");
    label.textContent = words;
    const keys = document.createElement("span");
    for (const part of shown.split("  ")) {
      const key = document.createElement("kbd");
      key.textContent = part;
      keys.append(key, " ");
    }
    row.append(label, keys);
    section.append(row);
  }
}
