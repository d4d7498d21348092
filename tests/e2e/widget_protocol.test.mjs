// The widget's protocol: events of all of a visitor's conversations on one stream, which is picked up where it was.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { Server, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { Visitor, Watch, origin } from "./support/widget_client.mjs";

async function start(t, { bot = {}, config = {} } = {}) {
  const provider = await startProvider(t);
  // Two loops: a visitor's requests meet on either.
  const server = await Server.start(t, { threads: 2, ...oneBot(provider, { access: { anonymous: true, origins: [origin] }, ...bot }), ...config });
  const visitor = new Visitor(server);
  await visitor.boot();
  return { provider, server, visitor };
}

const key = () => randomBytes(12).toString("hex");

test("a message is taken, its answer streamed, and both are kept", async (t) => {
  const { visitor } = await start(t);
  const watch = await visitor.watch();
  assert.deepEqual(watch.events[0].resumed, false);
  const sent = await visitor.send("say We ship to Germany.");
  assert.equal(sent.status, 202);
  const end = await watch.wait("end");
  assert.deepEqual([end.finish, end.turn, end.conversation], ["stop", sent.turn, sent.conversation]);
  const [turn] = watch.named("turn");
  assert.deepEqual([turn.message.id, turn.answer, turn.message.content], [sent.message, sent.answer, "say We ship to Germany."]);
  // Deltas that nobody has read when the whole is there need not come any more.
  assert.ok("We ship to Germany.".startsWith(watch.deltas(sent.turn)));
  const [message] = watch.named("message");
  assert.deepEqual([message.id, message.content, message.status], [sent.answer, "We ship to Germany.", "complete"]);
  const kept = await until(async () => {
    const now = await visitor.conversation(sent.conversation);
    return now.messages.length === 2 && now;
  }, "the answer in the store");
  assert.deepEqual(kept.messages.map(({ id, content }) => [id, content]), [[sent.message, "say We ship to Germany."], [sent.answer, "We ship to Germany."]]);
  assert.equal(kept.title, "say We ship to Germany.");
  const next = await visitor.send("say And to France.", { conversation: sent.conversation });
  assert.equal(next.conversation, sent.conversation);
  await watch.wait("end", (event) => event.turn === next.turn);
  const { conversations } = await visitor.boot();
  assert.deepEqual(conversations.map(({ id, title }) => [id, title]), [[sent.conversation, "say We ship to Germany."]]);
  await watch.close();
});

test("a stream that broke is picked up where it was: nothing is missing, nothing is twice", async (t) => {
  const { visitor } = await start(t);
  let watch = await visitor.watch();
  const sent = await visitor.send("slow 3; count 200");
  const all = [];
  // Cut again and again, wherever it happens to be.
  for (let cuts = 0; cuts < 8; cuts++) {
    const had = watch.events.length;
    await until(() => watch.events.length > had + 3 || watch.named("end").length, "more events");
    await watch.close();
    all.push(...watch.events.filter(({ name }) => name !== "hello"));
    watch = await visitor.watch(watch.lastId);
    assert.equal(watch.events[0].resumed, true);
  }
  await watch.wait("end");
  all.push(...watch.events.filter(({ name }) => name !== "hello"));
  await watch.close();
  const expected = Array.from({ length: 200 }, (_, i) => `w${i + 1}`).join(" ");
  const ids = all.map(({ event_id }) => Number(event_id.split("-")[1]));
  assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(all.find(({ name }) => name === "message").content, expected);
  // What the deltas gave is the answer's beginning; those behind the whole need not come.
  const deltas = all.filter(({ name }) => name === "delta").map(({ text }) => text).join("");
  assert.ok(expected.startsWith(deltas) && deltas.length > 0);
  assert.equal(all.filter(({ name }) => name === "turn").length, 1);
  assert.equal(all[0].turn, sent.turn);
});

test("an address has only so many pages open, and gets those back that it closes", async (t) => {
  const { visitor, server } = await start(t, { bot: { limits: { per_address: { pages: 2 } } } });
  const other = new Visitor(server);
  await other.boot();
  const first = await visitor.watch(), second = await other.watch();
  const third = new Watch(visitor);
  await third.over;
  assert.deepEqual([third.status, third.error.code], [429, "too_many_pages"]);
  await first.close();
  const again = await until(async () => {
    const watch = new Watch(visitor);
    await Promise.race([watch.over, watch.wait("hello")]);
    return !watch.error && watch;
  }, "a page that may be opened again");
  await again.close();
  await second.close();
});

test("the visitor chooses among what the bot offers", async (t) => {
  const { visitor, provider } = await start(t, { bot: { tools: ["choices"] }, config: { tools: { choices: { builtin: "quick_replies" } } } });
  const watch = await visitor.watch();
  const sent = await visitor.send('call choices {"replies":["Blue","Zum Menü"]}; say Which one?');
  await watch.wait("end");
  assert.deepEqual(watch.named("message")[0].replies, ["Blue", "Zum Menü"]);
  const kept = await until(async () => {
    const now = await visitor.conversation(sent.conversation);
    return now.messages.length === 2 && now;
  }, "the answer in the store");
  assert.deepEqual(kept.messages.map(({ replies }) => replies), [undefined, ["Blue", "Zum Menü"]]);
  assert.deepEqual((await provider.requests())[0].body.tools.map((tool) => tool.function.name), ["choices"]);
  // Too many, too long, or nothing: the model is told.
  for (const replies of [[], ["x".repeat(81)], Array(7).fill("x"), "x"]) {
    const next = await visitor.send(`call choices ${JSON.stringify({ replies })}; say Well.`);
    await watch.wait("end", ({ turn }) => turn === next.turn);
    assert.equal(watch.events.find((event) => event.name === "message" && event.turn === next.turn).replies, undefined);
  }
  await watch.close();
  // Other doors have no buttons.
  await (await visitor.server.ask("say hi")).text();
  assert.equal((await provider.requests()).at(-1).body.tools, undefined);
});

test("a page that is loaded anew in mid stream sees the answer from its beginning", async (t) => {
  const { visitor } = await start(t);
  const first = await visitor.watch();
  const sent = await visitor.send("slow 10; count 60");
  await until(() => first.named("delta").length > 10, "some of the answer");
  await first.close();
  const second = await visitor.watch();
  const turn = await second.wait("turn");
  assert.equal(turn.turn, sent.turn);
  await second.wait("end");
  assert.match(second.deltas(sent.turn), /^w1 w2 .* w40/);
  assert.match(second.text(sent.turn), /^w1 w2 .* w60$/);
  // Once it is over the log has the whole, not its parts.
  const third = await visitor.watch();
  await third.wait("end");
  assert.deepEqual(third.events.map(({ name }) => name), ["hello", "turn", "message", "end"]);
  await Promise.all([second.close(), third.close()]);
});

test("two pages see the same, at once", async (t) => {
  const { visitor } = await start(t);
  const pages = await Promise.all([visitor.watch(), visitor.watch(), visitor.watch()]);
  const sent = await visitor.send("say one two three");
  for (const page of pages) {
    await page.wait("end");
    assert.equal(page.text(sent.turn), "one two three");
    const kept = (one) => one.events.filter(({ name }) => name !== "delta" && name !== "hello").map(({ name, event_id }) => [name, event_id]);
    assert.deepEqual(kept(page), kept(pages[0]));
  }
  await Promise.all(pages.map((page) => page.close()));
});

test("nobody sees what is another's", async (t) => {
  const { server, visitor } = await start(t);
  const other = new Visitor(server);
  await other.boot();
  const watch = await visitor.watch();
  const theirs = await other.watch();
  const sent = await visitor.send("say secret");
  await watch.wait("end");
  const foreign = await other.watch(watch.lastId);
  assert.equal(foreign.events[0].resumed, false);
  const own = await other.send("say mine");
  await theirs.wait("end");
  assert.deepEqual(new Set([...theirs.events, ...foreign.events].map(({ turn }) => turn).filter(Boolean)), new Set([own.turn]));
  assert.equal((await other.get(`/conversations/${sent.conversation}?bot=support`)).status, 404);
  assert.equal(await other.remove(sent.conversation), 404);
  assert.equal((await other.send("say x", { conversation: sent.conversation })).status, 404);
  assert.equal((await other.post("/stop", { conversation: sent.conversation })).status, 204);
  await Promise.all([watch, theirs, foreign].map((one) => one.close()));
});

test("too many windows of one visitor are refused, and the others go on", async (t) => {
  const { visitor } = await start(t);
  const all = await Promise.all(Array.from({ length: 50 }, () => visitor.watch()));
  const refused = await visitor.get("/events?bot=support");
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "30"]);
  await all[0].close();
  await until(async () => {
    const again = new Watch(visitor);
    await until(() => again.events.length || again.error, "hello or a refusal");
    if (again.error) return false;
    all.push(again);
    return true;
  }, "room for another");
  const sent = await visitor.send("say to all");
  await Promise.all(all.slice(1).map((watch) => watch.wait("end")));
  assert.ok(all.slice(1).every((watch) => watch.text(sent.turn) === "to all"));
  await Promise.all(all.map((watch) => watch.close()));
});

test("stop ends the answer and its cost, and the next message goes through", async (t) => {
  const { provider, server, visitor } = await start(t);
  const watch = await visitor.watch();
  const sent = await visitor.send("slow 20; count 500");
  await until(() => watch.named("delta").length > 3, "some of the answer");
  assert.equal((await visitor.post("/stop", { conversation: sent.conversation })).status, 204);
  const end = await watch.wait("end");
  assert.equal(end.finish, "cancelled");
  const [message] = watch.named("message");
  assert.equal(message.status, "partial");
  // Those that nobody had read when the whole was there need not come any more.
  assert.ok(message.content.startsWith(watch.deltas(sent.turn)));
  await until(async () => (await provider.requests()).some(({ closed, ended }) => closed ?? ended ?? true), "the provider to be let go");
  const kept = await until(() => server.sql("select text, status from messages where role = 'assistant'")[0], "the part in the log");
  assert.deepEqual([kept.status, kept.text], ["partial", message.content]);
  const next = await visitor.send("say again", { conversation: sent.conversation });
  assert.equal(next.status, 202);
  await watch.wait("end", (event) => event.turn === next.turn);
  assert.equal((await visitor.post("/stop", { conversation: sent.conversation })).status, 204); // nothing to stop
  await watch.close();
});

test("what is sent twice runs once", async (t) => {
  const { provider, server, visitor } = await start(t);
  const watch = await visitor.watch();
  const same = { key: key() };
  const all = await Promise.all(Array.from({ length: 6 }, () => visitor.send("say once", same)));
  const taken = all.filter(({ status }) => status === 202);
  assert.ok(taken.length >= 1);
  assert.equal(new Set(taken.map(({ turn }) => turn)).size, 1);
  assert.ok(all.every(({ status, error }) => status === 202 || error.code === "conversation_busy"));
  await watch.wait("end");
  const again = await visitor.send("say once", same);
  assert.deepEqual(again, taken[0]);
  await server.stop({ keep: true });
  await server.spawn();
  assert.deepEqual(await visitor.send("say once", same), taken[0]);
  assert.equal((await provider.requests()).length, 1);
  assert.equal(server.sql("select count(*) as n from messages where role = 'user'")[0].n, 1);
  await watch.close();
});

test("one answer at a time in a conversation, several beside each other", async (t) => {
  const { visitor } = await start(t);
  const watch = await visitor.watch();
  const slow = await visitor.send("slow 10; count 50");
  const busy = await visitor.send("say x", { conversation: slow.conversation });
  assert.deepEqual([busy.status, busy.error.code], [409, "conversation_busy"]);
  const beside = await visitor.send("say beside");
  assert.equal(beside.status, 202);
  await watch.wait("end", (event) => event.turn === beside.turn);
  await watch.wait("end", (event) => event.turn === slow.turn);
  assert.equal(watch.text(beside.turn), "beside");
  await watch.close();
});

test("the server stops in mid stream: the state is clear, and nothing is lost", async (t) => {
  const { server, visitor } = await start(t, { config: { drain: "200ms" } });
  const watch = await visitor.watch();
  const sent = await visitor.send("slow 20; count 1000");
  await until(() => watch.named("delta").length > 3, "some of the answer");
  await server.stop({ keep: true });
  await watch.over;
  assert.equal(watch.named("error")[0].code, "unavailable");
  assert.equal(watch.named("end")[0].finish, "error");
  await server.spawn();
  const after = await visitor.watch(watch.lastId);
  assert.equal(after.events[0].resumed, false);
  const kept = await visitor.conversation(sent.conversation);
  assert.deepEqual(kept.messages.map(({ role, status }) => [role, status]), [["user", "complete"], ["assistant", "partial"]]);
  assert.equal(kept.messages[1].content, watch.named("message")[0].content);
  await after.close();
});

test("killed in mid stream: the message is there, and may be answered again", async (t) => {
  const { server, visitor } = await start(t);
  const watch = await visitor.watch();
  const sent = await visitor.send("slow 20; count 1000");
  await until(() => watch.named("delta").length > 3, "some of the answer");
  server.child.kill("SIGKILL");
  await server.exited;
  await watch.over;
  await server.spawn();
  const after = await visitor.watch(watch.lastId);
  assert.equal(after.events[0].resumed, false);
  const kept = await visitor.conversation(sent.conversation);
  assert.deepEqual(kept.messages.map(({ id, role }) => [id, role]), [[sent.message, "user"]]);
  const next = await visitor.send("say better", { conversation: sent.conversation });
  await after.wait("end", (event) => event.turn === next.turn);
  await after.close();
});

test("idle streams do not hold up a stop", async (t) => {
  const { server, visitor } = await start(t, { config: { drain: "30s" } });
  const watch = await visitor.watch();
  await server.stop({ keep: true }); // fails after 15 s
  await watch.over;
  assert.ok(watch.ended);
  await server.spawn();
});

test("a failure is told, with what can be done", async (t) => {
  const { visitor } = await start(t, { bot: { retries: 0, limits: { messages_per_minute: 2 } } });
  const watch = await visitor.watch();
  const failed = await visitor.send("status 500");
  assert.equal(failed.status, 202);
  const error = await watch.wait("error");
  assert.deepEqual([error.turn, error.code], [failed.turn, "provider_overloaded"]);
  assert.equal((await watch.wait("end")).finish, "error");
  assert.equal(watch.named("message")[0].status, "failed");
  await visitor.send("say x");
  const limited = await visitor.post("/messages", { text: "say y", key: key() });
  assert.equal(limited.status, 429);
  assert.match(limited.headers.get("retry-after"), /^\d+$/);
  assert.equal((await limited.json()).error.code, "messages_per_minute");
  await watch.close();
});

test("a card is confirmed by another page of the same visitor", async (t) => {
  const { visitor } = await start(t, {
    bot: { tools: ["clock"] },
    config: { tools: { clock: { builtin: "now", confirm: true, confirm_text: { en: "Tell the time?" }, visible_text: "Looking …" } } },
  });
  const watch = await visitor.watch();
  const sent = await visitor.send("call clock {}");
  await watch.wait("end");
  const [card] = watch.named("confirm");
  assert.deepEqual([card.title, card.state, card.conversation, card.turn], ["Tell the time?", "waiting", sent.conversation, sent.turn]);
  const page = await visitor.watch();
  assert.equal((await visitor.conversation(sent.conversation)).confirmations[0].id, card.id);
  const yes = { conversation: sent.conversation, confirmation: card.id, answer: "yes", language: "de", key: key() };
  const reply = await visitor.post("/confirm", yes);
  assert.equal(reply.status, 202);
  const { turn } = await reply.json();
  assert.equal((await page.wait("turn", (event) => event.turn === turn)).message.content, "ja");
  assert.equal((await watch.wait("confirm", (event) => event.state === "yes")).id, card.id);
  assert.deepEqual((await watch.wait("tool", (event) => event.state === "done")).turn, turn);
  await watch.wait("end", (event) => event.turn === turn);
  assert.match(watch.text(turn), /time_zone/);
  assert.deepEqual(await (await visitor.post("/confirm", yes)).json(), { ...(await (await visitor.post("/confirm", yes)).json()) });
  const late = await visitor.post("/confirm", { ...yes, key: key() });
  assert.deepEqual([late.status, (await late.json()).error.code], [409, "confirmation_answered"]);
  await Promise.all([watch.close(), page.close()]);
});

test("who deletes a conversation has it gone in every page", async (t) => {
  const { server, visitor } = await start(t);
  const watch = await visitor.watch();
  const sent = await visitor.send("slow 20; count 500");
  await until(() => watch.named("delta").length > 2, "some of the answer");
  assert.equal(await visitor.remove(sent.conversation), 204);
  assert.equal((await watch.wait("deleted")).conversation, sent.conversation);
  await watch.wait("end");
  assert.equal((await visitor.get(`/conversations/${sent.conversation}?bot=support`)).status, 404);
  await until(async () => (await server.metric("switchboard_turns_active")) === 0, "the turn's end");
  assert.deepEqual(server.sql("select id from messages"), []);
  await watch.close();
});

test("an answer that failed is given again, in place of the first", async (t) => {
  const { provider, server, visitor } = await start(t, { bot: { retries: 0 } });
  const watch = await visitor.watch();
  await visitor.send("say before");
  await watch.wait("end");
  const { conversation } = watch.named("end")[0];
  const failed = await visitor.send("drop-after 3; say one two three four five", { conversation });
  await watch.wait("end", (event) => event.turn === failed.turn);
  const retried = await visitor.post("/retry", { conversation, key: key() });
  assert.equal(retried.status, 202);
  const ids = await retried.json();
  await watch.wait("end", (event) => event.turn === ids.turn);
  assert.equal((await watch.wait("turn", (event) => event.turn === ids.turn)).again, true);
  const asked = (await provider.requests()).map(({ body }) => body.messages.filter(({ role }) => role !== "system").map(({ content }) => content));
  assert.deepEqual(asked.at(-1), ["say before", "before", "drop-after 3; say one two three four five"]);
  const kept = await until(async () => {
    const now = await visitor.conversation(conversation);
    return now.messages.some(({ id }) => id === ids.answer) && now;
  }, "the new answer");
  assert.deepEqual(kept.messages.map(({ role }) => role), ["user", "assistant", "user", "assistant"]);
  assert.equal(server.sql("select count(*) as n from messages where status = 'replaced'")[0].n, 1);
  const missing = await visitor.post("/retry", { key: key() });
  assert.equal(missing.status, 400);
  assert.equal((await visitor.post("/retry", { key: key(), conversation: "01M84DMG1PAXDTPN7628BMAZ8V" })).status, 404);
  await watch.close();
});

test("what visitors think is kept, changed and taken back", async (t) => {
  const { server, visitor } = await start(t);
  const watch = await visitor.watch();
  const sent = await visitor.send("say x");
  await watch.wait("end");
  await until(() => server.sql("select id from messages where role = 'assistant'").length, "the answer");
  const think = async (path, body) => (await visitor.post(path, body)).status;
  assert.equal(await think("/feedback", { message: sent.answer, rating: -1, comment: "no" }), 204);
  assert.equal(await think("/feedback", { message: sent.answer, rating: 1 }), 204);
  assert.deepEqual(server.sql("select rating, comment from feedback"), [{ rating: 1, comment: "" }]);
  assert.equal(await think("/feedback", { message: sent.answer, rating: 0 }), 204);
  assert.deepEqual(server.sql("select * from feedback"), []);
  assert.equal(await think("/rating", { conversation: sent.conversation, stars: 4, comment: "good" }), 204);
  assert.deepEqual(server.sql("select stars, comment from ratings"), [{ stars: 4, comment: "good" }]);
  const other = new Visitor(server);
  await other.boot();
  assert.equal((await other.post("/feedback", { message: sent.answer, rating: 1 })).status, 404);
  assert.equal((await other.post("/rating", { conversation: sent.conversation, stars: 1 })).status, 404);
  for (const [path, body] of [
    ["/feedback", { message: sent.answer, rating: 2 }],
    ["/feedback", { message: sent.answer }],
    ["/feedback", { message: "x", rating: 1 }],
    ["/feedback", { message: sent.message, rating: 1 }],
    ["/rating", { conversation: sent.conversation, stars: 0 }],
  ])
    assert.ok([400, 404].includes(await think(path, body)), JSON.stringify(body));
  await watch.close();
});

test("export and erase: all of one visitor, nothing of another", async (t) => {
  const { server, visitor } = await start(t);
  const other = new Visitor(server);
  await other.boot();
  const [watch, theirs] = await Promise.all([visitor.watch(), other.watch()]);
  const sent = await visitor.send("say mine");
  await other.send("say theirs");
  await Promise.all([watch.wait("end"), theirs.wait("end")]);
  await until(() => server.sql("select id from messages where role = 'assistant'").length === 2, "both answers");
  await visitor.post("/rating", { conversation: sent.conversation, stars: 5, comment: "fine" });
  const exported = await visitor.json("/export?bot=support");
  assert.deepEqual(exported.messages.map(({ role, text }) => [role, text]), [["user", "say mine"], ["assistant", "mine"]]);
  assert.deepEqual([exported.conversations.length, exported.feedback[0].rating, exported.feedback[0].comment], [1, 5, "fine"]);
  const reply = await fetch(`${server.url}/api/widget/data?bot=support`, { method: "DELETE", headers: { origin, "x-switchboard-session": visitor.session } });
  assert.deepEqual((await reply.json()).deleted, { conversations: 1, messages: 2, tool_calls: 0, attachments: 0, bookings: 0, confirmations: 0, feedback: 1, leads: 0, deliveries: 0 });
  await watch.wait("erased");
  assert.deepEqual((await visitor.json("/export?bot=support")).conversations, []);
  assert.equal((await other.json("/export?bot=support")).messages.length, 2);
  const users = server.sql("select distinct user_id from calls").map(({ user_id }) => user_id.split(":")[0]);
  assert.deepEqual(users.sort(), ["anon", "erased"]);
  assert.equal(server.sql("select sum(cost_microdollars) is not null as paid from calls")[0].paid, 1);
  await Promise.all([watch.close(), theirs.close()]);
});

test("who signs in brings along what they had as nobody", async (t) => {
  const secret = "a secret of the site";
  const { server, visitor } = await start(t, { bot: { access: { anonymous: true, origins: [origin], user_hash_secret: secret } } });
  const watch = await visitor.watch();
  const sent = await visitor.send("say hi");
  await watch.wait("end");
  await until(() => server.sql("select id from messages where role = 'assistant'").length, "the answer");
  const sign = (id) => ({ "x-switchboard-user": id, "x-switchboard-user-hash": createHmac("sha256", secret).update(id).digest("hex") });
  const anna = new Visitor(server, "support", sign("anna"));
  anna.session = visitor.session;
  const boot = await anna.boot();
  assert.equal(boot.identified, true);
  assert.deepEqual(boot.conversations.map(({ id }) => id), [sent.conversation]);
  assert.deepEqual((await visitor.boot()).conversations, []);
  // Another device of hers has it, somebody else not; a forged session joins nothing.
  assert.equal((await new Visitor(server, "support", sign("anna")).boot()).conversations.length, 1);
  const bert = new Visitor(server, "support", sign("bert"));
  bert.session = `${visitor.session.slice(0, -1)}0`;
  assert.deepEqual((await bert.boot()).conversations, []);
  await watch.close();
});

test("origins: pages that are allowed, and browsers only", async (t) => {
  const { server, visitor } = await start(t);
  const from = (headers, path = "/boot?bot=support") => fetch(`${server.url}/api/widget${path}`, { headers });
  const bad = await from({ origin: "https://evil.example" });
  const { error } = await bad.json();
  assert.deepEqual([bad.status, error.code], [403, "origin_not_allowed"]);
  assert.match(error.message, /add "https:\/\/evil\.example" to bots\.support\.access\.origins/);
  const none = await from({});
  assert.deepEqual([none.status, (await none.json()).error.code], [403, "origin_missing"]);
  assert.equal((await from({ "sec-fetch-site": "same-origin" })).status, 200);
  const good = await from({ origin });
  assert.equal(good.headers.get("access-control-allow-origin"), origin);
  const preflight = await fetch(`${server.url}/api/widget/messages`, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type,x-switchboard-session" } });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-headers"), /x-switchboard-session/);
  // A session of one bot is nobody with another, and a forged one is a new visitor.
  assert.ok((await (await from({ origin, "x-switchboard-session": `${visitor.session.slice(0, -2)}xx` })).json()).session);
});

test("what is wrong is told with its place", async (t) => {
  const { visitor } = await start(t, { bot: { message_max: "1KiB" } });
  for (const [path, body, status, param] of [
    ["/messages", { text: "x" }, 400, "key"],
    ["/messages", { text: "x", key: "short" }, 400, "key"],
    ["/messages", { text: "x", key: `${key()}!` }, 400, "key"],
    ["/messages", { key: key() }, 400, "text"],
    ["/messages", { text: " \n\t", key: key() }, 400, "text"],
    ["/messages", { text: ["x"], key: key() }, 400, "text"],
    ["/messages", { text: "x".repeat(2000), key: key() }, 413, "text"],
    ["/messages", { text: "x", key: key(), conversation: "1" }, 400, "conversation"],
    ["/messages", { text: "x", key: key(), conversation: "01M84DMG1PAXDTPN7628BMAZ8V" }, 404, null],
    ["/messages", { text: "x", key: key(), bot: "nobody" }, 404, "bot"],
    ["/confirm", { key: key(), confirmation: "01M84DMG1PAXDTPN7628BMAZ8V", answer: "yes" }, 400, "conversation"],
    ["/confirm", { key: key(), conversation: "01M84DMG1PAXDTPN7628BMAZ8V", confirmation: "1", answer: "yes" }, 400, "confirmation"],
    ["/confirm", { key: key(), conversation: "01M84DMG1PAXDTPN7628BMAZ8V", confirmation: "01M84DMG1PAXDTPN7628BMAZ8V", answer: "maybe" }, 400, "answer"],
    ["/stop", {}, 400, "conversation"],
  ]) {
    const reply = await visitor.post(path, body);
    const { error } = await reply.json();
    assert.deepEqual([reply.status, error.param], [status, param], `${path} ${JSON.stringify(body).slice(0, 80)}: ${error.message}`);
  }
  for (const id of ["x", "abc-1", "-", "ffffffffffff-99999999999999999999", "0-0", "\u00e9"]) {
    const watch = new Watch(visitor, id);
    assert.equal((await watch.wait("hello")).resumed, false);
    await watch.close();
  }
});
