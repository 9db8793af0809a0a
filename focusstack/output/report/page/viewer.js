"use strict";
// One canvas for the picture and every frame: zoom, blink, wipe, difference, and which frame is where.
(() => {
  const holder = document.getElementById("viewer-data");
  if (!holder) return;
  const data = JSON.parse(holder.textContent);
  const $ = (id) => document.getElementById(id);
  const view = $("view"), bar = $("bar"), told = $("shown");
  const { items, width, height } = data;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const at = (name) => Math.max(0, items.findIndex((item) => item.name === name));

  const state = { a: 0, b: 0, mode: "one", upper: false, wipe: 0.5, scale: 0, x: width / 2, y: height / 2, marked: false };
  state.b = items.length < 2 ? 0 : items[0].number === 0 ? at(data.pair[0]) || 1 : at(data.pair[1]);
  if (items[0].number !== 0) state.a = at(data.pair[0]);
  if (state.b === state.a && items.length > 1) state.b = state.a ? 0 : 1;

  // Layers: A below, B above it, marks on top.
  const layers = ["a", "b", "marks"].map((name) => {
    const canvas = document.createElement("canvas");
    canvas.className = "layer";
    canvas.dataset.layer = name;
    view.append(canvas);
    return canvas;
  });
  const [below, above, marks] = layers;
  const handle = document.createElement("div");
  handle.className = "handle";
  view.append(handle);

  // Pictures: small ones are in the page; the files beside it are asked for when they are needed.
  const loaded = (address, after) => {
    const picture = new Image();
    picture.decoding = "async";
    picture.onload = () => { picture.ready = true; after(); };
    picture.onerror = () => { picture.failed = true; after(); };
    picture.src = address;
    return picture;
  };
  const prepare = (item) => {
    if (item.small) return;
    item.small = loaded(item.overview || $("composite").src, draw);
    if (item.places) item.sheet = loaded(item.places, draw);
  };
  const whole = (item) => {
    if (item.file && !item.full) item.full = loaded(item.file, draw);
    return item.full && item.full.ready && item.full.naturalWidth === width ? item.full : null;
  };

  // Geometry, in pixels of the page: `scale` of them for a pixel of the picture.
  const rim = () => view.clientWidth > 600 ? 18 : 5; // of grey around the whole picture
  const fitted = () => Math.min((view.clientWidth - 2 * rim()) / width, (view.clientHeight - 2 * rim()) / height);
  const unit = () => 1 / (window.devicePixelRatio || 1); // at 100 %, a pixel is one of the screen's
  const scale = () => state.scale || fitted();
  const corner = () => [view.clientWidth / 2 - state.x * scale(), view.clientHeight / 2 - state.y * scale()];
  const keepIn = () => {
    for (const [axis, size, room] of [["x", width, view.clientWidth], ["y", height, view.clientHeight]]) {
      const half = room / scale() / 2;
      state[axis] = 2 * half >= size ? size / 2 : Math.min(Math.max(state[axis], half), size - half);
    }
  };
  const place = (event) => {
    const box = view.getBoundingClientRect(), [left, top] = corner();
    return [(event.clientX - box.left - left) / scale(), (event.clientY - box.top - top) / scale()];
  };
  const zoomTo = (next, x = state.x, y = state.y) => {
    const [least, most] = [Math.min(fitted(), unit()), 16 * unit()], before = scale();
    const now = next === 0 ? fitted() : Math.min(Math.max(next, least), most);
    state.x = x + (state.x - x) * before / now;
    state.y = y + (state.y - y) * before / now;
    state.scale = Math.abs(now / fitted() - 1) < 0.01 ? 0 : now;
    keepIn();
    draw();
  };

  const paint = (canvas, item) => {
    const ratio = 1 / unit(), context = canvas.getContext("2d"), s = scale(), [left, top] = corner();
    canvas.width = Math.round(view.clientWidth * ratio);
    canvas.height = Math.round(view.clientHeight * ratio);
    // On whole pixels of the screen, so that at 100 % none is mixed of two.
    context.setTransform(s * ratio, 0, 0, s * ratio, Math.round(left * ratio), Math.round(top * ratio));
    context.imageSmoothingEnabled = s * ratio < 2;
    context.imageSmoothingQuality = "high";
    prepare(item);
    const finer = item.small.ready && s * ratio * width > 1.05 * item.small.naturalWidth;
    const full = finer || s * ratio > 0.99 || item.full ? whole(item) : null;
    if (full) {
      context.drawImage(full, 0, 0, width, height);
      return true;
    }
    if (item.small.ready) context.drawImage(item.small, 0, 0, width, height);
    if (finer && item.sheet && item.sheet.ready) {
      const side = item.sheet.naturalWidth / data.columns;
      data.sheet.forEach(([x, y, wide], k) => context.drawImage(
        item.sheet, (k % data.columns) * side, Math.floor(k / data.columns) * side, side, side, x, y, wide, wide));
    }
    return !finer;
  };

  const paintMarks = () => {
    const ratio = 1 / unit(), context = marks.getContext("2d"), s = scale(), [left, top] = corner();
    marks.width = Math.round(view.clientWidth * ratio);
    marks.height = Math.round(view.clientHeight * ratio);
    context.scale(ratio, ratio);
    const frame = ([x, y, w, h], colour) => {
      for (const [line, shade] of [[4, "#000a"], [2, colour]]) {
        context.lineWidth = line;
        context.strokeStyle = shade;
        context.strokeRect(left + x * s - 2, top + y * s - 2, w * s + 4, h * s + 4);
      }
    };
    if (state.marked) data.moved.forEach((spot) => frame(spot, "#ffd24a"));
    if (state.place) frame(state.place.rect, "#fff");
    if (state.probe) {
      const [x, y] = [left + state.probe[0] * s, top + state.probe[1] * s];
      for (const [line, shade] of [[4, "#000a"], [2, "#fff"]]) {
        context.lineWidth = line;
        context.strokeStyle = shade;
        context.beginPath();
        context.arc(x, y, 9, 0, 7);
        context.stroke();
      }
    }
  };

  const called = (item) => item.number ? `${item.short} (${item.number} of ${items.length - (items[0].number === 0)})` : "Composite";
  const say = (complete) => {
    const a = items[state.a], b = items[state.b];
    const what = { wipe: `${called(a)} | ${called(b)}`, difference: `Difference of ${called(a)} and ${called(b)}, ×4` };
    const percent = Math.round(100 * scale() / unit());
    const lacking = (state.upper ? b : a).file ? "the full size needs the pictures beside this page" : "at full size this page holds some places only";
    const soft = complete ? "" : ` – ${lacking}`;
    told.textContent = `${what[state.mode] || called(state.upper ? b : a)}, ${percent} %${soft}`;
  };

  function draw() {
    if (!view.clientWidth) return;
    let complete = paint(below, items[state.a]);
    const both = state.mode === "wipe" || state.mode === "difference";
    const seen = both || state.upper;
    above.style.visibility = seen ? "visible" : "hidden";
    if (seen) complete = paint(above, items[state.b]) && (complete || !both);
    else if (state.mode === "blink") prepare(items[state.b]);
    above.style.clipPath = state.mode === "wipe" ? `inset(0 0 0 ${100 * state.wipe}%)` : "";
    view.dataset.mode = state.mode;
    handle.hidden = state.mode !== "wipe";
    handle.style.left = `${100 * state.wipe}%`;
    paintMarks();
    view.classList.toggle("zoomed", state.scale > 0);
    document.querySelectorAll("#bar [data-mode]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.mode === state.mode)));
    if ($("mark")) $("mark").setAttribute("aria-pressed", String(state.marked));
    say(complete);
  }

  // Blinking.
  let timer = 0;
  const setMode = (mode) => {
    state.mode = mode === state.mode && mode !== "one" ? "one" : mode;
    clearInterval(timer);
    if (state.mode === "blink") timer = setInterval(() => { state.upper = !state.upper; draw(); }, calm ? 1500 : 600);
    if (state.mode !== "blink") state.upper = false;
    draw();
  };
  const flip = () => { state.upper = !state.upper; draw(); };

  // Which two are compared; never one with itself.
  const menus = { a: $("frame-a"), b: $("frame-b") };
  const choose = (which, index) => {
    const other = which === "a" ? "b" : "a";
    if (index === state[other] && items.length > 1) state[other] = state[which];
    state[which] = index;
    for (const name of ["a", "b"]) menus[name].value = String(state[name]);
    draw();
  };
  for (const name of ["a", "b"]) {
    items.forEach((item, k) => menus[name].add(new Option(item.number ? `${item.number}: ${item.short}` : item.short, String(k))));
    menus[name].value = String(state[name]);
    menus[name].addEventListener("change", () => choose(name, Number(menus[name].value)));
  }
  const step = (by) => {
    let next = state.b;
    do next = (next + by + items.length) % items.length; while (next === state.a && items.length > 1);
    choose("b", next);
    if (state.mode === "one") { state.upper = true; draw(); }
  };

  // Which frame is here.
  const probe = $("probe");
  let index = null;
  if (data.source) {
    const picture = loaded(data.source, () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(picture, 0, 0);
      index = (x, y) => {
        const [red, green] = context.getImageData(Math.floor(x / width * canvas.width), Math.floor(y / height * canvas.height), 1, 1).data;
        return red + 256 * green;
      };
    });
  }
  const ask = ([x, y]) => {
    if (!index || x < 0 || y < 0 || x >= width || y >= height) return;
    const first = items[0].number === 0 ? 1 : 0, here = index(x, y) + first;
    if (!items[here]) return;
    state.probe = [x, y];
    const offer = (k, lead) => {
      if (!items[k] || k < first) return [];
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${lead}${items[k].short}`;
      button.addEventListener("click", () => { choose("b", k); state.mode = "one"; state.upper = true; draw(); });
      return [button];
    };
    const text = document.createElement("span");
    text.textContent = `Here the picture is from frame ${items[here].number}.`;
    probe.replaceChildren(text, ...offer(here, "Show "), ...offer(here - 1, "Before it: "), ...offer(here + 1, "Behind it: "));
    probe.hidden = false;
    draw();
  };

  // Places to look at.
  const goTo = (target, scroll) => {
    state.place = target;
    const [x, y, w, h] = target.rect;
    [state.x, state.y] = [x + w / 2, y + h / 2];
    state.scale = unit();
    if (target.frames && items.length > 2) { choose("a", at(target.frames[0])); choose("b", at(target.frames[1])); setMode("blink"); }
    keepIn();
    draw();
    if (scroll) view.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    view.focus({ preventScroll: true });
  };
  document.querySelectorAll("[data-place]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => goTo(data.places[Number(button.dataset.place)], true));
  });
  document.querySelectorAll("canvas[data-sheet]").forEach((canvas) => {
    const sheet = loaded(items[0].places, () => {
      const side = sheet.naturalWidth / data.columns, k = Number(canvas.dataset.sheet);
      canvas.width = canvas.height = Math.round(side);
      canvas.getContext("2d").drawImage(sheet, (k % data.columns) * side, Math.floor(k / data.columns) * side, side, side, 0, 0, side, side);
    });
  });
  document.querySelectorAll(".show").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const k = at(button.dataset.frame);
      choose("b", k);
      choose("a", items[k + 1] ? k + 1 : k - 1);
      setMode("blink");
      view.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    });
  });

  // Mouse and fingers.
  const fingers = new Map();
  let pressed = null, spread = 0;
  const wiping = (event) => { state.wipe = Math.min(1, Math.max(0, (event.clientX - view.getBoundingClientRect().left) / view.clientWidth)); draw(); };
  const apart = () => { const [p, q] = [...fingers.values()]; return Math.hypot(p.clientX - q.clientX, p.clientY - q.clientY); };
  view.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, event);
    const edge = Math.abs(event.clientX - view.getBoundingClientRect().left - state.wipe * view.clientWidth) < 24;
    const wipes = state.mode === "wipe" && (edge || !state.scale);
    pressed = { x: event.clientX, y: event.clientY, moved: false, wipes };
    if (fingers.size === 2) spread = apart();
    view.setPointerCapture(event.pointerId);
  });
  view.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId) || !pressed) return;
    const before = fingers.get(event.pointerId);
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) {
      const now = apart();
      pressed.moved = true;
      zoomTo(scale() * now / spread, ...place(event));
      spread = now;
      return;
    }
    if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 4) pressed.moved = true;
    if (pressed.wipes) { wiping(event); return; }
    if (!state.scale || !pressed.moved) return;
    state.x -= (event.clientX - before.clientX) / scale();
    state.y -= (event.clientY - before.clientY) / scale();
    keepIn();
    draw();
  });
  const released = (event) => {
    fingers.delete(event.pointerId);
    if (event.type === "pointerup" && pressed && !pressed.moved && state.mode !== "wipe") ask(place(event));
    if (!fingers.size) pressed = null;
  };
  view.addEventListener("pointerup", released);
  view.addEventListener("pointercancel", released);
  view.addEventListener("dblclick", (event) => { zoomTo(state.scale ? 0 : unit() > 1.2 * fitted() ? unit() : 2 * fitted(), ...place(event)); });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && document.activeElement !== view) return; // the page scrolls
    event.preventDefault();
    zoomTo(scale() * 1.0015 ** -event.deltaY, ...place(event));
  }, { passive: false });

  // Icons and keys.
  const deeds = {
    fit: () => zoomTo(0), full: () => zoomTo(unit()), closer: () => zoomTo(scale() * 1.5), wider: () => zoomTo(scale() / 1.5),
    flip, previous: () => step(-1), next: () => step(1), mark: () => { state.marked = !state.marked; draw(); },
  };
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.mode) setMode(button.dataset.mode);
    else if (deeds[button.dataset.do]) deeds[button.dataset.do]();
  });
  const pan = (x, y) => { state.x += x * 60 / scale(); state.y += y * 60 / scale(); keepIn(); draw(); };
  const keys = {
    " ": flip, b: () => setMode("blink"), w: () => setMode("wipe"), d: () => setMode("difference"), m: deeds.mark,
    0: deeds.fit, 1: deeds.full, 2: () => zoomTo(2 * unit()), 4: () => zoomTo(4 * unit()), "+": deeds.closer, "=": deeds.closer, "-": deeds.wider,
    "[": () => step(-1), "]": () => step(1),
    ArrowLeft: () => state.mode === "wipe" ? (state.wipe = Math.max(0, state.wipe - 0.05), draw()) : pan(-1, 0),
    ArrowRight: () => state.mode === "wipe" ? (state.wipe = Math.min(1, state.wipe + 0.05), draw()) : pan(1, 0),
    ArrowUp: () => pan(0, -1), ArrowDown: () => pan(0, 1),
    Escape: () => { state.place = state.probe = null; probe.hidden = true; setMode("one"); zoomTo(0); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const within = event.target === view;
    if (!within && (event.key === " " || event.key === "Enter" || event.key.startsWith("Arrow"))) return;
    const deed = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });

  view.classList.add("live");
  bar.hidden = false;
  document.querySelectorAll(".scripted").forEach((hint) => { hint.hidden = false; });
  new ResizeObserver(() => { keepIn(); draw(); }).observe(view);
  draw();
})();
