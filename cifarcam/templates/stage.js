/* The stage: an image, what the network says about it, and what each of its layers looks at.

It draws from a SOURCE, an object with
  look()            the state: { view, other, film, total, confusion, image, layer, opacity, smooth, ... } (see below)
  set(name, value)  asks for another image (position), layer (index), target or rather (class; null: the predicted one, no class), cell
  brush(mask)       optional: the probabilities without the masked pixels, soon; hide(mask) the maps, too
and is told by stage.draw() that something has changed. There are two sources:
  mount(root, data)            no kernel: `data` is JSON that holds all maps (format 1, below)
  { render } of stage_live.js  anywidget: a kernel makes the maps of one image at a time

Format 1 of `data` (arrays in base64):
  { format: 1, classes: [C names], size: [H, W], names: [N] (optional), labels: [N] classes or null, probabilities: [N][C],
    images: uint8 [N, H, W, 3], colors: uint8 [256, 3] from no evidence to most, diverging: uint8 [256, 3] whose middle is zero,
    layers: [{ name, grid: [h, w], words }], methods: [{ name, label, classless }],
    maps: { method: { layer: { values: int8 [N, T, h, w], tops: [N * T] } } } }
  T is C, or 1 where the method explains no class. A map is values / 127 * top: signed, so that two classes' maps can be subtracted.

A VIEW is { name, place, size, pixels, label, predicted, probabilities, classes, target, rather, method, classless,
            layers: [{ name, grid, words, values: Float32Array, top (null: its own largest), blank: why, or "",
                       peak: of a volume the largest value in any slice }] }. */

export const bytes = (part) =>
  typeof part === "string" ? Uint8Array.from(atob(part), (c) => c.charCodeAt(0)) : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
const floats = (part) => new Float32Array(bytes(part).slice().buffer);
const percent = (p) => (p < 1 && p >= 0.995 ? ">99%" : (100 * p).toFixed(p > 0.0005 && p < 0.0095 ? 1 : 0) + "%");
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
let made = 0; // elements with an id of their own

function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (name === "class") e.className = value;
    else if (value !== null && value !== undefined) e.setAttribute(name, value);
  }
  e.append(...children);
  return e;
}
const say = (e, text) => e.textContent !== text && (e.textContent = text); // a screen reader hears what has changed, once

/* ---- Drawing ---- */

/** For each of N pixels over n cells: the first cell, the second, and the share of the second. */
function steps(n, N, smooth) {
  const first = new Int32Array(N), second = new Int32Array(N), share = new Float32Array(N);
  for (let k = 0; k < N; k++) {
    const at = ((k + 0.5) * n) / N, low = smooth ? clamp(at - 0.5, 0, n - 1) : Math.floor(at);
    first[k] = Math.floor(low);
    second[k] = Math.min(first[k] + 1, n - 1);
    share[k] = low - first[k];
  }
  return [first, second, share];
}

/** A map at the size of a canvas: bilinear as PyTorch does it with align_corners=False, or whole cells. */
function enlarged(values, [h, w], H, W, smooth) {
  const [top, bottom, down] = steps(h, H, smooth), [left, right, along] = steps(w, W, smooth);
  const out = new Float32Array(H * W), line = new Float32Array(w); // a line of cells at the height of a line of pixels
  for (let y = 0, k = 0; y < H; y++) {
    for (let x = 0; x < w; x++) line[x] = values[top[y] * w + x] * (1 - down[y]) + values[bottom[y] * w + x] * down[y];
    for (let x = 0; x < W; x++, k++) out[k] = line[left[x]] * (1 - along[x]) + line[right[x]] * along[x];
  }
  return out;
}

/** Set the size of a canvas: a whole multiple of a small image, so that its pixels stay squares. */
function fit(canvas, [height, width], side) {
  const grow = Math.max(height, width) <= side ? Math.ceil(side / Math.max(height, width)) : side / Math.max(height, width);
  const [H, W] = [Math.round(height * grow), Math.round(width * grow)];
  if (canvas.height !== H) canvas.height = H;
  if (canvas.width !== W) canvas.width = W;
  return [H, W];
}

function paintImage(canvas, pixels, size, { mask = null, paint = [128, 128, 128], side = 0 } = {}) {
  const [h, w] = size, [H, W] = side ? fit(canvas, size, side) : fit(canvas, size, Math.max(h, w));
  const context = canvas.getContext("2d"), out = context.createImageData(W, H), to = out.data, [line] = steps(h, H, false), [column] = steps(w, W, false);
  for (let y = 0, o = 0; y < H; y++) {
    for (let x = 0; x < W; x++, o += 4) {
      const at = line[y] * w + column[x];
      for (let c = 0; c < 3; c++) to[o + c] = mask && mask[at] ? paint[c] : pixels[3 * at + c];
      to[o + 3] = 255;
    }
  }
  context.putImageData(out, 0, 0);
}

/** The map over the image. It covers more where it is larger, a line marks half of its maximum, and a blank map is hatched. */
export function paintMap(canvas, view, layer, { opacity, smooth, colors, diverging, side, signed = view.rather !== null }) {
  const [H, W] = fit(canvas, view.size, side), [h, w] = view.size, context = canvas.getContext("2d"), out = context.createImageData(W, H), to = out.data;
  const map = enlarged(layer.values, layer.grid, H, W, smooth), most = layer.peak ?? largest(map, signed), top = layer.top || most || 1;
  const [line] = steps(h, H, false), [column] = steps(w, W, false), below = signed ? grays(view.pixels) : view.pixels;
  const table = signed ? diverging : colors, color = new Float32Array(768), seen = new Float32Array(256); // of each level, and what it leaves of the image
  for (let k = 0; k < 256; k++) {
    seen[k] = opacity >= 1 ? 0 : (1 - opacity) ** (2.5 * (signed ? Math.abs(k / 127.5 - 1) : k / 255));
    for (let c = 0; c < 3; c++) color[3 * k + c] = (1 - seen[k]) * table[3 * k + c];
  }
  const scale = (signed ? 127.5 : 255) / top, zero = (signed ? 127.5 : 0) + 0.5;
  for (let y = 0, k = 0, o = 0; y < H; y++) {
    for (let x = 0; x < W; x++, k++, o += 4) {
      const level = Math.min(255, Math.max(0, Math.floor(scale * map[k] + zero))), at = 3 * (line[y] * w + column[x]), share = seen[level];
      to[o] = color[3 * level] + share * below[at];
      to[o + 1] = color[3 * level + 1] + share * below[at + 1];
      to[o + 2] = color[3 * level + 2] + share * below[at + 2];
      to[o + 3] = 255;
    }
  }
  const blank = layer.blank || most <= 0;
  if (!blank && opacity > 0 && side > 200) contour(to, H, W, map, most / 2, signed);
  context.putImageData(out, 0, 0);
  if (blank) hatch(context, H, W);
}

const grays = (pixels) => pixels.map((_, k) => (pixels[k - (k % 3)] + pixels[k - (k % 3) + 1] + pixels[k - (k % 3) + 2]) / 3);

function largest(values, signed = false) {
  let most = 0;
  for (let k = 0; k < values.length; k++) {
    const v = signed ? Math.abs(values[k]) : values[k];
    if (v > most) most = v;
  }
  return most;
}

/** A line around what is above half of the maximum: white with a dark edge, to be seen on any image. */
function contour(to, H, W, map, half, signed) {
  const part = new Int8Array(H * W), ink = new Uint8Array(H * W); // ink 1: the edge, 2: the line
  for (let k = 0; k < part.length; k++) part[k] = map[k] >= half ? 1 : signed && map[k] <= -half ? -1 : 0;
  for (let y = 0, k = 0; y < H; y++) {
    for (let x = 0; x < W; x++, k++) {
      const right = x + 1 < W && part[k] !== part[k + 1], down = y + 1 < H && part[k] !== part[k + W];
      if (!right && !down) continue;
      for (let i = Math.max(0, y - 1); i < Math.min(H, y + 3); i++) for (let j = Math.max(0, x - 1); j < Math.min(W, x + 3); j++) ink[i * W + j] ||= 1;
      ink[k] = 2;
      if (right) ink[k + 1] = 2;
      if (down) ink[k + W] = 2;
    }
  }
  for (let k = 0; k < ink.length; k++) {
    if (ink[k]) for (let o = 4 * k; o < 4 * k + 3; o++) to[o] = ink[k] === 2 ? 255 : 0.3 * to[o];
  }
}

/** What a tile looks like that has nothing to show: nobody takes it for a map that is dark everywhere. */
function hatch(context, H, W) {
  context.fillStyle = "rgba(255, 255, 255, .55)";
  context.fillRect(0, 0, W, H);
  context.strokeStyle = "rgba(40, 40, 40, .75)";
  context.lineWidth = Math.max(1, H / 160);
  context.beginPath();
  for (let x = -H, step = Math.max(8, H / 16); x < W; x += step) {
    context.moveTo(x, H);
    context.lineTo(x + H, 0);
  }
  context.stroke();
}

/** Where a map is strong, in words, for those who do not see it. */
function where(view, layer, smooth) {
  const [h, w] = layer.grid, third = (k, n) => Math.min(2, Math.floor((3 * (k + 0.5)) / n));
  const place = (sign) => {
    const k = layer.values.reduce((best, v, i) => (sign * v > sign * layer.values[best] ? i : best), 0);
    const words = [["top", "", "bottom"][third(Math.floor(k / w), h)], ["left", "", "right"][third(k % w, w)]].filter(Boolean).join(" ");
    return words ? "at the " + words : "in the middle";
  };
  if (layer.blank) return layer.blank;
  if (view.rather !== null) return `most for ${view.classes[view.target]} ${place(1)}, for ${view.classes[view.rather]} ${place(-1)}`;
  const fine = enlarged(layer.values, layer.grid, 64, 64, smooth), most = layer.peak ?? largest(fine);
  return `strongest ${place(1)}; ${percent(fine.filter((v) => v >= most / 2).length / 4096)} of the image is above half of the maximum (line)`;
}

const question = (view) =>
  view.classless ? "no class" : view.rather === null ? view.classes[view.target] : `${view.classes[view.target]} rather than ${view.classes[view.rather]}`;

/* ---- A row of things to choose from: one tab stop, arrow keys inside ---- */

function listbox(label, kind, choose) {
  const box = el("div", { role: "listbox", "aria-label": label, class: kind, tabindex: 0, "aria-orientation": kind === "stage-bars" ? "vertical" : "horizontal" });
  let at = 0, frame = 0;
  box.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose([...box.children].indexOf(option), event);
  });
  box.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -1e9, End: 1e9, PageUp: -10, PageDown: 10 }[event.key];
    if (by) box.step ? box.step(by) : choose(clamp(at + by, 0, box.children.length - 1), event);
    else if (event.key === "Enter" || event.key === " ") choose(at, event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.fill = (options) => {
    for (const option of options) option.id = `stage-option-${++made}`;
    box.replaceChildren(...options);
  };
  box.select = (index, also = []) => {
    at = index;
    [...box.children].forEach((option, k) => option.setAttribute("aria-selected", k === at || also.includes(k)));
    const option = box.children[at];
    if (!option) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", option.id);
    cancelAnimationFrame(frame); // a frame later the page is laid out anyway: asked at once, it would be laid out twice
    frame = requestAnimationFrame(() => {
      if (box.scrollWidth > box.clientWidth) box.scrollLeft = option.offsetLeft - (box.clientWidth - option.offsetWidth) / 2;
    });
  };
  return box;
}

/* ---- The stage ---- */

const LARGE = 320, SMALL = 96; // pixels of a canvas, about

/** An image and its map, with their captions. */
function column() {
  const parts = {
    heading: el("div", { class: "stage-heading" }),
    input: el("canvas", { class: "stage-input" }),
    about: el("figcaption", { class: "stage-about" }),
    map: el("canvas", { class: "stage-map", role: "img" }),
    caption: el("figcaption", { class: "stage-caption" }),
  };
  const figure = (name, ...children) => el("figure", { class: name }, ...children);
  parts.root = el("div", { class: "stage-column" }, parts.heading, figure("stage-first", parts.input, parts.about), figure("stage-second", parts.map, parts.caption));
  return parts;
}

export class Stage {
  constructor(root, source) {
    Object.assign(this, { root, source, pinned: null, mask: null, live: null, painting: false });
    root.classList.add("cam-stage");
    root.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves the arrow keys to whoever has the focus
    this.said = el("p", { class: "stage-said", "aria-live": "polite" });
    this.doubt = el("p", { class: "stage-doubt" });
    this.film = listbox("images", "stage-film", (k) => source.set("image", this.state.film.start + k));
    this.film.step = (by) => source.set("image", clamp(this.state.image + by, 0, this.state.total - 1));
    this.strip = listbox("layers, from the first to the last", "stage-strip", (k) => source.set("layer", k));
    this.bars = listbox("classes, with their probabilities", "stage-bars", (k, event) => this.explain(this.listed[k], event));
    this.bars.step = (by) => this.focusBar(by);
    this.columns = [column(), column(), column()];
    this.pin = el("button", { type: "button", onclick: () => this.togglePin() }, "pin this view");
    this.erase = el("button", { type: "button", hidden: "", onclick: () => this.uncover() }, "show the whole image");
    this.contrast = el("button", { type: "button", "aria-pressed": "false", title: "why the explained class rather than the one that is clicked" }, "contrast");
    this.contrast.onclick = () => this.contrast.setAttribute("aria-pressed", this.contrast.getAttribute("aria-pressed") !== "true");
    this.random = el("button", { type: "button", onclick: () => this.drawLot() }, "random image");
    const ways = source.brush ? "Drag over the image to hide a part. Click a class to explain it, Shift+click to contrast it. Press R for a random image." : "Click a class to explain it.";
    this.hint = el("span", { class: "stage-hint" }, ways);
    this.matrix = el("details", { class: "stage-matrix" }, el("summary", {}, "confusion matrix"));
    this.matrix.addEventListener("toggle", () => this.drawConfusion());
    const pair = el("div", { class: "stage-columns" }, ...this.columns.map((c) => c.root));
    const main = el("div", { class: "stage-main" }, pair, this.strip, this.bars);
    root.append(this.said, this.doubt, this.film, main, el("div", { class: "stage-actions" }, this.pin, this.erase, ...(source.brush ? [] : [this.random, this.contrast]), this.hint, this.matrix));
    root.addEventListener("keydown", (event) => this.key(event));
    if (source.brush) this.listenToBrush();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    if (event.key === "r" || event.key === "R") this.drawLot();
    else if ((event.key === "Delete" || event.key === "Backspace" || event.key === "e") && !this.erase.hidden) this.uncover();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  drawLot() {
    const { total, image } = this.state, on = total > 1 ? 1 + Math.floor(Math.random() * (total - 1)) : 0;
    this.source.set("image", (image + on) % total);
  }

  explain(c, event) {
    const view = this.state.view, pressed = this.contrast.getAttribute("aria-pressed") === "true";
    const contrast = pressed || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey;
    if (contrast && c !== view.target) this.source.set("rather", c === view.rather ? null : c);
    else if (!contrast) this.source.set("target", c);
  }

  /** In the list of classes the arrow keys only go: Enter explains. */
  focusBar(by) {
    this.bar = clamp((this.bar ?? 0) + by, 0, this.bars.children.length - 1);
    this.markBars();
  }

  togglePin() {
    const { view, other, layer } = this.state;
    this.pinned = this.pinned ? null : { view: other?.painted ? other : view, layer };
    this.draw();
  }

  /* -- Everything that is seen -- */

  draw() {
    const state = (this.state = this.source.look());
    if (!state.view) return;
    const painted = state.other?.painted ? state.other : null;
    const view = painted ?? state.view, other = painted ? null : state.other;
    const image = `${state.view.position} ${state.view.name}`;
    if (image !== this.masked || (state.other && !painted)) [this.masked, this.mask, this.painting] = [image, null, false];
    if (state.view !== this.drawn) [this.drawn, this.live] = [state.view, null];
    const at = (v) => [v, v.like ? v.like[state.layer] : state.layer]; // another network has layers of its own
    let pairs = [at(view)];
    if (this.pinned) pairs = [[this.pinned.view, this.pinned.layer], at(other ?? view)];
    else if (other) pairs = [at(view), at(other)];
    const before = painted || this.mask ? state.view : pairs.length > 1 ? pairs[0][0] : null, now = pairs.at(-1)[0];
    this.root.classList.toggle("stage-compares", pairs.length > 1);
    this.root.setAttribute("aria-busy", Boolean(state.busy));
    this.columns.forEach((c, k) => (c.root.hidden = k > 0 && pairs.length === 1));
    pairs.forEach(([v, layer], k) => this.drawColumn(this.columns[k], v, v.layers[layer], pairs.length > 1 ? "AB"[k] + (v.title ? ": " + v.title : k && this.pinned ? ": now" : this.pinned ? ": pinned" : "") : ""));
    if (pairs.length > 1) this.drawDifference(pairs);
    this.drawWords(now, before);
    this.drawFilm();
    this.drawStrip(now.like ? view : now);
    this.drawBars(now, before);
    say(this.pin, this.pinned ? "unpin" : "pin this view");
    this.pin.setAttribute("aria-pressed", Boolean(this.pinned));
    this.erase.hidden = !this.mask && !painted;
    this.matrix.hidden = !state.confusion;
    if (this.confusion !== state.confusion) this.drawConfusion();
  }

  style(side) {
    const { opacity, smooth, colors, diverging } = this.state;
    return { opacity, smooth, colors, diverging, side };
  }

  drawColumn(c, view, layer, heading) {
    say(c.heading, heading);
    c.map.hidden = !layer;
    if (c.painted !== view.pixels) paintImage(c.input, (c.painted = view.pixels), view.size, { side: LARGE });
    if (c === this.columns[0] && this.mask) this.paintMask();
    const truth = view.label === null ? "actual class not known" : `actual class: ${view.classes[view.label]}`;
    say(c.about, [view.place || view.name, truth, view.fitted].filter(Boolean).join("; "));
    c.input.setAttribute("aria-label", `${view.name}, ${truth}` + (this.source.brush && c === this.columns[0] ? ". Arrow keys move a brush, space hides what is below it, Delete shows all again." : ""));
    if (!c.input.hasAttribute("role")) c.input.setAttribute("role", "img");
    const style = this.style(LARGE), seen = [view, layer, ...Object.values(style)];
    if (c.seen && seen.every((part, k) => part === c.seen[k])) return;
    c.seen = layer && seen;
    if (!layer) return say(c.caption, view.trouble || "");
    paintMap(c.map, view, layer, style);
    const words = where(view, layer, this.state.smooth), signed = view.rather !== null;
    c.map.setAttribute("aria-label", `map over the image: ${words}`);
    const most = layer.top === null ? "this map's maximum" : "maximum of 64 images", ends = signed ? ["−", "± " + most] : ["0", most];
    const title = `${view.method}, layer ${layer.name}, ${view.classless ? "no class" : "class " + question(view)}`;
    const lines = [title, ...ends, words, layer.words].join("\n");
    if (c.lines === lines) return;
    c.lines = lines;
    const shades = el("canvas", { "aria-hidden": "true", width: 256, height: 1 });
    this.paintScale(shades, signed);
    const scale = el("div", { class: "stage-scale" }, el("span", {}, ends[0]), shades, el("span", {}, ends[1]));
    c.caption.replaceChildren(el("b", {}, title), scale, el("div", { class: layer.blank ? "stage-blank" : "" }, words), el("div", {}, layer.words));
  }

  paintScale(canvas, signed) {
    const context = canvas.getContext("2d"), out = context.createImageData(256, 1), table = signed ? this.state.diverging : this.state.colors;
    for (let k = 0; k < 256; k++) out.data.set([...table.slice(3 * k, 3 * k + 3), 255], 4 * k);
    context.putImageData(out, 0, 0);
  }

  /** The third column: B's map less A's, where both have the same grid; else B's probabilities less A's only. */
  drawDifference([[a, la], [b, lb]]) {
    const c = this.columns[2], [one, two] = [a.layers[la], b.layers[lb]], same = one && two && String(one.grid) === String(two.grid);
    say(c.heading, "B less A");
    const change = a.pixels.map((v, k) => clamp(128 + (b.pixels[k] ?? v) - v, 0, 255));
    paintImage(c.input, change, a.size, { side: LARGE });
    c.input.setAttribute("role", "img");
    c.input.setAttribute("aria-label", "the difference of both images; gray: none");
    say(c.about, "images; gray: no difference");
    c.map.hidden = !same;
    if (!same) return say(c.caption, one && two ? "no difference of maps: their grids have other sizes" : "");
    const layer = { ...two, values: two.values.map((v, k) => v - one.values[k]), top: null, peak: null, blank: "" };
    if (!layer.values.some(Boolean)) layer.blank = "both maps are the same";
    paintMap(c.map, { ...b, rather: -1 }, layer, { ...this.style(LARGE), signed: true });
    const words = layer.blank || "orange: more in B; purple: more in A";
    c.map.setAttribute("aria-label", `difference of the maps; ${words}`);
    c.lines = "";
    const p = (v) => percent(v.probabilities[b.target]);
    c.caption.replaceChildren(el("b", {}, `maps, ${words}`), el("div", {}, `${b.classes[b.target]}: ${p(a)} in A, ${p(b)} in B`));
  }

  drawWords(view, before) {
    const p = this.live ?? view.probabilities, best = this.live ? p.indexOf(Math.max(...p)) : view.predicted, known = view.label !== null;
    const verdict = !known ? "actual class not known" : best === view.label ? "correct" : `misclassified, actual class ${view.classes[view.label]}`;
    const was = before && before.predicted !== best ? ` (was ${before.classes[before.predicted]})` : "";
    this.root.dataset.verdict = !known ? "unknown" : best === view.label ? "right" : "wrong";
    say(this.said, `${view.classes[best]} ${percent(p[best])}${was}, ${verdict}`);
    say(this.doubt, view.doubt ?? "");
    this.doubt.hidden = view.doubt === undefined; // its line stays free where it may come
  }

  drawFilm() {
    const { film, image } = this.state;
    if (this.filmed !== film) {
      this.filmed = film;
      const [h, w] = film.size, n = 3 * h * w;
      this.film.fill(
        film.names.map((name, k) => {
          const canvas = el("canvas", { "aria-hidden": "true" }), label = film.labels[k], guess = film.predicted?.[k] ?? null;
          paintImage(canvas, film.pixels.subarray(n * k, n * (k + 1)), film.size);
          const wrong = label !== null && guess !== null && guess !== label, classes = this.state.view.classes;
          const words = name + (label === null ? "" : ": " + classes[label]) + (wrong ? `, misclassified as ${classes[guess]}` : "");
          return el("div", { role: "option", "aria-label": words, title: words, class: wrong ? "stage-wrong" : "" }, canvas);
        }),
      );
    }
    this.film.select(image - film.start);
  }

  drawStrip(view) {
    const names = view.layers.map((layer) => layer.name).join("\n");
    if (this.stripped !== names) {
      this.stripped = names;
      this.strip.hidden = !names;
      this.strip.fill(view.layers.map((layer) => el("div", { role: "option" }, el("canvas", { "aria-hidden": "true" }), el("span", {}, layer.name))));
    }
    const { opacity, smooth, layer } = this.state, look = `${opacity} ${smooth} ${names}`;
    if (this.tiled === view && this.tiles === look) return this.strip.select(layer);
    [this.tiled, this.tiles] = [view, look];
    view.layers.forEach((layer, k) => {
      const option = this.strip.children[k];
      if (layer.values.length) paintMap(option.firstChild, view, layer, this.style(SMALL));
      else paintImage(option.firstChild, view.pixels, view.size, { side: SMALL });
      option.title = `${layer.name}: ${layer.words}`;
      option.classList.toggle("stage-later", !layer.values.length);
    });
    this.strip.select(layer);
  }

  /** Ten classes stay in their order; of more, the ten likeliest are shown, with those that are asked about. */
  drawBars(view, before) {
    const p = this.live ?? view.probabilities, C = view.classes.length, asked = [view.label, view.predicted, view.target, view.rather].filter((c) => c !== null);
    const likely = Array.from(p.keys()).sort((a, b) => view.probabilities[b] - view.probabilities[a]).slice(0, 10);
    const listed = C <= 12 ? [...p.keys()] : [...new Set([...likely, ...asked])].sort((a, b) => a - b);
    if (String(listed) !== String(this.listed)) {
      this.listed = listed;
      const bar = () => el("div", { class: "stage-bar" }, el("i"), el("b"));
      this.bars.fill(listed.map(() => el("div", { role: "option" }, el("span", { class: "stage-cut" }), bar(), el("span", { class: "stage-percent" }), el("span", { class: "stage-unseen" }))));
    }
    const best = this.live ? p.indexOf(Math.max(...p)) : view.predicted;
    listed.forEach((c, k) => {
      const option = this.bars.children[k], [name, bar, share, more] = option.children, kind = c !== best ? "" : this.root.dataset.verdict;
      say(name, view.classes[c] + (c === view.label ? " ✓" : ""));
      say(share, percent(p[c]));
      bar.firstChild.style.width = `${100 * p[c]}%`;
      bar.lastChild.hidden = !before;
      if (before) bar.lastChild.style.left = `${100 * before.probabilities[c]}%`;
      option.className = [kind && "stage-" + kind, c === view.target && !view.classless && "stage-target", c === view.rather && "stage-rather"].filter(Boolean).join(" ");
      const roles = [c === view.target && "explained", c === view.rather && "contrasted"].filter(Boolean);
      say(more, (before ? [`was ${percent(before.probabilities[c])}`, ...roles] : roles).map((words) => ", " + words).join(""));
      option.title = view.classes[c];
    });
    if (this.bars !== this.bars.ownerDocument.activeElement) this.bar = Math.max(0, listed.indexOf(view.target));
    this.markBars();
  }

  markBars() {
    const { view } = this.state;
    this.bars.select(this.bar ?? 0, []);
    [...this.bars.children].forEach((option, k) => {
      option.setAttribute("aria-selected", !view.classless && (this.listed[k] === view.target || this.listed[k] === view.rather));
      option.classList.toggle("stage-at", k === this.bar);
    });
  }

  /** Rows are actual classes, columns predicted ones; a shade says what share of its row a cell has. */
  drawConfusion() {
    const counts = this.state.confusion, { classes } = this.state.view;
    if (!counts || !this.matrix.open) return;
    this.confusion = counts;
    const cells = counts.map((row, a) => row.map((n, c) => this.confusionCell(n, row, a, c, classes)));
    const head = el("tr", {}, el("td", { class: "stage-corner" }, "actual ↓ predicted →"), ...classes.map((name) => el("th", { scope: "col" }, el("span", {}, name))));
    const rows = cells.map((row, a) => el("tr", {}, el("th", { scope: "row" }, classes[a]), ...row.map((cell) => el("td", {}, ...cell))));
    const table = el("table", { "aria-label": "confusion matrix: images by actual and predicted class; arrow keys go from cell to cell" }, el("thead", {}, head), el("tbody", {}, ...rows));
    const buttons = cells.map((row) => row.map((cell) => cell[0] ?? null)), all = buttons.flat().filter(Boolean);
    all.forEach((button, k) => (button.tabIndex = k ? -1 : 0));
    table.addEventListener("keydown", (event) => {
      const [dy, dx] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
      if (!dy && !dx) return;
      let a = buttons.findIndex((row) => row.includes(event.target)), c = buttons[a]?.indexOf(event.target);
      do [a, c] = [a + dy, c + dx];
      while (buttons[a]?.[c] === null);
      event.preventDefault();
      event.stopPropagation();
      if (!buttons[a]?.[c]) return;
      [event.target.tabIndex, buttons[a][c].tabIndex] = [-1, 0];
      buttons[a][c].focus();
    });
    this.matrix.replaceChildren(this.matrix.firstChild, table);
  }

  confusionCell(n, row, a, c, classes) {
    if (!n) return [];
    const what = a === c ? "classified correctly" : `misclassified as ${classes[c]}`, words = `${classes[a]}, ${what}: ${n} images`;
    const share = Math.min((n / row.reduce((sum, k) => sum + k, 0)) * (a === c ? 1 : 4), 1); // a quarter misclassified is as deep as all right
    const shade = `stage-${a === c ? "right" : "wrong"}-${1 + Math.round(4 * share)}`;
    return [el("button", { type: "button", class: shade, title: words, "aria-label": words, onclick: () => this.source.set("cell", [a, c]) }, String(n))];
  }

  /* -- Hiding a part of the image -- */

  listenToBrush() {
    const canvas = this.columns[0].input;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.classList.add("stage-brushed");
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || this.pinned) return;
      canvas.setPointerCapture(event.pointerId);
      this.painting = true;
      this.dab(...at(event));
    });
    canvas.addEventListener("pointermove", (event) => this.painting && this.dab(...at(event)));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => this.painting && this.finish());
    canvas.addEventListener("keydown", (event) => {
      const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (move) this.cursor = (this.cursor ?? [0.5, 0.5]).map((v, k) => clamp(v + move[k] / 12, 0.04, 0.96));
      else if (event.key === " ") {
        this.dab(...(this.cursor ?? [0.5, 0.5]));
        this.finish();
      } else return;
      event.preventDefault();
      event.stopPropagation();
      this.paintMask();
    });
    canvas.addEventListener("blur", () => {
      this.cursor = null;
      this.paintMask();
    });
  }

  /** Hide what is below the brush at a place, 0..1 from the top and from the left. */
  dab(y, x) {
    const [h, w] = this.state.view.size, radius = Math.max(0.75, Math.max(h, w) / 12);
    this.mask ??= new Uint8Array(h * w);
    for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) if (Math.hypot(i + 0.5 - y * h, j + 0.5 - x * w) <= radius) this.mask[i * w + j] = 1;
    this.paintMask();
    this.source.brush(this.mask);
  }

  paintMask() {
    const canvas = this.columns[0].input, { view, other } = this.state, { pixels, size } = other?.painted ? other : view;
    if (this.pinned) return;
    this.columns[0].painted = null;
    paintImage(canvas, pixels, size, { mask: this.mask, paint: this.state.paint, side: LARGE });
    if (!this.cursor) return;
    const context = canvas.getContext("2d"), side = canvas.height / 6;
    [context.lineWidth, context.strokeStyle] = [3, "#fff"];
    context.setLineDash([6, 6]);
    context.strokeRect(this.cursor[1] * canvas.width - side / 2, this.cursor[0] * canvas.height - side / 2, side, side);
  }

  finish() {
    this.painting = false;
    this.erase.hidden = false;
    this.source.hide(this.mask);
  }

  uncover() {
    [this.mask, this.live, this.painting] = [null, null, false];
    this.source.hide(null);
    this.draw();
  }

  /** Probabilities that came while the brush moves; null: nothing new is known. */
  felt(probabilities) {
    this.live = this.mask && probabilities;
    const { view, other } = this.state;
    this.drawWords(other?.painted ? other : view, view);
    this.drawBars(other?.painted ? other : view, view);
    this.root.dataset.felt = performance.now();
  }
}

/* ---- Without a kernel ---- */

/** Show `data` (format 1, above) in an element, with sliders of its own. */
export function mount(root, data) {
  if (data.format !== 1) throw new Error(`the stage reads format 1 of its data, not ${data.format}`);
  const { classes, size, layers, methods, labels, probabilities } = data, N = probabilities.length, C = classes.length, n = 3 * size[0] * size[1];
  const [pixels, colors, diverging] = [data.images, data.colors, data.diverging].map(bytes);
  const predicted = probabilities.map((p) => p.indexOf(Math.max(...p))), names = data.names ?? predicted.map((_, k) => `image ${k + 1}`);
  const maps = new Map(); // decoded when first looked at
  const fine = layers.findLastIndex(({ grid }) => Math.min(...grid) > 4); // a map of nine cells says little to begin with
  const state = { image: 0, layer: fine < 0 ? layers.length - 1 : fine, method: 0, target: null, rather: null, opacity: 0.6, smooth: true };
  const film = { start: 0, names, pixels, size, labels: labels ?? predicted.map(() => null), predicted };

  function valuesOf(method, layer, image, target) {
    const stored = data.maps[method][layer.name], key = method + "\n" + layer.name, cells = layer.grid[0] * layer.grid[1];
    if (!maps.has(key)) maps.set(key, new Int8Array(bytes(stored.values).buffer));
    const T = stored.tops.length / N, at = image * T + Math.min(target, T - 1);
    return Float32Array.from(maps.get(key).subarray(at * cells, (at + 1) * cells), (v) => (v / 127) * stored.tops[at]);
  }

  function view() {
    const { image } = state, method = methods[state.method], target = state.target ?? predicted[image];
    const rather = method.classless || state.rather === target ? null : state.rather;
    const made = layers.map((layer) => {
      const values = valuesOf(method.name, layer, image, target);
      if (rather !== null) valuesOf(method.name, layer, image, rather).forEach((v, k) => (values[k] -= v));
      const blank = values.some((v) => v > 0 || (rather !== null && v < 0)) ? "" : method.classless ? "blank: no positive value" : "blank: no positive evidence for the class";
      return { ...layer, values, top: null, blank };
    });
    const own = pixels.subarray(n * image, n * (image + 1));
    return { name: names[image], place: `${names[image]}, ${image + 1} of ${N}`, size, pixels: own, label: film.labels[image], predicted: predicted[image], probabilities: Float32Array.from(probabilities[image]), classes, target, rather, method: method.label, classless: method.classless, layers: made };
  }

  let now = null;
  const source = {
    look: () => ({ ...state, view: now, other: null, film, total: N, confusion: null, colors, diverging }),
    set(name, value) {
      if (name === "image") [state.target, state.rather] = [null, null];
      state[name] = name === "target" && value === (state.target ?? -1) ? null : value;
      show(["image", "target", "rather", "method"].includes(name));
    },
  };
  const stage = new Stage(el("div"), source);
  const slider = (name, max, step, words) => {
    const input = el("input", { type: "range", min: 0, max, step, oninput: () => source.set(name, +input.value) }), out = el("output");
    input.show = () => {
      input.value = state[name];
      say(out, words(state[name]));
      input.setAttribute("aria-valuetext", out.textContent);
    };
    input.row = el("label", {}, name + " ", input, out);
    return input;
  };
  const sliders = [
    slider("image", N - 1, 1, (k) => names[k]),
    slider("layer", layers.length - 1, 1, (k) => layers[k].name),
    slider("opacity", 1, 0.05, percent),
  ];
  const method = el("select", { onchange: () => source.set("method", method.selectedIndex) }, ...methods.map((m) => el("option", {}, m.label)));
  const cells = el("input", { type: "checkbox", onchange: () => source.set("smooth", !cells.checked) });
  const controls = el("div", { class: "stage-static" }, ...sliders.map((s) => s.row), el("label", {}, "method ", method), el("label", {}, cells, " true cells"));
  root.append(stage.root, controls);

  function show(anew) {
    if (anew || !now) now = view();
    sliders.forEach((s) => s.show());
    stage.draw();
  }
  show(true);
  return stage;
}
