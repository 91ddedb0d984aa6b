// The process graphic: the drawing that the service sends, with values, marks and classes patched into it.

const FORBIDDEN = "script, foreignObject, iframe, image, use, a, animate, set";
const MARK = 18;

// The drawing brings class names of its own: it and this style live in a shadow root apart from the page's.
const GRAPHIC_STYLE = `
:host { flex: 1; min-height: 0; min-width: 0; display: flex; }
svg { width: 100%; height: 100%; display: block; }
.tag { cursor: pointer; outline: none; }
.tag .value { fill: var(--value); font-variant-numeric: tabular-nums; }
.tag:hover > rect, .tag:focus-visible > rect, .tag.chosen > rect { stroke: var(--accent); stroke-width: 2.5; }
.tag:hover .label, .tag.chosen .label { text-decoration: underline; }
.tag.is-inner > rect { fill: var(--inner); stroke: #8a6a00; } .tag.is-inner text { fill: #1b1b1b; }
.tag.is-outer > rect { fill: var(--outer); stroke: #5c0715; } .tag.is-outer text { fill: #fff; }
.tag.is-inner.bare .value { paint-order: stroke; stroke: var(--inner); stroke-width: 7px; stroke-linejoin: round; }
.tag.is-outer.bare .value { paint-order: stroke; stroke: var(--outer); stroke-width: 7px; stroke-linejoin: round; }
.tag.is-bad .value { fill: var(--doubt); text-decoration: line-through; }
.tag.is-bad > rect { stroke: var(--doubt); stroke-width: 1.6; }
.tag.is-stale > rect, .tag.is-uncertain > rect { stroke: var(--doubt); stroke-width: 1.6; stroke-dasharray: 5 3; }
.tag.is-stale .value { font-style: italic; font-weight: 400; }
.tag.is-uncertain .value { text-decoration: underline dotted; }
.plant { cursor: pointer; outline: none; } .plant:hover > rect, .plant:focus-visible > rect { stroke: var(--accent); stroke-width: 2.5; }
.condition.late { paint-order: stroke; stroke: var(--inner); stroke-width: 9px; stroke-linejoin: round; }
.plant.dim .figure, .plant.dim .limit, .plant.dim > g, .tag.dim .value, .tag.dim .unit, .tag.dim .graphic-marks { opacity: .38; }
.offer { cursor: pointer; outline: none; } .offer rect { fill: #dde0e2; stroke: #a9b0b5; } .offer text { font-size: 13px; text-anchor: middle; fill: #2b3035; }
.offer:hover rect, .offer:focus-visible rect { stroke: var(--accent); stroke-width: 2; }
.mark-ground { fill: var(--panel); }
.shape { fill: none; stroke: var(--doubt); stroke-width: 1.5; stroke-linejoin: round; }
.limit-shape { stroke: #3b2f00; stroke-width: .8; fill: var(--inner); }
.limit-shape.outer { fill: var(--outer); stroke: #5c0715; }
:host(.dim) .value, :host(.dim) .unit, :host(.dim) .graphic-marks { opacity: .38; }
:host(.dim) .tag > rect { fill: #e4e6e7; stroke: #b6bbbf; } :host(.dim) .tag text { fill: #2b3035; }
`;

class Graphic {
  constructor(text, tags, choose) {
    this.tags = tags;
    this.element = el("div", { class: "graphic" });
    this.inside = this.element.attachShadow({ mode: "open" });
    this.inside.append(el("style", {}, GRAPHIC_STYLE));
    this.places = new Map();
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const drawing = parsed.documentElement;
    if (drawing.nodeName !== "svg") {
      this.inside.append(el("p", { class: "soft" }, "The process graphic could not be read; the tags below are live."));
      return;
    }
    this.clean(drawing);
    this.drawing = document.importNode(drawing, true);
    this.drawing.removeAttribute("width");
    this.drawing.removeAttribute("height");
    this.inside.prepend(this.drawing); // before our style, so that where both speak ours is heard
    for (const group of this.drawing.querySelectorAll("g.tag[data-tag]")) this.place(group, choose);
  }

  // The service draws no active content; should anything get there all the same, it does not get further.
  clean(drawing) {
    for (const node of drawing.querySelectorAll(FORBIDDEN)) node.remove();
    for (const node of drawing.querySelectorAll("style")) if (/@|url|\\/i.test(node.textContent)) node.remove();
    for (const node of [drawing, ...drawing.querySelectorAll("*")]) {
      for (const { name, value } of [...node.attributes]) {
        if (/^on/i.test(name) || /href$/i.test(name) || /(javascript:|url\((?!['"]?#))/i.test(value)) node.removeAttribute(name);
      }
    }
  }

  place(group, choose) {
    const name = group.getAttribute("data-tag");
    const tag = this.tags.get(name);
    const value = group.querySelector(".value");
    if (!tag || !value) return;
    const frame = group.querySelector("rect");
    mark(group, "bare", !frame);
    const title = group.querySelector("title") || group.appendChild(svg("title", {}));
    const marks = svg("g", { class: "graphic-marks" });
    group.append(marks);
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.addEventListener("click", () => choose(name));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") choose(name);
    });
    const unit = group.querySelector(".unit");
    if (unit) put(unit, unitOf(tag));
    this.places.set(name, { group, tag, value, title, marks, frame, said: "" });
  }

  // What several loops hold has a button that asks about its first setpoint, one on the drawing before others. A valve
  // has one loop, whose faceplate asks.
  offer(ask) {
    const held = Map.groupBy([...this.tags.values()].filter((tag) => tag.name.endsWith(".SP")), (tag) => tag.equipment);
    for (const group of this.drawing ? this.drawing.querySelectorAll("g.equipment[data-equipment]") : []) {
      const setpoints = held.get(group.getAttribute("data-equipment")) || [];
      if (setpoints.length < 2) continue;
      const { name } = setpoints.find((tag) => this.places.has(tag.name)) || setpoints[0];
      const button = svg("g", { class: "offer", role: "button", tabindex: "0", "aria-label": `What if ${name} were different?`,
        transform: "translate(0 4)", onclick: () => ask(name), onkeydown: (event) => event.key === "Enter" && ask(name) },
        svg("rect", { x: -33, y: -11, width: 66, height: 22, rx: 3 }), svg("text", { y: 4.5 }, "What if?"));
      group.append(button);
    }
  }

  changed(names, values) {
    for (const name of names || this.places.keys()) {
      const place = this.places.get(name);
      if (!place) continue;
      const entry = values.get(name);
      put(place.value, reading(place.tag, entry ? entry[0] : null));
      dress(place.group, entry);
      this.showMarks(place, entry);
    }
  }

  // Marks stand left of the value's box, so they need its size; a drawing that is not on the page yet has none.
  showMarks(place, entry) {
    if (!this.element.isConnected) return;
    const [trust, limit] = [trustOf(entry), limitOf(entry)];
    const say = place.frame ? `${trust} ${limit}` : `${trust} ${limit} ${place.value.textContent.length}`;
    if (say === place.said) return;
    place.said = say;
    const shapes = [limitShape(limit), trust === "none" ? null : trustShape(trust)].filter(Boolean);
    place.marks.replaceChildren();
    if (!shapes.length) return;
    const box = (place.frame || place.value).getBBox();
    shapes.forEach((shape, k) => {
      const x = box.x - 4 - (shapes.length - k) * (MARK + 3);
      place.marks.append(svg("g", { transform: `translate(${x} ${box.y + (box.height - MARK) / 2}) scale(${MARK / 12})` },
        svg("rect", { x: -1.5, y: -1.5, width: 15, height: 15, rx: 2, class: "mark-ground" }), shape));
    });
  }

  // The margin that a drawing has around itself is room for larger figures here.
  fit() {
    const box = this.drawing && this.drawing.getBBox();
    if (box && box.width) this.drawing.setAttribute("viewBox", `${box.x - 26} ${box.y - 8} ${box.width + 34} ${box.height + 16}`);
  }

  // Height in pixels that a value's figures come to on this screen; 0 while nothing is drawn.
  get figurePx() {
    const matrix = this.drawing && this.drawing.getScreenCTM();
    return matrix ? 16 * matrix.a : 0;
  }

  tick(values) {
    for (const [name, place] of this.places) {
      const entry = values.get(name);
      const old = entry && entry[1] ? age((hub.nowMs() - entry[1] / 1000) / 1000) : "no value yet";
      put(place.title, `${name} ${place.tag.description}\n${trustWords(entry)}, ${old}${entry && entry[1] ? " old" : ""}`);
    }
  }

  choose(name) {
    for (const [each, place] of this.places) mark(place.group, "chosen", each === name);
  }
}
