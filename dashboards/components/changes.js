// The form of a question: which settings change to what, how fast, when, and how far to look ahead. What is written is
// read by the service, which says at which field it is impossible and what to write instead.

const KINDS = [["SP", "Setpoints"], ["OP", "Outputs by hand"], ["MODE", "Modes"], ["", "Tuning, feeds and ageing"]];
const HORIZONS = ["1 h", "4 h", "8 h", "24 h"];

const kindOf = (input) => (KINDS.find(([part]) => part && input.name.endsWith(`.${part}`)) || KINDS[3])[1];

function field(label, input, kind) {
  return el("label", { class: `field ${kind || ""}` }, el("span", { class: "caption" }, label), input);
}

class ChangeRow {
  constructor(form, name) {
    Object.assign(this, { form, input: form.byName.get(name) });
    const changed = () => form.changed();
    this.name = el("select", { "aria-label": "What changes", onchange: () => this.choose(this.name.value) },
      KINDS.map(([, words]) => [words, form.inputs.filter((input) => kindOf(input) === words)]).filter(([, some]) => some.length)
        .map(([words, some]) => el("optgroup", { label: words }, some.map((input) =>
          el("option", { value: input.name }, `${input.name} ${input.description}`)))));
    this.name.value = name;
    this.place = el("span", { class: "to" });
    this.over = el("input", { placeholder: "at once", size: 7, "aria-label": "Over how long", oninput: changed });
    this.start = el("input", { placeholder: "now", size: 7, "aria-label": "After how long", oninput: changed });
    this.hint = el("p", { class: "soft hint" });
    this.fault = el("p", { class: "fault", "data-test": "fault", hidden: true });
    this.element = el("fieldset", { class: "change" },
      el("div", { class: "row" }, this.name,
        el("button", { class: "plain", type: "button", "aria-label": "Leave this change out", onclick: () => form.remove(this) }, "\u2715")),
      el("div", { class: "row" }, field("to", this.place, "wide"), field("over", this.over), field("beginning after", this.start)),
      this.hint, this.fault);
    this.choose(name);
  }

  choose(name) {
    this.input = this.form.byName.get(name);
    const { states, decimals } = this.input;
    const now = this.now();
    const changed = () => this.form.changed();
    this.value = states.length
      ? el("select", { "aria-label": "New value", onchange: changed }, states.map((word) => el("option", { value: word }, word)))
      : el("input", { inputmode: "decimal", size: 9, class: "digits", "aria-label": "New value", "data-test": "new-value", oninput: changed });
    const known = Number.isFinite(now);
    this.value.value = states.length ? states[known ? Math.round(now) : 0] || states[0] : known ? now.toFixed(decimals) : "";
    this.place.replaceChildren(this.value, el("span", { class: "unit" }, unitOf(this.input)));
    this.tick();
    this.form.changed();
  }

  // The live value where the plant has a tag of that name, else what the service says of it.
  now() {
    const entry = this.form.feed.tags.get(this.input.name);
    return entry && Number.isFinite(entry[0]) ? entry[0] : this.input.now;
  }

  tick() {
    const { input } = this;
    const told = (value) => `${reading(input, value)} ${unitOf(input)}`.trimEnd();
    const range = input.states.length ? "" : `; ${number(input.low, input.decimals)} to ${told(input.high)} can be asked`;
    put(this.hint, `now ${told(this.now())}${range}`);
  }

  // A bare number is in the unit that stands beside it; another unit may be written after it.
  get text() {
    const value = this.value.value.trim().replace("\u2212", "-");
    const unit = /^[-+.\d]+(e[-+]?\d+)?$/i.test(value) && !this.input.states.length ? ` ${this.input.unit}`.trimEnd() : "";
    const clause = (word, box) => (box.value.trim() ? ` ${word} ${box.value.trim()}` : "");
    return `${this.input.name}=${value}${unit}${clause("over", this.over)}${clause("at", this.start)}`;
  }

  show(fault) {
    this.fault.hidden = !fault;
    put(this.fault, fault ? signs(`${fault.detail}: ${fault.remedy}`) : "");
    mark(this.element, "is-faulty", Boolean(fault));
  }
}

class ChangeForm {
  constructor(inputs, feed, chosen, actions) {
    Object.assign(this, { inputs, feed, actions, rows: [], byName: new Map(inputs.map((input) => [input.name, input])) });
    this.list = el("div", { class: "changes" });
    this.horizon = el("input", { value: "8 h", size: 7, "aria-label": "Look ahead", oninput: () => this.changed() });
    this.general = el("p", { class: "fault", "data-test": "general-fault", hidden: true });
    this.told = el("p", { class: "told", "data-test": "told" });
    this.button = el("button", { class: "plain primary", type: "submit", "data-test": "ask" }, "Ask");
    this.element = el("form", { onsubmit: (event) => { event.preventDefault(); actions.ask(this.question); } },
      this.list,
      el("button", { class: "plain", type: "button", onclick: () => this.add() }, "Change something else too"),
      el("div", { class: "row horizon" }, field("look ahead", this.horizon),
        HORIZONS.map((words) => el("button", { class: "plain", type: "button", onclick: () => { this.horizon.value = words; this.changed(); } }, words))),
      this.general, this.told,
      el("div", { class: "row" }, this.button, el("span", { class: "soft" }, "Nothing is written to the plant.")));
    this.add(this.byName.has(chosen) ? chosen : (inputs.find((input) => input.name.endsWith(".SP")) || inputs[0]).name);
  }

  add(name) {
    const taken = new Set(this.rows.map((row) => row.input.name));
    const free = this.inputs.find((input) => !taken.has(input.name) && kindOf(input) === "Setpoints") || this.inputs[0];
    const row = new ChangeRow(this, name || free.name);
    this.rows.push(row);
    this.list.append(row.element);
    this.changed();
  }

  remove(row) {
    this.rows = this.rows.filter((each) => each !== row);
    row.element.remove();
    this.changed();
  }

  get question() {
    return { changes: this.rows.map((row) => row.text), horizon: this.horizon.value.trim() || "-" };
  }

  changed() {
    clearTimeout(this.checking);
    this.checking = setTimeout(() => this.actions.check(this.question), 250);
  }

  // Each fault stands at the field that it speaks of; a question with faults cannot be asked.
  showFaults(faults, title) {
    const ofRow = (fault) => { const found = /^changes\[(\d+)\]/.exec(fault.path); return found ? Number(found[1]) : -1; };
    this.rows.forEach((row, k) => row.show(faults.find((fault) => ofRow(fault) === k)));
    const other = faults.filter((fault) => !this.rows[ofRow(fault)]);
    this.general.hidden = !other.length;
    put(this.general, other.map((fault) => signs(`${fault.detail}: ${fault.remedy}`)).join(" "));
    put(this.told, title ? signs(title) : "");
    this.button.disabled = faults.length > 0;
  }

  tick() {
    this.rows.forEach((row) => row.tick());
  }

  close() {
    clearTimeout(this.checking);
  }
}
