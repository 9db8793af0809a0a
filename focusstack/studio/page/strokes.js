// Strokes on their way: in order, none lost, kept in the browser until the server has them.
import { act, Refusal } from "./asking.js";

export class Strokes {
  constructor(key, told) {
    this.key = `focusstack strokes ${key}`;
    this.told = told; // {done, failed, idle}
    this.queue = this.kept();
    this.recovered = this.queue.length;
    this.sending = false;
    this.stuck = false;
    for (const one of this.queue) one.again = true;
  }

  kept() {
    try {
      const found = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  }

  keep(unfinished = null) {
    const all = this.queue.filter((one) => one.name === "stroke").map(({ name, data }) => ({ name, data }));
    if (unfinished) all.push({ name: "stroke", data: { stroke: unfinished } });
    try {
      if (all.length) localStorage.setItem(this.key, JSON.stringify(all));
      else localStorage.removeItem(this.key);
    } catch {
      // A browser without room: the server still has all that it answered.
    }
  }

  add(name, data = {}) {
    this.queue.push({ name, data });
    this.keep();
    this.send();
  }

  get idle() {
    return !this.queue.length;
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    while (this.queue.length) {
      const { name, data, again } = this.queue[0];
      try {
        const changed = await act(name, again ? { ...data, again: true } : data);
        this.queue.shift();
        this.stuck = false;
        this.keep();
        this.told.done(changed, name);
      } catch (error) {
        if (error instanceof Refusal && !error.gone) {
          const lost = this.queue.shift();
          this.keep();
          this.told.failed(error, lost);
          continue;
        }
        this.stuck = true;
        this.queue[0].again = true;
        this.told.failed(error instanceof Refusal ? error : new Refusal(String(error), "", true));
        break;
      }
    }
    this.sending = false;
    if (this.idle) this.told.idle();
  }
}
