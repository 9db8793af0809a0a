// Mouse, pen and fingers on the picture.

export class Pointing {
  constructor(element, desk) {
    this.element = element;
    this.desk = desk;
    this.down = new Map(); // fingers, by pointer
    this.space = false;
    this.moving = false;
    this.painting = null; // pointer that paints
    this.cropping = null; // pointer that draws the crop
    element.addEventListener("pointerdown", (event) => this.press(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, (event) => this.lift(event));
    element.addEventListener("pointerleave", () => this.desk.leave());
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("dblclick", (event) => event.preventDefault());
  }

  place(event) {
    const box = this.element.getBoundingClientRect();
    const ratio = this.desk.view.ratio;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }

  pressure(event) {
    return event.pointerType === "pen" && event.pressure > 0 ? Math.max(0.05, event.pressure) : 1;
  }

  press(event) {
    this.element.focus({ preventScroll: true });
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    const at = this.place(event);
    this.down.set(event.pointerId, at);
    if (this.down.size === 2) {
      // The second finger: it was meant to move the picture.
      if (this.painting !== null) this.desk.cancelStroke();
      this.painting = this.cropping = null;
      this.moving = true;
      return;
    }
    const hand = this.space || this.desk.tool === "hand" || event.button === 1;
    if (event.button === 2) return;
    if (!hand && this.desk.tool === "crop") {
      if (this.desk.crop.press(...at)) this.cropping = event.pointerId;
    } else if (hand) {
      this.moving = true;
      this.element.classList.add("moving");
    } else if (this.desk.beginStroke(at, this.pressure(event), event.altKey)) {
      this.painting = event.pointerId;
    }
  }

  move(event) {
    const at = this.place(event);
    this.desk.hover(at);
    const before = this.down.get(event.pointerId);
    if (!before) return;
    if (this.down.size === 2) this.pinch(event.pointerId, at);
    else if (this.cropping === event.pointerId) this.desk.crop.move(...at);
    else if (this.moving) this.desk.view.pan(at[0] - before[0], at[1] - before[1]);
    else if (this.painting === event.pointerId) {
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) this.desk.extendStroke(this.place(one), this.pressure(one));
    }
    this.down.set(event.pointerId, at);
  }

  pinch(id, at) {
    const [other] = [...this.down].filter(([key]) => key !== id).map(([, place]) => place);
    const before = this.down.get(id);
    const view = this.desk.view;
    const far = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const now = Math.hypot(at[0] - other[0], at[1] - other[1]);
    view.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    if (far > 5) view.zoomAt((at[0] + other[0]) / 2, (at[1] + other[1]) / 2, (view.scale * now) / far);
  }

  lift(event) {
    if (!this.down.delete(event.pointerId)) return;
    if (this.cropping === event.pointerId) {
      this.cropping = null;
      this.desk.crop.lift();
    }
    if (this.painting === event.pointerId) {
      this.painting = null;
      if (event.type === "pointercancel") this.desk.cancelStroke();
      else this.desk.endStroke();
    }
    if (!this.down.size) {
      this.moving = false;
      this.element.classList.remove("moving");
    }
  }

  wheel(event) {
    event.preventDefault();
    const turn = event.deltaY || event.deltaX;
    if (!turn) return;
    if (event.altKey || event.shiftKey) {
      this.desk.step(turn > 0 ? 1 : -1, true);
      return;
    }
    const notch = event.deltaMode === 0 ? turn / 100 : turn / 3;
    const strength = event.ctrlKey ? 3 : 1; // fingers on a pad turn little
    const factor = Math.exp(-0.22 * strength * Math.max(-3, Math.min(3, notch)));
    this.desk.view.zoomAt(...this.place(event), this.desk.view.scale * factor);
  }
}
