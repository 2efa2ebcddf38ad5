// Choosing, pointing, zooming, keys, tabs; and the start of it all.
const draw = () => ({map: drawMap, heads: drawHeads, flow: drawFlow, statistics: drawStatistics})[state.tab]();
// With the next frame; a page that is not on screen gets none, so not later than in a tenth of a second.
const soon = act => {
  let late = 0;
  const once = () => { if (late) { clearTimeout(late); late = 0; act(); } };
  late = setTimeout(once, 100);
  requestAnimationFrame(once);
};
let pending = false;
function redraw() {
  if (pending) return;
  pending = true;
  soon(() => { pending = false; if (map) draw(); });
}
function shownCells() {
  const a = attention(), kept = (count, special) => {
    const hidden = new Set(state.hide && a.pool === 1 ? special : []), list = [];
    for (let i = 0; i < count; ++i) if (!hidden.has(i)) list.push(i);
    return list.length ? list : [...Array(count).keys()];
  };
  rows = kept(a.rows, a.querySpecial);
  columns = kept(a.columns, a.keySpecial);
  if (!rows.includes(state.query)) state.query = -1;
  if (!columns.includes(state.key)) state.key = -1;
  largest = 0;
  for (const r of rows) for (const c of columns) largest = max(largest, map[r * a.columns + c]);
  image = null;
}
function showReadout() {
  if (!map) return;
  if (state.tab === "map" || state.tab === "flow") {
    if (state.query >= 0 && state.key >= 0) return tell(describeCell(state.query, state.key));
    return tell([[viewName(), "b"], [state.tab === "map" ? "   Point at a cell, or use the arrow keys; the wheel zooms, dragging moves." : "   Point at a query to follow it."]]);
  }
  if (state.combine) tell([[viewName(), "b"]]);
  else describeHead(state.layer, state.head);
}
async function choose(changes) {
  Object.assign(state, changes);
  const a = attention();
  state.layer = max(0, min(state.layer, a.layers.length - 1));
  state.head = max(0, min(state.head, a.heads.length - 1));
  fillChoices();
  const {kind, layer} = state;
  const values = await loadLayer(kind, layer);
  if (kind !== state.kind || layer !== state.layer) return;
  map = fillMap(a, layer, values, state.head, state.combine);
  shownCells();
  showReadout();
  redraw();
}

// ---- controls
function options(select, list, chosen) {
  const box = $(select), key = JSON.stringify(list);
  if (box.dataset.list !== key) {
    box.dataset.list = key;
    box.replaceChildren(...list.map(([value, text]) => Object.assign(document.createElement("option"), {value, textContent: text})));
  }
  box.value = chosen;
}
function fillChoices() {
  const a = attention();
  options("kind", meta.attentions.map((one, i) => [String(i), one.title]), String(state.kind));
  $("kind-label").hidden = meta.attentions.length < 2;
  options("layer", a.layers.map((layer, i) => [String(i), String(layer)]), String(state.layer));
  const heads = a.heads.map((head, i) => [String(i), a.headsNamed ? String(head) : a.combined]);
  if (heads.length > 1) for (const how of ["mean", "max", "min"]) heads.push([how, how + " of " + a.heads.length]);
  options("head", heads, state.combine || String(state.head));
  options("colormap", Object.keys(palettes).map(name => [name, name]), state.colormap);
  options("metric", meta.metrics.map((title, i) => [String(i), title]), String(state.metric));
  $("scale").value = state.log ? "log" : "linear";
  $("fit").checked = state.fit;
  $("special").checked = state.hide;
  $("special-label").hidden = a.pool > 1 || a.querySpecial.length + a.keySpecial.length === 0;
}
const on = (id, event, act) => $(id).addEventListener(event, act);
on("controls", "submit", event => event.preventDefault());
on("kind", "change", event => { resetView(); choose({kind: +event.target.value, query: -1, key: -1}); });
on("layer", "change", event => choose({layer: +event.target.value}));
on("head", "change", event => {
  const value = event.target.value;
  choose(isNaN(+value) ? {combine: value} : {head: +value, combine: ""});
});
on("colormap", "change", event => choose({colormap: event.target.value}));
on("scale", "change", event => choose({log: event.target.value === "log"}));
on("fit", "change", event => choose({fit: event.target.checked}));
on("special", "change", event => { resetView(); choose({hide: event.target.checked}); });
on("threshold", "input", event => choose({threshold: max(0, +event.target.value || 0)}));
on("top", "input", event => choose({top: max(1, min(20, +event.target.value || 1))}));
on("metric", "change", event => choose({metric: +event.target.value}));
const tabs = ["map", "heads", "flow", "statistics"];
function openTab(name) {
  state.tab = name;
  for (const one of tabs) {
    $("pane-" + one).hidden = one !== name;
    $("tab-" + one).setAttribute("aria-selected", String(one === name));
    $("tab-" + one).tabIndex = one === name ? 0 : -1;
  }
  for (const id of ["out", "whole", "in"]) $(id).disabled = name !== "map";
  showReadout();
  redraw();
}
tabs.forEach((name, i) => {
  on("tab-" + name, "click", () => openTab(name));
  on("tab-" + name, "keydown", event => {
    const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!by) return;
    const next = tabs[(i + by + tabs.length) % tabs.length];
    openTab(next);
    $("tab-" + next).focus();
  });
});

function resetView() { Object.assign(view, {zoom: 1, left: 0, top: 0}); redraw(); }
function zoomBy(factor, x, y) {
  if (!plot) return;
  const inX = max(0, min(plot.width, x - plot.left)), inY = max(0, min(plot.height, y - plot.top));
  const column = view.left + inX / plot.cell, row = view.top + inY / plot.cell;
  const limit = max(1, max(rows.length, columns.length) / 4);
  const zoom = max(1, min(limit, view.zoom * factor));
  const cell = plot.cell * zoom / view.zoom;
  Object.assign(view, {zoom, left: column - inX / cell, top: row - inY / cell});
  redraw();
}
const zoomCentre = factor => plot && zoomBy(factor, plot.left + plot.width / 2, plot.top + plot.height / 2);
on("in", "click", () => zoomCentre(1.5));
on("out", "click", () => zoomCentre(1 / 1.5));
on("whole", "click", resetView);
const place = event => {
  const box = event.currentTarget.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
on("map", "wheel", event => {
  event.preventDefault();
  zoomBy(Math.exp(-max(-200, min(200, event.deltaY)) / 400), ...place(event));
});
let drag = null;
on("map", "pointerdown", event => {
  drag = {x: event.clientX, y: event.clientY, left: view.left, top: view.top};
  try { event.currentTarget.setPointerCapture(event.pointerId); } catch (_) { /* a made-up pointer */ }
});
for (const end of ["pointerup", "pointercancel"]) on("map", end, () => { drag = null; });
on("map", "dblclick", resetView);
on("map", "pointermove", event => {
  if (!plot || !map) return;
  if (drag) {
    view.left = drag.left - (event.clientX - drag.x) / plot.cell;
    view.top = drag.top - (event.clientY - drag.y) / plot.cell;
    return redraw();
  }
  const [x, y] = place(event), inside = x >= plot.left && y >= plot.top && x < plot.left + plot.width && y < plot.top + plot.height;
  focusCell(inside ? floor(view.top + (y - plot.top) / plot.cell) : -1, inside ? floor(view.left + (x - plot.left) / plot.cell) : -1);
});
on("map", "pointerleave", () => { if (!drag) focusCell(-1, -1); });
function focusCell(r, c) {
  const query = r >= 0 && r < rows.length ? rows[r] : -1, key = c >= 0 && c < columns.length ? columns[c] : -1;
  if (query === state.query && key === state.key) return;
  Object.assign(state, {query, key});
  showReadout();
  redraw();
}
const steps = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
on("map", "keydown", event => {
  const step = steps[event.key];
  if (step) {
    const r = max(0, min(rows.length - 1, rows.indexOf(state.query) + step[0]));
    const c = max(0, min(columns.length - 1, columns.indexOf(state.key) + step[1]));
    focusCell(r, c);
    // keep it in sight
    if (plot) {
      view.top = min(r, max(view.top, r + 1 - plot.height / plot.cell));
      view.left = min(c, max(view.left, c + 1 - plot.width / plot.cell));
    }
  } else if (event.key === "+" || event.key === "=") zoomCentre(1.5);
  else if (event.key === "-") zoomCentre(1 / 1.5);
  else if (event.key === "0") resetView();
  else if (event.key === "PageDown") choose({layer: state.layer + 1});
  else if (event.key === "PageUp") choose({layer: state.layer - 1});
  else if (event.key === "Home") choose({head: state.head - 1, combine: ""});
  else if (event.key === "End") choose({head: state.head + 1, combine: ""});
  else return;
  event.preventDefault();
});
for (const name of ["heads", "metrics"]) {
  const under = event => {
    const [x, y] = place(event), grid = grids[name], a = attention();
    if (!grid) return null;
    const head = floor((x - grid.left) / grid.pitch), layer = floor((y - grid.top) / grid.pitch);
    return head >= 0 && layer >= 0 && head < a.heads.length && layer < a.layers.length ? {layer, head} : null;
  };
  on(name, "pointermove", event => {
    const at = under(event);
    if (at) describeHead(at.layer, at.head);
    else showReadout();
  });
  on(name, "click", event => {
    const at = under(event);
    if (!at) return;
    choose({...at, combine: ""});
    if (name === "heads") openTab("map");
  });
  on(name, "keydown", event => {
    const step = steps[event.key];
    if (step) choose({layer: state.layer + step[0], head: state.head + step[1], combine: ""});
    else if (event.key === "Enter") openTab("map");
    else return;
    event.preventDefault();
  });
}
on("flow", "wheel", event => { event.preventDefault(); flowTop += event.deltaY; redraw(); });
on("flow", "pointermove", event => {
  const [x, y] = place(event), r = floor((y + flowTop - 40) / kFlowPitch), a = attention();
  if (!map || x > $("flow").clientWidth / 2 || r < 0 || r >= rows.length) return focusCell(-1, -1);
  let best = -1;
  for (let c = 0; c < columns.length; ++c)
    if (best < 0 || map[rows[r] * a.columns + columns[c]] > map[rows[r] * a.columns + columns[best]]) best = c;
  focusCell(r, best);
});
on("flow", "pointerleave", () => focusCell(-1, -1));
on("flow", "keydown", event => {
  const by = {ArrowUp: -40, ArrowDown: 40, PageUp: -400, PageDown: 400}[event.key];
  if (!by) return;
  event.preventDefault();
  flowTop += by;
  redraw();
});

// ---- start
for (const notice of meta.notices) $("notices").append(Object.assign(document.createElement("li"), {textContent: notice}));
if (typeof DecompressionStream === "undefined") {
  $("reason").textContent = "This browser has no DecompressionStream to inflate the page's data. Here is a still picture.";
  return;
}
readTheme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readTheme(); image = null; redraw(); });
new ResizeObserver(redraw).observe($("app"));
state.layer = attention().layers.length - 1;
state.combine = attention().heads.length > 1 ? "mean" : "";
$("still").hidden = true;
$("app").hidden = false;
openTab("map");
choose({}).then(() => soon(() => { root.dataset.ready = "1"; })).catch(say);
