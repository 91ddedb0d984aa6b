// Level 2: one plant's process graphic with live values, its trends, and the faceplate of the tag that was clicked.

const READABLE_PX = 11; // where the drawing's figures would be smaller, its trends wait behind a button
const GAP_US = 5e6; // a stream that starts anew later than this left out points, which the history has

class PlantPage {
  constructor(screen) {
    const { data } = screen;
    Object.assign(this, { screen, feed: screen.feed, hours: data.hours, faceplate: null, summary: data.plants.find((p) => p.id === data.plant) });
    this.readMs = Date.now();
    this.tags = new Map(data.definitions[data.plant].tags.map((tag) => [tag.name, tag]));
    this.graphic = new Graphic(data.graphic, this.tags, (name) => this.choose(name));
    this.graphic.offer((name) => screen.go("what-if", data.plant, name));
    const history = data.history[data.plant] || {};
    this.series = data.keys[data.plant].filter((name) => this.tags.has(name))
      .map((name) => new Series(this.tags.get(name)).takeHistory(history[name]));
    this.trend = new Trend(this.series, screen.zone, this.hours * 3600e3);
    this.spans = spanButtons(this.hours, (hours) => this.span(hours));
    this.next = el("span", { class: "next", "data-test": "next" });
    this.counts = el("span", { class: "soft digits" });
    this.whatIf = el("button", { class: "plain", type: "button", "data-test": "what-if", onclick: () => screen.go("what-if", data.plant) }, "What if \u2026?");
    this.toggle = el("button", { class: "plain", type: "button", "aria-pressed": "false", onclick: () => this.widen() }, "Hide trends");
    this.estimate = new EstimatePanel(screen);
    this.tabs = ["Trends", "Estimate"].map((words) => el("button", { class: "plain", type: "button", onclick: () => this.turn(words) }, words));
    this.side = el("section", { class: "trends panel" },
      el("div", { class: "row" }, el("div", { class: "spans" }, this.tabs), this.spans.element), this.trend.element, this.estimate.element);
    this.turn("Trends");
    this.element = el("main", { class: "plant-page" },
      el("section", { class: "process panel" },
        el("div", { class: "row" }, el("h3", {}, data.definitions[data.plant].name), this.next, this.estimate.warning, el("span", { class: "spring" }), this.counts, this.whatIf, this.toggle),
        this.graphic.element, legend()),
      this.side);
    this.changed(this.feed, null);
    if (this.series.length && !Object.keys(history).length) this.retry();
    if (data.chosen && this.tags.has(data.chosen)) this.choose(data.chosen);
  }

  // The side shows the trends or the estimate.
  turn(words) {
    this.tabs.forEach((tab) => { mark(tab, "current", tab.textContent === words); tab.setAttribute("aria-pressed", String(tab.textContent === words)); });
    this.trend.element.hidden = this.spans.element.hidden = words !== "Trends";
    this.estimate.element.hidden = words !== "Estimate";
  }

  choose(name) {
    if (this.faceplate) {
      this.faceplate.close();
      this.faceplate.element.remove();
    }
    this.faceplate = new Faceplate(this.screen, this.tags.get(name), () => this.dismiss());
    this.graphic.choose(name);
    this.element.append(this.faceplate.element);
    mark(this.element, "has-faceplate", true);
    this.faceplate.draw();
  }

  // Without the trends the drawing takes the whole width; a faceplate still opens beside it.
  widen() {
    const alone = !this.element.classList.contains("alone");
    mark(this.element, "alone", alone);
    this.toggle.setAttribute("aria-pressed", String(alone));
    put(this.toggle, alone ? "Show trends" : "Hide trends");
  }

  dismiss() {
    this.faceplate.close();
    this.faceplate.element.remove();
    this.faceplate = null;
    this.graphic.choose(null);
    mark(this.element, "has-faceplate", false);
  }

  changed(feed, names) {
    this.graphic.changed(names, feed.tags);
    for (const series of this.series) series.takeLive(feed.tags.get(series.tag.name));
    if (this.faceplate) this.faceplate.changed();
    if (names === null && this.seenUs && feed.logUs - this.seenUs > GAP_US) this.span(this.hours);
    this.seenUs = feed.logUs;
    this.count();
  }

  count() {
    const counts = { limit: 0, stale: 0, bad: 0, uncertain: 0 };
    for (const entry of this.feed.tags.values()) {
      const trust = trustOf(entry);
      if (trust in counts) counts[trust]++;
      if (limitOf(entry)) counts.limit++;
    }
    put(this.counts, `${this.tags.size} tags \u00b7 ${counts.limit} beyond limits \u00b7 ${counts.uncertain} uncertain \u00b7 ${counts.stale} stale \u00b7 ${counts.bad} bad`);
  }

  tick() {
    mark(this.element, "dim", this.feed.condition !== "live");
    mark(this.graphic.element, "dim", this.feed.condition !== "live");
    put(this.next, nextText(this.summary.next_disturbance, this.readMs));
    this.graphic.tick(this.feed.tags);
    if (this.faceplate) this.faceplate.tick();
  }

  draw() {
    if (!this.drawn) {
      this.graphic.fit();
      if (this.graphic.figurePx < READABLE_PX && !this.element.classList.contains("alone")) this.widen();
      this.graphic.changed(null, this.feed.tags);
    }
    this.drawn = true;
    this.trend.draw();
    if (this.faceplate) this.faceplate.draw();
  }

  async span(hours) {
    this.hours = hours;
    this.spans.show(hours);
    this.trend.spanMs = hours * 3600e3;
    this.trend.draw();
    const tags = this.series.map((series) => series.tag.name);
    try {
      const answer = await this.screen.channel.ask("history", { plant: this.screen.data.plant, tags, hours });
      if (this.hours !== hours) return;
      for (const series of this.series) series.takeHistory(answer.history[series.tag.name]);
    } catch (error) {
      this.retry();
    }
    this.trend.draw();
  }

  retry() {
    clearTimeout(this.retrying);
    this.retrying = setTimeout(() => this.span(this.hours), 8000 + 4000 * Math.random());
  }

  summaries(plants) {
    this.summary = plants.find((plant) => plant.id === this.screen.data.plant) || this.summary;
    this.readMs = Date.now();
  }

  close() {
    clearTimeout(this.retrying);
    this.trend.close();
    this.estimate.close();
    if (this.faceplate) this.faceplate.close();
  }
}

function legend() {
  const item = (shape, words) => el("span", {}, svg("svg", { viewBox: "-1 -1 14 14", class: "mark" }, shape), words);
  return el("div", { class: "legend" },
    item(limitShape(1), "high"), item(limitShape(2), "high high"), item(limitShape(-1), "low"), item(limitShape(-2), "low low"),
    item(trustShape("uncertain"), "uncertain"), item(trustShape("bad"), "bad"), item(trustShape("stale"), "stale"),
    item(trustShape("manual"), "entered by hand"), el("span", { class: "spring" }),
    el("span", { class: "soft" }, "Click a value for its trend and its way here"));
}
