// One tag's faceplate (level 3): value, limits, trend, and the way its newest reading took to this screen (level 4).

const SPANS = [["15 min", 0.25], ["1 h", 1], ["4 h", 4], ["24 h", 24]];

class Faceplate {
  constructor(screen, tag, close) {
    Object.assign(this, { screen, tag, hours: 1, series: new Series(tag), marks: new Marks() });
    this.value = el("span", { class: "value digits", "data-test": "faceplate-value" }, DASH);
    this.words = el("span", { class: "soft" });
    this.trend = new Trend([this.series], screen.zone, 3600e3);
    this.note = el("p", { class: "soft note" }, "Reading the history\u2026");
    this.way = el("ol", { class: "way", "data-test": "way" }, el("li", { class: "soft" }, "Asking\u2026"));
    this.spans = spanButtons(this.hours, (hours) => this.span(hours));
    this.element = el("aside", { class: "faceplate panel", "aria-label": `${tag.name} ${tag.description}`, "data-test": "faceplate" },
      el("div", { class: "face-head" },
        el("div", {}, el("h2", {}, tag.name), el("p", { class: "soft" }, tag.description)),
        el("button", { class: "plain close", type: "button", "aria-label": "Close the faceplate", onclick: close }, "\u2715")),
      el("div", { class: "face-value" }, this.marks.element, this.value, el("span", { class: "unit" }, unitOf(tag)), this.words),
      this.facts(), this.whatIf(), this.spans.element, this.trend.element, this.note,
      el("div", { class: "row" }, el("h3", {}, "This reading\u2019s way"),
        el("button", { class: "plain", type: "button", onclick: () => this.readWay() }, "Follow the newest")),
      this.way);
    this.changed();
    this.span(this.hours);
    this.readWay();
  }

  facts() {
    const { tag } = this;
    const fact = (words, value) => (value === null || value === undefined ? null
      : el("div", {}, el("span", { class: "soft" }, words), el("span", { class: "digits" }, `${number(value, tag.decimals)} ${unitOf(tag)}`)));
    const limits = tag.limits || {};
    return el("div", { class: "facts" }, fact("High high", limits.high_high), fact("High", limits.high),
      fact("Low", limits.low), fact("Low low", limits.low_low),
      tag.states && tag.states.length ? null
        : el("div", {}, el("span", { class: "soft" }, "Range"),
          el("span", { class: "digits" }, `${number(tag.low, tag.decimals)} to ${number(tag.high, tag.decimals)} ${unitOf(tag)}`)));
  }

  // A loop's values ask about its setpoint; what has none has no button.
  whatIf() {
    const { screen } = this;
    const setpoint = `${this.tag.name.split(".")[0]}.SP`;
    const known = screen.data.definitions[screen.data.plant].tags.some((tag) => tag.name === setpoint);
    return known ? el("button", { class: "plain", type: "button", "data-test": "faceplate-what-if",
      onclick: () => screen.go("what-if", screen.data.plant, setpoint) }, `What if ${setpoint} were different?`) : null;
  }

  changed() {
    const entry = this.screen.feed.tags.get(this.tag.name);
    this.series.takeLive(entry);
    this.marks.show(entry);
    dress(this.value, entry);
    put(this.value, reading(this.tag, entry ? entry[0] : null));
    this.tick();
  }

  tick() {
    const entry = this.screen.feed.tags.get(this.tag.name);
    const old = entry && entry[1] ? `, ${age((hub.nowMs() - entry[1] / 1000) / 1000)} old` : "";
    const limit = limitOf(entry) ? `, ${LIMIT_WORDS[limitOf(entry)]} limit passed` : "";
    put(this.words, trustWords(entry) + limit + old);
  }

  draw() {
    this.trend.draw();
  }

  async span(hours) {
    this.hours = hours;
    this.spans.show(hours);
    this.trend.spanMs = hours * 3600e3;
    this.trend.draw();
    try {
      const answer = await this.screen.channel.ask("history", { plant: this.screen.data.plant, tags: [this.tag.name], hours });
      if (this.hours !== hours) return;
      this.series.takeHistory(answer.history[this.tag.name]);
      put(this.note, this.series.times.length ? "" : `No reading of ${this.tag.name} is stored in this time.`);
    } catch (error) {
      put(this.note, error.trouble ? troubleText(error.trouble) : "");
    }
    this.trend.draw();
  }

  async readWay() {
    try {
      const { way } = await this.screen.channel.ask("trace", { plant: this.screen.data.plant, tag: this.tag.name });
      const here = { place: "Screen", time_us: Math.round(hub.nowMs() * 1000), reached: true, text: "shown here" };
      this.showWay([...way, here]);
    } catch (error) {
      this.way.replaceChildren(el("li", { class: "soft" }, error.trouble ? troubleText(error.trouble) : "No answer."));
    }
  }

  showWay(steps) {
    const first = steps.find((step) => step.time_us);
    this.way.replaceChildren(...steps.map((step) => el("li", { class: step.reached ? "open" : "waits" },
      el("b", {}, step.place),
      el("span", { class: "digits" }, step.time_us ? momentOf(step.time_us / 1000, this.screen.zone) : DASH),
      el("span", { class: "digits later" }, step.time_us && step !== first ? `+${number((step.time_us - first.time_us) / 1e6, 3)} s` : ""),
      el("span", { class: "soft" }, step.text || ""))));
  }

  close() {
    this.trend.close();
  }
}

function spanButtons(hours, choose) {
  const buttons = SPANS.map(([words, each]) => [each, el("button", { type: "button", class: "plain span", onclick: () => choose(each) }, words)]);
  const show = (now) => buttons.forEach(([each, button]) => {
    mark(button, "current", each === now);
    button.setAttribute("aria-pressed", String(each === now));
  });
  show(hours);
  return { element: el("div", { class: "spans", role: "group", "aria-label": "Time shown" }, buttons.map(([, button]) => button)), show };
}
