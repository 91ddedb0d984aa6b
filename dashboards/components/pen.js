// Drawing one series on a canvas: scale, line, and shading where the quality was not good. A view has `from`, `to` (ms),
// `left` (px) and x(ms).

const INK = { text: "#33393e", soft: "#5d656c", grid: "#d3d6d8", axis: "#9aa1a7", pen: "#1f3f5f", setpoint: "#6c757d",
  inner: "#8a6a00", outer: "#b3261e", bad: "rgba(70,50,90,0.28)", uncertain: "rgba(70,50,90,0.13)", cursor: "#33393e" };

function line(g, colour, points) {
  g.beginPath();
  points.forEach(([x, y], k) => (k ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.lineWidth = 1;
  g.strokeStyle = colour;
  g.stroke();
}

function hatch(g, x, y, width, height) {
  g.save();
  g.beginPath();
  g.rect(x, y, width, height);
  g.clip();
  for (let k = -height; k < width; k += 7) line(g, "rgba(70,50,90,0.5)", [[x + k, y + height], [x + k + height, y]]);
  g.restore();
}

// A canvas sized to its box in device pixels; null while the box has no size.
function paper(canvas, width, height) {
  if (!width || !height) return null;
  const ratio = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

// The vertical scale of one series in a window: its values, and the limits that lie near them.
function scaleOf(series, view, high, low) {
  const { tag } = series;
  let [from, to] = series.range(view.from, view.to) || [tag.low, tag.high];
  const span = Math.max(to - from, (tag.high - tag.low) * 0.02, 1e-9);
  for (const [key] of LIMIT_LINES) {
    const limit = tag.limits ? tag.limits[key] : null;
    if (limit === null || limit === undefined) continue;
    if (limit > to && limit < to + span * 1.5) to = limit;
    if (limit < from && limit > from - span * 1.5) from = limit;
  }
  const middle = (from + to) / 2;
  const half = Math.max((to - from) / 2, span / 2) * 1.12;
  const [bottom, top] = [middle - half, middle + half];
  return { bottom, top, y: (v) => low - ((v - bottom) / (top - bottom)) * (low - high) };
}

// Runs of points that are not good, each shaded as one: hatched where bad, plain where uncertain.
function drawShade(g, series, view, high, low) {
  const kind = (i) => (series.values[i] === null ? 2 : Math.min(2, series.quality[i] >>> 30));
  for (let i = series.from(view.from); i < series.times.length; ) {
    let end = i + 1;
    while (end < series.times.length && kind(end) === kind(i)) end++;
    if (kind(i)) {
      const x = Math.max(view.left, view.x(series.times[i]));
      const width = Math.max(1, view.x(end < series.times.length ? series.times[end] : view.to) - x);
      g.fillStyle = kind(i) === 1 ? INK.uncertain : INK.bad;
      g.fillRect(x, high, width, low - high);
      if (kind(i) === 2) hatch(g, x, high, width, low - high);
    }
    i = end;
  }
}

function drawPen(g, series, view, scale) {
  const steps = series.tag.kind !== "measured" && series.tag.kind !== "derived";
  g.beginPath();
  let drawing = false;
  let lastY = 0;
  for (let i = series.from(view.from); i < series.times.length; i++) {
    const value = series.values[i];
    if (value === null || series.quality[i] >= 0x80000000) {
      if (drawing) g.lineTo(view.x(series.times[i]), lastY);
      drawing = false;
      continue;
    }
    const [x, y] = [view.x(series.times[i]), scale.y(value)];
    if (!drawing) g.moveTo(x, y);
    else if (steps) { g.lineTo(x, lastY); g.lineTo(x, y); } else g.lineTo(x, y);
    [drawing, lastY] = [true, y];
  }
  if (drawing) g.lineTo(view.x(view.to), lastY); // the last report holds until the next
  g.lineWidth = 1.4;
  g.strokeStyle = series.tag.kind === "setpoint" ? INK.setpoint : INK.pen;
  g.lineJoin = "round";
  g.stroke();
}

// A value's last hour in the space of a word.
class Spark {
  constructor(series, spanMs) {
    Object.assign(this, { series, spanMs, left: 0 });
    this.element = el("canvas", { class: "spark", "aria-hidden": "true" });
  }

  x(t) {
    return ((t - this.from) / this.spanMs) * this.element.clientWidth;
  }

  draw() {
    const height = this.element.clientHeight;
    const g = paper(this.element, this.element.clientWidth, height);
    if (!g) return;
    this.to = Math.max(hub.nowMs(), this.series.end);
    this.from = this.to - this.spanMs;
    drawShade(g, this.series, this, 0, height);
    drawPen(g, this.series, this, scaleOf(this.series, this, 2, height - 2));
  }
}
