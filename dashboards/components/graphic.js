// The process graphic: the drawing that the service sends, with values, marks and classes patched into it.

const FORBIDDEN = "script, foreignObject, iframe, image, use, a, animate, set, style";

class Graphic {
  constructor(text, tags, choose) {
    this.tags = tags;
    this.element = el("div", { class: "graphic" });
    this.places = new Map();
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const drawing = parsed.documentElement;
    if (drawing.nodeName !== "svg") {
      this.element.append(el("p", { class: "soft" }, "The process graphic could not be read; the tags below are live."));
      return;
    }
    this.clean(drawing);
    this.drawing = document.importNode(drawing, true);
    this.drawing.removeAttribute("width");
    this.drawing.removeAttribute("height");
    this.element.append(this.drawing);
    for (const group of this.drawing.querySelectorAll("g.tag[data-tag]")) this.place(group, choose);
  }

  // The service draws no active content; should anything get there all the same, it does not get further.
  clean(drawing) {
    drawing.querySelectorAll(FORBIDDEN).forEach((node) => node.nodeName === "style" || node.remove());
    for (const node of [drawing, ...drawing.querySelectorAll("*")]) {
      for (const { name, value } of [...node.attributes]) {
        if (/^on/i.test(name) || /href$/i.test(name) || /(javascript:|url\(\s*['"]?(?!#))/i.test(value)) node.removeAttribute(name);
      }
    }
  }

  place(group, choose) {
    const name = group.getAttribute("data-tag");
    const tag = this.tags.get(name);
    const value = group.querySelector(".value");
    if (!tag || !value) return;
    const title = svg("title", {});
    const marks = svg("g", { class: "graphic-marks" });
    group.append(title, marks);
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.addEventListener("click", () => choose(name));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") choose(name);
    });
    if (unitOf(tag) === "" && group.querySelector(".unit")) put(group.querySelector(".unit"), "");
    this.places.set(name, { group, tag, value, title, marks, said: "" });
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

  // Marks stand left of the value, so they need its size; a drawing that is not on the page yet has none.
  showMarks(place, entry) {
    if (!this.element.isConnected) return;
    const [trust, limit] = [trustOf(entry), limitOf(entry)];
    const say = `${trust} ${limit} ${place.value.textContent.length}`;
    if (say === place.said) return;
    place.said = say;
    const shapes = [limitShape(limit), trust === "none" ? null : trustShape(trust)].filter(Boolean);
    place.marks.replaceChildren();
    if (!shapes.length) return;
    const box = place.value.getBBox();
    const size = Math.max(8, box.height * 0.72);
    shapes.forEach((shape, k) => {
      const x = box.x - 3 - (shapes.length - k) * (size + 2);
      place.marks.append(svg("g", { transform: `translate(${x} ${box.y + (box.height - size) / 2}) scale(${size / 12})` },
        svg("rect", { x: -1, y: -1, width: 14, height: 14, class: "mark-ground" }), shape));
    });
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
