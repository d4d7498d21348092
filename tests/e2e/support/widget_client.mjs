// The widget's side of its protocol, without a page: one visitor, any number of watched streams.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { until } from "./server.mjs";

export const origin = "https://shop.example.com";

// One open event stream: what has come so far, in order.
export class Watch {
  // `visitor`: whoever has `get`, a visitor or an operator.
  constructor(visitor, lastId, path = `/events?bot=${visitor.bot}`) {
    this.visitor = visitor;
    this.path = path;
    this.events = [];
    this.controller = new AbortController();
    this.over = this.#read(lastId);
  }

  async #read(lastId) {
    try {
      const reply = await this.visitor.get(this.path, { ...(lastId && { "last-event-id": lastId }) }, { signal: this.controller.signal });
      this.status = reply.status;
      if (reply.status !== 200) return (this.error = (await reply.json()).error);
      let text = "";
      for await (const bytes of reply.body.pipeThrough(new TextDecoderStream())) {
        text += bytes;
        for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) this.#take(text.slice(0, end));
      }
      this.ended = true;
    } catch (error) {
      this.broken = error;
    }
  }

  #take(block) {
    const event = {};
    for (const line of block.split("\n")) {
      const colon = line.indexOf(": ");
      if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
    }
    if (!event.event) return; // a comment
    if (event.id) this.lastId = event.id;
    this.events.push({ ...JSON.parse(event.data), name: event.event, event_id: event.id });
  }

  named(name) {
    return this.events.filter((event) => event.name === name);
  }

  // The text of an answer as its deltas and its message make it.
  text(turn) {
    const message = this.events.find((event) => event.name === "message" && event.turn === turn);
    return message?.content ?? this.deltas(turn);
  }

  deltas(turn) {
    return this.events.filter((event) => event.name === "delta" && event.turn === turn).map((event) => event.text).join("");
  }

  async wait(name, check = () => true) {
    return until(() => this.events.find((event) => event.name === name && check(event)), `the event ${name}; there are ${this.events.map((event) => event.name).join(" ")} ${this.error?.message ?? ""}`);
  }

  async close() {
    this.controller.abort();
    await this.over;
  }
}

export class Visitor {
  constructor(server, bot = "support", headers = {}) {
    this.server = server;
    this.bot = bot;
    this.headers = { origin, ...headers };
  }

  #sent(more = {}) {
    return { ...this.headers, ...(this.session && { "x-switchboard-session": this.session }), ...more };
  }

  get(path, headers, more = {}) {
    return fetch(`${this.server.url}/api/widget${path}`, { ...more, headers: this.#sent(headers) });
  }

  async json(path, headers) {
    const reply = await this.get(path, headers);
    assert.equal(reply.status, 200, path);
    return reply.json();
  }

  async boot(language = "en") {
    const reply = await this.json(`/boot?bot=${this.bot}&language=${language}`);
    this.session ??= reply.session;
    return reply;
  }

  // An open stream that has said hello.
  async watch(lastId) {
    const watch = new Watch(this, lastId);
    await watch.wait("hello");
    return watch;
  }

  post(path, body, headers = {}) {
    return this.server.post(`/api/widget${path}`, { bot: this.bot, ...body }, this.#sent(headers));
  }

  async send(text, more = {}) {
    const reply = await this.post("/messages", { text, key: randomBytes(12).toString("hex"), ...more });
    return { status: reply.status, ...(await reply.json()) };
  }

  conversation(id, query = "") {
    return this.json(`/conversations/${id}?bot=${this.bot}${query}`);
  }

  async remove(id) {
    return (await fetch(`${this.server.url}/api/widget/conversations/${id}?bot=${this.bot}`, { method: "DELETE", headers: this.#sent() })).status;
  }
}
