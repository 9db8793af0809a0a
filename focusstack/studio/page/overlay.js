// What is drawn over the picture: the brush, outlines, places, and the small map.

export class Overlay {
  constructor(canvas, minimap, desk) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.minimap = minimap;
    this.map = minimap.getContext("2d", { colorSpace: desk.info.space });
    this.desk = desk;
    this.frame = 0;
  }

  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.redraw();
  }

  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const { pen, desk } = this;
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (desk.tool === "crop") desk.crop.draw(pen, desk.view);
    else this.places();
    if (desk.outline) this.outline(desk.outline);
    if (desk.cursor) this.brush(desk.cursor);
    this.small();
  }

  // Dark and light, so that it is seen on everything.
  twice(draw, width = 1) {
    const { pen, desk } = this;
    for (const [colour, wide] of [["rgba(0,0,0,.65)", width + 2], ["rgba(255,255,255,.95)", width]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = wide * desk.view.ratio;
      draw();
    }
  }

  brush(cursor) {
    const { pen, desk } = this;
    const view = desk.view;
    if (!["paint", "erase", "clone"].includes(desk.tool)) return;
    const ring = (x, y, radius) => {
      pen.beginPath();
      pen.arc(x, y, Math.max(radius, 2 * view.ratio), 0, 7);
      pen.stroke();
    };
    const [px, py] = cursor;
    const radius = (desk.brush.size / 2) * view.scale;
    const [x, y] = view.toPicture(px, py);
    for (let pane = 0; pane < view.panes.length; pane++) {
      const [cx, cy] = view.toCanvas(x, y, pane);
      this.twice(() => ring(cx, cy, radius));
      if (desk.brush.hardness > 0.02 && desk.brush.hardness < 0.98) {
        pen.strokeStyle = "rgba(255,255,255,.4)";
        pen.lineWidth = view.ratio;
        ring(cx, cy, radius * desk.brush.hardness);
      }
      const from = desk.cloneFrom(x, y);
      if (from) {
        const [sx, sy] = view.toCanvas(...from, pane);
        const arm = 6 * view.ratio;
        this.twice(() => {
          pen.beginPath();
          pen.moveTo(sx - arm, sy);
          pen.lineTo(sx + arm, sy);
          pen.moveTo(sx, sy - arm);
          pen.lineTo(sx, sy + arm);
          pen.stroke();
          ring(sx, sy, radius);
        });
      }
    }
  }

  outline(points) {
    const { pen, desk } = this;
    for (let pane = 0; pane < desk.view.panes.length; pane++)
      this.twice(() => {
        pen.beginPath();
        for (const [x, y] of points) pen.lineTo(...desk.view.toCanvas(x, y, pane));
        pen.closePath();
        pen.stroke();
      }, 1.5);
  }

  places() {
    const { pen, desk } = this;
    const view = desk.view;
    pen.save();
    desk.places.all.forEach((place, index) => {
      const current = index === desk.places.at;
      if (!current && (place.state === "fine" || desk.tool !== "hand")) return;
      const [x, y, width, height] = place.rect;
      const [left, top] = view.toCanvas(x - 0.5, y - 0.5);
      pen.setLineDash([5 * view.ratio, 4 * view.ratio]);
      pen.lineWidth = (current ? 2 : 1.2) * view.ratio;
      pen.strokeStyle = place.state === "open" ? "#f2a33a" : "#6cc38a";
      const margin = 4 * view.ratio;
      pen.strokeRect(left - margin, top - margin, width * view.scale + 2 * margin, height * view.scale + 2 * margin);
    });
    pen.restore();
  }

  small() {
    const { map, minimap, desk } = this;
    const { view, info, tiles } = desk;
    const [width, height] = info.size;
    const [left, top, across, down] = view.inView();
    const whole = across >= width && down >= height;
    minimap.style.visibility = whole ? "hidden" : "visible";
    if (whole) return;
    const longest = 150 * view.ratio;
    const scale = longest / Math.max(width, height);
    const size = [Math.round(width * scale), Math.round(height * scale)];
    if (minimap.width !== size[0] || minimap.height !== size[1]) {
      [minimap.width, minimap.height] = size;
      minimap.style.width = `${size[0] / view.ratio}px`;
      minimap.style.height = `${size[1] / view.ratio}px`;
    }
    const tile = tiles.want("result", info.levels - 1, 0, 0);
    map.imageSmoothingQuality = "high";
    if (tile.data) map.drawImage(tile.canvas, 0, 0, ...size);
    else tiles.end();
    map.strokeStyle = "rgba(0,0,0,.7)";
    map.lineWidth = 3 * view.ratio;
    const box = [left * scale, top * scale, across * scale, down * scale];
    map.strokeRect(...box);
    map.strokeStyle = "#f2a33a";
    map.lineWidth = 1.5 * view.ratio;
    map.strokeRect(...box);
  }
}
