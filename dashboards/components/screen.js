// One page of the control room: header, banner, and the view that its data calls for. Streamlit calls the function at
// the end with new data whenever its script has run; a page is built once per opening and patched from then on.

const SUMMARIES_EVERY_MS = 30000;
const OPENING_GOOD_US = 15e6; // an older opening (a page that Streamlit mounted again) is read anew
const VIEWS = { overview: Overview, portfolio: PortfolioPage, plant: PlantPage, tags: TagTable, "what-if": WhatIfPage };

class Screen {
  constructor(root) {
    this.root = root;
    this.leaves = [];
  }

  update(data, send) {
    this.send = send;
    hub.compareClocks(data.server_us);
    if (data.plants && (!this.data || this.data.version !== data.version)) this.build(data);
    if (!this.data) return send("request", { n: 0, kind: "open" }); // mounted anew by an answer, which brings no page
    this.channel.answer(data.answer);
  }

  build(data) {
    this.close();
    this.data = data;
    this.zone = data.zone;
    this.channel = new Channel((question) => this.send("request", { ...question, have: data.version }));
    hub.channel = this.channel;
    hub.api = data.api;
    hub.grant(data.ticket);
    this.feeds = data.trouble ? [] : data.shown.map((plant) => hub.feed(plant));
    this.feed = this.feeds[0];
    this.header = new Header(this);
    this.body = el("div", { class: "body" });
    this.root.replaceChildren(this.header.element, this.header.banner, this.body);
    this.view = null;
    this.feeds.forEach((feed, k) => this.join(feed, k < STREAMS_AT_ONCE, data.states[feed.plant]));
    this.timer = setInterval(() => this.tick(), 500);
    this.asker = setInterval(() => this.refresh(), this.feeds.some((feed) => !feed.live) ? 10000 : SUMMARIES_EVERY_MS);
    if (data.trouble) this.reopenLater();
    else if (data.server_us - Number(data.version) > OPENING_GOOD_US) this.channel.ask("open").catch(() => {});
    this.tick();
  }

  join(feed, live, state) {
    feed.live = live;
    feed.patienceMs = live ? SILENT_AFTER_MS : 25000;
    this.leaves.push(feed.listen((each, names) => this.changed(each, names)));
    feed.take(state);
  }

  changed(feed, names) {
    if (!this.view || !this.view.changed) return this.tick();
    this.view.changed(feed, names);
    if (!this.drawing) this.drawing = requestAnimationFrame(() => { this.drawing = 0; this.view && this.view.draw && this.view.draw(); });
  }

  // The chain stands in the page's place until there is a value to show.
  tick() {
    if (this.data.trouble) {
      if (!this.view) this.body.replaceChildren((this.view = notice(this.data.trouble)).element);
    } else {
      const some = this.feeds.length > 0 && this.feeds.some((feed) => feed.hasValues);
      const wanted = some ? VIEWS[this.data.page] : Chain;
      if (!(this.view instanceof wanted)) {
        if (this.view) this.view.close();
        this.view = new wanted(this);
        this.body.replaceChildren(this.view.element);
        if (this.view.draw) this.view.draw();
      }
      if (this.view.tick) this.view.tick();
    }
    this.header.tick();
  }

  get waiting() {
    return this.feeds.every((feed) => feed.condition === "waiting");
  }

  nameOf(plant) {
    const known = this.data.plants.find((each) => each.id === plant);
    return known ? known.name : plant;
  }

  link(label, page, plant, kind) {
    const query = new URLSearchParams(plant ? { page, [page === "portfolio" ? page : "plant"]: plant } : { page });
    return el("a", { href: `?${query}`, class: kind, onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      this.go(page, plant);
    } }, label);
  }

  go(page, plant, tag) {
    const what = page === "portfolio" ? "portfolio" : "plant";
    this.channel.ask("go", { page, [what]: plant || "", tag: tag || "" }, 4000).catch(() => {});
  }

  async refresh() {
    const polled = this.feeds.filter((feed) => !feed.live).map((feed) => feed.plant);
    try {
      const answer = await this.channel.ask("plants", { states: polled });
      for (const [plant, state] of Object.entries(answer.states)) hub.feed(plant).take(state);
      if (this.view && this.view.summaries) this.view.summaries(answer.plants);
      const revisions = (of) => [...of.plants, ...of.portfolios].map((each) => `${each.id} ${each.revision}`).join();
      if (revisions(answer) !== revisions(this.data)) this.channel.ask("open").catch(() => {});
    } catch (error) {
      if (error.trouble && this.feeds.some((feed) => feed.condition !== "live")) hub.trouble = error.trouble;
    }
  }

  // A page that could not be opened asks again, ever less often, until the service answers.
  reopenLater() {
    Screen.tries = (Screen.tries || 0) + 1;
    const pause = Math.min(10000, 1000 * 2 ** Math.min(Screen.tries, 4)) * (0.5 + Math.random());
    this.reopener = setTimeout(() => this.channel.ask("open").catch(() => this.data.trouble && this.reopenLater()), pause);
  }

  close() {
    [this.timer, this.asker].forEach(clearInterval);
    clearTimeout(this.reopener);
    cancelAnimationFrame(this.drawing || 0);
    this.drawing = 0;
    this.leaves.splice(0).forEach((leave) => leave());
    if (this.view) this.view.close();
    this.view = null;
    if (this.channel) this.channel.close();
  }
}

function notice(trouble) {
  const element = el("section", { class: "chain panel", "data-test": "notice" }, el("h2", {}, trouble.title),
    el("p", { class: "soft" }, trouble.detail), el("p", { class: "remedy" }, trouble.remedy),
    el("p", { class: "soft" }, "The page opens by itself as soon as the service answers."));
  return { element, close() {} };
}

const screens = new WeakMap();

export default function show({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".screen");
  if (!screens.has(root)) screens.set(root, new Screen(root));
  const screen = screens.get(root);
  screen.update(data, setTriggerValue);
  return () => setTimeout(() => root.isConnected || (screen.close(), screens.delete(root)), 50);
}
