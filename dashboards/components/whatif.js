// What if: the form and the earlier questions at the left, at the right the progress of one and its report. The report is
// a page of the service's without scripts; it is shown in a frame in which none could run.

class WhatIfPage {
  constructor(screen) {
    Object.assign(this, { screen, plant: screen.data.plant, feed: screen.feed, form: null, watching: null, page: "", shown: 0 });
    this.place = el("div", { class: "form-place" }, el("p", { class: "soft" }, "Reading what can be changed\u2026"));
    this.asked = new AskedList(screen.zone, { open: (one) => this.open(one), compare: (a, b) => this.compare(a, b) });
    this.title = el("h3", {}, "");
    this.bar = el("progress", { max: 1, value: 0, hidden: true });
    this.message = el("p", { class: "soft", "data-test": "message" }, "Ask at the left. The answer starts from the plant as it is now.");
    const button = (words, test, act) => el("button", { class: "plain", type: "button", hidden: true, "data-test": test, onclick: act }, words);
    this.cancel = button("Cancel", "cancel", () => this.ask("cancel", { id: this.asked.current }).catch((error) => this.fail(error)));
    this.print = button("Print", "print", () => this.frame.contentWindow.print());
    this.save = button("Save", "save", () => this.download());
    this.frame = el("iframe", { class: "report", title: "Report", sandbox: "allow-same-origin allow-modals", hidden: true, "data-test": "report" });
    this.element = el("main", { class: "what-if" },
      el("div", { class: "asking" },
        el("section", { class: "panel" }, el("h2", {}, "What if \u2026"), this.place), this.asked.element),
      el("section", { class: "panel outcome" },
        el("div", { class: "row" }, this.title, el("span", { class: "spring" }), this.cancel, this.save, this.print),
        this.bar, this.message, this.frame));
    this.begin();
  }

  ask(kind, details) {
    return this.screen.channel.ask(kind, { plant: this.plant, ...details }, 30000);
  }

  async begin() {
    try {
      const { inputs } = await this.ask("inputs");
      this.form = new ChangeForm(inputs.inputs, this.feed, this.screen.data.chosen,
        { check: (question) => this.check(question), ask: (question) => this.send(question) });
      this.place.replaceChildren(this.form.element);
    } catch (error) {
      if (error.trouble) this.place.replaceChildren(el("p", { "data-test": "no-model" }, troubleText(error.trouble)));
    }
    await this.list();
    const [newest] = this.asked.asked;
    if (newest && !this.asked.current) this.open(newest);
  }

  async list() {
    try {
      this.asked.show((await this.ask("asked")).asked);
    } catch (error) {
      this.fail(error);
    }
  }

  async check(question) {
    const turn = (this.turn = (this.turn || 0) + 1);
    try {
      const { told, faults } = await this.ask("check", question);
      if (turn === this.turn) this.form.showFaults(faults, told && told.title);
    } catch (error) {
      this.fail(error);
    }
  }

  // The question is of the plant as this screen shows it: the position of the last event goes along.
  async send(question) {
    this.form.button.disabled = true;
    try {
      const { told, faults } = await this.ask("ask", { ...question, position: this.feed.id });
      this.form.showFaults(faults, told && told.title);
      if (!told) return;
      this.open({ state: "waiting", ...told });
      await this.list();
    } catch (error) {
      this.form.button.disabled = false;
      this.fail(error);
    }
  }

  open(one) {
    this.leave();
    this.asked.choose(one.id);
    put(this.title, signs(one.title));
    if (!OPEN_STATES.includes(one.state)) return this.ended(one);
    this.tell(one.message || "Waiting for its turn", one.done || 0);
    this.watching = new QuestionFeed(this.plant, one.id, (kind, told) => this.heard(one, kind, told));
  }

  heard(one, kind, told) {
    if (kind === "progress") this.tell(told.message, told.done);
    if (kind === "curves") this.report("report", { id: one.id }, true);
    if (kind === "end") {
      this.ended({ ...one, ...told });
      this.list();
    }
  }

  tell(message, done) {
    this.bar.hidden = false;
    this.cancel.hidden = false;
    this.bar.value = done;
    put(this.message, `${message || ""} ${number(100 * done, 0)} %`.trim());
  }

  async ended(one) {
    this.bar.hidden = true;
    this.cancel.hidden = true;
    if (one.state === "done") return this.report("report", { id: one.id }, false);
    put(this.message, "");
    try {
      const { status } = await this.ask("status", { id: one.id });
      if (this.asked.current === one.id) put(this.message, signs(status.error || `This question was ${STATE_WORDS[status.state] || status.state}.`));
    } catch (error) {
      this.fail(error);
    }
  }

  compare(first, second) {
    this.leave();
    this.asked.choose(null);
    put(this.title, "Two questions compared");
    this.report("comparison", { first, second }, false);
  }

  // A draft keeps progress beside its first curves; only the newest page that was asked for is shown.
  async report(kind, details, draft) {
    const turn = ++this.shown;
    if (!draft) put(this.message, "Reading the report\u2026");
    try {
      const { page } = await this.ask(kind, details);
      if (turn !== this.shown) return;
      this.page = page;
      this.frame.srcdoc = page;
      this.frame.hidden = false;
      this.title.hidden = true; // the page has it
      this.print.hidden = this.save.hidden = draft;
      if (!draft) put(this.message, "");
    } catch (error) {
      if (turn === this.shown && !draft) this.fail(error);
    }
  }

  leave() {
    this.shown++;
    if (this.watching) this.watching.close();
    this.watching = null;
    for (const part of [this.bar, this.cancel, this.print, this.save, this.frame]) part.hidden = true;
    this.frame.removeAttribute("srcdoc");
    this.title.hidden = false;
    put(this.message, "");
  }

  fail(error) {
    if (error.trouble) put(this.message, troubleText(error.trouble));
  }

  download() {
    const address = URL.createObjectURL(new Blob([this.page], { type: "text/html" }));
    el("a", { href: address, download: `what-if-${this.plant}.html` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  changed() {}

  tick() {
    mark(this.element, "dim", this.feed.condition !== "live");
    if (this.form) this.form.tick();
  }

  close() {
    this.leave();
    if (this.form) this.form.close();
  }
}
