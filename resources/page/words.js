// What the page says of a cell or a head. Text from the model goes through textContent only.
const minus = text => text.replace("-", "\u2212");
const number = weight => weight === 0 ? "0" : weight < 1e-4 ? minus(weight.toExponential(1)) : weight.toFixed(4);
const metricNumber = value => value === null ? "\u2013" : value.toFixed(Math.abs(value) >= 100 ? 0 : 3);
const visibleSpace = token => token.replace(/^ +/, spaces => "\u00b7".repeat(spaces.length));
const cut = (token, most) => {
  const letters = Array.from(visibleSpace(token));
  return letters.length > most ? letters.slice(0, most - 1).join("") + "\u2026" : letters.join("");
};
const spanOf = (a, index, size) => {
  const first = index * a.pool, last = min(size, first + a.pool) - 1;
  return last > first ? first + "\u2013" + last : String(first);
};
const nameOf = (layer, head, combine) => {
  const a = attention();
  return "Layer " + a.layers[layer] + " \u00b7 " + (combine ? combine + " of " + a.heads.length + " heads"
    : a.headsNamed ? "Head " + a.heads[head] : a.combined);
};
const viewName = () => nameOf(state.layer, state.head, state.combine);
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
function describeHead(layer, head) {
  const values = attention().summaries[layer][head];
  tell([[nameOf(layer, head, ""), "b"]].concat(meta.metrics.map((title, i) => ["   " + title + " " + metricNumber(values[i])])));
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
    parts.push(["   row entropy " + max(0, entropy).toFixed(3) + " nats"]);
  if (state.hide) parts.push(["   hidden mass " + number(hidden)]);
  return parts;
}
