// What the estimate beside the twin says of one plant: what nobody measures, with its 90 % band, and whether the model
// explains the plant. It is read every ten seconds; what it says changes slowly.

const ESTIMATE_EVERY_MS = 10000;

class EstimatePanel {
  constructor(screen) {
    this.screen = screen;
    this.verdict = el("p", { class: "verdict-line", "data-test": "verdict" }, "Asking\u2026");
    this.list = el("div", { class: "estimates" });
    this.element = el("div", { class: "estimate-panel", hidden: true, "data-test": "estimate" }, this.verdict, this.list);
    this.warning = el("span", { class: "warning", role: "status", "data-test": "model-warning", hidden: true });
    this.timer = setInterval(() => this.read(), ESTIMATE_EVERY_MS);
    this.read();
  }

  async read() {
    try {
      this.show((await this.screen.channel.ask("estimate", { plant: this.screen.data.plant })).estimate);
    } catch (error) {
      if (error.trouble) put(this.verdict, troubleText(error.trouble));
    }
  }

  show(told) {
    const { verdict } = told;
    const doubted = Boolean(verdict) && !verdict.ok && !verdict.learning;
    put(this.verdict, told.reason ? `No estimate: ${told.reason}` : verdict ? this.words(verdict) : "No estimate yet.");
    mark(this.verdict, "is-doubted", doubted);
    this.warning.hidden = !doubted;
    put(this.warning, doubted ? "The model no longer explains the plant" : "");
    const some = (title, values, beside) => values.length
      ? [el("h3", {}, title), values.map((value) => this.entry(value, beside))] : [];
    this.list.replaceChildren(...[some("What is estimated", told.unknowns || [], (one) => ["by design", one.usual]),
      some("What instruments show or would show", told.soft_sensors || [], (one) => ["measured", one.measured])].flat(2));
  }

  words(verdict) {
    return signs(`${verdict.text} Since ${timeOf(verdict.since / 1000, this.screen.zone)}.`);
  }

  entry(one, beside) {
    const told = (value) => `${number(value, one.decimals)} ${unitOf(one)}`.trimEnd();
    const [words, other] = beside(one);
    const more = Number.isFinite(other) ? `; ${words} ${told(other)}` : "";
    return el("div", { class: "estimate" }, el("span", { class: "what" }, one.description || one.name),
      el("span", { class: "value digits" }, told(one.value)),
      el("span", { class: "soft digits" }, `90 %: ${number(one.low, one.decimals)} to ${told(one.high)}${more}`));
  }

  close() {
    clearInterval(this.timer);
  }
}
