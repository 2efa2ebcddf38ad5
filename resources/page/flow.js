// Links from each query to its largest keys.
let flowTop = 0;
const kFlowPitch = 18;
function drawFlow() {
  const a = attention(), s = surface($("flow")), g = s.context;
  const middle = s.width / 2, half = min(260, s.width / 2 - 150), x0 = middle - half, x1 = middle + half;
  const most = max(rows.length, columns.length) * kFlowPitch + 40 - s.height;
  flowTop = max(0, min(flowTop, most));
  const y = i => 40 + (i + 0.5) * kFlowPitch - flowTop;
  rows.forEach((row, r) => {
    if (y(r) < -4000 || y(r) > s.height + 4000) return;
    const ranked = columns.map((column, c) => [map[row * a.columns + column], c]).filter(([weight]) => weight > 0 && weight >= state.threshold);
    ranked.sort((one, two) => two[0] - one[0]);
    for (const [weight, c] of ranked.slice(0, state.top)) {
      if (max(y(r), y(c)) < 0 || min(y(r), y(c)) > s.height) continue;
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
  $("flow").setAttribute("aria-label", `Links from each query to its ${state.top} largest keys, ${viewName()}`);
}
