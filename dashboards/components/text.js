// Building elements and writing numbers, ages and times. Data only ever enters the page as text or through
// setAttribute: nothing here or elsewhere on these screens takes markup from data.

const SVG_SPACE = "http://www.w3.org/2000/svg";
const DASH = "\u2014";

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) => fill(document.createElementNS(SVG_SPACE, name), attributes, children);

// Writes only what differs, so that an unchanged cell costs no layout.
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function mark(node, name, on) {
  if (node.classList.contains(name) !== on) node.classList.toggle(name, on);
}

function number(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const text = value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
}

// What a tag's number reads as: an enumeration's word where it has words, else the tag's own decimals.
function reading(tag, value) {
  if (tag.states && tag.states.length && Number.isFinite(value)) {
    return tag.states[Math.round(value)] ?? `${Math.round(value)} (no word)`;
  }
  return number(value, tag.decimals);
}

const UNIT_SIGNS = { degC: "\u00b0C", delta_degC: "K", percent: "%", dimensionless: "" };

// The unit as a person writes it; an enumeration's words need none.
function unitOf(tag) {
  if (tag.states && tag.states.length) return "";
  return UNIT_SIGNS[tag.unit] ?? (tag.unit || "").replace("^2", "\u00b2").replace("^3", "\u00b3");
}

// Units within a sentence of the service's.
const signs = (text) => text.replace(/\bdeg([CF])\b/g, "\u00b0$1").replace(/(\d) percent\b/g, "$1 %");

function age(seconds) {
  if (!Number.isFinite(seconds)) return DASH;
  const s = Math.max(0, Math.floor(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d`;
}

const clockFormats = new Map();

function clockFormat(zone, what) {
  const key = `${zone} ${what}`;
  if (!clockFormats.has(key)) {
    const choice = {
      time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
      minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
      date: { year: "numeric", month: "2-digit", day: "2-digit" },
      offset: { timeZoneName: "longOffset", year: "numeric" },
    }[what];
    clockFormats.set(key, new Intl.DateTimeFormat("en-CA", { timeZone: zone, ...choice }));
  }
  return clockFormats.get(key);
}

const timeOf = (ms, zone) => clockFormat(zone, "time").format(ms);
const minuteOf = (ms, zone) => clockFormat(zone, "minute").format(ms);
const dateOf = (ms, zone) => clockFormat(zone, "date").format(ms);
const momentOf = (ms, zone) => timeOf(ms, zone) + "." + String(Math.floor(ms) % 1000).padStart(3, "0");

function offsetOf(ms, zone) {
  const part = clockFormat(zone, "offset").formatToParts(ms).find((p) => p.type === "timeZoneName");
  const text = (part ? part.value : "GMT").replace("GMT", "");
  return "UTC" + (text || "+00:00").replace("-", "\u2212");
}

function wide(ms, zone) {
  return `${dateOf(ms, zone)} ${timeOf(ms, zone)} ${offsetOf(ms, zone)}`;
}
