// The start page: pictures in, stacks run in turn, results opened and handed on.
import { Jobs, tell, warn } from "./panel.js";
import { Refusal, inAddress } from "./asking.js";
import { Picker } from "./picker.js";

const $ = (id) => document.getElementById(id);

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(new URL(`shelf/${path}`, document.baseURI), { credentials: "omit", ...options });
  } catch {
    throw new Refusal("focusstack has stopped.", "Start it again.", true);
  }
  if (answer.status === 403) throw new Refusal("focusstack was started again.", "Go on in the page that it opened.", true);
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(told.error || `that did not work (${answer.status})`, told.remedy || "");
  return told;
}

const act = (name, data = {}) =>
  ask(name, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) });

// Whatever goes wrong is told.
const trying = (work) => async (...given) => {
  try {
    return await work(...given);
  } catch (error) {
    warn([error.message, error.remedy].filter(Boolean).join("\n"));
    return undefined;
  }
};

function element(kind, { text, ...rest } = {}, ...inside) {
  const made = document.createElement(kind);
  if (text !== undefined) made.textContent = text;
  Object.assign(made, rest);
  made.append(...inside);
  return made;
}

class Door {
  constructor() {
    this.found = null;
    this.looked = new Set();
    this.jobs = new Jobs((job) => this.ended(job), act);
    this.covers = new Map();
  }

  start() {
    const click = (id, work) => $(id).addEventListener("click", trying(work));
    click("theme", () => this.theme());
    click("quit", () => this.quit());
    click("pick", () => this.picker.browse(""));
    click("pick-files", () => $("files").click());
    $("files").addEventListener("change", trying(() => this.upload([...$("files").files].map((file) => ({ file })), "")));
    this.picker = new Picker({
      ask,
      trying,
      label: ({ result, pictures, folders }) => ({
        text: result ? "Open these results" : "Use this folder",
        possible: result || pictures || folders.length,
      }),
      use: ({ path, result }) => (result ? this.review(path) : this.look(path)),
    });
    click("leave", () => this.show(null));
    click("run", () => this.run());
    $("together").addEventListener("change", () => this.counted());
    click("export-close", () => $("exporter").close());
    click("export-go", () => this.export());
    click("exported-show", () => act("show", { folder: this.lastExport, what: "export" }));
    click("exported-close", () => ($("exported").hidden = true));
    $("notice").querySelector("button").addEventListener("click", () => warn(""));
    this.dropping();
    this.poll();
  }

  theme() {
    const root = document.documentElement;
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("focusstack theme", root.dataset.theme);
  }

  async poll() {
    let pause = 3000;
    try {
      pause = this.refresh(await ask("state")) ? 500 : 3000;
      if (this.away) warn("");
      this.away = false;
    } catch (error) {
      this.away = true;
      warn([error.message, error.remedy].join("\n"));
    }
    this.timer = setTimeout(() => this.poll(), pause);
  }

  async quit() {
    const busy = this.told.jobs.some((job) => ["waiting", "running"].includes(job.state));
    if (busy && !window.confirm("Something is at work. Stop it, and end focusstack?")) return;
    clearTimeout(this.timer);
    await act("quit");
    document.querySelector("main").replaceChildren(element("p", { className: "hint", text: "focusstack has ended. This page can be closed." }));
    $("quit").disabled = true;
  }

  async now() {
    clearTimeout(this.timer);
    await this.poll();
  }

  refresh(told) {
    this.told = told;
    const busy = this.jobs.fill(told.jobs);
    this.fillRecent(told.recent);
    return busy;
  }

  ended(job) {
    if (job.state === "failed") return warn(`${job.title}: ${job.error}\n${job.remedy}`);
    if (job.state === "stopped") return tell(`${job.title}: stopped`);
    if (job.title.startsWith("Looking at")) return this.show(job.result);
    if (job.title.startsWith("Stacking")) return tell(job.result.verdict || "Done");
    if (job.title.startsWith("Exporting")) return this.exported(job.result);
    return undefined;
  }

  // Pictures in ---------------------------------------------------------------------------------

  dropping() {
    let inside = 0;
    const over = (on) => $("drop").classList.toggle("over", on);
    window.addEventListener("dragenter", (event) => {
      event.preventDefault();
      inside += 1;
      over(true);
    });
    window.addEventListener("dragleave", () => {
      inside -= 1;
      if (inside <= 0) over(false);
    });
    window.addEventListener("dragover", (event) => event.preventDefault());
    window.addEventListener("drop", trying(async (event) => {
      event.preventDefault();
      inside = 0;
      over(false);
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
      const plain = [...event.dataTransfer.files];
      const found = [];
      for (const entry of entries) await this.walk(entry, entries.length > 1 ? 1 : 2, found);
      const name = entries.length === 1 && entries[0].isDirectory ? entries[0].name : "";
      await this.upload(found.length ? found : plain.map((file) => ({ file })), name);
    }));
  }

  // Folders keep their pictures apart: cameras begin to count anew in each. depth: from which part
  // of its path on a folder is told; what was dropped alone has a folder of its own anyway.
  async walk(entry, depth, found) {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      found.push({ file, inside: entry.fullPath.split("/").slice(depth, -1).join(" ") });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const more = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!more.length) return;
      for (const one of more) await this.walk(one, depth, found);
    }
  }

  async upload(all, name) {
    const read = new Set(this.told.readable);
    const files = all.filter(({ file }) => !file.name.startsWith(".") && read.has(file.name.slice(file.name.lastIndexOf(".")).toLowerCase()));
    if (!files.length) {
      tell("That holds no pictures that are read.");
      return;
    }
    const { key, folder } = await act("begin", { name });
    const left = [];
    let done = 0;
    for (const { file, inside = "" } of files) {
      $("uploading").textContent = `Taking ${file.name} (${++done} of ${files.length})`;
      try {
        await ask(`upload/${key}/${inAddress(file.name)}?in=${inAddress(inside)}`, { method: "PUT", body: file });
      } catch (error) {
        if (error.gone) throw error;
        left.push(`${file.name}: ${error.message}`);
      }
    }
    $("uploading").textContent = "";
    if (left.length) warn(`Left out:\n${left.slice(0, 8).join("\n")}${left.length > 8 ? `\nand ${left.length - 8} more` : ""}`);
    if (left.length < files.length) await this.look(folder);
  }

  async look(folder) {
    this.jobs.expect(await act("look", { folder }));
    await this.now();
  }

  // What was found --------------------------------------------------------------------------------

  show(found) {
    this.found = found;
    $("found").hidden = !found;
    if (!found) return;
    const { stacks } = found;
    $("h-found").textContent = stacks.length === 1 ? `One series in ${found.name}` : `${stacks.length || "No"} series in ${found.name}`;
    const notes = [...found.notes];
    if (found.alone) notes.push(`${found.alone} picture${found.alone > 1 ? "s stand" : " stands"} alone and ${found.alone > 1 ? "are" : "is"} left out.`);
    $("found-notes").textContent = notes.join(" ");
    $("found-notes").hidden = !notes.length;
    $("together-line").hidden = !found.together;
    $("together").checked = false;
    if (found.together) $("together-words").textContent = `they are one series, all ${found.together.count} of them`;
    $("stacks").replaceChildren(
      ...stacks.map((stack) => {
        const box = element("input", { type: "checkbox", checked: true });
        box.setAttribute("aria-label", stack.name);
        box.addEventListener("change", () => this.counted());
        stack.box = box;
        const what = element("span", {}, element("b", { text: stack.name }), element("small", { text: `${stack.first} … ${stack.last}` }));
        const count = element("span", { className: "count", text: [`${stack.count} frames`, stack.size, stack.camera].filter(Boolean).join(", ") });
        if (!stack.sure) what.append(element("small", { className: "unsure", text: " – look whether these belong together" }));
        return element("li", {}, box, what, count);
      }),
    );
    this.counted();
    $("found").scrollIntoView({ block: "nearest" });
  }

  chosen() {
    const { stacks, together } = this.found;
    return $("together").checked ? [together] : stacks.filter((one) => one.box.checked);
  }

  counted() {
    const chosen = this.chosen().length;
    for (const { box } of this.found.stacks) box.disabled = $("together").checked;
    $("stacks").classList.toggle("off", $("together").checked);
    $("run").disabled = !chosen;
    $("run").textContent = chosen > 1 ? `Stack ${chosen} series` : "Stack";
  }

  async run() {
    const [format, bits] = $("format").value.split(" ");
    const how = {
      method: $("method").value,
      format,
      bit_depth: bits ? Number(bits) : null,
      aligned: $("aligned").checked,
      depth: $("depth").checked,
      moved: $("moved").checked,
    };
    this.jobs.expect(await act("run", { stacks: this.chosen().map(({ name, files }) => ({ name, files, ...how })) }));
    this.show(null);
    await this.now();
  }

  // Results -----------------------------------------------------------------------------------------

  fillRecent(recent) {
    const told = JSON.stringify(recent);
    if (told === this.recentTold) return;
    this.recentTold = told;
    $("no-results").hidden = recent.length > 0;
    $("recent").replaceChildren(...recent.map((one) => this.result(one)));
  }

  result(one) {
    const source = new URL(`shelf/cover?folder=${inAddress(one.folder)}&of=${one.changed}`, document.baseURI).href;
    const cover = element("button", { className: "cover", type: "button", title: "Look and retouch" }, element("img", { alt: one.name, loading: "lazy", src: source }));
    const button = (text, work) => {
      const made = element("button", { type: "button", text });
      made.addEventListener("click", trying(work));
      return made;
    };
    cover.addEventListener("click", trying(() => this.review(one.folder)));
    const when = one.changed ? new Date(1000 * one.changed).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "";
    const chip = element("span", { className: `chip ${one.grade}`, text: one.verdict, title: one.verdict });
    chip.hidden = !one.verdict;
    const what = element("div", { className: "what" }, element("b", { text: one.name, title: one.name }), chip, element("small", { text: `${when}${one.retouched ? ", retouched" : ""}` }), element("small", { text: one.where, title: one.where }));
    const row = element("div", { className: "row" }, button("Retouch", () => this.review(one.folder)), ...(one.report ? [button("Report", () => act("show", { folder: one.folder, what: "report" }))] : []), button("Export…", () => this.exporter(one)), button("Folder", () => act("show", { folder: one.folder, what: "folder" })));
    return element("li", {}, cover, what, row);
  }

  // Where a copy went, until it is read: with a way there for whoever has no terminal.
  exported({ folder, file }) {
    const told = $("exported");
    told.querySelector("b").textContent = file;
    told.hidden = false;
    this.lastExport = folder;
  }

  async review(folder) {
    const { name } = await act("open", { folder });
    location.href = new URL(`review/${name}/`, document.baseURI).href;
  }

  exporter(one) {
    this.exporting = one;
    $("h-export").textContent = `Export ${one.name}`;
    $("exporter").showModal();
  }

  async export() {
    const copy = {
      picture: $("export-picture").value,
      format: $("export-format").value,
      longest: Number($("export-size").value),
      quality: Number($("export-quality").value) || 92,
      srgb: $("export-srgb").checked,
    };
    $("exporter").close();
    this.jobs.expect(await act("export", { folder: this.exporting.folder, copy }));
    await this.now();
  }
}

try {
  const kept = localStorage.getItem("focusstack theme");
  if (kept) document.documentElement.dataset.theme = kept;
} catch {
  // Dark, then.
}
const door = new Door();
window.door = door;
door.start();
