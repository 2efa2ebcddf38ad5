// The map of one head, or of all heads of a layer combined. Text from the model goes through fillText only.
function surface(canvas, height) {
  if (height) canvas.style.height = height + "px";
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  canvas.width = max(1, round(box.width * ratio));
  canvas.height = max(1, round(box.height * ratio));
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

// the shown cells, each the largest of imageStep x imageStep
let image = null, imageStep = 0;
function mapImage(step) {
  if (image && imageStep === step) return image;
  const a = attention(), width = ceil(columns.length / step), height = ceil(rows.length / step);
  image = offscreen(width, height);
  imageStep = step;
  const context = image.getContext("2d"), pixels = context.createImageData(width, height);
  for (let y = 0; y < height; ++y)
    for (let x = 0; x < width; ++x) {
      let weight = -1;
      for (let r = y * step; r < min(rows.length, y * step + step); ++r)
        for (let c = x * step; c < min(columns.length, x * step + step); ++c) {
          const value = map[rows[r] * a.columns + columns[c]];
          if (value > weight) weight = value;
        }
      paint(pixels.data, 4 * (y * width + x), weight, state.threshold);
    }
  context.putImageData(pixels, 0, 0);
  return image;
}

// cells; zoom 1 shows the whole map
const view = {zoom: 1, left: 0, top: 0};
let plot = null;
const labelOf = (a, side, index, most) =>
  a.pool > 1 ? spanOf(a, index, side === "query" ? a.queries : a.keys)
             : cut((side === "query" ? a.queryTokens : a.keyTokens)[index], most);

function drawMap() {
  const a = attention(), canvas = $("map"), s = surface(canvas), g = s.context;
  const widest = (side, list) => {
    let width = 20;
    const step = max(1, floor(list.length / 200));
    for (let i = 0; i < list.length; i += step) width = max(width, g.measureText(labelOf(a, side, list[i], 14)).width);
    return min(120, width);
  };
  const queryWidth = widest("query", rows), keyWidth = widest("key", columns);
  const gutter = ceil(queryWidth) + 70, right = 76, bottom = 12;
  let top = 64;
  const fit = () => max(0.05, min((s.width - gutter - right) / columns.length, (s.height - top - bottom) / rows.length));
  let fitted = fit();
  const flat = fitted * view.zoom > keyWidth + 8;
  if (!flat) {
    top = ceil(46 + keyWidth * 0.87);
    fitted = fit();
  }
  const cell = fitted * view.zoom;
  const width = min(s.width - gutter - right, cell * columns.length);
  const left = gutter + max(0, floor((s.width - gutter - right - width) / 2));
  const height = min(s.height - top - bottom, cell * rows.length);
  view.left = max(0, min(view.left, columns.length - width / cell));
  view.top = max(0, min(view.top, rows.length - height / cell));
  plot = {left, top, width, height, cell};
  // whole pixels: no cell is mixed with the ground
  const snap = length => round(length * s.ratio) / s.ratio;
  let step = 1;
  while (step * cell * s.ratio < 1) step *= 2;
  g.drawImage(mapImage(step), view.left / step, view.top / step, width / cell / step, height / cell / step, snap(left), snap(top), snap(width), snap(height));

  const firstRow = floor(view.top), lastRow = min(rows.length, ceil(view.top + height / cell));
  const firstColumn = floor(view.left), lastColumn = min(columns.length, ceil(view.left + width / cell));
  const yOf = r => top + (r + 0.5 - view.top) * cell, xOf = c => left + (c + 0.5 - view.left) * cell;
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
        const light = i => (p[at + i] / 255) ** 2.2;
        g.fillStyle = 0.2126 * light(0) + 0.7152 * light(1) + 0.0722 * light(2) > 0.18 ? "#000" : "#fff";
        g.fillText(weight.toFixed(2).replace(/^0/, ""), xOf(c), yOf(r));
      }
    g.restore();
  }
  // Labels: every nth, so that they never collide.
  const focusRow = rows.indexOf(state.query), focusColumn = columns.indexOf(state.key);
  const rowStep = max(1, ceil(14 / cell)), columnStep = flat ? 1 : max(1, ceil(15 / cell));
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
  drawBar(g, round(left + width) + 16, top, round(max(60, min(260, height))), focusRow, focusColumn);
  g.strokeStyle = theme.line;
  g.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  if (focusRow >= 0 && focusColumn >= 0) {
    const x = left + (focusColumn - view.left) * cell, y = top + (focusRow - view.top) * cell, size = max(4, cell);
    g.save();
    g.beginPath();
    g.rect(left - 2, top - 2, width + 4, height + 4);
    g.clip();
    g.lineWidth = 1;
    g.strokeStyle = theme.halo;
    g.strokeRect(left - 1, y, width + 2, cell);
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
  canvas.setAttribute("aria-label", `Attention map, ${viewName()}, ${rows.length} queries by ${columns.length} keys. Arrow keys move over the cells.`);
}
function drawBar(g, x, top, height, row, column) {
  const most = state.fit ? largest : 1;
  for (let i = 0; i < height; ++i) {
    g.fillStyle = colourOf(1 - (i + 0.5) / height);
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
  const y = top + height * (1 - max(0, min(1, share(weight))));
  g.fillStyle = theme.text;
  g.beginPath();
  g.moveTo(x - 1, y);
  g.lineTo(x - 7, y - 4);
  g.lineTo(x - 7, y + 4);
  g.fill();
}
