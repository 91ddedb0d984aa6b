// Questions from the browser to the dashboard's server, which alone holds the key: one in flight, answers by number.

class Channel {
  constructor(send) {
    this.send = send;
    this.waiting = [];
    this.asked = null;
    this.closed = false;
  }

  ask(kind, details = {}, timeoutMs = 15000) {
    if (this.closed || this.waiting.length >= 32) return Promise.reject(new Error("the page was left"));
    return new Promise((resolve, reject) => {
      this.waiting.push({ kind, details, timeoutMs, resolve, reject });
      this.next();
    });
  }

  next() {
    if (this.asked || !this.waiting.length) return;
    const question = this.waiting.shift();
    this.asked = question;
    Channel.count = (Channel.count || Date.now() * 100) + 1;
    question.n = Channel.count;
    question.timer = setTimeout(() => this.settle(question, null), question.timeoutMs);
    try {
      this.send({ n: question.n, kind: question.kind, ...question.details });
    } catch (error) {
      this.settle(question, null);
    }
  }

  answer(answer) {
    if (answer && this.asked && answer.n === this.asked.n) this.settle(this.asked, answer);
  }

  settle(question, answer) {
    if (this.asked !== question) return;
    clearTimeout(question.timer);
    this.asked = null;
    if (answer && !answer.trouble && question.kind !== "go") hub.trouble = null;
    if (answer && !answer.trouble) question.resolve(answer);
    else question.reject(Object.assign(new Error("no answer"), { trouble: answer ? answer.trouble : SCREEN_SERVER_AWAY }));
    setTimeout(() => this.next(), 0);
  }

  close() {
    this.closed = true;
    if (this.asked) clearTimeout(this.asked.timer);
    for (const question of [this.asked, ...this.waiting]) if (question) question.reject(new Error("the page was left"));
    this.asked = null;
    this.waiting = [];
  }
}

const SCREEN_SERVER_AWAY = {
  title: "The dashboard\u2019s own server does not answer",
  detail: "",
  remedy: "This screen keeps trying; if it lasts, restart the dashboard with \u2018atlas dashboard\u2019.",
};
