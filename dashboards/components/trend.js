// Trends on a canvas: one lane a tag with its own axis in its own unit, one time axis in plant time, limit lines,
// shading where the quality was not good, and a cursor that reads out every lane at once.

const LANE = { left: 58, right: 26, head: 20, foot: 6, timeAxis: 20 };
const LIMIT_LINES = [["high_high", "HH", "outer"], ["high", "H", "inner"], ["low", "L", "inner"], ["low_low", "LL", "outer"]];
const FONT = "\"Liberation Sans\", \"Segoe UI\", Arial, sans-serif";

class Trend {
  constructor(series, zone, spanMs) {
    Object.assign(this, { series, zone, spanMs, cursor: null, left: LANE.left });
    this.canvas = el("canvas", { class: "trend", tabindex: "0", role: "img",
      "aria-label": `Trend of ${series.map((s) => s.tag.name).join(", ")}` });
    this.element = el("div", { class: "trend-box" }, this.canvas);
    this.canvas.addEventListener("pointermove", (event) => this.point(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.point(null));
    this.canvas.addEventListener("keydown", (event) => this.step(event));
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.element);
  }

  close() {
    this.watch.disconnect();
  }

  point(x) {
    this.cursor = x === null ? null : Math.max(LANE.left, Math.min(this.width - LANE.right, x));
    this.draw();
  }

  step(event) {
    const move = { ArrowLeft: -4, ArrowRight: 4 }[event.key];
    if (!move) return;
    event.preventDefault();
    this.point((this.cursor ?? this.width - LANE.right) + move);
  }

  x(t) {
    return LANE.left + ((t - this.from) / this.spanMs) * (this.width - LANE.left - LANE.right);
  }

  draw() {
    this.width = this.element.clientWidth;
    this.height = this.element.clientHeight;
    const g = paper(this.canvas, this.width, this.height);
    if (!g) return;
    this.to = Math.max(hub.nowMs(), ...this.series.map((series) => series.end));
    this.from = this.to - this.spanMs;
    const laneHeight = (this.height - LANE.timeAxis) / Math.max(1, this.series.length);
    this.timeAxis(g);
    this.series.forEach((series, k) => this.lane(g, series, k * laneHeight, laneHeight));
    if (this.cursor !== null) this.cursorLine(g);
  }

  timeAxis(g) {
    const { ticks, step } = timeTicks(this.from, this.to, Math.max(2, Math.floor((this.width - LANE.left) / 78)));
    g.font = `11px ${FONT}`;
    g.textBaseline = "alphabetic";
    g.textAlign = "center";
    for (const t of ticks) {
      const x = Math.round(this.x(t)) + 0.5;
      line(g, INK.grid, [[x, 0], [x, this.height - LANE.timeAxis]]);
      const text = step < 60000 ? timeOf(t, this.zone) : minuteOf(t, this.zone);
      const half = g.measureText(text).width / 2;
      if (x + half > this.width || x - half < LANE.left - 20) continue;
      g.fillStyle = INK.soft;
      g.fillText(text, x, this.height - 6);
    }
  }

  lane(g, series, top, height) {
    const { tag } = series;
    const [high, low] = [top + LANE.head, top + height - LANE.foot];
    const scale = scaleOf(series, this, high, low);
    if (top > 0) line(g, INK.axis, [[0, Math.round(top) + 0.5], [this.width, Math.round(top) + 0.5]]);
    this.laneAxis(g, tag, scale, high, low);
    g.save();
    g.beginPath();
    g.rect(LANE.left, high - 2, this.width - LANE.left - LANE.right, low - high + 4);
    g.clip();
    drawShade(g, series, this, high, low);
    this.limits(g, tag, scale);
    drawPen(g, series, this, scale);
    g.restore();
    this.limitNames(g, tag, scale);
    this.laneHead(g, series, top);
  }

  laneAxis(g, tag, scale, high, low) {
    const { ticks, step } = niceTicks(scale.bottom, scale.top, Math.max(2, Math.floor((low - high) / 26)));
    const decimals = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
    g.font = `11px ${FONT}`;
    g.textAlign = "right";
    g.textBaseline = "middle";
    for (const value of ticks) {
      const y = Math.round(scale.y(value)) + 0.5;
      line(g, INK.grid, [[LANE.left, y], [this.width - LANE.right, y]]);
      g.fillStyle = INK.soft;
      const words = tag.states && tag.states.length ? (Number.isInteger(value) ? String(value) : "") : number(value, decimals);
      g.fillText(words, LANE.left - 6, y);
    }
    line(g, INK.axis, [[LANE.left + 0.5, high], [LANE.left + 0.5, low]]);
  }

  laneHead(g, series, top) {
    const { tag } = series;
    g.textBaseline = "alphabetic";
    g.textAlign = "left";
    g.font = `bold 12px ${FONT}`;
    g.fillStyle = INK.text;
    g.fillText(tag.name, 4, top + 14);
    const named = 4 + g.measureText(tag.name).width + 8;
    const index = series.at(this.cursor === null ? this.to : this.from + this.spanMs * this.share());
    const text = index < 0 ? `no value ${unitOf(tag)}` : `${reading(tag, series.values[index])} ${unitOf(tag)}`;
    g.textAlign = "right";
    g.fillText(text, this.width - 6, top + 14);
    const room = this.width - 6 - g.measureText(text).width - 12 - named;
    g.font = `12px ${FONT}`;
    g.textAlign = "left";
    g.fillStyle = INK.soft;
    g.fillText(shorten(g, `${tag.description}${unitOf(tag) ? `, ${unitOf(tag)}` : ""}`, room), named, top + 14);
  }

  share() {
    return (this.cursor - LANE.left) / (this.width - LANE.left - LANE.right);
  }

  shownLimits(tag, scale) {
    return LIMIT_LINES.map(([key, words, kind]) => [tag.limits ? tag.limits[key] : null, words, kind])
      .filter(([limit]) => limit !== null && limit !== undefined && limit >= scale.bottom && limit <= scale.top);
  }

  limits(g, tag, scale) {
    for (const [limit, , kind] of this.shownLimits(tag, scale)) {
      const y = Math.round(scale.y(limit)) + 0.5;
      g.setLineDash(kind === "outer" ? [7, 3] : [3, 3]);
      line(g, INK[kind], [[LANE.left, y], [this.width - LANE.right, y]]);
      g.setLineDash([]);
    }
  }

  limitNames(g, tag, scale) {
    g.font = `bold 10px ${FONT}`;
    g.textAlign = "left";
    g.textBaseline = "middle";
    for (const [limit, words, kind] of this.shownLimits(tag, scale)) {
      g.fillStyle = INK[kind];
      g.fillText(words, this.width - LANE.right + 4, scale.y(limit));
    }
  }

  cursorLine(g) {
    const x = Math.round(this.cursor) + 0.5;
    line(g, INK.cursor, [[x, 0], [x, this.height - LANE.timeAxis]]);
    const text = timeOf(this.from + this.spanMs * this.share(), this.zone);
    g.font = `bold 11px ${FONT}`;
    const width = g.measureText(text).width + 10;
    const left = Math.min(this.width - width, Math.max(0, x - width / 2));
    g.fillStyle = INK.cursor;
    g.fillRect(left, this.height - LANE.timeAxis + 2, width, 16);
    g.fillStyle = "#ffffff";
    g.textAlign = "left";
    g.textBaseline = "alphabetic";
    g.fillText(text, left + 5, this.height - 6);
  }
}

function shorten(g, text, room) {
  if (room < 24) return "";
  if (g.measureText(text).width <= room) return text;
  let kept = text;
  while (kept && g.measureText(`${kept}\u2026`).width > room) kept = kept.slice(0, -1);
  return `${kept}\u2026`;
}
