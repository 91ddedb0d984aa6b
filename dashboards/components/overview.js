// Level 1: a card a plant with what is abnormal, the values that matter most, and what happens next.

const SPARK_MS = 3600e3;
const LIMITS_SHOWN = 6;

class PlantCard {
  constructor(screen, plant) {
    const definition = screen.data.definitions[plant.id];
    Object.assign(this, { screen, plant, definition, feed: hub.feed(plant.id), summary: plant, readMs: Date.now() });
    this.tags = new Map((definition ? definition.tags : []).map((tag) => [tag.name, tag]));
    this.condition = el("span", { class: "condition" });
    this.age = el("span", { class: "digits" });
    this.next = el("p", { class: "next", "data-test": "next" });
    this.limits = el("ul", { class: "limits", "data-test": "limits" });
    this.counts = el("span", { class: "soft digits" });
    this.rows = (screen.data.keys[plant.id] || []).filter((name) => this.tags.has(name)).map((name) => this.row(name));
    this.element = el("article", { class: "card panel", "data-plant": plant.id },
      el("div", { class: "card-head" },
        el("h2", {}, screen.link(plant.name, "plant", plant.id, "")),
        this.condition, el("span", { class: "spring" }), el("span", { class: "caption" }, "Data age"), this.age),
      el("div", { class: "card-body" },
        el("section", {}, el("h3", {}, "Active limits"), this.limits),
        el("section", { class: "keys" }, el("h3", {}, "Key values, last hour"), el("div", { class: "key-rows" }, this.rows.map((row) => row.element)))),
      el("div", { class: "card-foot" }, this.next, el("span", { class: "spring" }), this.counts));
  }

  row(name) {
    const tag = this.tags.get(name);
    const series = new Series(tag).takeHistory((this.screen.data.history[this.plant.id] || {})[name]);
    const row = { name, tag, series, marks: new Marks(), value: el("span", { class: "value digits", "data-tag": name }, DASH),
      age: el("span", { class: "age digits" }), spark: new Spark(series, SPARK_MS) };
    row.element = el("button", { class: "key-row", type: "button", title: `${tag.name} ${tag.description}`,
      onclick: () => this.screen.go("plant", this.plant.id, name) },
    el("b", {}, tag.name), el("span", { class: "soft what" }, tag.description), row.spark.element,
    row.marks.element, row.value, el("span", { class: "unit" }, unitOf(tag)), row.age);
    return row;
  }

  changed(names) {
    for (const row of this.rows) {
      if (names && !names.includes(row.name)) continue;
      const entry = this.feed.tags.get(row.name);
      row.series.takeLive(entry);
      row.marks.show(entry);
      dress(row.value, entry);
      put(row.value, reading(row.tag, entry ? entry[0] : null));
    }
    this.showLimits();
  }

  showLimits() {
    const active = [...this.feed.tags].filter(([name, entry]) => limitOf(entry) && this.tags.has(name));
    active.sort((a, b) => Math.abs(limitOf(b[1])) - Math.abs(limitOf(a[1])) || (a[0] < b[0] ? -1 : 1));
    const kept = active.slice(0, LIMITS_SHOWN);
    const say = kept.map(([name, entry]) => `${name}${entry[3]}`).join(" ") + active.length;
    if (say !== this.limitsSaid) this.buildLimits(kept, active.length, say);
    for (const [name, entry] of kept) put(this.limitValues.get(name), reading(this.tags.get(name), entry[0]));
    let [stale, bad] = [0, 0];
    for (const entry of this.feed.tags.values()) {
      const trust = trustOf(entry);
      if (trust === "stale") stale++;
      if (trust === "bad") bad++;
    }
    put(this.counts, `${this.tags.size} tags \u00b7 ${stale} stale \u00b7 ${bad} bad`);
  }

  buildLimits(kept, all, say) {
    this.limitsSaid = say;
    this.limitValues = new Map();
    const rows = kept.map(([name, entry]) => {
      const tag = this.tags.get(name);
      const marks = new Marks();
      marks.show(entry);
      const value = el("span", { class: `value digits ${Math.abs(entry[3]) === 2 ? "is-outer" : "is-inner"}` });
      this.limitValues.set(name, value);
      return el("li", {}, el("button", { class: "limit-row", type: "button", onclick: () => this.screen.go("plant", this.plant.id, name) },
        marks.element, el("b", {}, name), el("span", { class: "soft what" }, tag.description),
        el("span", { class: "limit-words" }, LIMIT_WORDS[entry[3]]), value, el("span", { class: "unit" }, unitOf(tag))));
    });
    if (all > kept.length) rows.push(el("li", { class: "soft" }, `and ${all - kept.length} more`));
    if (!all) rows.push(el("li", { class: "soft calm" }, "None"));
    this.limits.replaceChildren(...rows);
  }

  tick() {
    const { feed } = this;
    const { condition } = feed;
    put(this.condition, { live: "Live", silent: "No data", behind: "Catching up", waiting: "Waiting for the first value" }[condition]);
    this.condition.className = `condition ${condition}`;
    mark(this.element, "dim", condition !== "live");
    put(this.age, feed.logUs ? age(feed.behindMs / 1000) : DASH);
    for (const row of this.rows) {
      const entry = feed.tags.get(row.name);
      put(row.age, entry ? age((hub.nowMs() - entry[1] / 1000) / 1000) : "");
    }
    put(this.next, nextText(this.summary.next_disturbance, this.readMs));
  }

  draw() {
    for (const row of this.rows) row.spark.draw();
  }
}

// What comes next, counted down from when it was read.
function nextText(next, readMs) {
  if (!next || !next.what || !Number.isFinite(next.in_s)) return "Next: nothing scheduled";
  const left = next.in_s - (Date.now() - readMs) / 1000;
  if (left <= 0) return `Now: ${next.what}`;
  return `Next: ${next.what} in ${left < 90 ? `${Math.ceil(left)} s` : `${Math.round(left / 60)} min`}`;
}

class Overview {
  constructor(screen) {
    this.screen = screen;
    this.cards = screen.data.plants.map((plant) => new PlantCard(screen, plant));
    this.element = el("main", { class: "cards" }, this.cards.map((card) => card.element));
    this.cards.forEach((card) => card.changed(null));
  }

  changed(feed, names) {
    for (const card of this.cards) if (card.feed === feed) card.changed(names);
  }

  tick() {
    this.cards.forEach((card) => card.tick());
  }

  draw() {
    this.cards.forEach((card) => card.draw());
  }

  summaries(plants) {
    for (const card of this.cards) {
      const summary = plants.find((plant) => plant.id === card.plant.id);
      if (summary) Object.assign(card, { summary, readMs: Date.now() });
    }
  }

  close() {}
}
