// The questions that were asked of this plant, newest first: one is opened by a click, two ticked ones are compared.

const STATE_WORDS = { waiting: "waiting", running: "being worked out", done: "answered", failed: "failed", cancelled: "cancelled" };
const OPEN_STATES = ["waiting", "running"];

class AskedList {
  constructor(zone, actions) {
    Object.assign(this, { zone, actions, ticked: [], current: null, asked: [] });
    this.list = el("ol", { class: "asked-list", "data-test": "asked" });
    this.button = el("button", { class: "plain", type: "button", disabled: true, "data-test": "compare",
      onclick: () => actions.compare(...this.ticked) }, "Compare two");
    this.element = el("section", { class: "panel asked-panel" },
      el("div", { class: "row" }, el("h3", {}, "Questions asked"), el("span", { class: "spring" }), this.button), this.list);
  }

  show(asked) {
    this.asked = asked;
    this.ticked = this.ticked.filter((id) => asked.some((one) => one.id === id));
    this.list.replaceChildren(...asked.map((one) => this.entry(one)));
    if (!asked.length) this.list.append(el("li", { class: "soft" }, "None yet."));
    this.choose(this.current);
  }

  entry(one) {
    const tick = el("input", { type: "checkbox", "aria-label": `Compare: ${one.title}`, disabled: one.state !== "done" });
    tick.checked = this.ticked.includes(one.id);
    tick.addEventListener("change", () => this.tick(one.id, tick.checked));
    const when = one.asked_at_us / 1000;
    return el("li", { "data-id": one.id, class: one.state }, tick,
      el("button", { type: "button", onclick: () => this.actions.open(one) },
        el("span", { class: "title" }, signs(one.changes.join(" and ")) || "Nothing is changed"),
        el("span", { class: "soft digits" }, `${one.horizon} ahead, ${dateOf(when, this.zone)} ${minuteOf(when, this.zone)}, ${one.asked_by}, ${STATE_WORDS[one.state] || one.state}`)));
  }

  // Of three that are ticked the one ticked first gives way.
  tick(id, on) {
    this.ticked = [...this.ticked.filter((each) => each !== id), ...(on ? [id] : [])].slice(-2);
    for (const entry of this.list.children) {
      const box = entry.querySelector("input");
      if (box) box.checked = this.ticked.includes(Number(entry.dataset.id));
    }
    this.button.disabled = this.ticked.length !== 2;
  }

  choose(id) {
    this.current = id;
    for (const entry of this.list.children) mark(entry, "current", Number(entry.dataset.id) === id);
  }
}
