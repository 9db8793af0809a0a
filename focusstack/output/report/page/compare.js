// The slider over the composite, and the viewer that blinks and wipes two aligned frames.
(() => {
  const source = document.getElementById("pictures");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const byName = new Map(data.frames.map((frame) => [frame.number, frame]));
  const get = (id) => document.getElementById(id);
  const label = (frame) => (frame.number ? `${frame.number}: ${frame.name}` : frame.name);

  const loaded = new Map();
  const picture = (address) => {
    if (!loaded.has(address)) {
      const image = new Image();
      image.src = address;
      loaded.set(address, image.decode().then(() => image));
    }
    return loaded.get(address);
  };

  const fill = (select, frames) => {
    select.replaceChildren(...frames.map((frame) => new Option(label(frame), frame.number)));
  };

  // Before and after ---------------------------------------------------------------------------

  const slider = () => {
    const shown = get("composite");
    if (!shown) return;
    const frame = shown.parentElement;
    const [range, choice, large] = [get("before-range"), get("before-frame"), shown.src];
    const composite = byName.get(0);
    const single = new Image();
    single.className = "over";
    single.id = "before";
    const edge = document.createElement("div");
    edge.className = "edge";
    shown.after(single, edge);
    fill(choice, data.frames.filter((one) => one.number));
    choice.selectedIndex = Math.floor((choice.length - 1) / 2);

    const show = () => {
      const share = Number(range.value);
      const one = byName.get(Number(choice.value));
      // Both are equally fine while they are compared.
      shown.src = share < 100 ? composite.overview : large;
      if (single.src !== one.overview) single.src = one.overview;
      single.alt = `The single frame ${one.name}, right of the slider`;
      single.hidden = edge.hidden = share >= 100;
      single.style.clipPath = `inset(0 0 0 ${share}%)`;
      edge.style.left = `${share}%`;
      range.setAttribute("aria-valuetext", `${share} % composite, the rest ${one.name}`);
    };
    const drag = (event) => {
      if (!(event.buttons & 1)) return;
      const box = frame.getBoundingClientRect();
      range.value = Math.round(100 * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
      show();
    };
    frame.addEventListener("pointerdown", (event) => { event.preventDefault(); drag(event); });
    frame.addEventListener("pointermove", drag);
    range.addEventListener("input", show);
    choice.addEventListener("change", () => {
      if (Number(range.value) === 100) range.value = 50;
      show();
    });
    const moved = get("moved-shown");
    moved?.addEventListener("change", () => { get("moved").toggleAttribute("hidden", !moved.checked); });
    get("slider-controls").hidden = false;
    show();
  };

  // Two frames ---------------------------------------------------------------------------------

  const [a, b, stage, wipe] = [get("frame-a"), get("frame-b"), get("stage"), get("wipe")];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;
  const choose = (name, value) => {
    document.querySelector(`input[name=${name}][value="${value}"]`).checked = true;
  };
  let onB = false;
  let drawing = 0;
  let timer = 0;

  const square = (image, k, zoom) => {
    const side = data.side;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    canvas.style.width = canvas.style.height = `${side * zoom}px`;
    const [x, y] = [(k % data.columns) * side, Math.floor(k / data.columns) * side];
    // Where bytes were short the picture is smaller than what it shows.
    const s = image.naturalWidth / (side * data.columns);
    canvas.getContext("2d").drawImage(image, x * s, y * s, side * s, side * s, 0, 0, side, side);
    return canvas;
  };

  const whole = (image) => {
    const canvas = document.createElement("canvas");
    const wide = Math.max(...data.sizes);
    canvas.width = wide;
    canvas.height = Math.round((wide * data.height) / data.width);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  };

  const draw = async () => {
    const ticket = ++drawing;
    const where = chosen("where");
    const kind = where === "whole" ? "overview" : "places";
    const two = await Promise.all([a, b].map((s) => picture(byName.get(Number(s.value))[kind])));
    if (ticket !== drawing) return;
    data.sizes = two.map((image) => image.naturalWidth);
    const zoom = Number(chosen("zoom"));
    const places = where === "whole" ? [null]
      : where === "one" ? [Number(get("place").value)] : [...data.places.keys()];
    const panes = document.createElement("div");
    panes.className = `panes ${where}`;
    panes.style.gridTemplateColumns = `repeat(${where === "all" ? 3 : 1}, max-content)`;
    if (where === "whole") panes.style.gridTemplateColumns = `${100 * zoom}%`;
    for (const place of places) {
      const pane = document.createElement("div");
      pane.className = "pane";
      pane.append(...two.map((image) => (place === null ? whole(image) : square(image, place, zoom))));
      panes.append(pane);
    }
    stage.replaceChildren(panes);
    show();
  };

  const show = () => {
    const mode = chosen("mode");
    const share = Number(wipe.value);
    const front = mode === "b" || (mode === "blink" && onB);
    get("wipe-control").hidden = mode !== "wipe";
    get("blink-control").hidden = mode !== "blink";
    for (const pane of stage.querySelectorAll(".pane")) {
      const top = pane.lastChild;
      const over = mode === "wipe" || mode === "difference";
      top.style.visibility = over || front ? "visible" : "hidden";
      top.style.clipPath = mode === "wipe" ? `inset(0 0 0 ${share}%)` : "";
      top.style.mixBlendMode = mode === "difference" ? "difference" : "";
      // Differences are small: brighten them.
      pane.style.filter = mode === "difference" ? "brightness(3)" : "";
    }
    const [first, second] = [a, b].map((s) => label(byName.get(Number(s.value))));
    get("shown").textContent = {
      wipe: `left ${first} – right ${second}`,
      difference: `difference of ${first} and ${second}, three times`,
    }[mode] ?? (front ? `B – ${second}` : `A – ${first}`);
    // Spoken once, not at every blink.
    get("shown").setAttribute("aria-live", timer ? "off" : "polite");
  };

  const flip = () => { onB = !onB; show(); };

  const time = () => {
    clearInterval(timer);
    timer = 0;
    if (get("auto").checked && chosen("mode") === "blink") {
      timer = setInterval(flip, 1000 / Number(get("speed").value));
    }
    show();
  };

  const step = (select, by) => {
    select.selectedIndex = (select.selectedIndex + by + select.length) % select.length;
    draw();
  };

  const keys = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const act = {
      " ": () => { if (chosen("mode") !== "blink") choose("mode", "blink"); get("auto").checked = false; flip(); time(); },
      ArrowLeft: () => { choose("mode", "wipe"); wipe.value = Number(wipe.value) - 5; time(); },
      ArrowRight: () => { choose("mode", "wipe"); wipe.value = Number(wipe.value) + 5; time(); },
      "[": () => step(b, -1),
      "]": () => step(b, 1),
      1: () => { choose("zoom", 1); draw(); },
      2: () => { choose("zoom", 2); draw(); },
      4: () => { choose("zoom", 4); draw(); },
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  const compare = (first, second) => {
    a.value = first;
    b.value = second;
    draw();
  };

  const viewer = () => {
    fill(a, data.frames);
    fill(b, data.frames);
    get("place").replaceChildren(...data.places.map((place, k) => new Option(place, k)));
    get("place").value = data.worst;
    get("auto").checked = !calm;
    const numbers = new Map(data.frames.filter((f) => f.number).map((f) => [f.name, f.number]));
    const pair = JSON.parse(get("first-pair").textContent).map((name) => numbers.get(name) ?? 1);

    a.addEventListener("change", draw);
    b.addEventListener("change", draw);
    get("place").addEventListener("change", () => { choose("where", "one"); draw(); });
    wipe.addEventListener("input", show);
    get("flip").addEventListener("click", () => { get("auto").checked = false; flip(); time(); });
    get("auto").addEventListener("change", time);
    get("speed").addEventListener("input", time);
    get("swap").addEventListener("click", () => compare(b.value, a.value));
    for (const input of document.querySelectorAll("input[name=mode]")) input.addEventListener("change", time);
    for (const input of document.querySelectorAll("input[name=where], input[name=zoom]")) input.addEventListener("change", draw);
    for (const button of document.querySelectorAll("[data-step]")) {
      const [which, by] = [button.dataset.step[0], Number(button.dataset.step.slice(1))];
      button.addEventListener("click", () => step(which === "a" ? a : b, by));
    }
    stage.addEventListener("keydown", keys);
    stage.addEventListener("pointermove", (event) => {
      const pane = event.target.closest(".pane");
      if (chosen("mode") !== "wipe" || !pane) return;
      const box = pane.getBoundingClientRect();
      wipe.value = Math.round((100 * (event.clientX - box.left)) / box.width);
      show();
    });
    for (const button of document.querySelectorAll(".show")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const number = numbers.get(button.dataset.frame);
        compare(number, number > 1 ? number - 1 : number + 1);
        get("compare").scrollIntoView();
        stage.focus({ preventScroll: true });
      });
    }
    get("viewer").hidden = false;
    // Blinking begins when the viewer is in sight.
    new IntersectionObserver(([entry]) => {
      if (entry.isIntersecting) time();
      else { clearInterval(timer); timer = 0; }
    }).observe(stage);
    compare(...pair);
  };

  slider();
  viewer();
})();
