// What the site is told by HTTP: signed, tried again, and never lost.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { Server, folder, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { Visitor, origin } from "./support/widget_client.mjs";
import { Operator, newKey } from "./support/desk_client.mjs";

const secret = `whsec_${Buffer.from("a secret of thirty-two bytes, ok").toString("base64")}`;

// A receiver whose `answer(request, response, number)` says how; 204 by itself.
class Receiver {
  static async start(t, answer = (request, response) => response.writeHead(204).end()) {
    const receiver = new Receiver();
    receiver.answer = answer;
    receiver.got = [];
    await receiver.listen(0);
    t.after(() => receiver.close());
    return receiver;
  }

  async listen(port) {
    this.server = createServer(async (request, response) => {
      let text = "";
      for await (const bytes of request) text += bytes;
      this.got.push({ url: request.url, method: request.method, headers: request.headers, text, at: Date.now() });
      this.answer(request, response, this.got.length);
    });
    this.server.listen(port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  count(number) {
    return until(() => this.got.length >= number && this.got, `webhook ${number}; ${this.got.length} came`, 40000);
  }
}

const configured = (provider, url, { lead = {}, bot = {}, config = {} } = {}) => ({
  ...oneBot(provider, {
    access: { anonymous: true, origins: [origin] },
    lead: { fields: ["name", "email", "phone"], webhook: `${url}/lead`, webhook_secret: secret, ...lead },
    ...bot,
  }),
  ...config,
});

async function start(t, receiver, more = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, configured(provider, receiver.url, more));
  const visitor = new Visitor(server);
  await visitor.boot();
  return { provider, server, visitor };
}

const give = async (visitor, fields = { email: "anna@example.com" }, more = {}) =>
  assert.equal((await visitor.post("/lead", { fields, ...more })).status, 204);

const listed = (server, ...args) =>
  run(["webhooks", "-c", server.file, "--format", "json", ...args]).out.split("\n").filter(Boolean).map((line) => JSON.parse(line));

const inState = (server, state) =>
  until(() => server.sql("select * from deliveries").find((row) => row.state === state), `a webhook that is ${state}`);

test("a lead is posted as Standard Webhooks has it, and once more when more is said", async (t) => {
  const receiver = await Receiver.start(t);
  const { server, visitor } = await start(t, receiver);
  const before = Date.now();
  await give(visitor, { name: "Änna \"A\"", email: "anna@example.com" }, { language: "de-AT", conversation: "01J00000000000000000000000" });
  const [first] = await receiver.count(1);
  assert.deepEqual([first.method, first.url, first.headers["content-type"]], ["POST", "/lead", "application/json"]);
  const event = new Webhook(secret).verify(first.text, first.headers);
  assert.throws(() => new Webhook(secret).verify(first.text.replace("anna@", "otto@"), first.headers));
  // The same without the library.
  const stamp = first.headers["webhook-timestamp"], id = first.headers["webhook-id"];
  const key = Buffer.from(secret.slice(6), "base64");
  assert.equal(first.headers["webhook-signature"], `v1,${createHmac("sha256", key).update(`${id}.${stamp}.${first.text}`).digest("base64")}`);
  assert.match(id, /^msg_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.ok(Math.abs(Number(stamp) - before / 1000) < 60);
  assert.equal(event.type, "lead.created");
  assert.ok(Math.abs(Date.parse(event.timestamp) - before) < 60000);
  const { id: lead, user, created_at, updated_at, ...rest } = event.data;
  assert.deepEqual(rest, { bot: "support", conversation: "01J00000000000000000000000", fields: { name: "Änna \"A\"", email: "anna@example.com" }, consent: "", language: "de-AT" });
  assert.match(user, /^anon:/);
  assert.equal(created_at, updated_at);
  const sent = await inState(server, "sent");
  assert.deepEqual([sent.id, sent.status, sent.attempts, sent.body], [id, 204, 1, ""]); // nothing is kept of what was taken
  assert.equal(await server.metric("switchboard_webhooks_sent_total"), 1);

  await give(visitor, { phone: "+49 151 2345" });
  const [, second] = await receiver.count(2);
  const more = new Webhook(secret).verify(second.text, second.headers);
  assert.equal(more.type, "lead.updated");
  assert.equal(more.data.id, lead);
  assert.deepEqual(more.data.fields, { name: "Änna \"A\"", email: "anna@example.com", phone: "+49 151 2345" });
  assert.ok(more.data.updated_at > more.data.created_at);
  assert.notEqual(second.headers["webhook-id"], id);
  assert.doesNotMatch(server.log, /anna@|whsec_/);
});

test("two secrets while one changes, none without a secret, and the secret of now for what waited", async (t) => {
  let down = true;
  const receiver = await Receiver.start(t, (request, response) => response.writeHead(down ? 503 : 200).end("{}"));
  const other = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  const { provider, server, visitor } = await start(t, receiver, { config: { webhooks: { retry: Array(20).fill("300ms") } }, lead: { webhook_secret: `${other} ${secret}` } });
  await give(visitor);
  const [first] = await receiver.count(1);
  assert.equal(first.headers["webhook-signature"].split(" ").length, 2);
  for (const one of [secret, other]) assert.equal(new Webhook(one).verify(first.text, first.headers).type, "lead.created");
  assert.equal(server.sql("select count(*) as n from deliveries where body like '%whsec%' or target <> 'lead'")[0].n, 0);
  // A reload: what is not yet sent goes by it.
  server.write(configured(provider, receiver.url, { lead: { webhook_secret: undefined }, config: { webhooks: { retry: Array(20).fill("300ms") } } }));
  server.child.kill("SIGHUP");
  const unsigned = await until(() => receiver.got.find(({ headers }) => !("webhook-signature" in headers)), "one without a signature");
  assert.equal(unsigned.headers["webhook-id"], first.headers["webhook-id"]);
  assert.match(server.log, /what bot support posts to its lead.webhook is not signed/);
  down = false;
  await inState(server, "sent");
});

test("while the receiver is down it waits, over a restart too", async (t) => {
  const receiver = await Receiver.start(t);
  await receiver.close();
  const { server, visitor } = await start(t, receiver, { config: { webhooks: { retry: ["200ms", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"] } } });
  await give(visitor);
  const waiting = await until(() => server.sql("select * from deliveries").find((row) => row.attempts >= 2), "a second attempt");
  assert.deepEqual([waiting.state, waiting.status], ["waiting", 0]);
  assert.ok(waiting.error && !waiting.error.includes("127.0.0.1"), waiting.error);
  const [shown] = listed(server);
  assert.deepEqual([shown.id, shown.type, shown.bot, shown.state], [waiting.id, "lead.created", "support", "waiting"]);
  await server.stop({ keep: true });
  await receiver.listen(receiver.port);
  await server.spawn();
  const [only] = await receiver.count(1);
  assert.equal(only.headers["webhook-id"], waiting.id);
  new Webhook(secret).verify(only.text, only.headers);
  await inState(server, "sent");
});

test("killed while it is being sent: sent again under the same id", async (t) => {
  const receiver = await Receiver.start(t, (request, response, number) => number > 1 && response.writeHead(204).end());
  const { server, visitor } = await start(t, receiver);
  await give(visitor);
  await receiver.count(1); // which is never answered
  server.child.kill("SIGKILL");
  await server.exited;
  await server.spawn();
  const [first, second] = await receiver.count(2);
  assert.equal(second.headers["webhook-id"], first.headers["webhook-id"]);
  assert.equal(second.text, first.text);
  new Webhook(secret).verify(second.text, second.headers);
  await inState(server, "sent");
});

test("a stop in order gives back what is under way, and it counts as no attempt", async (t) => {
  const receiver = await Receiver.start(t, (request, response, number) => number > 1 && response.writeHead(204).end());
  const { server, visitor } = await start(t, receiver, { config: { webhooks: { retry: [] } } });
  await give(visitor);
  await receiver.count(1);
  await server.stop({ keep: true });
  assert.deepEqual(server.sql("select state, attempts from deliveries"), [{ state: "waiting", attempts: 0 }]);
  await server.spawn();
  await receiver.count(2);
  const sent = await inState(server, "sent");
  assert.equal(sent.attempts, 1);
});

test("refused by the schedule: dead, listed, tried again by command, removed", async (t) => {
  let status = 500;
  const receiver = await Receiver.start(t, (request, response) => response.writeHead(status, { location: "/elsewhere" }).end("x".repeat(200000)));
  const { server, visitor } = await start(t, receiver, { config: { webhooks: { retry: ["100ms", "150ms"] } } });
  await give(visitor);
  const dead = await inState(server, "dead");
  assert.deepEqual([dead.attempts, dead.status], [3, 500]);
  assert.equal(receiver.got.length, 3);
  const [one, two, three] = receiver.got;
  assert.ok(two.at - one.at >= 99 && three.at - two.at >= 149, `${two.at - one.at} ${three.at - two.at}`);
  assert.equal(new Set(receiver.got.map(({ headers }) => headers["webhook-id"])).size, 1);
  assert.equal(await server.metric("switchboard_webhook_failures_total"), 1);
  assert.match(run(["webhooks", "-c", server.file]).out, new RegExp(`^${dead.id}  lead.created +support +dead +3  .*500`));
  assert.deepEqual(listed(server, "--dead").map(({ id, state, attempts }) => [id, state, attempts]), [[dead.id, "dead", 3]]);

  status = 302; // which leads nowhere
  assert.equal(run(["webhooks", "retry", dead.id, "-c", server.file]).out, "1 will be tried again\n");
  await receiver.count(6);
  await inState(server, "dead");
  assert.ok(receiver.got.every(({ url }) => url === "/lead"));
  status = 200; // the reply's body is longer than is read
  assert.equal(run(["webhooks", "retry", "--dead", "-c", server.file]).status, 0);
  await inState(server, "sent");
  assert.equal(receiver.got.length, 7);

  const refused = [["retry"], ["retry", dead.id, "--dead"], ["forget", "--dead"], ["list", "x"], ["--format", "xml"]];
  for (const args of refused) assert.equal(run(["webhooks", ...args, "-c", server.file]).status, 2, args.join(" "));
  for (const verb of ["retry", "remove"]) {
    const none = run(["webhooks", verb, dead.id, "-c", server.file]); // it was sent
    assert.equal(none.status, 1);
    assert.match(none.err, /there is no dead webhook/);
  }
  assert.match(run(["webhooks", "--help"]).out, /--dead/);
});

test("410 ends it at once; removed by command", async (t) => {
  const receiver = await Receiver.start(t, (request, response) => response.writeHead(410).end());
  const { server, visitor } = await start(t, receiver, { config: { webhooks: { retry: ["100ms"] } } });
  await give(visitor);
  const dead = await inState(server, "dead");
  assert.deepEqual([dead.attempts, dead.status], [1, 410]);
  assert.equal(run(["webhooks", "remove", "--dead", "-c", server.file]).out, "1 removed\n");
  assert.deepEqual(server.sql("select * from deliveries"), []);
});

test("Retry-After is waited for", async (t) => {
  const receiver = await Receiver.start(t, (request, response, number) => (number > 1 ? response.writeHead(204) : response.writeHead(429, { "retry-after": "2" })).end());
  const { visitor } = await start(t, receiver, { config: { webhooks: { retry: ["100ms"] } } });
  await give(visitor);
  const [first, second] = await receiver.count(2);
  assert.ok(second.at - first.at >= 1990, `${second.at - first.at} ms`);
});

test("erasing a visitor takes what waits for the site along", async (t) => {
  const receiver = await Receiver.start(t, (request, response) => response.writeHead(500).end());
  const { server, visitor } = await start(t, receiver, { config: { webhooks: { retry: [] } } });
  await give(visitor);
  await inState(server, "dead");
  const other = new Visitor(server);
  await other.boot();
  await give(other, { email: "otto@example.com" });
  await until(() => server.sql("select * from deliveries where state = 'dead'").length === 2, "both");
  const kept = await visitor.json("/export?bot=support");
  assert.deepEqual(kept.deliveries.map(({ kind, state }) => [kind, state]), [["lead.created", "dead"]]);
  const erased = await fetch(`${server.url}/api/widget/data?bot=support`, { method: "DELETE", headers: { origin, "x-switchboard-session": visitor.session } });
  assert.deepEqual([erased.status, (await erased.json()).deleted.deliveries], [200, 1]);
  const rows = server.sql("select body from deliveries");
  assert.equal(rows.length, 1);
  assert.match(rows[0].body, /otto@/);
});

test("many at once, each once, by several loops and two processes on one database", async (t) => {
  const receiver = await Receiver.start(t);
  const { server } = await start(t, receiver, { config: { threads: 3 }, bot: { limits: { per_address: { messages_per_minute: "none" } } } });
  const second = new Server();
  Object.assign(second, { path: server.path, file: join(server.path, "second.yaml"), env: server.env, prefix: [], config: server.config });
  writeFileSync(second.file, JSON.stringify({ ...server.config, pid_file: join(server.path, "second.pid") }));
  await second.spawn();
  t.after(() => second.stop({ keep: true }));
  const visitors = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const visitor = new Visitor(i % 2 ? server : second);
      await visitor.boot();
      return visitor;
    }),
  );
  await Promise.all(visitors.map((visitor, i) => give(visitor, { email: `v${i}@example.com` })));
  await until(() => server.sql("select count(*) as n from deliveries where state = 'sent'")[0].n === 40, "all to be sent");
  assert.equal(receiver.got.length, 40);
  assert.equal(new Set(receiver.got.map(({ headers }) => headers["webhook-id"])).size, 40);
});

test("noted by the bot without a tool of the owner's: what is asked for, agreed to on the card", async (t) => {
  const receiver = await Receiver.start(t);
  const lead = { ask: "tool", fields: ["name", "email", "company"], required: ["email"], consent: { en: "You may write to me.", de: "Sie dürfen mir schreiben." } };
  const { provider, server, visitor } = await start(t, receiver, { lead });
  assert.equal((await visitor.boot()).lead, null); // no form
  const watch = await visitor.watch();
  const sent = await visitor.send('call capture_lead {"name":"Anna","email":"anna@example.com"}', { language: "de" });
  await watch.wait("end");
  const [card] = watch.named("confirm");
  assert.equal(card.title, "Sie dürfen mir schreiben.");
  const [{ body }] = await provider.requests();
  const [{ function: tool }] = body.tools;
  assert.equal(tool.name, "capture_lead");
  assert.deepEqual([Object.keys(tool.parameters.properties), tool.parameters.required], [["name", "email", "company"], ["email"]]);
  assert.deepEqual(server.sql("select * from deliveries"), []);
  await visitor.post("/confirm", { conversation: sent.conversation, confirmation: card.id, answer: "yes", key: "0123456789abcdef", language: "de" });
  const [{ text, headers }] = await receiver.count(1);
  const { type, data } = new Webhook(secret).verify(text, headers);
  assert.deepEqual([type, data.consent, data.fields, data.language, data.conversation], ["lead.created", "Sie dürfen mir schreiben.", { name: "Anna", email: "anna@example.com" }, "de", sent.conversation]);
  await watch.close();
});

test("when nobody can answer the widget is told to ask, once", async (t) => {
  const receiver = await Receiver.start(t);
  const { visitor } = await start(t, receiver, { lead: { ask: ["offline"] } });
  assert.equal((await visitor.boot()).lead.ask, "offline");
  const watch = await visitor.watch();
  const fine = await visitor.send("say hello");
  await watch.wait("end", ({ turn }) => turn === fine.turn);
  const failed = await visitor.send('status 500 {"error":{"message":"down"}}');
  const asked = await watch.wait("lead");
  assert.deepEqual([asked.conversation, asked.turn], [failed.conversation, failed.turn]);
  await watch.wait("end", ({ turn }) => turn === failed.turn);
  const names = watch.events.filter(({ turn }) => turn === failed.turn).map(({ name }) => name);
  assert.deepEqual(names.slice(names.indexOf("error")), ["error", "lead", "message", "end"]);
  assert.equal(watch.named("lead").length, 1);
  // What is wrong with the message itself is no such failure.
  const bad = await visitor.send('status 400 {"error":{"message":"no"}}');
  await watch.wait("end", ({ turn }) => turn === bad.turn);
  await give(visitor, { email: "anna@example.com" }, { conversation: failed.conversation });
  await receiver.count(1);
  assert.equal((await visitor.boot()).lead, null);
  const again = await visitor.send('status 500 {"error":{"message":"down"}}');
  await watch.wait("end", ({ turn }) => turn === again.turn);
  assert.equal(watch.named("lead").length, 1);
  await watch.close();
});

test("a spent budget counts as nobody there", async (t) => {
  const receiver = await Receiver.start(t);
  const { visitor } = await start(t, receiver, { lead: { ask: ["offline", "tool"] }, bot: { limits: { tokens_per_day: 0 }, budget: { when_spent: "refuse" } } });
  const watch = await visitor.watch();
  await visitor.send("say hello");
  await watch.wait("lead");
  await watch.close();
});

test("mistakes in the configuration, without a word of the secret", async (t) => {
  const path = folder();
  t.after(() => rmSync(path, { recursive: true }));
  const check = (lead, more = {}) => {
    const file = join(path, "c.yaml");
    writeFileSync(file, JSON.stringify({ bots: { support: { models: ["offline"], lead: { fields: ["email"], ...lead } } }, ...more }, null, 2));
    return run(["check", "-c", file]);
  };
  const url = "https://shop.example.com/hook";
  const short = Buffer.alloc(23, 65).toString("base64"), long = Buffer.alloc(65, 65).toString("base64");
  for (const wrong of ["a plain secret of some length", secret.slice(6), `whsec_${short}`, `whsec_${long}`, "whsec_????????????????????????????????????????????", `${secret} whsec_`]) {
    const { status, err } = check({ webhook: url, webhook_secret: wrong });
    assert.equal(status, 1, wrong);
    assert.match(err, /bots.support.lead.webhook_secret: expected whsec_ and 24 to 64 bytes in Base64/);
    for (const word of wrong.split(" ")) if (word.length > 6) assert.ok(!err.includes(word), err);
  }
  for (const right of [secret, `whsec_${Buffer.alloc(24, 1).toString("base64")}`, `whsec_${Buffer.alloc(64, 2).toString("base64")}`, secret.replace(/=+$/, ""), `${secret} ${secret}`])
    assert.equal(check({ webhook: url, webhook_secret: right }).status, 0, right);
  assert.match(check({ webhook: "ftp://shop.example.com/hook" }).err, /bots.support.lead.webhook: .*https?:\/\//);
  assert.match(check({ webhook: url }).err, /warning: what bot support posts to its lead.webhook is not signed/);
  assert.match(check({ ask: "later" }).err, /bots.support.lead.ask: expected before, tool or offline/);
  assert.match(check({ ask: [] }).err, /bots.support.lead.ask: expected before, tool or offline/);
  assert.match(check({}, { webhooks: { retry: ["1ms"] } }).err, /webhooks.retry/);
});

test("each change of who answers is told, in order of time", async (t) => {
  const receiver = await Receiver.start(t);
  const { server } = await start(t, receiver, { bot: { handoff: { enabled: true, nobody: "wait", webhook: `${receiver.url}/handoff`, webhook_secret: secret } } });
  const operator = await Operator.come(server, "anna", "--display", "Anna");
  const visitor = new Visitor(server);
  await visitor.boot();
  const reply = await visitor.post("/handoff", { key: newKey(), language: "uk" });
  const { conversation } = await reply.json();
  await operator.act(conversation, "take");
  await operator.act(conversation, "give", { to: "bot" });
  await operator.act(conversation, "close", { reason: "done" });
  const got = (await receiver.count(4)).map(({ text, headers }) => new Webhook(secret).verify(text, headers));
  const byTime = got.sort((a, b) => (a.data.at < b.data.at ? -1 : 1));
  assert.deepEqual(byTime.map(({ type, data }) => [type, data.mode, data.operator]), [
    ["handoff.waiting", "waiting", ""],
    ["handoff.taken", "operator", "Anna"],
    ["handoff.returned", "bot", ""],
    ["handoff.closed", "closed", ""],
  ]);
  assert.ok(got.every(({ data }) => data.conversation === conversation && data.language === "uk" && data.bot === "support"));
});
