// A question's progress as the service streams it, until its end: a lost stream is opened again with a fresh ticket,
// from the last event that was seen.

class QuestionFeed {
  constructor(plant, id, heard) {
    Object.assign(this, { plant, id, heard, lastId: "", failures: 0, source: null, timer: null, closed: false });
    this.open();
  }

  async open() {
    let ticket;
    try {
      ticket = await hub.ticket();
    } catch (error) {
      return this.again();
    }
    if (this.closed) return;
    const url = new URL(`${hub.api}/v1/plants/${encodeURIComponent(this.plant)}/simulations/${encodeURIComponent(this.id)}/progress`);
    url.searchParams.set("ticket", ticket);
    if (this.lastId) url.searchParams.set("last_event_id", this.lastId);
    const source = new EventSource(url);
    this.source = source;
    for (const kind of ["progress", "curves", "end"]) source.addEventListener(kind, (event) => this.hear(kind, event));
    source.onerror = () => {
      if (this.source !== source) return;
      hub.spoilTicket(ticket);
      this.again();
    };
  }

  hear(kind, event) {
    let told;
    try {
      told = JSON.parse(event.data || "{}");
    } catch (error) {
      return;
    }
    this.lastId = event.lastEventId || this.lastId;
    this.failures = 0;
    if (kind === "end") this.close();
    this.heard(kind, told);
  }

  again() {
    if (this.source) this.source.close();
    this.source = null;
    if (this.closed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), Math.min(10000, 500 * 2 ** this.failures++) * (0.5 + Math.random()));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
  }
}
