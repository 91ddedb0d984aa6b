// The live values of plants in this browser page: one event stream a plant, shared by whatever shows it, kept over a
// change of page. A lost stream is opened again with a fresh ticket, from the last event that was seen.

const SILENT_AFTER_MS = 5000;
const BEHIND_AFTER_MS = 15000;
const REOPEN_AFTER_MS = 20000;
const TICKET_GOOD_MS = 40000;
const BACKOFF_MS = [500, 10000];
const STREAMS_AT_ONCE = 4; // browsers open six connections to one host

class PlantFeed {
  constructor(hub, plant) {
    Object.assign(this, { hub, plant, tags: new Map(), id: "", logUs: 0, heardMs: 0, openedMs: 0, failures: 0 });
    Object.assign(this, { listeners: new Set(), source: null, timer: null, patienceMs: SILENT_AFTER_MS, live: true });
  }

  listen(listener) {
    this.listeners.add(listener);
    clearTimeout(this.leaving);
    if (!this.openedMs) this.openedMs = Date.now();
    if (this.live && !this.source && !this.timer) this.timer = setTimeout(() => this.open(), 0);
    return () => {
      this.listeners.delete(listener);
      if (!this.listeners.size) this.leaving = setTimeout(() => this.close(), 3000);
    };
  }

  // A state that the dashboard's server read: what the page opens on, and how plants beyond the streams are kept.
  take(state) {
    if (!state || state.log_time <= this.logUs) return;
    this.apply(state, true);
    if (!this.live) this.heardMs = Date.now();
  }

  apply(record, whole) {
    if (whole) this.tags = new Map(Object.entries(record.tags));
    else for (const [name, entry] of Object.entries(record.tags)) this.tags.set(name, entry);
    this.logUs = whole ? record.log_time || 0 : Math.max(this.logUs, record.log_time || 0);
    const changed = whole ? null : Object.keys(record.tags);
    for (const listener of [...this.listeners]) listener(this, changed);
  }

  async open() {
    this.timer = null;
    if (!this.listeners.size || !this.live) return;
    let ticket;
    try {
      ticket = await this.hub.ticket();
    } catch (error) {
      if (error.trouble) this.hub.trouble = error.trouble;
      return this.again();
    }
    if (this.source || !this.listeners.size) return;
    const url = new URL(`${this.hub.api}/v1/plants/${encodeURIComponent(this.plant)}/live`);
    url.searchParams.set("ticket", ticket);
    if (this.id) url.searchParams.set("last_event_id", this.id);
    const source = new EventSource(url);
    this.source = source;
    this.triedMs = Date.now();
    source.addEventListener("reset", (event) => this.heard(event, true));
    source.addEventListener("change", (event) => this.heard(event, false));
    source.addEventListener("ticket", (event) => this.hub.renew(event.data));
    source.onerror = () => {
      if (this.source !== source) return;
      this.hub.spoilTicket(ticket);
      this.again();
    };
  }

  heard(event, whole) {
    let record;
    try {
      record = JSON.parse(event.data);
    } catch (error) {
      return; // the next reset puts right what one unreadable event left out
    }
    this.id = event.lastEventId || this.id;
    this.heardMs = Date.now();
    this.failures = 0;
    this.hub.trouble = null;
    this.apply(record, whole);
  }

  again() {
    if (this.source) this.source.close();
    this.source = null;
    clearTimeout(this.timer);
    const pause = Math.min(BACKOFF_MS[1], BACKOFF_MS[0] * 2 ** this.failures++);
    this.timer = setTimeout(() => this.open(), pause * (0.5 + Math.random()));
  }

  // An open line on which nothing comes may be dead without telling: it is opened anew.
  check() {
    if (this.source && Date.now() - Math.max(this.heardMs, this.triedMs) > REOPEN_AFTER_MS) this.again();
  }

  get silentMs() {
    return Date.now() - (this.heardMs || this.openedMs);
  }

  get behindMs() {
    return this.logUs ? this.hub.nowMs() - this.logUs / 1000 : Infinity;
  }

  get hasValues() {
    for (const entry of this.tags.values()) if (entry[0] !== null || entry[1]) return true;
    return false;
  }

  // "waiting" (nothing ever came), "live", "silent" (nothing comes any more) or "behind" (what comes is old).
  get condition() {
    if (!this.logUs) return "waiting";
    if (this.silentMs > this.patienceMs) return "silent";
    return this.behindMs > Math.max(BEHIND_AFTER_MS, this.patienceMs) ? "behind" : "live";
  }

  close() {
    if (this.source) this.source.close();
    clearTimeout(this.timer);
    this.source = null;
    this.timer = null;
    this.heardMs = 0;
    this.openedMs = 0;
  }
}

class Hub {
  constructor() {
    Object.assign(this, { feeds: new Map(), api: "", skewMs: 0, channel: null, held: null, asking: null, trouble: null });
    setInterval(() => this.feeds.forEach((feed) => feed.check()), 1000);
  }

  nowMs() {
    return Date.now() + this.skewMs;
  }

  // The server's clock as a message of it bears it: each is late by its journey, the least late of ten tells best.
  compareClocks(serverUs) {
    this.clocks = [...(this.clocks || []), serverUs / 1000 - Date.now()].slice(-10);
    this.skewMs = Math.max(...this.clocks);
  }

  feed(plant) {
    if (!this.feeds.has(plant)) this.feeds.set(plant, new PlantFeed(this, plant));
    return this.feeds.get(plant);
  }

  async ticket() {
    if (this.held && Date.now() - this.held.atMs < TICKET_GOOD_MS) return this.held.ticket;
    if (!this.channel) throw new Error("no page");
    this.asking = this.asking || this.channel.ask("ticket").finally(() => (this.asking = null));
    this.grant((await this.asking).ticket);
    return this.held.ticket;
  }

  grant(ticket) {
    if (ticket) this.held = { ticket, atMs: Date.now() };
  }

  // The stream sends a fresh ticket from time to time, so that a broken one opens again without asking the server.
  renew(data) {
    try {
      this.grant(JSON.parse(data).ticket);
    } catch (error) {
      this.grant(data);
    }
  }

  spoilTicket(ticket) {
    if (this.held && this.held.ticket === ticket) this.held = null;
  }
}

// Streamlit loads this file anew when a page is left and another opened; streams and values outlive that.
const hub = (globalThis.plantFeeds = globalThis.plantFeeds || new Hub());
