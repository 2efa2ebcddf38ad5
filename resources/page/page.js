"use strict";
// The viewer of an exported page. Text from the model goes through textContent and fillText only.
(() => {
const $ = id => document.getElementById(id);
const root = document.documentElement;
const meta = JSON.parse($("meta").textContent);
const state = {kind: 0, layer: 0, head: 0, combine: "", hide: false, threshold: 0, fit: false, log: meta.log,
               colormap: meta.colormap, tab: "map", top: 3, metric: 0, query: -1, key: -1};
const say = problem => {
  root.dataset.error = String(problem && problem.message || problem);
  $("readout").textContent = "Something went wrong: " + root.dataset.error;
};
addEventListener("error", event => say(event.error || event.message));
addEventListener("unhandledrejection", event => say(event.reason));

// ---- data: one script element a layer, zlib, base64; float16 and float32 are stored as planes of bytes
const halves = new Float32Array(65536);
for (let bits = 0; bits < 65536; ++bits) {
  const exponent = bits >> 10 & 31, fraction = bits & 1023, sign = bits & 32768 ? -1 : 1;
  halves[bits] = sign * (exponent === 31 ? (fraction ? NaN : Infinity)
    : exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}
const bytesOf = base64 => Uint8Array.from(atob(base64), c => c.charCodeAt(0));
const attention = () => meta.attentions[state.kind];
const layers = new Map();  // "kind.layer": promise of {values, stride}

for (const a of meta.attentions) {
  // For each kind of visibility: where a row begins, and how many values lie before it.
  a.shapes = a.ranges.map(flat => {
    const begin = [], end = [], offset = [];
    let total = 0;
    for (let r = 0; r < a.rows; ++r) {
      begin.push(flat[2 * r]);
      end.push(flat[2 * r + 1]);
      offset.push(total);
      total += flat[2 * r + 1] - flat[2 * r];
    }
    return {begin, end, offset, total};
  });
}
const shapeOf = (a, layer) => a.shapes[a.rangeOf[layer]];

function loadLayer(kind, layer) {
  const name = kind + "." + layer;
  if (!layers.has(name)) layers.set(name, (async () => {
    const packed = bytesOf($("d" + name).textContent.trim());
    const inflated = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const raw = new Uint8Array(await new Response(inflated).arrayBuffer());
    const a = meta.attentions[kind];
    const count = shapeOf(a, layer).total * a.heads.length;
    const values = new Float32Array(count);
    if (a.type === "float16") {
      for (let i = 0; i < count; ++i) values[i] = halves[raw[i] | raw[count + i] << 8];
    } else {
      const bits = new Uint32Array(values.buffer);
      for (let i = 0; i < count; ++i)
        bits[i] = raw[i] | raw[count + i] << 8 | raw[2 * count + i] << 16 | raw[3 * count + i] << 24;
    }
    return values;
  })());
  return layers.get(name);
}

// The chosen map, (rows, columns); -1 is masked.
function fillMap(a, layer, values, head, combine) {
  const shape = shapeOf(a, layer), map = new Float32Array(a.rows * a.columns).fill(-1);
  const heads = combine ? a.heads.map((_, i) => i) : [head];
  for (let r = 0; r < a.rows; ++r) {
    const width = shape.end[r] - shape.begin[r], to = r * a.columns + shape.begin[r];
    heads.forEach((h, nth) => {
      const from = h * shape.total + shape.offset[r];
      for (let i = 0; i < width; ++i) {
        const value = values[from + i], old = map[to + i];
        if (nth === 0) map[to + i] = value;
        else if (combine === "max") { if (value > old) map[to + i] = value; }
        else if (combine === "min") { if (value < old) map[to + i] = value; }
        else map[to + i] = old + value;
      }
    });
    if (combine === "mean" && heads.length > 1)
      for (let i = 0; i < width; ++i) map[to + i] = map[to + i] < 0 ? -1 : map[to + i] / heads.length;
  }
  return map;
}

let map = null, rows = [], columns = [], largest = 1, theme = {};
const palettes = {};
for (const name in meta.colormaps) palettes[name] = bytesOf(meta.colormaps[name]);

function readTheme() {
  const style = getComputedStyle(root);
  for (const name of ["panel", "masked", "text", "second", "accent", "key", "line", "halo", "frame"])
    theme[name] = style.getPropertyValue("--" + name).trim();
  const rgb = colour => [1, 3, 5].map(i => parseInt((colour.length < 7 ? colour.replace(/[^#]/g, "$&$&") : colour).slice(i, i + 2), 16));
  theme.maskedRgb = rgb(theme.masked);
  theme.panelRgb = rgb(theme.panel);
}
const share = weight => {
  const part = weight / (state.fit ? largest || 1 : 1);
  return state.log ? (part > 0 ? 1 + Math.log10(part) / 4 : 0) : part;
};
const entryOf = part => part > 0 ? part >= 1 ? 255 : Math.floor(part * 256) : 0;
function paint(out, at, weight, threshold) {
  const ground = weight < 0 ? theme.maskedRgb : weight < threshold ? theme.panelRgb : null;
  const palette = ground || palettes[state.colormap], from = ground ? 0 : 3 * entryOf(share(weight));
  out[at] = palette[from];
  out[at + 1] = palette[from + 1];
  out[at + 2] = palette[from + 2];
  out[at + 3] = 255;
}

// ---- words
const minus = text => text.replace("-", "\u2212");
const number = weight => weight === 0 ? "0" : weight < 1e-4 ? minus(weight.toExponential(1)) : weight.toFixed(4);
const metricNumber = value => value === null ? "\u2013" : value.toFixed(Math.abs(value) >= 100 ? 0 : 3);
const visibleSpace = token => token.replace(/^ +/, spaces => "\u00b7".repeat(spaces.length));
const cut = (token, most) => {
  const letters = Array.from(visibleSpace(token));
  return letters.length > most ? letters.slice(0, most - 1).join("") + "\u2026" : letters.join("");
};
const spanOf = (a, index, size) => {
  const first = index * a.pool, last = Math.min(size, first + a.pool) - 1;
  return last > first ? first + "\u2013" + last : String(first);
};
const headName = () => state.combine ? state.combine + " of " + attention().heads.length + " heads"
  : attention().headsNamed ? "Head " + attention().heads[state.head] : attention().combined;
const viewName = () => "Layer " + attention().layers[state.layer] + " \u00b7 " + headName();
function tell(parts) {
  const line = $("readout");
  line.textContent = "";
  for (const [text, kind] of parts) {
    const piece = document.createElement(kind === "b" ? "b" : "span");
    if (kind) piece.className = kind;
    piece.textContent = text;
    line.append(piece);
  }
}
function tokenOf(a, side, index) {
  return a.pool > 1 ? "" : " " + visibleSpace((side === "query" ? a.queryTokens : a.keyTokens)[index]);
}
function describeCell(row, column) {
  const a = attention(), weight = map[row * a.columns + column];
  const many = a.pool > 1;
  const parts = [[many ? "Queries " : "Query "], [spanOf(a, row, a.queries) + tokenOf(a, "query", row), "q"],
                 [many ? " \u2192 keys " : " \u2192 key "], [spanOf(a, column, a.keys) + tokenOf(a, "key", column), "k"]];
  if (weight < 0) return parts.concat([["   masked"]]);
  parts.push([many ? "   largest " : "   "], [number(weight), "b"]);
  if (many) return parts;
  let rank = 1, visible = 0, entropy = 0, hidden = 0;
  const shown = new Set(columns);
  for (let c = 0; c < a.columns; ++c) {
    const other = map[row * a.columns + c];
    if (other < 0) continue;
    if (!shown.has(c)) { hidden += other; continue; }
    ++visible;
    if (other > weight) ++rank;
    if (other > 0) entropy -= other * Math.log(other);
  }
  parts.push(["   rank " + rank + " of " + visible]);
  if (state.combine !== "max" && state.combine !== "min" && !state.hide)
    parts.push(["   row entropy " + Math.max(0, entropy).toFixed(3) + " nats"]);
  if (state.hide) parts.push(["   hidden mass " + number(hidden)]);
  return parts;
}

// ---- drawing
function surface(canvas, height) {
  if (height) canvas.style.height = height + "px";
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(box.width * ratio));
  canvas.height = Math.max(1, Math.round(box.height * ratio));
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.imageSmoothingEnabled = false;
  context.font = "11px " + getComputedStyle(document.body).fontFamily;
  context.direction = "ltr";
  context.textBaseline = "middle";
  context.fillStyle = theme.panel;
  context.fillRect(0, 0, box.width, box.height);
  return {context, width: box.width, height: box.height, ratio};
}
const offscreen = (width, height) => Object.assign(document.createElement("canvas"), {width, height});

let image = null, imageStep = 0;  // the shown cells, each the largest of imageStep x imageStep
function mapImage(step) {
  if (image && imageStep === step) return image;
  const a = attention(), width = Math.ceil(columns.length / step), height = Math.ceil(rows.length / step);
  image = offscreen(width, height);
  imageStep = step;
  const context = image.getContext("2d"), pixels = context.createImageData(width, height);
  for (let y = 0; y < height; ++y)
    for (let x = 0; x < width; ++x) {
      let weight = -1;
      for (let r = y * step; r < Math.min(rows.length, y * step + step); ++r)
        for (let c = x * step; c < Math.min(columns.length, x * step + step); ++c) {
          const value = map[rows[r] * a.columns + columns[c]];
          if (value > weight) weight = value;
        }
      paint(pixels.data, 4 * (y * width + x), weight, state.threshold);
    }
  context.putImageData(pixels, 0, 0);
  return image;
}

const view = {zoom: 1, left: 0, top: 0};  // cells; zoom 1 shows the whole map
let plot = null;
const labelOf = (a, side, index, most) =>
  a.pool > 1 ? spanOf(a, index, side === "query" ? a.queries : a.keys)
             : cut((side === "query" ? a.queryTokens : a.keyTokens)[index], most);

function drawMap() {
  const a = attention(), canvas = $("map"), s = surface(canvas), g = s.context;
  const widest = (side, list) => {
    let width = 20;
    const step = Math.max(1, Math.floor(list.length / 200));
    for (let i = 0; i < list.length; i += step) width = Math.max(width, g.measureText(labelOf(a, side, list[i], 14)).width);
    return Math.min(120, width);
  };
  const queryWidth = widest("query", rows), keyWidth = widest("key", columns);
  const gutter = queryWidth + 70, right = 76, bottom = 12;
  let top = 64;
  let fitted = Math.max(0.05, Math.min((s.width - gutter - right) / columns.length, (s.height - top - bottom) / rows.length));
  const flat = fitted * view.zoom > keyWidth + 8;
  if (!flat) {
    top = 46 + keyWidth * 0.87;
    fitted = Math.max(0.05, Math.min((s.width - gutter - right) / columns.length, (s.height - top - bottom) / rows.length));
  }
  const cell = fitted * view.zoom;
  const width = Math.min(s.width - gutter - right, cell * columns.length);
  const left = gutter + Math.max(0, Math.floor((s.width - gutter - right - width) / 2));
  const height = Math.min(s.height - top - bottom, cell * rows.length);
  view.left = Math.max(0, Math.min(view.left, columns.length - width / cell));
  view.top = Math.max(0, Math.min(view.top, rows.length - height / cell));
  plot = {left, top, width, height, cell};
  let step = 1;
  while (step * cell * s.ratio < 1) step *= 2;
  g.drawImage(mapImage(step), view.left / step, view.top / step, width / cell / step, height / cell / step, left, top, width, height);

  const firstRow = Math.floor(view.top), lastRow = Math.min(rows.length, Math.ceil(view.top + height / cell));
  const firstColumn = Math.floor(view.left), lastColumn = Math.min(columns.length, Math.ceil(view.left + width / cell));
  const yOf = r => top + (r + 0.5 - view.top) * cell, xOf = c => left + (c + 0.5 - view.left) * cell;
  const fontSize = g.font;
  if (cell >= 34) {
    g.save();
    g.beginPath();
    g.rect(left, top, width, height);
    g.clip();
    g.textAlign = "center";
    for (let r = firstRow; r < lastRow; ++r)
      for (let c = firstColumn; c < lastColumn; ++c) {
        const weight = map[rows[r] * a.columns + columns[c]];
        if (weight < 0.005 || weight < state.threshold) continue;
        const at = 3 * entryOf(share(weight)), p = palettes[state.colormap];
        g.fillStyle = p[at] * 0.299 + p[at + 1] * 0.587 + p[at + 2] * 0.114 > 140 ? "#000" : "#fff";
        g.fillText(weight.toFixed(2).replace(/^0/, ""), xOf(c), yOf(r));
      }
    g.restore();
  }
  // Labels: every nth, so that they never collide.
  const focusRow = rows.indexOf(state.query), focusColumn = columns.indexOf(state.key);
  const rowStep = Math.max(1, Math.ceil(14 / cell)), columnStep = flat ? 1 : Math.max(1, Math.ceil(15 / cell));
  g.font = fontSize;
  g.textAlign = "right";
  for (let r = firstRow; r < lastRow; ++r) {
    const y = yOf(r), chosen = r === focusRow;
    if (y < top || y > top + height) continue;
    if (!chosen && (r % rowStep || (focusRow >= 0 && Math.abs(yOf(focusRow) - y) < 13))) continue;
    g.fillStyle = chosen ? theme.accent : theme.text;
    g.fillText(labelOf(a, "query", rows[r], 14), left - (a.pool > 1 ? 8 : 36), y, 124);
    g.fillStyle = chosen ? theme.accent : theme.second;
    if (a.pool === 1) g.fillText(String(rows[r]), left - 8, y);
  }
  g.textAlign = flat ? "center" : "left";
  for (let c = firstColumn; c < lastColumn; ++c) {
    const x = xOf(c), chosen = c === focusColumn;
    if (x < left || x > left + width) continue;
    if (!chosen && (c % columnStep || (!flat && focusColumn >= 0 && Math.abs(xOf(focusColumn) - x) < 14))) continue;
    g.fillStyle = chosen ? theme.key : theme.text;
    g.save();
    g.translate(x, top - 8);
    if (!flat) g.rotate(-Math.PI / 3);
    g.fillText(labelOf(a, "key", columns[c], 14), 0, 0, 124);
    g.restore();
  }
  g.fillStyle = theme.second;
  g.textAlign = "center";
  g.fillText("Key", left + width / 2, 12);
  g.save();
  g.translate(left - gutter + 12, top + height / 2);
  g.rotate(-Math.PI / 2);
  g.fillText("Query", 0, 0);
  g.restore();
  drawBar(g, left + width + 16, top, Math.max(60, Math.min(260, height)), focusRow, focusColumn);
  g.strokeStyle = theme.line;
  g.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  if (focusRow >= 0 && focusColumn >= 0) {
    const x = left + (focusColumn - view.left) * cell, y = top + (focusRow - view.top) * cell, size = Math.max(4, cell);
    g.save();
    g.beginPath();
    g.rect(left - 2, top - 2, width + 4, height + 4);
    g.clip();
    g.lineWidth = 1;
    g.setLineDash([4, 3]);
    g.strokeStyle = theme.frame;
    g.strokeRect(left - 1, y, width + 2, cell);
    g.setLineDash([]);
    g.strokeStyle = theme.halo;
    g.lineWidth = 4;
    g.strokeRect(x, y, size, size);
    g.strokeStyle = theme.frame;
    g.lineWidth = 2;
    g.strokeRect(x, y, size, size);
    g.restore();
  }
  canvas.setAttribute("aria-label", "Attention map, " + viewName() + ", " + rows.length + " queries by " + columns.length + " keys. Arrow keys move over the cells.");
}
function drawBar(g, x, top, height, row, column) {
  const palette = palettes[state.colormap], most = state.fit ? largest : 1;
  for (let i = 0; i < height; ++i) {
    const at = 3 * entryOf(1 - (i + 0.5) / height);
    g.fillStyle = "rgb(" + palette[at] + "," + palette[at + 1] + "," + palette[at + 2] + ")";
    g.fillRect(x, top + i, 12, 1);
  }
  g.textAlign = "left";
  g.fillStyle = theme.second;
  g.fillText("weight", x, top - 16);
  for (let i = 0; i <= 4; ++i) {
    const value = state.log ? most * 10 ** (i - 4) : most * i / 4;
    const text = state.log ? (i === 0 ? "\u2264" : "") + value.toPrecision(1) : String(+value.toPrecision(2));
    g.fillText(text, x + 17, top + height * (1 - i / 4));
  }
  if (row < 0 || column < 0) return;
  const weight = map[rows[row] * attention().columns + columns[column]];
  if (weight < 0) return;
  const y = top + height * (1 - Math.max(0, Math.min(1, share(weight))));
  g.fillStyle = theme.text;
  g.beginPath();
  g.moveTo(x - 1, y);
  g.lineTo(x - 7, y - 4);
  g.lineTo(x - 7, y + 4);
  g.fill();
}

// Layers x heads, one square each; `content(layer)` gives a function that paints a head's square.
const grids = {};
function drawGrid(name, content, most) {
  const a = attention(), canvas = $(name), space = canvas.parentElement.clientWidth - 60;
  const size = Math.max(14, Math.min(most, Math.floor(space / a.heads.length) - 3));
  const pitch = size + 3, left = 36, top = 28;
  const s = surface(canvas, top + a.layers.length * pitch + 12), g = s.context;
  grids[name] = {left, top, pitch};
  g.fillStyle = theme.second;
  g.textAlign = "center";
  a.heads.forEach((head, h) => {
    if (h % Math.ceil(20 / pitch) === 0 && a.headsNamed) g.fillText(String(head), left + h * pitch + size / 2, 14);
  });
  g.textAlign = "right";
  a.layers.forEach((layer, l) => {
    if (l % Math.ceil(13 / pitch) === 0) g.fillText(String(layer), left - 8, top + l * pitch + size / 2);
  });
  const ring = () => {
    g.lineWidth = 2;
    g.strokeStyle = theme.accent;
    a.heads.forEach((_, h) => {
      if (state.combine || h === state.head) g.strokeRect(left + h * pitch - 1, top + state.layer * pitch - 1, size + 2, size + 2);
    });
  };
  const ticket = grids[name].ticket = {};
  (async () => {
    for (let l = 0; l < a.layers.length; ++l) {
      const square = await content(l, g, size * s.ratio);
      if (grids[name].ticket !== ticket) return;
      for (let h = 0; h < a.heads.length; ++h) square(h, left + h * pitch, top + l * pitch, size);
      if (l === state.layer) ring();
    }
    root.dataset[name] = "drawn";
  })().catch(say);
  canvas.setAttribute("aria-label", a.layers.length + " layers by " + a.heads.length + " heads; chosen: " + viewName() + ". Arrow keys choose, Enter opens the map.");
}
const drawHeads = () => drawGrid("heads", async (layer, g, pixels) => {
  const kind = state.kind, a = attention(), values = await loadLayer(kind, layer), shape = shapeOf(a, layer);
  const high = Math.min(a.rows, Math.ceil(pixels)), wide = Math.min(a.columns, Math.ceil(pixels));
  return (head, x, y, size) => {
    const cells = new Float32Array(high * wide).fill(-1);
    for (let r = 0; r < a.rows; ++r) {
      const to = Math.floor(r * high / a.rows) * wide, from = head * shape.total + shape.offset[r] - shape.begin[r];
      for (let c = shape.begin[r]; c < shape.end[r]; ++c) {
        const at = to + Math.floor(c * wide / a.columns);
        if (values[from + c] > cells[at]) cells[at] = values[from + c];
      }
    }
    const thumb = offscreen(wide, high), context = thumb.getContext("2d"), out = context.createImageData(wide, high);
    for (let i = 0; i < cells.length; ++i) paint(out.data, 4 * i, cells[i], 0);
    context.putImageData(out, 0, 0);
    g.drawImage(thumb, x, y, size, size);
  };
}, 110);

function metricRange() {
  let low = Infinity, high = -Infinity;
  for (const layer of attention().summaries) for (const head of layer) {
    const value = head[state.metric];
    if (value !== null) { low = Math.min(low, value); high = Math.max(high, value); }
  }
  return [low, high];
}
function drawStatistics() {
  const a = attention(), [low, high] = metricRange(), palette = palettes[state.colormap];
  drawGrid("metrics", async (layer, g) => (head, x, y, size) => {
    const value = a.summaries[layer][head][state.metric];
    const at = 3 * entryOf(high > low ? (value - low) / (high - low) : 0.5);
    g.fillStyle = value === null ? theme.masked : "rgb(" + palette[at] + "," + palette[at + 1] + "," + palette[at + 2] + ")";
    g.fillRect(x, y, size, size);
  }, 40);
  const table = document.createElement("table"), caption = table.createCaption(), top = table.insertRow();
  caption.textContent = "Layer " + a.layers[state.layer] + (low <= high ? "; " + meta.metrics[state.metric] + " over all layers: " + metricNumber(low) + " to " + metricNumber(high) : "");
  for (const title of ["Head"].concat(meta.metrics)) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    top.append(cell);
  }
  a.heads.forEach((head, h) => {
    const line = table.insertRow();
    line.className = h === state.head && !state.combine ? "chosen" : "";
    line.insertCell().textContent = a.headsNamed ? head : a.combined;
    for (const value of a.summaries[state.layer][h]) line.insertCell().textContent = metricNumber(value);
  });
  $("table").replaceChildren(table);
}

let flowTop = 0;
const kFlowPitch = 18;
function drawFlow() {
  const a = attention(), s = surface($("flow")), g = s.context;
  const middle = s.width / 2, half = Math.min(260, s.width / 2 - 150), x0 = middle - half, x1 = middle + half;
  const most = Math.max(rows.length, columns.length) * kFlowPitch + 40 - s.height;
  flowTop = Math.max(0, Math.min(flowTop, most));
  const y = i => 40 + (i + 0.5) * kFlowPitch - flowTop;
  rows.forEach((row, r) => {
    if (y(r) < -4000 || y(r) > s.height + 4000) return;
    const ranked = columns.map((column, c) => [map[row * a.columns + column], c]).filter(([weight]) => weight > 0 && weight >= state.threshold);
    ranked.sort((one, two) => two[0] - one[0]);
    for (const [weight, c] of ranked.slice(0, state.top)) {
      if (Math.max(y(r), y(c)) < 0 || Math.min(y(r), y(c)) > s.height) continue;
      const lit = state.query < 0 || row === state.query;
      g.globalAlpha = (lit ? 0.15 + 0.85 * weight : 0.06);
      g.strokeStyle = lit && state.query >= 0 ? theme.accent : theme.text;
      g.lineWidth = 0.5 + 4 * weight;
      g.beginPath();
      g.moveTo(x0, y(r));
      g.bezierCurveTo(middle, y(r), middle, y(c), x1, y(c));
      g.stroke();
    }
  });
  g.globalAlpha = 1;
  g.fillStyle = theme.panel;
  g.fillRect(0, 0, s.width, 32);
  const side = (list, name, x, align) => {
    g.textAlign = align;
    list.forEach((index, i) => {
      if (y(i) < 34 || y(i) > s.height + 9) return;
      g.fillStyle = name === "query" ? (index === state.query ? theme.accent : theme.text) : index === state.key ? theme.key : theme.text;
      const text = labelOf(a, name, index, 18);
      g.fillText(a.pool > 1 ? text : align === "right" ? text + "  " + index : index + "  " + text, x, y(i), 140);
    });
  };
  side(rows, "query", x0 - 6, "right");
  side(columns, "key", x1 + 6, "left");
  g.textAlign = "center";
  g.fillStyle = theme.accent;
  g.fillText("Query", x0, 16);
  g.fillStyle = theme.key;
  g.fillText("Key", x1, 16);
  $("flow").setAttribute("aria-label", "Links from each query to its " + state.top + " largest keys, " + viewName());
}

const draw = () => ({map: drawMap, heads: drawHeads, flow: drawFlow, statistics: drawStatistics})[state.tab]();
let pending = false;
function redraw() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => { pending = false; if (map) draw(); });
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
  for (const r of rows) for (const c of columns) largest = Math.max(largest, map[r * a.columns + c]);
  image = null;
}
function showReadout() {
  if (!map) return;
  if (state.tab === "map" || state.tab === "flow") {
    if (state.query >= 0 && state.key >= 0) return tell(describeCell(state.query, state.key));
    return tell([[viewName(), "b"], [state.tab === "map" ? "   Point at a cell, or use the arrow keys; the wheel zooms, dragging moves." : "   Point at a query to follow it."]]);
  }
  const a = attention(), head = a.summaries[state.layer][state.head];
  tell([[viewName(), "b"]].concat(state.combine ? [] : meta.metrics.map((title, i) => ["   " + title + " " + metricNumber(head[i])])));
}
async function choose(changes) {
  Object.assign(state, changes);
  const a = attention();
  state.layer = Math.max(0, Math.min(state.layer, a.layers.length - 1));
  state.head = Math.max(0, Math.min(state.head, a.heads.length - 1));
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
on("threshold", "input", event => choose({threshold: Math.max(0, +event.target.value || 0)}));
on("top", "input", event => choose({top: Math.max(1, Math.min(20, +event.target.value || 1))}));
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
  const inX = Math.max(0, Math.min(plot.width, x - plot.left)), inY = Math.max(0, Math.min(plot.height, y - plot.top));
  const column = view.left + inX / plot.cell, row = view.top + inY / plot.cell;
  const limit = Math.max(1, Math.max(rows.length, columns.length) / 4);
  const zoom = Math.max(1, Math.min(limit, view.zoom * factor));
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
  zoomBy(Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) / 400), ...place(event));
});
let drag = null;
on("map", "pointerdown", event => {
  drag = {x: event.clientX, y: event.clientY, left: view.left, top: view.top};
  try { event.currentTarget.setPointerCapture(event.pointerId); } catch (_) { /* a made-up pointer */ }
});
on("map", "pointerup", () => { drag = null; });
on("map", "pointercancel", () => { drag = null; });
on("map", "dblclick", resetView);
on("map", "pointermove", event => {
  if (!plot || !map) return;
  if (drag) {
    view.left = drag.left - (event.clientX - drag.x) / plot.cell;
    view.top = drag.top - (event.clientY - drag.y) / plot.cell;
    return redraw();
  }
  const [x, y] = place(event), inside = x >= plot.left && y >= plot.top && x < plot.left + plot.width && y < plot.top + plot.height;
  focusCell(inside ? Math.floor(view.top + (y - plot.top) / plot.cell) : -1, inside ? Math.floor(view.left + (x - plot.left) / plot.cell) : -1);
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
    const r = Math.max(0, Math.min(rows.length - 1, rows.indexOf(state.query) + step[0]));
    const c = Math.max(0, Math.min(columns.length - 1, columns.indexOf(state.key) + step[1]));
    focusCell(r, c);
    if (plot) {  // keep it in sight
      view.top = Math.min(r, Math.max(view.top, r + 1 - plot.height / plot.cell));
      view.left = Math.min(c, Math.max(view.left, c + 1 - plot.width / plot.cell));
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
    const head = Math.floor((x - grid.left) / grid.pitch), layer = Math.floor((y - grid.top) / grid.pitch);
    return head >= 0 && layer >= 0 && head < a.heads.length && layer < a.layers.length ? {layer, head} : null;
  };
  on(name, "pointermove", event => {
    const at = under(event), a = attention();
    if (!at) return showReadout();
    tell([["Layer " + a.layers[at.layer] + " \u00b7 " + (a.headsNamed ? "Head " + a.heads[at.head] : a.combined), "b"]].concat(
      meta.metrics.map((title, i) => ["   " + title + " " + metricNumber(a.summaries[at.layer][at.head][i])])));
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
  const [x, y] = place(event), r = Math.floor((y + flowTop - 40) / kFlowPitch), a = attention();
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
  $("reason").textContent = "This browser cannot inflate the page's data (it has no DecompressionStream). Here is a still picture.";
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
choose({}).then(() => requestAnimationFrame(() => { root.dataset.ready = "1"; })).catch(say);
})();
