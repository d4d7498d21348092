// The desk's side of its protocol, without a page: one operator who is signed in.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { run } from "./server.mjs";
import { Watch } from "./widget_client.mjs";

export const password = "correct horse battery";
export const newKey = () => randomBytes(12).toString("hex");

export function addOperator(server, name, ...args) {
  const done = run(["operator", "add", "-c", server.file, name, ...args], { input: `${password}\n` });
  assert.equal(done.status, 0, done.err);
}

export class Operator {
  constructor(server) {
    this.server = server;
    this.headers = { "x-switchboard-desk": "1" };
  }

  // One that is added and signed in.
  static async come(server, name = "anna", ...args) {
    addOperator(server, name, ...args);
    const operator = new Operator(server);
    const reply = await operator.signIn(name);
    assert.equal(reply.status, 200);
    operator.me = await reply.json();
    return operator;
  }

  async signIn(name, secret = password) {
    const reply = await this.post("/login", { name, password: secret });
    const cookie = reply.headers.get("set-cookie");
    if (reply.status === 200) this.headers.cookie = cookie.split(";")[0];
    this.cookie = cookie;
    return reply;
  }

  get(path, headers = {}, more = {}) {
    return fetch(`${this.server.url}/api/desk${path}`, { ...more, headers: { ...this.headers, ...headers } });
  }

  post(path, body = {}, headers = {}, more = {}) {
    return this.server.post(`/api/desk${path}`, body, { ...this.headers, ...headers }, more);
  }

  async json(path) {
    const reply = await this.get(path);
    assert.equal(reply.status, 200, path);
    return reply.json();
  }

  // What must go well.
  async do(path, body) {
    const reply = await this.post(path, body);
    const text = await reply.text();
    assert.ok(reply.status === 200 || reply.status === 204, `${path}: ${reply.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  async refused(path, body) {
    const reply = await this.post(path, body);
    return [reply.status, (await reply.json()).error.code];
  }

  async list(box = "waiting", query = "") {
    return (await this.json(`/conversations?box=${box}${query}`)).data;
  }

  one(id, query = "") {
    return this.json(`/conversations/${id}${query}`);
  }

  act(id, what, body) {
    return this.do(`/conversations/${id}/${what}`, body);
  }

  write(id, text, more = {}) {
    return this.act(id, "messages", { text, key: newKey(), ...more });
  }

  async watch(path = "/events", lastId = undefined) {
    const watch = new Watch(this, lastId, path);
    await watch.wait("hello");
    return watch;
  }
}
