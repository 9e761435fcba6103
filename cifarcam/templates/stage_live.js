/* ---- With a kernel: an anywidget beside ordinary sliders, which stay the truth about image, layer, opacity and grid ---- */

function decode(scene) {
  if (!scene) return null;
  const layers = scene.layers.map((layer) => ({ ...layer, values: floats(layer.values) }));
  return { ...scene, pixels: bytes(scene.pixels), probabilities: floats(scene.probabilities), layers };
}

/** The buttons of a choice are one tab stop: arrow keys go from one to the next. */
function oneStop(group) {
  const buttons = [...group.querySelectorAll("button")], only = (button) => buttons.forEach((b) => (b.tabIndex = b === button ? 0 : -1));
  only(buttons[0]);
  group.addEventListener("focusin", (event) => only(event.target));
  group.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key], next = buttons[buttons.indexOf(event.target) + by];
    if (next) next.focus();
  });
}

const shown = (readout) => (readout && readout.style.display !== "none" ? readout.textContent : "");

/** ipywidgets' sliders have no names and speak bare numbers; here they say what is written beside them. */
function nameSliders(box) {
  const name = () => {
    for (const slider of box.querySelectorAll(".widget-slider")) {
      const label = slider.querySelector(".widget-label")?.textContent, text = shown(slider.querySelector(".widget-readout"));
      slider.querySelectorAll(".noUi-handle").forEach((handle, k, all) => {
        const now = +handle.getAttribute("aria-valuenow"), most = +handle.getAttribute("aria-valuemax");
        const words = { "aria-label": label + (all.length > 1 ? [", first", ", last"][k] : ""), "aria-valuetext": text || `${now + 1} of ${most + 1}` };
        for (const [key, value] of Object.entries(words)) if (handle.getAttribute(key) !== value) handle.setAttribute(key, value);
      });
    }
  };
  const observer = new MutationObserver(name);
  observer.observe(box, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["aria-valuenow", "aria-valuetext"] });
  name();
  return observer;
}

async function render({ model, el: root }) {
  const names = Object.entries(model.get("controls"));
  const found = await Promise.all(names.map(([, id]) => model.widget_manager.get_model(id.replace("IPY_MODEL_", ""))));
  const controls = Object.fromEntries(names.map(([name], k) => [name, found[k]]));
  let scene = {}, film = null, colors = null, waiting = null, asked = 0, frame = 0, observer = null;
  const source = {
    look() {
      const { view, other, confusion, paint } = scene, stops = controls.layer.get("_options_labels"), name = stops[controls.layer.get("index")];
      const image = controls.image.get("value"), layer = Math.max(0, view ? view.layers.findIndex((l) => l.name === name) : 0);
      const busy = view && view.position !== image;
      return { view, other, confusion, paint, busy, image, layer, opacity: controls.opacity.get("value"), smooth: controls.smooth.get("value"), film, total: controls.image.get("max") + 1, ...colors };
    },
    set(name, value) {
      const control = controls[name];
      if (name !== "image" && name !== "layer") return model.send({ set: name, value });
      const [key, to] = name === "image" ? ["value", value] : ["index", control.get("_options_labels").indexOf(scene.view.layers[value].name)];
      control.set(key, to);
      control.save_changes();
    },
    brush(mask) {
      waiting = mask; // one question at a time, and always the last mask
      if (!asked) ask();
    },
    hide(mask) {
      waiting = null;
      model.send({ hide: mask !== null }, undefined, mask ? [mask.slice().buffer] : []);
    },
  };
  if (!model.get("scene").paint) delete source.brush; // of a tensor nobody knows a color that hides
  const ask = () => {
    asked = waiting ? ++asked : 0;
    if (waiting) model.send({ brush: true }, undefined, [waiting.slice().buffer]);
    waiting = null;
  };
  const stage = new Stage(el("div"), source);
  const draw = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      stage.draw();
      const { view, layer } = stage.state;
      if (view) Object.assign(stage.root.dataset, { image: view.position, layer: view.layers[layer]?.name ?? "", drawn: performance.now() });
    });
  };
  const read = {
    scene: (s) => (scene = { ...s, view: decode(s.view), other: decode(s.other) }),
    film: (f) => (film = { ...f, pixels: bytes(f.pixels) }),
    colors: (c) => (colors = { colors: bytes(c).subarray(0, 768), diverging: bytes(c).subarray(768) }),
  };
  const listeners = Object.entries(read).map(([name, take]) => [model, "change:" + name, () => (take(model.get(name)), draw())]);
  // not "change" alone: a slider that answers a change by a change of its own leaves it out
  for (const control of found) listeners.push([control, "change:index change:value change:max change:_options_labels", draw]);
  listeners.push([model, "msg:custom", (message) => ("probabilities" in message ? (stage.felt(message.probabilities), ask()) : 0)]);
  for (const [whose, event, act] of listeners) whose.on(event, act);
  for (const [name, take] of Object.entries(read)) take(model.get(name));
  root.append(stage.root);
  draw();
  const arrived = new ResizeObserver(() => {
    const box = stage.root.closest(".cifarcam-explorer");
    if (!box || observer) return;
    box.dataset.lmSuppressShortcuts = "true"; // else a notebook takes the arrow keys from the sliders
    observer = nameSliders(box);
    box.querySelectorAll(".widget-toggle-buttons").forEach(oneStop);
    box.querySelectorAll(".widget-play button").forEach((b, k) => b.setAttribute("aria-label", ["play or pause", "stop", "repeat"][k]));
  });
  arrived.observe(stage.root);
  return () => {
    arrived.disconnect();
    observer?.disconnect();
    for (const [whose, event, act] of listeners) whose.off(event, act);
  };
}

export default { render };
