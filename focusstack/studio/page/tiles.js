// Blocks of pictures as they come from the server: kept, asked for, and painted on.
import { block } from "./asking.js";

const KEPT = 224; // tiles of a megabyte each
const AT_ONCE = 4; // requests

export class Tile {
  constructor(key, place, space) {
    Object.assign(this, place);
    this.key = key;
    this.space = space;
    this.data = null; // what it shows, RGBA
    this.base = null; // what it showed before the stroke that is being painted
    this.stale = true;
    this.epoch = 0; // goes up whenever what was asked for is no longer wanted
    this.used = 0;
    this.canvas = null;
  }

  fill({ width, height, data }) {
    this.width = width;
    this.height = height;
    this.data = data;
    this.base = null; // a preview that waits for its source has nothing to add to what is exact
    if (!this.canvas || this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas = new OffscreenCanvas(width, height);
      this.pen = this.canvas.getContext("2d", { colorSpace: this.space });
    }
    this.show(0, 0, width, height);
  }

  show(x, y, width, height) {
    this.pen.putImageData(new ImageData(this.data, this.width, this.height, { colorSpace: this.space }), 0, 0, x, y, width, height);
  }
}

export class Tiles {
  constructor(info, changed) {
    this.info = info;
    this.changed = changed;
    this.all = new Map();
    this.queue = [];
    this.running = new Map();
    this.clock = 0;
    this.held = false; // while strokes are on their way, what is shown is newer than the server's
    this.failed = null;
  }

  begin() {
    // What is wanted is said anew whenever something is drawn.
    this.queue = [];
  }

  get(of, level, column, row) {
    return this.all.get(`${of}|${level}|${column}|${row}`);
  }

  want(of, level, column, row, first = false) {
    const key = `${of}|${level}|${column}|${row}`;
    let tile = this.all.get(key);
    if (!tile) {
      tile = new Tile(key, { of, level, column, row }, this.info.space);
      this.all.set(key, tile);
    }
    tile.used = ++this.clock;
    const idle = tile.stale && !this.running.has(key) && !(this.held && tile.data);
    if (idle && first) this.queue.unshift(tile);
    else if (idle) this.queue.push(tile);
    return tile;
  }

  end() {
    while (this.running.size < AT_ONCE && this.queue.length) this.fetch(this.queue.shift());
    if (this.all.size > KEPT) this.forget();
  }

  forget() {
    const old = [...this.all.values()].filter((t) => !t.base && !this.running.has(t.key));
    old.sort((a, b) => a.used - b.used);
    for (const tile of old.slice(0, this.all.size - KEPT)) this.all.delete(tile.key);
  }

  async fetch(tile) {
    const epoch = tile.epoch;
    this.running.set(tile.key, tile);
    try {
      const found = await block(tile.of, tile.level, tile.column, tile.row, tile.space);
      const current = tile.epoch === epoch && !(this.held && tile.of === "result" && tile.data);
      if (current) {
        tile.fill(found);
        tile.stale = false;
      }
    } catch (error) {
      tile.stale = !error.gone;
      if (!error.gone) this.all.delete(tile.key);
      this.failed?.(error);
    } finally {
      this.running.delete(tile.key);
      this.changed();
    }
  }

  ready(of, level, column, row) {
    // Resolves once a tile is there, for those who paint.
    const tile = this.want(of, level, column, row);
    if (tile.stale && !tile.data && !this.running.has(tile.key)) this.fetch(tile);
    return tile;
  }

  spoil(of, rect) {
    // What was shown of a part of the picture is no longer so.
    const [x, y, width, height] = rect;
    for (const tile of this.all.values()) {
      if (tile.of !== of) continue;
      const side = this.info.block << tile.level;
      const left = tile.column * side;
      const top = tile.row * side;
      if (left < x + width && left + side > x && top < y + height && top + side > y) {
        tile.stale = true;
        tile.epoch += 1;
      }
    }
  }

  drop(of) {
    for (const tile of this.all.values()) if (tile.of === of) this.all.delete(tile.key);
  }
}
