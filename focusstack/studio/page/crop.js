// The crop: a rectangle drawn over the picture, within what all frames share.

const NEAR = 14; // pixels of the screen from an edge at which it is taken hold of
const SMALLEST = 16; // pixels of the picture

export class Crop {
  constructor(desk, changed) {
    this.desk = desk;
    this.changed = changed;
    this.rect = this.whole(); // x, y, width, height in pixels of the picture; may lie beyond it
    this.drag = null;
  }

  whole() {
    return [0, 0, ...this.desk.info.size];
  }

  get same() {
    return this.rect.join() === this.whole().join();
  }

  set(rect) {
    this.rect = rect;
    this.changed();
  }

  // Whether the middles of its corner pixels lie within what all frames share, which is convex.
  inside([x, y, width, height]) {
    if (width < SMALLEST || height < SMALLEST) return false;
    const corners = [[x, y], [x + width - 1, y], [x + width - 1, y + height - 1], [x, y + height - 1]];
    const area = this.desk.info.area;
    return corners.every(([u, v]) =>
      area.every(([ax, ay], k) => {
        const [bx, by] = area[(k + 1) % area.length];
        return ((bx - ax) * (v - ay) - (by - ay) * (u - ax)) / Math.hypot(bx - ax, by - ay) >= -0.6;
      }),
    );
  }

  press(px, py) {
    const [x, y] = this.desk.view.toPicture(px, py);
    const [left, top, width, height] = this.rect;
    const near = NEAR * this.desk.view.ratio / this.desk.view.scale;
    const at = (value, edge) => Math.abs(value - edge) < near;
    const across = x > left - near && x < left + width + near;
    const down = y > top - near && y < top + height + near;
    const sides = {
      left: down && at(x, left),
      right: down && at(x, left + width),
      top: across && at(y, top),
      bottom: across && at(y, top + height),
    };
    const any = Object.values(sides).some(Boolean);
    const within = x > left && x < left + width && y > top && y < top + height;
    if (!any && !within) return false;
    this.drag = { x, y, sides: any ? sides : null, rect: [...this.rect] };
    return true;
  }

  // Each direction goes as far as it may, so that the rectangle slides along the edge.
  move(px, py) {
    if (!this.drag) return;
    const [x, y] = this.desk.view.toPicture(px, py);
    const [dx, dy] = [Math.round(x - this.drag.x), Math.round(y - this.drag.y)];
    let rect = this.drag.rect;
    rect = this.farthest(rect, (share) => this.shifted(rect, Math.round(dx * share), 0));
    const along = rect;
    rect = this.farthest(rect, (share) => this.shifted(along, 0, Math.round(dy * share)));
    this.set(rect);
  }

  shifted([x, y, width, height], dx, dy) {
    const { sides } = this.drag;
    if (!sides) return [x + dx, y + dy, width, height];
    if (sides.left) [x, width] = [x + dx, width - dx];
    else if (sides.right) width += dx;
    if (sides.top) [y, height] = [y + dy, height - dy];
    else if (sides.bottom) height += dy;
    return [x, y, width, height];
  }

  farthest(rect, at) {
    if (this.inside(at(1))) return at(1);
    let [good, bad] = [0, 1];
    for (let k = 0; k < 14; k++) {
      const middle = (good + bad) / 2;
      if (this.inside(at(middle))) good = middle;
      else bad = middle;
    }
    return good ? at(good) : rect;
  }

  lift() {
    this.drag = null;
  }

  draw(pen, view) {
    const { canvas } = pen;
    const [x, y, width, height] = this.rect;
    const [left, top] = view.toCanvas(x - 0.5, y - 0.5);
    const [right, bottom] = view.toCanvas(x + width - 0.5, y + height - 0.5);
    pen.fillStyle = "rgba(0,0,0,.55)";
    pen.beginPath();
    pen.rect(0, 0, canvas.width, canvas.height);
    pen.rect(left, top, right - left, bottom - top);
    pen.fill("evenodd");
    pen.setLineDash([6 * view.ratio, 5 * view.ratio]);
    pen.strokeStyle = "#f2a33a";
    pen.lineWidth = view.ratio;
    pen.beginPath();
    for (const [u, v] of this.desk.info.area) pen.lineTo(...view.toCanvas(u, v));
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
    pen.strokeStyle = "#fff";
    pen.lineWidth = 1.5 * view.ratio;
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.strokeStyle = "rgba(255,255,255,.35)";
    pen.lineWidth = view.ratio;
    pen.beginPath();
    for (const k of [1, 2]) {
      pen.moveTo(left + ((right - left) * k) / 3, top);
      pen.lineTo(left + ((right - left) * k) / 3, bottom);
      pen.moveTo(left, top + ((bottom - top) * k) / 3);
      pen.lineTo(right, top + ((bottom - top) * k) / 3);
    }
    pen.stroke();
    pen.fillStyle = "#fff";
    const side = 8 * view.ratio;
    for (const u of [left, (left + right) / 2, right])
      for (const v of [top, (top + bottom) / 2, bottom]) {
        if (u === (left + right) / 2 && v === (top + bottom) / 2) continue;
        pen.fillRect(u - side / 2, v - side / 2, side, side);
      }
  }
}
