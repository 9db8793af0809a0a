// The strip of frames in focus order, with how sharp each is under the cursor.
import { bytes, thumbnail } from "./asking.js";

const SHORT = 12; // letters that fit below a small picture

// What tells names apart, where they are too long to be read there; numbers stay whole.
export function shortNames(names) {
  if (names.length < 2 || names.every((name) => name.length <= SHORT)) return names;
  const [first] = names;
  const least = Math.min(...names.map((name) => name.length));
  let head = 0;
  while (head < least && names.every((name) => name[head] === first[head])) head += 1;
  let tail = 0;
  while (tail < least - head && names.every((name) => name.at(-1 - tail) === first.at(-1 - tail))) tail += 1;
  while (head > 0 && /\d/.test(first[head - 1])) head -= 1;
  while (tail > 0 && /\d/.test(first.at(-tail))) tail -= 1;
  const short = names.map((name) => name.slice(head, name.length - tail));
  return short.every(Boolean) ? short : names;
}

export class Strip {
  constructor(element, chosen) {
    this.element = element;
    this.chosen = chosen;
    this.items = [];
    this.sharp = null;
    this.taken = null;
    this.info = null;
    this.best = -1;
  }

  fill(info) {
    const known = this.items.map((one) => one.of).join("\n");
    const short = shortNames(info.frames);
    const all = [
      ...info.frames.map((name, index) => ({ of: `frame:${name}`, name, short: short[index], index })),
      ...info.recipes.map((one) => ({ of: `made:${one.name}`, name: one.name, made: one })),
    ];
    this.info = info;
    if (all.map((one) => one.of).join("\n") !== known) this.build(all);
    this.pictures();
  }

  build(all) {
    this.element.replaceChildren();
    this.items = all.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.title = one.made ? `${one.name}: ${one.made.method}, ${one.made.frames.length} frames` : one.name;
      button.dataset.of = one.of;
      const none = document.createElement("span");
      none.className = "none";
      none.textContent = one.made ? `${one.made.method}, ${one.made.frames.length} frames` : "";
      const meter = document.createElement("span");
      meter.className = "meter";
      const bar = meter.appendChild(document.createElement("i"));
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = one.short ?? one.name;
      button.append(none, meter, name);
      button.addEventListener("click", () => this.chosen(one.of));
      this.element.append(button);
      return { ...one, button, bar, picture: none };
    });
    this.choose(this.current);
  }

  pictures() {
    const done = this.info.survey?.done ?? 0;
    for (const one of this.items) {
      if (one.made || one.shown || one.index >= done) continue;
      const image = document.createElement("img");
      image.alt = "";
      image.loading = "lazy";
      image.src = thumbnail(one.index);
      one.picture.replaceWith(image);
      one.shown = true;
    }
    if (done && this.read !== done) {
      this.read = done;
      bytes("sharp").then((found) => (this.sharp = new Uint16Array(found)), () => {});
      if (!this.taken) bytes("taken").then((found) => (this.taken = new Uint16Array(found)), () => {});
    }
  }

  choose(of) {
    this.current = of;
    for (const one of this.items) {
      const on = one.of === of;
      one.button.setAttribute("aria-pressed", String(on));
      if (on) one.button.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  // How a frame is called where there is little room.
  shortOf(index) {
    return this.items[index]?.short ?? "";
  }

  cellAt(x, y) {
    const grid = this.info?.survey;
    if (!grid || !this.sharp?.length) return -1;
    const column = Math.floor(x / grid.cell);
    const row = Math.floor(y / grid.cell);
    if (column < 0 || row < 0 || column >= grid.columns || row >= grid.rows) return -1;
    return row * grid.columns + column;
  }

  // How sharp every frame is there, and which is the sharpest.
  at(x, y) {
    const cell = this.cellAt(x, y);
    if (cell < 0) return null;
    const grid = this.info.survey;
    const size = grid.columns * grid.rows;
    const values = this.info.frames.map((_, index) => this.sharp[index * size + cell]);
    const best = values.indexOf(Math.max(...values));
    const from = this.taken?.length ? this.taken[cell] : -1;
    return { values, best, from };
  }

  point(x, y) {
    const found = this.at(x, y);
    const most = found ? Math.max(...found.values, 1) : 1;
    for (const one of this.items) {
      if (one.made) continue;
      one.bar.style.transform = `scaleX(${found ? found.values[one.index] / most : 0})`;
      one.button.classList.toggle("best", found?.best === one.index);
    }
    return found;
  }
}
