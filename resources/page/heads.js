// Layers by heads: thumbnails of all maps, and a number of each head with its table.
// Layers x heads, one square each; `content(layer)` gives a function that paints a head's square.
const grids = {};
function drawGrid(name, content, most) {
  const a = attention(), canvas = $(name), space = canvas.parentElement.clientWidth - 60;
  const size = max(14, min(most, floor(space / a.heads.length) - 3));
  const pitch = size + 3, left = 36, top = 28;
  const s = surface(canvas, top + a.layers.length * pitch + 12), g = s.context;
  grids[name] = {left, top, pitch};
  g.fillStyle = theme.second;
  g.textAlign = "center";
  a.heads.forEach((head, h) => {
    if (h % ceil(20 / pitch) === 0 && a.headsNamed) g.fillText(String(head), left + h * pitch + size / 2, 14);
  });
  g.textAlign = "right";
  a.layers.forEach((layer, l) => {
    if (l % ceil(13 / pitch) === 0) g.fillText(String(layer), left - 8, top + l * pitch + size / 2);
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
  canvas.setAttribute("aria-label", `${a.layers.length} layers by ${a.heads.length} heads; chosen: ${viewName()}. Arrow keys choose, Enter opens the map.`);
}
const drawHeads = () => drawGrid("heads", async (layer, g, pixels) => {
  const kind = state.kind, a = attention(), values = await loadLayer(kind, layer), shape = shapeOf(a, layer);
  const high = min(a.rows, ceil(pixels)), wide = min(a.columns, ceil(pixels));
  return (head, x, y, size) => {
    const cells = new Float32Array(high * wide).fill(-1);
    for (let r = 0; r < a.rows; ++r) {
      const to = floor(r * high / a.rows) * wide, from = head * shape.total + shape.offset[r] - shape.begin[r];
      for (let c = shape.begin[r]; c < shape.end[r]; ++c) {
        const at = to + floor(c * wide / a.columns);
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
    if (value !== null) { low = min(low, value); high = max(high, value); }
  }
  return [low, high];
}
function drawStatistics() {
  const a = attention(), [low, high] = metricRange();
  drawGrid("metrics", async (layer, g) => (head, x, y, size) => {
    const value = a.summaries[layer][head][state.metric];
    g.fillStyle = value === null ? theme.masked : colourOf(high > low ? (value - low) / (high - low) : 0.5);
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
