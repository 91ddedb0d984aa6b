// What a page shows until the first value: the way from the plant to this screen, each link ticked or with what it
// waits for.

class Chain {
  constructor(screen) {
    this.screen = screen;
    this.list = el("ol", { class: "chain-links" });
    this.element = el("section", { class: "chain panel", "data-test": "chain" },
      el("h2", {}, "Waiting for the first value"),
      el("p", { class: "soft" }, "Values appear here by themselves as soon as the whole way is open."),
      this.list);
    this.show(screen.data.chain);
    this.timer = setInterval(() => this.refresh(), 2500);
  }

  show(links) {
    this.list.replaceChildren(...links.map((link) =>
      el("li", { class: link.ok ? "open" : "waits" },
        svg("svg", { viewBox: "0 0 14 14", class: "tick", role: "img", "aria-label": link.ok ? "open" : "waiting" },
          svg("path", { d: link.ok ? "M2 7.5L5.5 11L12 3.5" : "M7 1A6 6 0 1 1 6.99 1Z M7 3.5V7.2H9.8" })),
        el("b", {}, link.what), el("span", {}, link.text))));
  }

  async refresh() {
    if (this.asking) return;
    this.asking = true;
    try {
      this.show((await this.screen.channel.ask("chain", {})).chain);
    } catch (error) {
      if (error.trouble) hub.trouble = error.trouble;
    }
    this.asking = false;
  }

  close() {
    clearInterval(this.timer);
  }
}
