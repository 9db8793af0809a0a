// The desk: what is shown, what is painted, and who is told.
import { Again } from "./again.js";
import * as asking from "./asking.js";
import { Preview } from "./brush.js";
import { Crop } from "./crop.js";
import { actionOf, fillHelp } from "./keys.js";
import { Overlay } from "./overlay.js";
import { Jobs, Places, tell, warn } from "./panel.js";
import { Picker } from "./picker.js";
import { Pointing } from "./pointing.js";
import { Strip } from "./strip.js";
import { Strokes } from "./strokes.js";
import { Tiles } from "./tiles.js";
import { View } from "./view.js";

const $ = (id) => document.getElementById(id);
const round = (value, digits) => Number(value.toFixed(digits));
const BLINK = 500; // milliseconds that each of two pictures is seen
const ADVICE = {
  hand: "Drag to move, wheel to zoom. N leads to the next place to look at.",
  paint: "Paint where another frame is sharper. Q takes the sharpest one under the cursor.",
  erase: "Brings the fused picture back.",
  clone: "Alt-click where to copy from, then paint over dust.",
  fill: "Draw around what one frame shows better.",
  crop: "Drag the edges, within what all frames share; then run again.",
};

// In which colours pictures are shown: wide ones where picture, browser and screen have them.
function spaceOf({ converts }) {
  if (!converts || !window.matchMedia("(color-gamut: p3)").matches) return "srgb";
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { colorSpace: "display-p3" });
  return pen.getContextAttributes?.().colorSpace === "display-p3" ? "display-p3" : "srgb";
}

class Desk {
  constructor(info) {
    this.info = info;
    info.space = spaceOf(info);
    this.tool = "hand";
    this.mode = "result";
    this.peeking = null;
    this.source = null;
    this.brush = { size: 60, hardness: 0.5, opacity: 1, feather: 12, gradient: true };
    this.stroke = null;
    this.outline = null;
    this.cursor = null;
    this.origin = null; // where clone takes from: {at, offset}
    this.tiles = new Tiles(info, () => this.arrived());
    this.tiles.failed = (error) => this.trouble(error);
    this.view = new View($("canvas"), info, this.tiles);
    this.view.drawn = () => this.drawn();
    this.view.ahead = () => ({ paint: this.source, erase: "fused" })[this.tool] ?? null;
    this.crop = new Crop(this, () => this.sayCrop());
    this.places = new Places((place) => this.visit(place));
    this.overlay = new Overlay($("overlay"), $("minimap"), this);
    this.strip = new Strip($("strip"), (of) => this.choose(of));
    this.jobs = new Jobs((job) => this.jobEnded(job));
    this.pointing = new Pointing($("overlay"), this);
    this.strokes = new Strokes(info.key, {
      done: (changed, name) => this.changed(changed, name),
      failed: (error, lost) => this.refused(error, lost),
      idle: () => this.settled(),
    });
  }

  start() {
    this.again = new Again(this);
    this.picker = new Picker({
      ask: asking.json,
      trying: (work) => (...given) => Promise.resolve(work(...given)).catch((error) => this.trouble(error)),
      label: ({ pictures }) => ({ text: "Take them from here", possible: pictures }),
      use: ({ path }) => this.findFrames(path),
    });
    this.controls();
    this.take("hand");
    this.refresh(this.info);
    this.choose(this.info.frames.length ? `frame:${this.info.reference}` : null, false);
    this.arrange();
    new ResizeObserver(() => this.resize()).observe($("stage"));
    this.resize();
    if (this.strokes.recovered) {
      tell(`${this.strokes.recovered} unsaved stroke${this.strokes.recovered > 1 ? "s" : ""} recovered`);
      this.hold();
      this.strokes.send();
    }
    this.poll();
  }

  // What the server tells ------------------------------------------------------------------------

  async poll() {
    let pause = 3000;
    try {
      const info = await asking.state();
      if (this.away) this.back();
      const busy = this.refresh(info);
      if (busy || (info.survey && info.survey.done < info.frames.length)) pause = 500;
    } catch (error) {
      this.trouble(error);
      pause = 1500;
      if (error.closed) return;
    }
    setTimeout(() => this.poll(), pause);
  }

  refresh(info) {
    if (info.opened !== this.info.opened) {
      location.reload(); // another picture, or other frames
      return true;
    }
    this.info.busy = info.busy;
    if (this.version === undefined) this.version = info.version;
    else if (info.version > this.version && this.strokes.idle && !this.stroke) {
      this.version = info.version;
      this.tiles.spoil("result", [0, 0, ...info.size]);
      this.view.redraw();
    }
    Object.assign(this.info, { recipes: info.recipes, survey: info.survey, frames: info.frames });
    $("folder").textContent = info.folder;
    $("home").hidden = !info.shelf;
    document.title = `${info.folder} – focusstack`;
    const verdict = $("verdict");
    verdict.textContent = info.verdict;
    verdict.title = info.verdict;
    verdict.className = `chip ${info.verdict.split(":")[0]}`;
    verdict.hidden = !info.verdict;
    $("facts").textContent = [
      `${info.size[0]} × ${info.size[1]} pixels, ${info.bits} bits`,
      info.converts ? `${info.profile}, shown as ${this.info.space === "srgb" ? "sRGB" : "Display P3"}` : `${info.profile}, shown as it is`,
      info.aligned ? "from aligned files, as the frames were not found" : "",
      `written as ${info.output} at full depth`,
    ].filter(Boolean).join(" · ");
    $("find").hidden = info.frames.length > 0 && !info.aligned;
    if (info.lost.length && !this.toldLost) {
      this.toldLost = true;
      warn(`Some strokes could not be carried out:\n${info.lost.join("\n")}`);
    }
    this.count(info);
    this.strip.fill(this.info);
    return this.jobs.fill(info.jobs);
  }

  count(told) {
    this.counted = told;
    $("undo").disabled = !told.strokes && this.strokes.idle;
    $("redo").disabled = !told.undone;
    this.places.fill(told.places);
    this.sayState();
    this.overlay.redraw();
  }

  sayState() {
    const says = $("saving");
    const waiting = this.strokes.queue.length;
    says.classList.toggle("bad", Boolean(this.away));
    if (this.away) says.textContent = `not connected${waiting ? `, ${waiting} kept here` : ""}`;
    else if (waiting) says.textContent = "keeping…";
    else {
      const { strokes, saved } = this.counted ?? {};
      says.textContent = !strokes ? "" : `${strokes} stroke${strokes > 1 ? "s" : ""} kept${saved ? ", picture written" : ""}`;
    }
  }

  trouble(error) {
    if (!error.gone) return warn([error.message, error.remedy].filter(Boolean).join("\n"));
    if (this.away) return this.sayState();
    this.away = true;
    const again = error.message.includes("again");
    if (error.closed) return warn("This result was closed when another one was opened. What you painted is kept.");
    warn(
      again
        ? "focusstack was started again: go on in the page that it opened. What you painted here and was not kept yet comes along."
        : "focusstack has stopped. Start it again with “focusstack review”; what you painted is kept here until then.",
    );
    this.sayState();
  }

  back() {
    this.away = false;
    warn("");
    this.strokes.send();
  }

  refused(error, lost) {
    this.trouble(error);
    if (lost) {
      // What was previewed is not so.
      this.tiles.spoil("result", [0, 0, ...this.info.size]);
      this.settled();
    }
  }

  // Painting ---------------------------------------------------------------------------------------

  hold() {
    this.tiles.held = true;
  }

  changed(told, name) {
    const others = told.version > this.version + 1; // another page has painted meanwhile
    this.version = told.version;
    if (others) this.tiles.spoil("result", [0, 0, ...this.info.size]);
    else if (told.rect && (told.rect[2] || name !== "stroke")) this.tiles.spoil("result", told.rect);
    this.count(told);
  }

  settled() {
    this.sayState();
    if (this.stroke) return;
    this.tiles.held = false;
    this.view.redraw();
  }

  beginStroke(at, pressure, alt) {
    if (this.info.busy) {
      tell("It is being run again: wait until that is done.");
      return false;
    }
    const { tool, view } = this;
    const [x, y] = view.toPicture(...at);
    if (tool === "clone" && (alt || this.choosing)) {
      this.origin = { at: [x, y], offset: null };
      this.choosing = false;
      $("overlay").classList.remove("choosing");
      tell("Now paint where it shall go.");
      return false;
    }
    if (tool === "clone" && !this.origin) {
      tell("Alt-click first where to copy from.");
      return false;
    }
    if (tool === "paint" && $("follow").checked) this.propose(at, true);
    if (["paint", "fill"].includes(tool) && !this.source) {
      tell("The frames were not found: there is nothing to paint from.");
      return false;
    }
    if (tool === "fill") {
      this.outline = [[x, y]];
      this.stroke = { kind: "fill", source: this.source, points: [] };
      return true;
    }
    if (tool === "clone" && !this.origin.offset) {
      this.origin.offset = [Math.round(this.origin.at[0] - x), Math.round(this.origin.at[1] - y)];
    }
    const { size, hardness, opacity } = this.brush;
    this.stroke = { kind: tool, size: round(size, 2), hardness: round(hardness, 3), opacity: round(opacity, 3), points: [] };
    if (tool === "paint") this.stroke.source = this.source;
    if (tool === "clone") this.stroke.offset = this.origin.offset;
    if (!["result", "side"].includes(this.mode)) this.show("result");
    else if (this.blinking) this.blink(false);
    this.hold();
    this.preview = new Preview(this.stroke, view.level, this.info, this.tiles);
    this.addPoint(x, y, pressure);
    return true;
  }

  extendStroke(at, pressure) {
    if (!this.stroke) return;
    const [x, y] = this.view.toPicture(...at);
    const points = this.outline ?? this.stroke.points;
    const last = points[points.length - 1];
    const gap = Math.hypot(last[0] - x, last[1] - y);
    const least = this.outline ? 2 / this.view.scale : Math.max(0.6 / this.view.scale, this.brush.size * 0.04);
    this.tip = [x, y, pressure];
    if (gap < least) return;
    if (this.outline) {
      this.outline.push([x, y]);
      this.overlay.redraw();
    } else this.addPoint(x, y, pressure);
  }

  addPoint(x, y, pressure) {
    const point = [round(x, 2), round(y, 2), round(pressure, 3)];
    this.stroke.points.push(point);
    this.tip = null;
    this.preview.extend(point);
    this.preview.show();
    this.view.redraw();
    const now = performance.now();
    if (now - (this.kept ?? 0) > 300) {
      this.kept = now;
      this.strokes.keep(this.asKept(this.stroke));
    }
  }

  // In pixels of the reference, which is what the file tells.
  asKept(stroke) {
    const [dx, dy] = this.info.offset;
    return { ...stroke, points: stroke.points.map(([x, y, p]) => [round(x + dx, 2), round(y + dy, 2), p]) };
  }

  endStroke() {
    const stroke = this.stroke;
    if (!stroke) return;
    if (this.outline) {
      const { opacity, feather, gradient } = this.brush;
      const corners = this.outline.map(([x, y]) => [round(x, 2), round(y, 2), 1]);
      this.outline = null;
      this.overlay.redraw();
      this.stroke = null;
      if (corners.length < 3) return;
      Object.assign(stroke, { points: corners, opacity: round(opacity, 3), feather: round(feather, 2), blend: gradient ? "gradient" : "feather" });
    } else {
      if (this.tip) this.addPoint(...this.tip);
      this.stroke = null;
      if (this.preview.waiting) this.late = this.preview;
      else this.preview.end();
      this.preview = null;
    }
    this.strokes.add("stroke", { stroke: this.asKept(stroke) });
    $("undo").disabled = false;
    this.sayState();
  }

  cancelStroke() {
    if (!this.stroke) return;
    const preview = this.preview;
    this.stroke = this.outline = this.preview = null;
    this.strokes.keep();
    for (const { tile } of preview?.parts.values() ?? []) {
      if (!tile.base) continue;
      tile.data = tile.base;
      tile.base = null;
      tile.show(0, 0, tile.width, tile.height);
    }
    if (this.strokes.idle) this.settled();
    this.view.redraw();
    this.overlay.redraw();
  }

  arrived() {
    const preview = this.preview ?? this.late;
    if (preview?.waiting && preview.show() && preview === this.late) {
      this.late.end();
      this.late = null;
    }
    this.view.redraw();
  }

  undo() {
    if (this.stroke) return this.cancelStroke();
    if (!this.counted?.strokes && this.strokes.idle) return tell("There is nothing to undo.");
    this.hold();
    this.strokes.add("undo");
  }

  redo() {
    if (!this.counted?.undone) return tell("There is nothing to redo.");
    this.hold();
    this.strokes.add("redo");
  }

  async save() {
    try {
      this.jobs.expect(await asking.act("save"));
      this.refresh(await asking.state());
    } catch (error) {
      this.trouble(error);
    }
  }

  jobEnded(job) {
    if (job.state === "failed") return warn(`${job.title}: ${job.error}\n${job.remedy}`);
    if (job.state === "stopped") return tell(`${job.title}: stopped`);
    if (job.title.startsWith("Writing")) tell(`Written: ${job.result}${this.info.shelf ? ". The house leads to where copies are exported." : ""}`);
    if (job.title.startsWith("Fusing")) {
      tell(`${job.result} is ready`);
      setTimeout(() => this.choose(`made:${job.result}`), 100);
    }
  }

  // The whole picture from the source: one more stroke, to paint back from.
  takeAll() {
    if (!this.source) return tell("There is no source.");
    const [width, height] = this.info.size;
    const corners = [[-9, -9], [width + 9, -9], [width + 9, height + 9], [-9, height + 9]];
    this.hold();
    const points = corners.map(([x, y]) => [x, y, 1]);
    this.strokes.add("stroke", { stroke: this.asKept({ kind: "fill", source: this.source, points, opacity: 1, feather: 0, blend: "feather" }) });
    this.sayState();
    return undefined;
  }

  cloneFrom(x, y) {
    if (this.tool !== "clone" || !this.origin) return null;
    const { at, offset } = this.origin;
    return offset ? [x + offset[0], y + offset[1]] : at;
  }

  // Sources and looking ----------------------------------------------------------------------------

  choose(of, show = true) {
    this.source = of;
    this.strip.choose(of);
    const [kind, name] = of ? [of.slice(0, of.indexOf(":")), of.slice(of.indexOf(":") + 1)] : ["", ""];
    $("source-name").textContent = of ? name : "The frames were not found";
    const index = this.info.frames.indexOf(name);
    $("source-of").textContent = !of
      ? "Say where they are to paint from them."
      : kind === "frame"
        ? `frame ${index + 1} of ${this.info.frames.length} in focus order`
        : "made here";
    this.arrange();
    if (show && this.mode === "result" && of && !this.blinking) this.glance();
  }

  // After a step the source is seen for a moment.
  glance() {
    this.peek("source");
    clearTimeout(this.glancing);
    this.glancing = setTimeout(() => this.peeking && !this.holding && this.peek(null), 900);
  }

  step(by) {
    const all = this.strip.items.map((one) => one.of);
    if (!all.length) return;
    const index = all.indexOf(this.source);
    const next = Math.max(0, Math.min(all.length - 1, index + by));
    if (next !== index) this.choose(all[next]);
  }

  propose(at = this.cursor, quiet = false) {
    if (!at) return tell("Point at the picture first.");
    const found = this.strip.at(...this.view.toPicture(...at));
    if (!found) return tell("The frames are still being looked at.");
    this.choose(`frame:${this.info.frames[found.best]}`, !quiet);
  }

  show(mode) {
    this.mode = mode;
    this.blink(false);
    for (const button of document.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-checked", String(button.dataset.mode === mode));
    }
    $("onion").hidden = mode !== "onion";
    this.arrange();
  }

  peek(of) {
    if (this.blinking) this.blink(false);
    this.peeking = of;
    this.arrange();
  }

  // Source and result in turn: what differs jumps to the eye.
  blink(on = !this.blinking) {
    clearInterval(this.blinking);
    clearTimeout(this.glancing);
    this.blinking = this.peeking = null;
    if (!on) return this.arrange();
    if (!this.source) return tell("The frames were not found.");
    if (!["result", "side"].includes(this.mode)) this.show("result");
    const turn = () => {
      this.peeking = this.peeking ? null : "source";
      this.arrange();
    };
    turn();
    this.blinking = setInterval(turn, BLINK);
    return undefined;
  }

  arrange() {
    const source = this.source ?? "result";
    const share = Number($("onion").querySelector("input").value) / 100;
    const layers = {
      result: [[{ of: "result" }]],
      source: [[{ of: source }]],
      side: [[{ of: "result" }], [{ of: source }]],
      onion: [[{ of: "result" }, { of: source, alpha: share }]],
      difference: [[{ of: "result" }, { of: source, operation: "difference", gain: 4 }]],
    };
    const panes = this.view.panes.length;
    this.view.panes = layers[this.mode];
    if (this.peeking) {
      const seen = [{ of: this.peeking === "fused" ? "fused" : source }];
      this.view.panes = this.mode === "side" ? [seen, layers.side[1]] : [seen];
    }
    const name = source.slice(source.indexOf(":") + 1);
    const left = this.peeking === "fused" ? "fused" : this.peeking || this.mode === "source" ? name : null;
    $("badge-left").textContent = left ?? { result: "", side: "result", onion: `result and ${name}`, difference: `difference to ${name}` }[this.mode];
    $("badge-left").hidden = !$("badge-left").textContent;
    $("badge-right").hidden = this.mode !== "side";
    $("badge-right").textContent = name;
    if (panes !== this.view.panes.length) this.view.refit();
    else this.view.redraw();
    this.overlay.redraw();
  }

  zoom(to) {
    if (to === "fit") this.view.fit();
    else this.view.zoomTo(to, ...(this.cursor ?? []));
  }

  zoomBy(factor) {
    this.view.zoomTo(this.view.scale * factor, ...(this.cursor ?? []));
  }

  move(dx, dy) {
    this.view.pan((dx * this.view.paneWidth) / 8, (dy * this.view.canvas.height) / 8);
  }

  visit(place) {
    const [x, y, width, height] = place.rect;
    const { view } = this;
    const room = Math.min(view.paneWidth / width, view.canvas.height / height) / 2.2;
    view.scale = Math.max(0.1, Math.min(2, room));
    view.centre(x + width / 2, y + height / 2);
    if (place.source && this.info.frames.includes(place.source)) this.choose(`frame:${place.source}`, false);
    this.overlay.redraw();
  }

  async markFine() {
    if (this.places.at < 0) return tell("Go to a place first (N).");
    try {
      const told = await this.places.mark();
      if (told) this.count(told);
    } catch (error) {
      this.trouble(error);
    }
  }

  hover(at) {
    this.cursor = at;
    const [x, y] = this.view.toPicture(...at);
    const found = this.strip.point(x, y);
    this.sayZoom(x, y);
    if (found) {
      const sharpest = Object.assign(document.createElement("b"), { textContent: this.strip.shortOf(found.best), title: this.info.frames[found.best] });
      const from = found.from >= 0 && found.from !== found.best ? ` · taken from ${this.strip.shortOf(found.from)}` : "";
      $("proposal").replaceChildren("Sharpest here: ", sharpest, " ", Object.assign(document.createElement("kbd"), { textContent: "Q" }), from);
    }
    this.overlay.redraw();
  }

  leave() {
    this.cursor = null;
    this.overlay.redraw();
  }

  sayZoom(x, y) {
    const percent = `${round(100 * this.view.scale, this.view.scale < 0.1 ? 1 : 0)} %`;
    const inside = x !== undefined && x >= -0.5 && y >= -0.5 && x < this.info.size[0] && y < this.info.size[1];
    $("zoom").textContent = inside ? `${percent} · ${Math.round(x)}, ${Math.round(y)}` : percent;
  }

  drawn() {
    if (this.cursor) this.sayZoom(...this.view.toPicture(...this.cursor));
    else this.sayZoom();
    this.overlay.redraw();
  }

  resize() {
    const box = $("stage").getBoundingClientRect();
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    this.view.resize(box.width, box.height, ratio);
    this.overlay.resize(this.view.canvas.width, this.view.canvas.height);
    this.view.draw();
  }

  // Controls -----------------------------------------------------------------------------------------

  take(tool) {
    this.tool = tool;
    $("overlay").dataset.tool = tool;
    for (const button of document.querySelectorAll("[data-tool]")) {
      if (button.tagName === "BUTTON") button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
    const brush = ["paint", "erase", "clone"].includes(tool);
    const shown = { "of-brush": brush, "of-all": !["hand", "crop"].includes(tool), "of-fill": tool === "fill", "of-clone": tool === "clone", "of-paint": tool === "paint", "of-crop": tool === "crop" };
    for (const [name, on] of Object.entries(shown)) {
      for (const element of document.querySelectorAll(`.${name}`)) element.hidden = !on;
    }
    $("advice").textContent = ADVICE[tool];
    this.view.redraw();
    if (tool === "crop") {
      if (this.mode !== "result") this.show("result");
      this.view.fit(); // all edges, and room to take hold of them
      this.view.zoomTo(0.9 * this.view.scale);
      this.sayCrop();
    }
    this.overlay.redraw();
  }

  sayCrop() {
    const [, , width, height] = this.crop.rect;
    $("crop-out").textContent = `${width} × ${height} pixels`;
    $("again-crop").disabled = $("crop-all").disabled = this.crop.same;
    this.overlay.redraw();
  }

  async findFrames(folder) {
    await asking.act("frames", { folder });
    location.reload();
  }

  grow(factor) {
    this.set({ size: Math.max(1, Math.min(4000, this.brush.size * factor)) });
  }

  harden(by) {
    this.set({ hardness: Math.max(0, Math.min(1, this.brush.hardness + by / 100)) });
  }

  cover(by) {
    this.set({ opacity: Math.max(0.01, Math.min(1, this.brush.opacity + by / 100)) });
  }

  set(change) {
    Object.assign(this.brush, change);
    const { size, hardness, opacity, feather } = this.brush;
    $("size").value = String(Math.round((1000 * Math.log(size)) / Math.log(4000)));
    $("size-out").textContent = `${round(size, size < 10 ? 1 : 0)} px`;
    $("hardness").value = String(Math.round(100 * hardness));
    $("hardness-out").textContent = `${Math.round(100 * hardness)} %`;
    $("opacity").value = String(Math.round(100 * opacity));
    $("opacity-out").textContent = `${Math.round(100 * opacity)} %`;
    $("feather").value = String(Math.round(feather));
    $("feather-out").textContent = `${Math.round(feather)} px`;
    this.overlay.redraw();
  }

  theme(to) {
    const root = document.documentElement;
    root.dataset.theme = to ?? (root.dataset.theme === "dark" ? "light" : "dark");
    try {
      localStorage.setItem("focusstack theme", root.dataset.theme);
    } catch {
      // It is dark again next time.
    }
    this.view.redraw();
  }

  help() {
    const dialog = $("keys");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  controls() {
    const click = (id, act) => $(id).addEventListener("click", act);
    const slide = (id, act) => $(id).addEventListener("input", (event) => act(Number(event.target.value)));
    for (const button of document.querySelectorAll("button[data-tool]")) button.addEventListener("click", () => this.take(button.dataset.tool));
    for (const button of document.querySelectorAll("[data-mode]")) button.addEventListener("click", () => this.show(button.dataset.mode));
    for (const button of document.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => (button.dataset.zoom === "fit" ? this.view.fit() : this.view.zoomTo(Number(button.dataset.zoom))));
    }
    slide("size", (value) => this.set({ size: Math.exp((value / 1000) * Math.log(4000)) }));
    slide("hardness", (value) => this.set({ hardness: value / 100 }));
    slide("opacity", (value) => this.set({ opacity: value / 100 }));
    slide("feather", (value) => this.set({ feather: value }));
    $("gradient").addEventListener("change", (event) => (this.brush.gradient = event.target.checked));
    $("onion").querySelector("input").addEventListener("input", () => this.arrange());
    click("undo", () => this.undo());
    click("redo", () => this.redo());
    click("save", () => this.save());
    click("theme", () => this.theme());
    click("help", () => this.help());
    click("previous", () => this.step(-1));
    click("next", () => this.step(1));
    click("next-place", () => this.places.next());
    click("fine", () => this.markFine());
    click("whole", () => this.takeAll());
    click("find", () => this.picker.browse("").catch((error) => this.trouble(error)));
    click("fuse", () => this.fuse());
    click("slabs", () => this.slabs());
    click("panel", () => this.togglePanel());
    $("notice").querySelector("button").addEventListener("click", () => warn(""));
    click("origin", () => {
      this.choosing = true;
      $("overlay").classList.add("choosing");
      tell("Click where to copy from.");
    });
    $("minimap").addEventListener("pointerdown", (event) => this.jump(event));
    $("minimap").addEventListener("pointermove", (event) => event.buttons && this.jump(event));
    fillHelp($("keys-list"));
    window.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("keyup", (event) => this.keyUp(event));
    window.addEventListener("blur", () => this.keyUp({ key: null }));
    const longest = Math.max(...this.info.size);
    this.set({ size: Math.max(8, Math.round(longest / 40)), feather: Math.max(2, Math.round(longest / 300)) });
  }

  jump(event) {
    const [width, height] = this.info.size;
    const box = $("minimap").getBoundingClientRect();
    this.view.centre(((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height);
  }

  togglePanel() {
    const open = $("side").classList.toggle("open");
    $("panel").setAttribute("aria-expanded", String(open));
  }

  key(event) {
    const field = event.target.closest?.("input:not([type=range]):not([type=checkbox]), select, dialog");
    if (field && event.key !== "?" && !(event.ctrlKey || event.metaKey)) return;
    if (event.target.closest?.("input[type=range], .segments") && event.key.startsWith("Arrow")) return;
    if (event.key === " " && !event.target.closest?.("button, input")) {
      event.preventDefault();
      this.pointing.space = true;
      return;
    }
    if (event.key === "Escape" && this.stroke) return this.cancelStroke();
    if (event.key === "Escape" && this.blinking) return this.blink(false);
    if (event.key === "Escape" && this.tool === "crop") return this.take("hand");
    if (event.key === "Enter" && this.tool === "crop" && event.target.id === "overlay") return this.again.open();
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    this.holding = ["x", "\\"].includes(event.key);
    action(this, event);
  }

  keyUp(event) {
    if (event.key === " " || event.key === null) this.pointing.space = false;
    if (["x", "X", "\\", null].includes(event.key) && this.holding) {
      this.holding = false;
      this.peek(null);
    }
  }

  async fuse() {
    const { frames } = this.info;
    const name = this.source?.startsWith("frame:") ? this.source.slice(6) : this.info.reference;
    const at = frames.indexOf(name);
    const which = $("which").value;
    const chosen = {
      all: frames,
      without: frames.filter((one) => one !== name),
      around: frames.slice(Math.max(0, at - 2), at + 3),
      before: frames.slice(0, at + 1),
      after: frames.slice(at),
    }[which];
    if (chosen.length < 2) return tell("That is less than two frames.");
    const method = $("method").value;
    const part = $("part").value === "view" ? this.view.inView() : null;
    const label = { all: "all", without: `without ${name}`, around: `around ${name}`, before: `up to ${name}`, after: `from ${name}` }[which];
    const typed = $("smoothing").value;
    const smoothing = typed === "" ? null : Math.max(0, Math.min(1000, Number(typed)));
    let title = `${method}, ${label}${part ? ", part" : ""}${smoothing === null ? "" : `, smoothed ${smoothing}`}`;
    const taken = new Set(this.info.recipes.map((one) => one.name));
    for (let k = 2; taken.has(title); k++) title = `${title.replace(/ \(\d+\)$/, "")} (${k})`;
    const [dx, dy] = this.info.offset;
    const rect = part && { x: part[0] + dx, y: part[1] + dy, width: part[2], height: part[3] };
    await this.begin("fuse", { name: title, method, frames: chosen, smoothing, rect });
  }

  async slabs() {
    await this.begin("slabs", { size: Number($("slab-size").value), overlap: Number($("slab-overlap").value) });
  }

  async begin(name, data) {
    try {
      this.jobs.expect(await asking.act(name, data));
      this.refresh(await asking.state());
    } catch (error) {
      this.trouble(error);
    }
  }
}

try {
  const kept = localStorage.getItem("focusstack theme");
  if (kept) document.documentElement.dataset.theme = kept;
} catch {
  // Dark, then.
}
asking.state().then(
  (info) => {
    const desk = new Desk(info);
    desk.start();
    window.desk = desk; // for tests, and for those who look behind
  },
  (error) => {
    document.getElementById("folder").textContent = "";
    warn([error.message, error.remedy].filter(Boolean).join("\n"));
  },
);
