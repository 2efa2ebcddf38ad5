// The page's data: the weights, inflated a layer at a time; the colours; what is shown.
const {ceil, floor, max, min, round} = Math;
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
// "kind.layer": promise of {values, stride}
const layers = new Map();

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
  const rgb = colour => [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
  theme.maskedRgb = rgb(theme.masked);
  theme.panelRgb = rgb(theme.panel);
}
const share = weight => {
  const part = weight / (state.fit ? largest || 1 : 1);
  return state.log ? (part > 0 ? 1 + Math.log10(part) / 4 : 0) : part;
};
const colourOf = part => {
  const at = 3 * entryOf(part), palette = palettes[state.colormap];
  return `rgb(${palette.subarray(at, at + 3)})`;
};
const entryOf = part => part > 0 ? part >= 1 ? 255 : floor(part * 256) : 0;
function paint(out, at, weight, threshold) {
  const ground = weight < 0 ? theme.maskedRgb : weight < threshold ? theme.panelRgb : null;
  const palette = ground || palettes[state.colormap], from = ground ? 0 : 3 * entryOf(share(weight));
  for (let i = 0; i < 3; ++i) out[at + i] = palette[from + i];
  out[at + 3] = 255;
}
