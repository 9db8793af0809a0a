// Folders of this machine, to pick one from: the dialog of both pages.
import { inAddress } from "./asking.js";

const $ = (id) => document.getElementById(id);
const FOLDER = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2.5 5.5h5l1.5 2h8.5v8.5h-15z"/></svg>';

export class Picker {
  // ask: fetches what an address tells; trying: wraps what may go wrong; label: what the button says
  // of a place; use: is given the place that was picked.
  constructor({ ask, trying, label, use }) {
    Object.assign(this, { ask, trying, label });
    $("picker-close").addEventListener("click", () => $("picker").close());
    $("use").addEventListener("click", trying(() => {
      $("picker").close();
      return use(this.place);
    }));
  }

  async browse(path) {
    const asked = (this.asked = {}); // an answer that comes after a later one is not wanted
    const told = await this.ask(`folder?path=${inAddress(path)}`);
    if (asked !== this.asked) return;
    this.place = told;
    if (!$("picker").open) $("picker").showModal();
    $("shortcuts").replaceChildren(...told.shortcuts.map(({ name, path: to }) => this.button(name, to)));
    const parts = told.path.split("/").filter(Boolean);
    const crumbs = [["/", "/"], ...parts.map((part, index) => [part, `/${parts.slice(0, index + 1).join("/")}`])];
    const windows = !told.path.startsWith("/");
    const shown = windows ? [[told.path, told.path]] : crumbs;
    $("crumbs").replaceChildren(
      ...(windows && told.parent ? [this.button("↑", told.parent)] : []),
      ...shown.map(([name, to]) => this.button(name, to)),
    );
    $("folders").replaceChildren(
      ...told.folders.map(({ name, path: to }) => {
        const button = this.button("", to);
        button.innerHTML = FOLDER;
        button.append(name);
        return this.item(button);
      }),
      ...told.names.map((name) => Object.assign(this.item(name), { className: "picture" })),
    );
    const pictures = told.pictures === 1 ? "one picture" : `${told.pictures || "no"} pictures`;
    const folders = told.folders.length === 1 ? ", one folder" : told.folders.length ? `, ${told.folders.length} folders` : "";
    $("holds").textContent = told.result ? "Results: opens them." : `${pictures} here${folders}.`;
    const { text, possible } = this.label(told);
    $("use").textContent = text;
    $("use").disabled = !possible;
    $("folders").scrollTop = 0;
  }

  button(name, to) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", this.trying(() => this.browse(to)));
    return button;
  }

  item(inside) {
    const item = document.createElement("li");
    item.append(inside);
    return item;
  }
}
