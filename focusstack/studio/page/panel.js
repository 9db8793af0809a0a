// What stands beside the picture: places to look at, what is at work, what was found wrong.
import { act } from "./asking.js";

const SIGNS = { open: "●", fine: "✓", mended: "✓" };

const $ = (id) => document.getElementById(id);

export function tell(words) {
  const toast = $("toast");
  toast.textContent = words;
  toast.classList.add("on");
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => toast.classList.remove("on"), Math.max(2600, 80 * words.length)); // time to read it
}

export function warn(words) {
  const notice = $("notice");
  notice.querySelector("p").textContent = words;
  notice.hidden = !words;
}

export class Places {
  constructor(visit) {
    this.visit = visit;
    this.at = -1;
    this.all = [];
  }

  fill(places) {
    const same = JSON.stringify(places) === this.told;
    this.told = JSON.stringify(places);
    this.all = places;
    if (!same) this.build();
  }

  build() {
    const left = this.all.filter((one) => one.state === "open").length;
    $("places-left").textContent = left ? `${left} left` : "";
    $("no-places").hidden = this.all.length > 0;
    $("places-row").hidden = this.all.length === 0;
    $("places").replaceChildren(
      ...this.all.map((place, index) => {
        const item = document.createElement("li");
        item.className = place.state;
        const button = document.createElement("button");
        const sign = document.createElement("i");
        sign.textContent = SIGNS[place.state];
        const words = document.createElement("span");
        words.textContent = place.words;
        button.append(sign, words);
        button.setAttribute("aria-label", `${place.words}, ${place.state}`);
        if (index === this.at) button.setAttribute("aria-current", "true");
        button.addEventListener("click", () => this.go(index));
        item.append(button);
        return item;
      }),
    );
  }

  go(index) {
    this.at = index;
    this.build();
    this.visit(this.all[index], index);
    $("places").children[index]?.scrollIntoView({ block: "nearest" });
  }

  next(step = 1) {
    const count = this.all.length;
    if (!count) return tell("There is no place to look at.");
    for (let k = 1; k <= count; k++) {
      const index = (((this.at < 0 && step < 0 ? 0 : this.at) + step * k) % count + count) % count;
      if (this.all[index].state === "open" || k === count) return this.go(index);
    }
  }

  async mark() {
    const place = this.all[this.at];
    if (!place) return null;
    return act("fine", { index: this.at, fine: place.state !== "fine" });
  }
}

export class Jobs {
  constructor(ended, doing = act) {
    this.ended = ended;
    this.doing = doing;
    this.known = new Map();
  }

  // What was begun from this page is told of when it ends, however soon that is.
  expect({ job, jobs = [] }) {
    for (const number of [job, ...jobs]) if (number) this.known.set(number, "waiting");
  }

  fill(jobs) {
    for (const job of jobs) {
      const before = this.known.get(job.number);
      this.known.set(job.number, job.state);
      const over = !["waiting", "running"].includes(job.state);
      if (over && before !== job.state && (before || job.state === "failed")) this.ended(job);
    }
    const shown = jobs.filter((job) => ["waiting", "running", "failed"].includes(job.state)).slice(-6);
    ($("jobs-section") ?? $("work")).hidden = !shown.length;
    $("jobs").replaceChildren(...shown.map((job) => this.item(job)));
    return jobs.some((job) => ["waiting", "running"].includes(job.state));
  }

  item(job) {
    const item = document.createElement("li");
    const title = document.createElement("span");
    title.textContent = job.title;
    item.append(title);
    if (job.state === "failed") {
      const words = document.createElement("small");
      words.className = "bad";
      words.textContent = `${job.error} ${job.remedy}`;
      item.append(document.createElement("span"), words);
      return item;
    }
    const stop = document.createElement("button");
    stop.textContent = "Stop";
    stop.addEventListener("click", () => this.doing("stop", { job: job.number }));
    const bar = document.createElement("progress");
    if (job.total) Object.assign(bar, { max: job.total, value: job.steps });
    bar.setAttribute("aria-label", job.title);
    const stage = document.createElement("small");
    stage.textContent = job.state === "waiting" ? "waiting" : job.stage;
    item.append(stop, bar, stage);
    return item;
  }
}
