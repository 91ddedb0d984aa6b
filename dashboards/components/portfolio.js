// Level 1 of several plants: their picture with live state and measured flows, utilities against capacity, contracts.

const CHARACTER = 6.8; // width of a letter of the picture's small text, in its units
const CONDITION_WORDS = { live: "Live", silent: "No data", behind: "Catching up", waiting: "Waiting for the first value" };
const unitWords = (unit) => (UNIT_SIGNS[unit] ?? unit).replace("m3", "m\u00b3").replace("^3", "\u00b3");
const amountWords = (amount) => (amount ? `${plain(amount.value)} ${unitWords(amount.unit)}` : DASH);

// A planned number as people write it: no more figures than it has, thousands parted.
const plain = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 6 }).replace("-", "\u2212");

// What is measured, in the unit of the plan.
function inPlan(entry, measure) {
  return entry && [entry[0] === null ? null : entry[0] * measure.scale + measure.offset, ...entry.slice(1)];
}

// One plant's group on the picture: condition, age, and the values that are furthest beyond their limits.
class PlantBox {
  constructor(screen, group, plant) {
    const definition = screen.data.definitions[plant];
    Object.assign(this, { group, plant, feed: hub.feed(plant), said: "" });
    this.tags = new Map((definition ? definition.tags : []).map((tag) => [tag.name, tag]));
    for (const kind of ["condition", "age", "count"]) this[kind] = group.querySelector(`.${kind}`);
    this.rows = [...group.querySelectorAll(".limit")];
    const frame = group.querySelector("rect");
    this.room = frame ? Math.floor((Number(frame.getAttribute("width")) - 48) / CHARACTER) : 60;
    this.marks = svg("g", {});
    group.append(this.marks);
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.addEventListener("click", () => screen.go("plant", plant));
    group.addEventListener("keydown", (event) => event.key === "Enter" && screen.go("plant", plant));
  }

  changed() {
    const active = [...this.feed.tags].filter(([name, entry]) => limitOf(entry) && this.tags.has(name));
    active.sort((a, b) => Math.abs(limitOf(b[1])) - Math.abs(limitOf(a[1])) || (a[0] < b[0] ? -1 : 1));
    put(this.count, this.feed.logUs ? String(active.length) : DASH);
    const say = active.slice(0, this.rows.length).map(([, entry]) => limitOf(entry)).join();
    this.rows.forEach((row, k) => put(row, active[k] ? this.words(...active[k]) : ""));
    if (say === this.said) return;
    this.said = say;
    this.marks.replaceChildren(...active.slice(0, this.rows.length).map(([, entry], k) =>
      svg("g", { transform: `translate(14 ${Number(this.rows[k].getAttribute("y")) - 11})` }, limitShape(limitOf(entry)))));
  }

  words(name, entry) {
    const tag = this.tags.get(name);
    const end = `: ${reading(tag, entry[0])} ${unitOf(tag)}, ${LIMIT_WORDS[limitOf(entry)]}`;
    const room = this.room - name.length - 1 - end.length;
    const what = tag.description.length > room ? `${tag.description.slice(0, Math.max(0, room - 1))}\u2026` : tag.description;
    return `${name} ${what}${end}`;
  }

  tick() {
    const { condition } = this.feed;
    put(this.condition, CONDITION_WORDS[condition]);
    mark(this.condition, "late", condition !== "live");
    put(this.age, this.feed.logUs ? age(this.feed.behindMs / 1000) : DASH);
    mark(this.group, "dim", condition !== "live");
  }
}

// A utility's row: what is used now where it is measured, else by design, against what can be given.
class UtilityRow {
  constructor(utility) {
    this.utility = utility;
    this.measured = utility.uses.filter((use) => use.measure);
    this.marks = new Marks();
    this.now = el("span", { class: "value digits", "data-utility": utility.id }, DASH);
    this.share = el("span", { class: "digits" });
    this.fill = el("span", { class: "load-fill" });
    const known = `${this.measured.length} of ${utility.uses.length} uses measured, the others by design`;
    this.element = el("tr", { title: known },
      el("td", {}, el("b", {}, utility.name), el("span", { class: "soft wide" }, ` from ${utility.providers.join(", ")}`)),
      el("td", { class: "c-mark" }, this.marks.element),
      el("td", { class: "c-value" }, this.now), el("td", { class: "unit" }, unitWords(utility.capacity.unit)),
      el("td", { class: "c-value digits" }, plain(utility.load.value)),
      el("td", { class: "c-value digits" }, plain(utility.capacity.value)),
      el("td", { class: "load" }, el("span", { class: "load-bar" }, this.fill)), el("td", { class: "c-value" }, this.share));
  }

  changed() {
    const entries = this.measured.map((use) => inPlan(hub.feed(use.measure.plant).tags.get(use.measure.tag), use.measure));
    const doubtful = entries.find((entry) => !["good", "manual"].includes(trustOf(entry)));
    const uses = this.utility.uses.filter((use) => !use.measure).reduce((sum, use) => sum + use.load.value * use.scale, 0);
    const now = this.measured.reduce((sum, use, k) => sum + (entries[k] ? entries[k][0] ?? NaN : NaN) * use.scale, uses);
    const share = now / this.utility.capacity.value;
    this.marks.show(doubtful || entries[0]);
    put(this.now, Number.isFinite(now) ? plain(Number(now.toPrecision(4))) : DASH);
    put(this.share, Number.isFinite(share) ? `${Math.round(100 * share)} %` : DASH);
    this.fill.style.width = `${Math.min(100, Math.max(0, 100 * (share || 0)))}%`;
    mark(this.now, "is-inner", share > 1);
  }
}

class PortfolioPage {
  constructor(screen) {
    const { data } = screen;
    const { portfolio } = data;
    Object.assign(this, { screen, portfolio, boxes: [], rows: [], values: new Map() });
    if (!portfolio) {
      this.element = notice({ title: "No portfolio is stored yet", detail: "A portfolio tells which plants work together.",
        remedy: "Store one with \u2018atlas portfolio store FILE\u2019; \u2018atlas portfolio check FILE\u2019 tells every fault of it" }).element;
      return;
    }
    const planned = [...portfolio.transfers, ...portfolio.utilities.flatMap((utility) => utility.uses)];
    this.measures = new Map(planned.filter((one) => one.measure).map(({ measure }) => [`${measure.plant}/${measure.tag}`, measure]));
    const tags = new Map([...this.measures].map(([key, m]) => [key, { ...m, name: m.tag, unit: unitWords(m.unit), states: [] }]));
    this.graphic = new Graphic(data.graphic, tags, (key) => screen.go("plant", this.measures.get(key).plant, this.measures.get(key).tag));
    for (const group of this.graphic.drawing ? this.graphic.drawing.querySelectorAll("g.plant[data-plant]") : []) {
      this.boxes.push(new PlantBox(screen, group, group.getAttribute("data-plant")));
    }
    this.rows = portfolio.utilities.map((utility) => new UtilityRow(utility));
    this.totals = el("span", { class: "soft digits", "data-test": "totals" });
    this.element = el("main", { class: "portfolio-page" },
      el("section", { class: "process panel" },
        el("div", { class: "row" }, el("h3", {}, portfolio.name), el("span", { class: "soft what" }, portfolio.description),
          el("span", { class: "spring" }), this.totals),
        this.graphic.element),
      this.utilities(), this.contracts());
    this.changed(null, null);
  }

  utilities() {
    const heads = ["Utility", "", "Now", "", "By design", "Capacity", "", "Used"];
    return table("Shared utilities", heads, this.rows.map((row) => row.element));
  }

  contracts() {
    const rows = this.portfolio.contracts.map((one) => el("tr", { class: one.holds ? "" : "is-over", "data-contract": one.id },
      el("td", { title: one.name }, el("b", {}, one.id), el("span", { class: "wide" }, ` ${one.name}`)), el("td", {}, one.kind === "sale" ? "sold to" : "bought from"), el("td", {}, one.party),
      el("td", { class: "c-value digits" }, plain(one.quantity.value)), el("td", { class: "unit" }, unitWords(one.quantity.unit)),
      el("td", { class: "c-value digits" }, one.price ? plain(one.price.value) : DASH), el("td", { class: "unit" }, one.price ? unitWords(one.price.unit) : ""),
      el("td", { class: "digits", title: `since ${one.since}` }, one.holds ? `until ${one.until || "further notice"}` : "not in force")));
    return table("Contracts", ["Contract", "", "Partner", "Quantity", "", "Price", "", "In force"], rows);
  }

  changed(feed) {
    if (!this.portfolio) return;
    for (const box of this.boxes) if (!feed || box.feed === feed) box.changed();
    const moved = [];
    for (const [key, measure] of this.measures) {
      if (feed && feed.plant !== measure.plant) continue;
      moved.push(key);
      this.values.set(key, inPlan(hub.feed(measure.plant).tags.get(measure.tag), measure));
    }
    this.graphic.changed(moved, this.values);
    for (const row of this.rows) row.changed();
    this.count();
  }

  count() {
    const sum = (what) => this.portfolio.facilities.reduce((total, one) => total + one[what], 0);
    const beyond = this.boxes.reduce((total, box) => total + [...box.feed.tags.values()].filter(limitOf).length, 0);
    put(this.totals, `${this.boxes.length} plants \u00b7 ${sum("equipment")} pieces of equipment \u00b7 ${sum("tags")} tags \u00b7 ${beyond} beyond limits`);
  }

  tick() {
    if (!this.portfolio) return;
    for (const box of this.boxes) box.tick();
    for (const [key, place] of this.graphic.places) {
      mark(place.group, "dim", hub.feed(this.measures.get(key).plant).condition !== "live");
    }
    this.graphic.tick(this.values);
    mark(this.element, "dim", this.boxes.every((box) => box.feed.condition !== "live"));
  }

  draw() {
    if (this.drawn || !this.portfolio) return;
    this.drawn = true;
    this.graphic.fit();
    this.changed(null);
  }

  close() {}
}

function table(title, heads, rows) {
  const right = (head) => ["Now", "By design", "Capacity", "Used", "Quantity", "Price"].includes(head);
  return el("section", { class: "panel plan" }, el("h3", {}, title), el("table", {},
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { class: right(head) ? "c-value" : "" }, head)))), el("tbody", {}, rows)));
}
