(() => {
const root = document.getElementById("{{ id }}"), d = {{ data }}, $ = s => root.querySelector(s);
const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const pixels = bytes(d.images), colors = bytes(d.colors), [N, H, W] = d.shape, C = d.classes.length, S = 256;
const maps = {};
for (const m of d.methods) { maps[m] = {}; for (const l of d.layers) maps[m][l] = bytes(d.maps[m][l].bytes); }
const now = { image: 0, target: d.predicted[0], layer: d.layers.length - 1, method: d.methods[0] };
const button = (where, label, act) => { const b = document.createElement("button"); b.type = "button"; b.setAttribute("aria-label", label); b.onclick = act; where.append(b); return b; };
const plain = (canvas, i) => {
  canvas.width = W; canvas.height = H;
  const c = canvas.getContext("2d"), out = c.createImageData(W, H);
  for (let k = 0; k < W * H; k++) { for (let j = 0; j < 3; j++) out.data[4 * k + j] = pixels[3 * (i * W * H + k) + j]; out.data[4 * k + 3] = 255; }
  c.putImageData(out, 0, 0);
};
const level = (map, at, h, w, y, x, smooth) => {  // the map's value at a pixel, 0..255
  let fy = (y + .5) * h / S, fx = (x + .5) * w / S;
  if (!smooth) return map[at + Math.floor(fy) * w + Math.floor(fx)];
  fy = Math.min(Math.max(fy - .5, 0), h - 1); fx = Math.min(Math.max(fx - .5, 0), w - 1);
  const y0 = Math.floor(fy), x0 = Math.floor(fx), y1 = Math.min(y0 + 1, h - 1), x1 = Math.min(x0 + 1, w - 1), a = fy - y0, b = fx - x0;
  return (1 - a) * ((1 - b) * map[at + y0 * w + x0] + b * map[at + y0 * w + x1]) + a * ((1 - b) * map[at + y1 * w + x0] + b * map[at + y1 * w + x1]);
};
const percent = p => (100 * p).toFixed(p < .0995 ? 1 : 0) + "%";
const location_of = (cells, h, w) => {  // of the strongest cell, in words
  const k = cells.indexOf(Math.max(...cells)), third = (i, n) => Math.min(2, Math.floor(3 * (i + .5) / n));
  const v = ["top", "", "bottom"][third(Math.floor(k / w), h)], s = ["left", "", "right"][third(k % w, w)];
  return !v && !s ? "in the middle" : "at the " + (v && s ? (v === "top" ? "upper " : "lower ") + s : v || s);
};
const say = (s, text) => { if ($(s).textContent !== text) $(s).textContent = text; };  // a screen reader hears what has changed, once
const blend = () => {
  const layer = d.layers[now.layer], m = d.maps[now.method][layer], [T, h, w] = m.shape, map = maps[now.method][layer];
  const at = (now.image * T + Math.min(now.target, T - 1)) * h * w, opacity = $(".opacity").value / 100, smooth = $(".smooth").checked;
  const c = $(".shown").getContext("2d"), out = c.createImageData(S, S);
  let strong = 0;
  for (let y = 0; y < S; y++) for (let x = 0; x < S; x++) {
    const value = level(map, at, h, w, y, x, smooth), v = Math.round(value), p = 3 * ((now.image * H + Math.floor(y * H / S)) * W + Math.floor(x * W / S)), o = 4 * (y * S + x);
    for (let j = 0; j < 3; j++) out.data[o + j] = opacity * colors[3 * v + j] + (1 - opacity) * pixels[p + j];
    out.data[o + 3] = 255;
    if (value > 127.5) strong++;
  }
  c.putImageData(out, 0, 0);
  const cells = map.subarray(at, at + h * w), empty = cells.every(v => v === 0), name = d.classes[now.target];
  const where = empty ? "the map is dark everywhere" : `the map is strongest ${location_of(cells, h, w)}, and ${percent(strong / (S * S))} of the image has more than half of that`;
  $(".grid").textContent = `${layer}: ${h} × ${w} cells`; $(".layer-name").textContent = layer;
  const predicted = d.classes[d.predicted[now.image]], truth = d.classes[d.labels[now.image]];
  const asked = T === 1 ? "what stands out here, whatever the class" : empty ? `no positive evidence for ${name}` : `evidence for ${name} (${percent(d.probabilities[now.image][now.target])})`;
  say(".said", `${layer}, ${now.method}: ${asked}; ${where}. The predicted class is ${predicted}` + (predicted === truth ? ", which is right." : `, but the image shows ${truth}.`));
  $(".shown").setAttribute("aria-label", "the map over the image: " + where);
  $(".original").setAttribute("aria-label", `the image, which shows ${truth}`);
};
const bars = () => {
  const p = d.probabilities[now.image];
  [...$(".bars").children].forEach((b, k) => {
    b.setAttribute("aria-pressed", k === now.target);
    b.children[1].firstChild.style.width = Math.max(1, 100 * p[k]) + "%";
    b.children[1].firstChild.className = k === d.labels[now.image] ? "right" : k === d.predicted[now.image] ? "wrong" : "";
    b.children[2].textContent = percent(p[k]);
    b.setAttribute("aria-label", `${d.classes[k]} ${percent(p[k])}`);  // it replaces what the button shows
  });
  [...$(".strip").children].forEach((b, k) => b.setAttribute("aria-pressed", k === now.image));
};
const show = () => { plain($(".original"), now.image); bars(); blend(); };
for (let i = 0; i < N; i++) {
  const canvas = document.createElement("canvas"); plain(canvas, i);
  button($(".strip"), `image ${i + 1}: ${d.classes[d.labels[i]]}`, () => { now.image = i; now.target = d.predicted[i]; show(); }).append(canvas);
}
d.classes.forEach((name, k) => {
  const b = button($(".bars"), `explain ${name}`, () => { now.target = k; bars(); blend(); });
  b.innerHTML = "<span></span> <span><i></i></span> <b></b>"; b.firstChild.textContent = name;
});
for (const m of d.methods) $(".method").append(new Option(m, m));
$(".layer").max = d.layers.length - 1; $(".layer").value = now.layer;
$(".layer").oninput = e => { now.layer = +e.target.value; blend(); };
$(".method").onchange = e => { now.method = e.target.value; blend(); };
$(".opacity").oninput = blend; $(".smooth").onchange = blend;
show();
})();
