// How far a value can be trusted and where it stands to its limits, each told by a shape first and a colour second.

const SEVERITY = ["good", "uncertain", "bad", "bad"];
const LOCAL_OVERRIDE = 0x0096;
const QUALITY_WORDS = {
  good: "Good", manual: "Entered by hand", uncertain: "Uncertain", stale: "Stale", bad: "Bad", none: "No value yet",
};
const CONDITIONS = {
  0x4090: "Uncertain, last usable value", 0x4093: "Uncertain, sensor not accurate",
  0x4094: "Uncertain, outside the instrument\u2019s range", 0x4095: "Uncertain, fewer sources than needed",
  0x8005: "Bad, communication error", 0x8032: "Bad, waiting for the first value",
  0x8034: "Bad, address unknown to the server", 0x808d: "Bad, out of service", 0x808a: "Bad, not connected",
  0x808b: "Bad, device failure", 0x808c: "Bad, sensor failure", 0x809b: "Bad, no data",
};
const LIMIT_WORDS = { "-2": "low low", "-1": "low", 0: "", 1: "high", 2: "high high" };

// An entry is [value, time_us, quality, limit, stale], as the live stream sends it.
function trustOf(entry) {
  if (!entry) return "none";
  const severity = SEVERITY[(entry[2] >>> 30) & 3];
  if (severity === "bad" || entry[0] === null) return "bad";
  if (entry[4]) return "stale";
  if (severity === "uncertain") return "uncertain";
  return entry[2] >>> 16 === LOCAL_OVERRIDE ? "manual" : "good";
}

function trustWords(entry) {
  const trust = trustOf(entry);
  const known = entry && CONDITIONS[entry[2] >>> 16];
  if (trust === "stale") return known ? `Stale; ${known}` : "Stale";
  return known || QUALITY_WORDS[trust];
}

const limitOf = (entry) => (entry && trustOf(entry) !== "bad" ? entry[3] | 0 : 0);

// Shapes in a box of 12 by 12: a crossed box is bad, a diamond with a question uncertain, a clock stale, a hand-wheel
// (box with M) entered by hand; triangles point to the side of the limit, doubled for the outer one.
const SHAPES = {
  bad: ["M1 1H11V11H1Z M3 3L9 9 M9 3L3 9"],
  uncertain: ["M6 0.5L11.5 6L6 11.5L0.5 6Z M4.6 4.6Q6 2.6 7.3 4.4Q7.6 5.6 6 6.3V7.2 M6 8.6V9.4"],
  stale: ["M6 0.8A5.2 5.2 0 1 1 5.99 0.8Z M6 3V6.2H8.6"],
  manual: ["M1 1H11V11H1Z M3.2 9V3.4L6 6.6L8.8 3.4V9"],
  none: ["M2 6H10"],
};
const LIMIT_SHAPES = {
  1: "M6 1L11.5 11H0.5Z", 2: "M6 0L11 5.6H1Z M6 6L11 11.6H1Z",
  "-1": "M6 11L0.5 1H11.5Z", "-2": "M6 6L1 0.4H11Z M6 12L1 6.4H11Z",
};

function trustShape(trust) {
  return SHAPES[trust] ? svg("path", { d: SHAPES[trust][0], class: `shape ${trust}` }) : null;
}

function limitShape(limit) {
  const kind = Math.abs(limit) === 2 ? "outer" : "inner";
  return LIMIT_SHAPES[limit] ? svg("path", { d: LIMIT_SHAPES[limit], class: `limit-shape ${kind}` }) : null;
}

// A fixed-width pair of marks beside a value; redrawn only when what it says changes.
class Marks {
  constructor() {
    this.said = "";
    this.element = el("span", { class: "marks" });
  }

  show(entry) {
    const trust = trustOf(entry);
    const limit = limitOf(entry);
    const say = `${trust} ${limit}`;
    if (say === this.said) return;
    this.said = say;
    this.element.replaceChildren();
    for (const [shape, words] of [[limitShape(limit), LIMIT_WORDS[limit]], [trustShape(trust), QUALITY_WORDS[trust]]]) {
      if (shape) {
        this.element.append(svg("svg", { viewBox: "-1 -1 14 14", class: "mark", role: "img", "aria-label": words }, shape));
      }
    }
  }
}

function dress(node, entry) {
  const trust = trustOf(entry);
  for (const kind of ["bad", "uncertain", "stale", "manual", "none"]) mark(node, `is-${kind}`, trust === kind);
  const limit = Math.abs(limitOf(entry));
  mark(node, "is-inner", limit === 1);
  mark(node, "is-outer", limit === 2);
}
