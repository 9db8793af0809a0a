// What a stroke will look like, painted at once; the server paints it again, exactly.

const SOFTEST_EDGE = 1;
const LEAST_RADIUS = 0.5;

export class Preview {
  // stroke: kind, source, size, hardness, opacity, offset; points in pixels of the composite.
  constructor(stroke, level, info, tiles) {
    Object.assign(this, { stroke, level, info, tiles });
    this.parts = new Map(); // by tile: cover and what is yet to be shown
    this.last = null;
    this.waiting = false;
  }

  radius(pressure) {
    return Math.max(LEAST_RADIUS, (this.stroke.size / 2) * pressure) / (1 << this.level);
  }

  // From pixels of the picture to those of the level.
  at(value) {
    const step = 1 << this.level;
    return (value + 0.5) / step - 0.5;
  }

  extend(point) {
    const now = { x: this.at(point[0]), y: this.at(point[1]), r: this.radius(point[2]) };
    const before = this.last ?? now;
    this.last = now;
    const reach = Math.max(before.r, now.r) + 1;
    const left = Math.floor(Math.min(before.x, now.x) - reach);
    const right = Math.ceil(Math.max(before.x, now.x) + reach) + 1;
    const top = Math.floor(Math.min(before.y, now.y) - reach);
    const bottom = Math.ceil(Math.max(before.y, now.y) + reach) + 1;
    const side = this.info.block;
    const [width, height] = this.info.size.map((n) => Math.ceil(n / (1 << this.level)));
    for (let row = Math.max(0, Math.floor(top / side)); row * side < Math.min(bottom, height); row++)
      for (let column = Math.max(0, Math.floor(left / side)); column * side < Math.min(right, width); column++)
        this.sweep(column, row, before, now, { left, right, top, bottom });
  }

  part(column, row) {
    const key = `${column} ${row}`;
    let part = this.parts.get(key);
    if (!part) {
      const tile = this.tiles.want("result", this.level, column, row);
      part = { tile, column, row, cover: null, dirty: null };
      this.parts.set(key, part);
    }
    if (!part.cover && part.tile.data) {
      part.tile.base = new Uint8ClampedArray(part.tile.data);
      part.tile.data = new Uint8ClampedArray(part.tile.data);
      part.cover = new Float32Array(part.tile.width * part.tile.height);
    }
    return part;
  }

  sweep(column, row, a, b, box) {
    const part = this.part(column, row);
    if (!part.cover) return;
    const { width, height } = part.tile;
    const x0 = column * this.info.block;
    const y0 = row * this.info.block;
    const left = Math.max(0, box.left - x0);
    const right = Math.min(width, box.right - x0);
    const top = Math.max(0, box.top - y0);
    const bottom = Math.min(height, box.bottom - y0);
    if (left >= right || top >= bottom) return;
    const dx = b.x - a.x;
    const dy = b.y - a.y;
    const length = dx * dx + dy * dy;
    const { hardness, opacity } = this.stroke;
    for (let y = top; y < bottom; y++) {
      const py = y + y0 - a.y;
      for (let x = left; x < right; x++) {
        const px = x + x0 - a.x;
        let t = length > 0 ? (px * dx + py * dy) / length : 0;
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        const r = a.r + t * (b.r - a.r);
        const ox = px - t * dx;
        const oy = py - t * dy;
        const d = Math.sqrt(ox * ox + oy * oy) / r;
        if (d >= 1) continue;
        const inner = Math.min(hardness, Math.max(1 - SOFTEST_EDGE / r, 0));
        let u = (d - inner) / Math.max(1 - inner, 1e-6);
        u = u < 0 ? 0 : u;
        const c = (1 - u * u * (3 - 2 * u)) * opacity;
        const k = y * width + x;
        if (c > part.cover[k]) part.cover[k] = c;
      }
    }
    const dirty = part.dirty ?? { left, top, right, bottom };
    part.dirty = {
      left: Math.min(dirty.left, left),
      top: Math.min(dirty.top, top),
      right: Math.max(dirty.right, right),
      bottom: Math.max(dirty.bottom, bottom),
    };
  }

  // Put what the cover says into the tiles; true if all of it could be shown.
  show() {
    let all = true;
    for (const part of this.parts.values()) {
      if (!part.dirty) continue;
      if (!part.tile.base) {
        part.dirty = null; // carried out by the server meanwhile
        continue;
      }
      const above = this.above(part);
      if (!above) {
        all = false;
        continue;
      }
      const { tile, cover, dirty } = part;
      for (let y = dirty.top; y < dirty.bottom; y++)
        for (let x = dirty.left; x < dirty.right; x++) {
          const k = y * tile.width + x;
          const c = cover[k];
          if (!c) continue;
          const s = above(x, y);
          if (s < 0) continue;
          const from = above.data;
          const p = 4 * k;
          for (let channel = 0; channel < 3; channel++) {
            const under = tile.base[p + channel];
            tile.data[p + channel] = under + c * (from[s + channel] - under);
          }
        }
      tile.show(dirty.left, dirty.top, dirty.right - dirty.left, dirty.bottom - dirty.top);
      tile.epoch += 1;
      part.dirty = null;
    }
    this.waiting = !all;
    return all;
  }

  // A function from a pixel of a tile to the place of what is painted there; null if it must come.
  above(part) {
    const { tile, column, row } = part;
    if (this.stroke.kind === "clone") return this.beside(column, row);
    const of = this.stroke.kind === "erase" ? "fused" : this.stroke.source;
    const source = this.tiles.ready(of, this.level, column, row);
    if (!source.data) return null;
    const found = (x, y) => 4 * (y * tile.width + x);
    found.data = source.data;
    return found;
  }

  beside(column, row) {
    const side = this.info.block;
    const step = 1 << this.level;
    const dx = Math.round(this.stroke.offset[0] / step) + column * side;
    const dy = Math.round(this.stroke.offset[1] / step) + row * side;
    const found = (x, y) => {
      const fx = x + dx;
      const fy = y + dy;
      const tile = this.tiles.get("result", this.level, Math.floor(fx / side), Math.floor(fy / side));
      const lx = fx - Math.floor(fx / side) * side;
      const ly = fy - Math.floor(fy / side) * side;
      if (fx < 0 || fy < 0 || !tile?.data || lx >= tile.width || ly >= tile.height) return -1;
      found.data = tile.base ?? tile.data;
      return 4 * (ly * tile.width + lx);
    };
    found.data = null;
    return found;
  }

  end() {
    for (const part of this.parts.values()) part.tile.base = null;
  }
}
