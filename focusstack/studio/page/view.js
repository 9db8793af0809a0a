// Where the picture lies on the screen, and how it is drawn there.

export class View {
  constructor(canvas, info, tiles) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d", { alpha: false, colorSpace: info.space });
    this.info = info;
    this.tiles = tiles;
    this.scale = 1; // pixels of the screen for one of the picture
    this.x = info.size[0] / 2; // what of the picture lies in the middle of a pane
    this.y = info.size[1] / 2;
    this.ratio = 1;
    this.fitted = true;
    this.panes = [];
    this.frame = 0;
    this.ahead = () => null; // what else will be wanted of what is in view
  }

  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.refit();
  }

  refit() {
    if (this.fitted) this.fit();
    this.redraw();
  }

  get paneWidth() {
    return this.canvas.width / Math.max(this.panes.length, 1);
  }

  fit() {
    const [width, height] = this.info.size;
    const margin = 24 * this.ratio;
    const across = (this.paneWidth - margin) / width;
    const down = (this.canvas.height - margin) / height;
    this.scale = Math.max(1e-3, Math.min(across, down));
    this.x = width / 2;
    this.y = height / 2;
    this.fitted = true;
    this.redraw();
  }

  paneAt(px) {
    return Math.max(0, Math.min(this.panes.length - 1, Math.floor(px / this.paneWidth)));
  }

  // From pixels of the canvas to those of the picture, whose centres are whole numbers.
  toPicture(px, py) {
    const middle = (this.paneAt(px) + 0.5) * this.paneWidth;
    return [
      (px - middle) / this.scale + this.x - 0.5,
      (py - this.canvas.height / 2) / this.scale + this.y - 0.5,
    ];
  }

  toCanvas(x, y, pane = 0) {
    const middle = (pane + 0.5) * this.paneWidth;
    return [
      (x + 0.5 - this.x) * this.scale + middle,
      (y + 0.5 - this.y) * this.scale + this.canvas.height / 2,
    ];
  }

  zoomAt(px, py, scale) {
    const [x, y] = this.toPicture(px, py);
    const least = Math.min(0.05, this.scale);
    this.scale = Math.max(least, Math.min(32, scale));
    const [nx, ny] = this.toPicture(px, py);
    this.x += x - nx;
    this.y += y - ny;
    this.fitted = false;
    this.keepInside();
  }

  zoomTo(scale, px = this.paneWidth / 2, py = this.canvas.height / 2) {
    this.zoomAt(px, py, scale);
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.fitted = false;
    this.keepInside();
  }

  centre(x, y) {
    this.x = x;
    this.y = y;
    this.fitted = false;
    this.keepInside();
  }

  keepInside() {
    const [width, height] = this.info.size;
    this.x = Math.max(0, Math.min(width, this.x));
    this.y = Math.max(0, Math.min(height, this.y));
    this.redraw();
  }

  get level() {
    const wanted = Math.floor(Math.log2(1 / this.scale) + 0.3);
    return Math.max(0, Math.min(this.info.levels - 1, wanted));
  }

  // What of the picture is in view: x, y, width, height in its pixels.
  inView() {
    const half = this.paneWidth / 2 / this.scale;
    const tall = this.canvas.height / 2 / this.scale;
    const [width, height] = this.info.size;
    const left = Math.max(0, Math.floor(this.x - half));
    const top = Math.max(0, Math.floor(this.y - tall));
    const right = Math.min(width, Math.ceil(this.x + half));
    const bottom = Math.min(height, Math.ceil(this.y + tall));
    return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)];
  }

  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const { pen, canvas } = this;
    pen.globalCompositeOperation = "source-over";
    pen.globalAlpha = 1;
    pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--stage");
    pen.fillRect(0, 0, canvas.width, canvas.height);
    this.tiles.begin();
    this.panes.forEach((layers, index) => {
      pen.save();
      pen.beginPath();
      pen.rect(Math.round(index * this.paneWidth), 0, Math.ceil(this.paneWidth), canvas.height);
      pen.clip();
      for (const layer of layers) this.drawLayer(layer, index);
      pen.restore();
    });
    if (this.panes.length > 1) {
      pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--edge");
      pen.fillRect(Math.round(this.paneWidth) - this.ratio, 0, 2 * this.ratio, canvas.height);
    }
    const ahead = this.ahead();
    if (ahead) for (const [column, row] of this.cells()) this.tiles.want(ahead, this.level, column, row);
    this.tiles.end();
    this.drawn?.();
  }

  // The tiles in view, from the middle outwards.
  cells() {
    const side = this.info.block << this.level;
    const [left, top, width, height] = this.inView();
    const cells = [];
    for (let row = Math.floor(top / side); row * side < top + height; row++)
      for (let column = Math.floor(left / side); column * side < left + width; column++)
        cells.push([column, row]);
    const [cx, cy] = [this.x / side - 0.5, this.y / side - 0.5];
    return cells.sort((a, b) => Math.hypot(a[0] - cx, a[1] - cy) - Math.hypot(b[0] - cx, b[1] - cy));
  }

  drawLayer({ of, alpha = 1, operation = "source-over", gain = 1 }, pane) {
    const { pen } = this;
    pen.globalAlpha = alpha;
    pen.globalCompositeOperation = operation;
    pen.imageSmoothingEnabled = this.scale < 1;
    pen.imageSmoothingQuality = "high";
    const level = this.level;
    for (const [column, row] of this.cells()) {
      const tile = this.tiles.want(of, level, column, row);
      if (tile.data) this.drawTile(tile, pane);
      else this.drawCoarser(of, level, column, row, pane);
    }
    if (operation === "difference" && gain > 1) {
      pen.globalCompositeOperation = "lighter";
      const x = pane * this.paneWidth;
      for (let k = 1; k < gain; k *= 2) pen.drawImage(this.canvas, x, 0, this.paneWidth, this.canvas.height, x, 0, this.paneWidth, this.canvas.height);
    }
  }

  drawTile(tile, pane) {
    const step = 1 << tile.level;
    const side = this.info.block * step;
    const [x, y] = this.toCanvas(tile.column * side - 0.5, tile.row * side - 0.5, pane);
    const [right, bottom] = this.toCanvas(
      tile.column * side + tile.width * step - 0.5,
      tile.row * side + tile.height * step - 0.5,
      pane,
    );
    const [x0, y0] = [Math.round(x), Math.round(y)];
    this.pen.drawImage(tile.canvas, x0, y0, Math.round(right) - x0, Math.round(bottom) - y0);
  }

  // Until a tile has come, the part of a coarser one that covers it.
  drawCoarser(of, level, column, row, pane) {
    for (let up = level + 1; up < this.info.levels; up++) {
      const shift = up - level;
      const tile = this.tiles.get(of, up, column >> shift, row >> shift);
      if (!tile?.data) continue;
      const part = this.info.block >> shift;
      const sx = (column - ((column >> shift) << shift)) * part;
      const sy = (row - ((row >> shift) << shift)) * part;
      const width = Math.min(part, tile.width - sx);
      const height = Math.min(part, tile.height - sy);
      if (width <= 0 || height <= 0) return;
      const side = this.info.block << level;
      const [x, y] = this.toCanvas(column * side - 0.5, row * side - 0.5, pane);
      const grow = this.scale * (1 << up);
      this.pen.drawImage(tile.canvas, sx, sy, width, height, x, y, width * grow, height * grow);
      return;
    }
    if (level < this.info.levels - 1) this.tiles.want(of, this.info.levels - 1, 0, 0, true);
  }
}
