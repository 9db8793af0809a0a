// The dialog that runs a result again: which frames, on which reference, with which crop.
import { tell } from "./panel.js";

const $ = (id) => document.getElementById(id);
const SIDES = ["again-x", "again-y", "again-width", "again-height"];

export class Again {
  constructor(desk) {
    this.desk = desk;
    const click = (id, act) => $(id).addEventListener("click", act);
    click("again-open", () => this.open());
    click("again-crop", () => this.open());
    click("again-close", () => $("again").close());
    click("again-go", () => this.go());
    click("again-largest", () => this.largest());
    click("crop-all", () => desk.crop.set(desk.crop.whole()));
    click("again-draw", () => {
      $("again").close();
      desk.take("crop");
    });
    $("again-reference").addEventListener("change", () => this.sayCrop());
    for (const id of SIDES) $(id).addEventListener("input", () => (this.wanted = this.typed()));
  }

  open() {
    const { info, crop } = this.desk;
    if (!info.frames.length) return tell("The frames were not found.");
    if (info.aligned) return tell("Only aligned frames were found: say where the frames are.");
    $("again-frames").replaceChildren(...info.choices.map((one) => this.line(one)));
    this.chosen();
    $("again-method").value = info.method;
    this.wanted = crop.rect;
    this.sayCrop();
    $("again").showModal();
    $("again-frames").querySelector("input:not(:checked)")?.scrollIntoView({ block: "center" });
    return undefined;
  }

  line({ name, used, why }) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: used });
    box.dataset.name = name;
    box.addEventListener("change", () => this.chosen());
    const words = Object.assign(document.createElement("span"), { textContent: name });
    const note = Object.assign(document.createElement("small"), { textContent: why || (used ? "" : "not in this result") });
    label.append(box, words, note);
    const item = document.createElement("li");
    item.append(label);
    return item;
  }

  frames() {
    return [...$("again-frames").querySelectorAll("input:checked")].map((box) => box.dataset.name);
  }

  // The reference is one of the frames that are used.
  chosen() {
    const frames = this.frames();
    const before = $("again-reference").value || this.desk.info.reference;
    $("again-count").textContent = `${frames.length} of ${this.desk.info.choices.length}`;
    $("again-reference").replaceChildren(
      new Option("the one that suits best", "auto"),
      ...frames.map((name) => new Option(name === this.desk.info.reference ? `${name} (now)` : name, name)),
    );
    $("again-reference").value = frames.includes(before) ? before : "auto";
    $("again-go").disabled = frames.length < 2;
    this.sayCrop();
  }

  get moved() {
    return $("again-reference").value !== this.desk.info.reference;
  }

  sayCrop() {
    for (const id of [...SIDES, "again-draw"]) $(id).disabled = this.moved;
    const rect = this.wanted;
    SIDES.forEach((id, k) => ($(id).value = rect ? rect[k] : ""));
    $("again-hint").textContent = this.moved
      ? "On another reference the crop becomes as large as it can."
      : rect
        ? ""
        : "As large as all frames allow.";
  }

  typed() {
    const rect = SIDES.map((id) => Math.round(Number($(id).value)));
    return rect.every(Number.isFinite) && rect[2] > 0 && rect[3] > 0 ? rect : null;
  }

  largest() {
    this.wanted = null;
    this.sayCrop();
  }

  async go() {
    const { info } = this.desk;
    const frames = this.frames();
    const [dx, dy] = info.offset;
    const rect = this.moved ? null : this.wanted;
    const crop = rect && { x: rect[0] + dx, y: rect[1] + dy, width: rect[2], height: rect[3] };
    const used = info.choices.filter((one) => one.used).map((one) => one.name);
    const method = $("again-method").value;
    const same = !this.moved && used.join("\n") === frames.join("\n") && method === info.method;
    if (same && rect?.join() === [0, 0, ...info.size].join()) return tell("Nothing is changed.");
    $("again").close();
    await this.desk.begin("run", { frames, reference: $("again-reference").value, method, crop });
    return undefined;
  }
}
