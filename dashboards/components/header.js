// The strip on every page (product, pages, data age, plant clock) and the banner that says since when nothing came.

class Header {
  constructor(screen) {
    this.screen = screen;
    const { data } = screen;
    const here = data.plants.find((plant) => plant.id === data.plant);
    this.zone = data.zone;
    const own = Object.values(data.definitions);
    this.zoneName = own.length && own.every((plant) => plant.time_zone === data.zone) ? "Plant time" : "Time";
    const tab = (label, page, plant, current) => screen.link(label, page, plant, current ? "tab current" : "tab");
    this.ageValue = el("b", { class: "digits", "data-test": "data-age" }, DASH);
    this.ageLabel = el("span", { class: "caption" }, "Data age");
    this.clock = el("b", { class: "digits", "data-test": "clock" }, DASH);
    this.offset = el("span", { class: "caption" }, "");
    this.banner = el("div", { class: "banner", role: "alert", "data-test": "banner", hidden: true });
    this.element = el("header", { class: "strip" },
      el("div", { class: "brand" }, el("span", { class: "brand-mark", "aria-hidden": "true" }), "Atlas Live"),
      el("nav", { "aria-label": "Pages" },
        tab("Overview", "overview", null, data.page === "overview"),
        data.portfolios.map((one, k) => tab(data.portfolios.length > 1 ? one.name : "Portfolio", "portfolio", one.id,
          data.page === "portfolio" && (data.portfolio ? data.portfolio.id === one.id : !k))),
        data.plants.map((plant) => tab(plant.name, "plant", plant.id, here === plant))),
      here && el("nav", { class: "sub", "aria-label": "Views of this plant" },
        tab("Process", "plant", here.id, data.page === "plant"),
        tab("Tags", "tags", here.id, data.page === "tags"),
        tab("What if", "what-if", here.id, data.page === "what-if")),
      el("div", { class: "spring" }),
      el("div", { class: "gauge" }, this.ageLabel, this.ageValue),
      el("div", { class: "gauge" }, this.offset, this.clock));
  }

  tick() {
    const now = hub.nowMs();
    put(this.clock, timeOf(now, this.zone));
    put(this.offset, `${dateOf(now, this.zone)} ${this.zoneName} ${offsetOf(now, this.zone)}`);
    const feeds = this.screen.feeds;
    const started = feeds.filter((feed) => feed.logUs);
    put(this.ageValue, started.length ? age(Math.max(...started.map((feed) => feed.behindMs)) / 1000) : DASH);
    const lost = feeds.filter((feed) => ["silent", "behind"].includes(feed.condition));
    mark(this.ageValue, "late", lost.length > 0);
    this.warn(lost, feeds.length);
  }

  warn(lost, all) {
    const trouble = this.screen.data.trouble || (!lost.length && this.screen.waiting ? hub.trouble : null);
    const text = trouble ? troubleText(trouble) : lost.length ? this.lossText(lost, all) : "";
    this.banner.hidden = !text;
    put(this.banner, text);
  }

  lossText(lost, all) {
    const names = all > 1 && lost.length < all ? ` from ${lost.map((feed) => this.screen.nameOf(feed.plant)).join(", ")}` : "";
    const silent = lost.filter((feed) => feed.condition === "silent");
    if (!silent.length) {
      const behind = age(Math.max(...lost.map((feed) => feed.behindMs)) / 1000);
      return `Values${names} are ${behind} old. The service is catching up; act on the field instruments until they are current.`;
    }
    const since = Math.min(...silent.map((feed) => (feed.heardMs ? feed.heardMs + hub.skewMs : feed.logUs / 1000)));
    return `No data${names} since ${timeOf(since, this.zone)} \u2013 ${this.whatToDo(silent)}`;
  }

  whatToDo(silent) {
    if (hub.trouble) return troubleText(hub.trouble);
    if (silent.some((feed) => feed.failures > 2)) {
      return `This browser cannot open the live stream at ${hub.api}. It keeps trying; if it lasts, check`
        + " ATLAS_API_PUBLIC_URL and the service\u2019s ATLAS_DASHBOARD_ORIGIN.";
    }
    return "The values below are the last known. This screen reconnects by itself; if it lasts, run \u2018atlas doctor\u2019.";
  }
}

const troubleText = (trouble) => [trouble.title, trouble.detail, trouble.remedy]
  .filter(Boolean).map((part) => part.replace(/[.\s]*$/, "") + ".").join(" ");
