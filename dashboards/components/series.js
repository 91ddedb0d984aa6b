// The points of one tag's trend: the back-filled hours that the page opened on, extended by the live stream.

const POINTS_KEPT = 40000;

class Series {
  constructor(tag) {
    Object.assign(this, { tag, times: [], values: [], quality: [], resolution: "" });
  }

  // History replaces what lies before its end; live points after it stay.
  takeHistory(history) {
    if (!history) return this;
    const times = history.times_us.map((us) => us / 1000);
    const end = times.length ? times[times.length - 1] : -Infinity;
    let later = this.times.findIndex((t) => t > end);
    if (later < 0) later = this.times.length;
    this.times = times.concat(this.times.slice(later));
    this.values = history.values.concat(this.values.slice(later));
    this.quality = history.quality.concat(this.quality.slice(later));
    this.resolution = history.resolution;
    return this;
  }

  takeLive(entry) {
    if (!entry || !entry[1]) return;
    const t = entry[1] / 1000;
    const last = this.times.length - 1;
    if (last >= 0 && t <= this.times[last]) {
      if (t === this.times[last]) [this.values[last], this.quality[last]] = [entry[0], entry[2]];
      return; // a late reading corrects the table; the trend takes it with the next history
    }
    this.times.push(t);
    this.values.push(entry[0]);
    this.quality.push(entry[2]);
    if (this.times.length > POINTS_KEPT) {
      for (const list of [this.times, this.values, this.quality]) list.splice(0, POINTS_KEPT / 10);
    }
  }

  get end() {
    return this.times.length ? this.times[this.times.length - 1] : -Infinity;
  }

  // Index of the last point at or before `t`, -1 where there is none.
  at(t) {
    let low = 0;
    let high = this.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] <= t) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  // First index to draw for a window from `t`: one point before it, so that lines enter from the left.
  from(t) {
    return Math.max(0, this.at(t));
  }

  range(from, to) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = this.from(from); i < this.times.length && this.times[i] <= to; i++) {
      const value = this.values[i];
      if (value === null || this.quality[i] >= 0x80000000) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return low <= high ? [low, high] : null;
  }
}

// Axis steps of 1, 2 or 5 times a power of ten, at most `count` of them.
function niceTicks(low, high, count) {
  const found = evenTicks(low, high, count);
  return found.ticks.length > 1 ? found : evenTicks(low, high, count * 2);
}

function evenTicks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.999999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) ticks.push(k * step);
  return { ticks, step };
}

const TIME_STEPS_S = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

function timeTicks(from, to, count) {
  const step = 1000 * (TIME_STEPS_S.find((s) => (to - from) / 1000 / s <= count) || 86400);
  const ticks = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) ticks.push(t);
  return { ticks, step };
}
