// Every tag of a plant in one live table with search and sort; only cells whose text changed are touched.

const COLUMNS = [
  ["mark", "", (row) => -Math.abs(limitOf(row.entry)) * 10 - TRUST_ORDER.indexOf(trustOf(row.entry))],
  ["name", "Tag", (row) => row.tag.name],
  ["description", "Description", (row) => row.tag.description],
  ["value", "Value", (row) => (row.entry && row.entry[0] !== null ? row.entry[0] : -Infinity)],
  ["unit", "Unit", (row) => unitOf(row.tag)],
  ["limit", "Limit", (row) => -Math.abs(limitOf(row.entry))],
  ["quality", "Quality", (row) => -TRUST_ORDER.indexOf(trustOf(row.entry))],
  ["age", "Age", (row) => (row.entry ? -row.entry[1] : Infinity)],
  ["equipment", "Equipment", (row) => row.tag.equipment || ""],
];
const TRUST_ORDER = ["good", "manual", "none", "uncertain", "stale", "bad"];
const FILTERS = [["All", () => true],
  ["Beyond limits", (row) => limitOf(row.entry) !== 0],
  ["Not good", (row) => trustOf(row.entry) !== "good"]];

class TagTable {
  constructor(screen) {
    const { data } = screen;
    Object.assign(this, { screen, feed: screen.feed, sort: ["name", 1], filter: 0, words: "" });
    this.rows = data.definitions[data.plant].tags.map((tag) => this.row(tag));
    this.body = el("tbody");
    this.count = el("span", { class: "soft digits", "data-test": "tag-count" });
    this.heads = COLUMNS.map(([key, title]) => el("th", { class: `c-${key}`, scope: "col" },
      el("button", { type: "button", class: "plain", onclick: () => this.order(key), "aria-label": title || "Marks" }, title)));
    this.filters = FILTERS.map(([words], k) => el("button", { type: "button", class: "plain span", onclick: () => this.choose(k) }, words));
    this.element = el("main", { class: "tags-page" },
      el("section", { class: "panel" },
        el("div", { class: "row" }, el("h3", {}, `Tags of ${data.definitions[data.plant].name}`),
          el("input", { type: "search", placeholder: "Search name, description, equipment", "aria-label": "Search tags",
            oninput: (event) => { this.words = event.target.value; this.arrange(); } }),
          el("div", { class: "spans", role: "group", "aria-label": "Which tags" }, this.filters), el("span", { class: "spring" }), this.count),
        el("div", { class: "table-box" }, el("table", {}, el("thead", {}, el("tr", {}, this.heads)), this.body))));
    this.changed(this.feed, null);
    this.choose(0);
  }

  row(tag) {
    const row = { tag, entry: null, marks: new Marks(), cells: {} };
    for (const [key] of COLUMNS) row.cells[key] = el("td", { class: `c-${key}` });
    row.cells.mark.append(row.marks.element);
    put(row.cells.name, tag.name);
    put(row.cells.description, tag.description);
    put(row.cells.unit, unitOf(tag));
    put(row.cells.equipment, tag.equipment || "");
    row.value = el("span", { class: "value digits", "data-tag": tag.name });
    row.cells.value.append(row.value);
    row.cells.age.classList.add("digits");
    row.search = `${tag.name} ${tag.description} ${tag.equipment || ""}`.toLowerCase();
    row.element = el("tr", { tabindex: "0", onclick: () => this.screen.go("plant", this.screen.data.plant, tag.name),
      onkeydown: (event) => event.key === "Enter" && this.screen.go("plant", this.screen.data.plant, tag.name) }, Object.values(row.cells));
    return row;
  }

  changed(feed, names) {
    const touched = names && new Set(names);
    for (const row of this.rows) {
      if (touched && !touched.has(row.tag.name)) continue;
      const entry = feed.tags.get(row.tag.name);
      row.entry = entry;
      row.marks.show(entry);
      dress(row.value, entry);
      put(row.value, reading(row.tag, entry ? entry[0] : null));
      put(row.cells.limit, LIMIT_WORDS[limitOf(entry)]);
      put(row.cells.quality, trustWords(entry));
    }
    if (this.filter || !["name", "description", "unit", "equipment"].includes(this.sort[0])) this.arrange();
  }

  order(key) {
    this.sort = [key, this.sort[0] === key ? -this.sort[1] : 1];
    this.arrange();
  }

  choose(filter) {
    this.filter = filter;
    this.filters.forEach((button, k) => mark(button, "current", k === filter));
    this.arrange();
  }

  arrange() {
    const [key, way] = this.sort;
    const by = COLUMNS.find(([each]) => each === key)[2];
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = this.rows.filter((row) => words.every((word) => row.search.includes(word)) && FILTERS[this.filter][1](row));
    const keyed = shown.map((row) => [by(row), row]);
    keyed.sort(([a, x], [b, y]) => (a < b ? -way : a > b ? way : x.tag.name < y.tag.name ? -1 : 1));
    const order = keyed.map(([, row]) => row.element);
    const now = [...this.body.children];
    if (order.length !== now.length || order.some((node, k) => node !== now[k])) this.body.replaceChildren(...order);
    this.heads.forEach((head, k) => head.setAttribute("aria-sort", COLUMNS[k][0] !== key ? "none" : way > 0 ? "ascending" : "descending"));
    put(this.count, `${shown.length} of ${this.rows.length} tags`);
  }

  tick() {
    mark(this.element, "dim", this.feed.condition !== "live");
    const now = hub.nowMs();
    for (const row of this.rows) put(row.cells.age, row.entry && row.entry[1] ? age((now - row.entry[1] / 1000) / 1000) : DASH);
  }

  draw() {}

  summaries() {}

  close() {}
}
