// A server that speaks the widget's protocol (docs/widget-protocol.md) with answers that a test dictates, step by step:
// what the real one does only when the timing is unlucky can be had here each time.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";

const dist = new URL("../../../web/widget/dist/", import.meta.url);
const json = (reply, status, body) => reply.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

export class Mock {
  epoch = "abcdefabcdef";
  log = []; // of the channel: {id, name, data}
  watchers = new Set();
  requests = []; // [method, path, body]
  refuse = []; // replies to the next messages: [status, code, message]
  refuseLead = []; // what is wrong with the next ones: "fields.email"
  turns = [];
  conversations = new Map();
  keys = new Map();
  standings = new Map(); // who answers in a conversation, where it is not the bot
  drops = []; // paths whose next request gets no reply
  handoffs = []; // replies that are held back: call them
  hold = false; // the calls for a person
  events = true; // false: the stream cannot be reached
  boot = {};
  #count = 0;

  static async start(t, options = {}) {
    const mock = Object.assign(new Mock(), options);
    mock.server = createServer((request, reply) => void mock.#serve(request, reply));
    await new Promise((done) => mock.server.listen(0, "127.0.0.1", done));
    mock.url = `http://127.0.0.1:${mock.server.address().port}`;
    const alive = setInterval(() => mock.watchers.forEach((reply) => reply.write(": alive\n\n")), 15000);
    mock.stop = () => {
      clearInterval(alive);
      mock.server.closeAllConnections();
      return new Promise((done) => mock.server.close(done));
    };
    t?.after(mock.stop);
    return mock;
  }

  // One event to all who watch.
  say(name, data) {
    const event = { id: `${this.epoch}-${this.log.length + 1}`, name, data };
    this.log.push(event);
    for (const reply of this.watchers) this.#write(reply, event);
  }

  #write(reply, { id, name, data }) {
    reply.write(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  // The connections break; what was said stays in the log.
  cut() {
    for (const reply of this.watchers) reply.destroy();
    this.watchers.clear();
  }

  begin(conversation, text, key) {
    const n = ++this.#count;
    const turn = { conversation, turn: `t${n}`, message: `m${n}`, answer: `a${n}`, text: "" };
    this.turns.push(turn);
    const kept = this.conversations.get(conversation) ?? [];
    this.conversations.set(conversation, kept);
    const message = { id: turn.message, role: "user", content: text, created_at: 1 };
    kept.push({ ...message, position: kept.length + 1 });
    this.say("turn", { conversation, turn: turn.turn, answer: turn.answer, key, message });
    return turn;
  }

  delta(turn, text) {
    turn.text += text;
    this.say("delta", { turn: turn.turn, text });
  }

  // Nobody can answer.
  fail(turn) {
    const { conversation } = turn;
    turn.over = true;
    this.say("error", { conversation, turn: turn.turn, code: "provider_unavailable", message: "The assistant cannot answer.", retry: true });
    this.say("lead", { conversation, turn: turn.turn });
    this.say("end", { conversation, turn: turn.turn, finish: "error" });
  }

  end(turn, finish = "stop") {
    const { conversation } = turn;
    const message = { id: turn.answer, role: "assistant", content: turn.text, status: finish === "stop" ? "complete" : "partial", created_at: 2 };
    const kept = this.conversations.get(conversation);
    kept.push({ ...message, position: kept.length + 1 });
    turn.over = true;
    this.say("message", { conversation, turn: turn.turn, ...message });
    this.say("end", { conversation, turn: turn.turn, finish });
  }

  // Who answers there from now on.
  stand(conversation, standing) {
    this.standings.set(conversation, standing);
    this.say("status", { conversation, ...standing });
  }

  #human(conversation) {
    return ["waiting", "operator"].includes(this.standings.get(conversation)?.mode);
  }

  // A message that no bot answers: of the visitor's, with their key, or an operator's.
  write(conversation, role, content, more = {}) {
    const n = ++this.#count;
    const message = { id: `m${n}`, role, content, status: "complete", created_at: 1, ...(role === "operator" && { author: this.standings.get(conversation)?.operator }) };
    const kept = this.conversations.get(conversation);
    kept.push({ ...message, position: kept.length + 1 });
    this.say("message", { conversation, ...message, ...more });
    return message;
  }

  #handoff(body) {
    const conversation = body.conversation ?? `c${++this.#count}`;
    if (!this.conversations.has(conversation)) this.conversations.set(conversation, []);
    const standing = { mode: "waiting", position: 3 };
    this.stand(conversation, standing);
    return { conversation, ...standing };
  }

  async #serve(request, reply) {
    const url = new URL(request.url, this.url);
    if (!/^\/(api\/|widget\.js$)/.test(url.pathname)) {
      reply.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:" });
      return reply.end('<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>A shop</title><link rel="icon" href="data:,"><script src="/widget.js" data-bot="support" async></script></head><body><main><h1>A shop</h1></main></body></html>');
    }
    if (url.pathname === "/widget.js") return reply.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(new URL("widget.js", dist)));
    let text = "";
    for await (const part of request) text += part;
    const body = text ? JSON.parse(text) : {};
    const path = url.pathname.replace("/api/widget/", "");
    this.requests.push([request.method, path, body]);
    if (this.drops.includes(path)) {
      this.drops.splice(this.drops.indexOf(path), 1);
      return reply.destroy();
    }
    if (path === "boot") {
      const conversations = [...this.conversations].map(([id, all]) => ({ id, title: all[0]?.content ?? "", updated_at: 1, message_count: all.length }));
      return json(reply, 200, { bot: "support", name: "Aurora", language: "en", direction: "ltr", session: "s", identified: false, texts: {}, welcome: "Hello!", suggestions: [], look: { position: "right", title: "Aurora" }, image_hosts: [], message_max: 8000, conversations, ...this.boot });
    }
    if (path === "events") {
      if (!this.events) return reply.destroy();
      const [epoch, number] = (request.headers["last-event-id"] ?? "-").split("-");
      const resumed = epoch === this.epoch;
      reply.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      reply.write(`event: hello\ndata: ${JSON.stringify({ resumed })}\n\n`);
      for (const event of this.log.slice(resumed ? Number(number) : 0)) this.#write(reply, event);
      this.watchers.add(reply);
      return reply.on("close", () => this.watchers.delete(reply));
    }
    if (path === "messages") {
      const refusal = this.refuse.shift();
      if (refusal) return json(reply, refusal[0], { error: { code: refusal[1], message: refusal[2] } });
      const known = this.keys.get(body.key);
      if (known) return json(reply, 202, known);
      if (this.#human(body.conversation)) {
        const { id } = this.write(body.conversation, "user", body.text, { key: body.key });
        this.keys.set(body.key, { conversation: body.conversation, message: id });
        return json(reply, 202, this.keys.get(body.key));
      }
      if (this.turns.some((turn) => turn.conversation === body.conversation && !turn.over)) return json(reply, 409, { error: { code: "conversation_busy", message: "Busy." } });
      const { conversation, turn, message, answer } = this.begin(body.conversation ?? `c${this.#count + 1}`, body.text, body.key);
      this.keys.set(body.key, { conversation, turn, message, answer });
      return json(reply, 202, this.keys.get(body.key));
    }
    if (path === "lead") {
      const refusal = this.refuseLead.shift();
      return refusal ? json(reply, 400, { error: { message: "Wrong.", param: refusal } }) : reply.writeHead(204).end();
    }
    if (path === "handoff") {
      const answer = this.keys.get(body.key) ?? this.#handoff(body);
      this.keys.set(body.key, answer);
      if (!this.hold) return json(reply, 202, answer);
      return this.handoffs.push(() => json(reply, 202, answer));
    }
    if (path === "stop") {
      for (const turn of this.turns) if (turn.conversation === body.conversation && !turn.over) this.end(turn, "cancelled");
      return reply.writeHead(204).end();
    }
    if (path === "conversations") return json(reply, 200, { data: [...this.conversations].map(([id, all]) => ({ id, title: all[0]?.content ?? "", updated_at: 1, message_count: all.length })), has_more: false });
    const messages = this.conversations.get(path.replace("conversations/", ""));
    if (messages) return json(reply, 200, { id: path.slice(14), title: messages[0]?.content ?? "", mode: "bot", ...this.standings.get(path.slice(14)), messages, confirmations: [], has_more: false });
    return json(reply, 404, { error: { code: "not_found", message: "There is no such thing." } });
  }
}
