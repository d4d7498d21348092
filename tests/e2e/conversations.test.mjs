// Conversations over HTTP: create, go on, list, get, delete; each caller sees their own only.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Server, readStream, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const PATH = "/v1/conversations";
const UNKNOWN = "01M84788KD8PJDBKDQFMNJMAP5";

async function start(t, bot = {}) {
  const provider = await startProvider(t);
  const config = oneBot(provider, bot);
  config.bots.sales = { ...config.bots.support, system: "Sell." };
  config.bots.support.default = true;
  const server = await Server.start(t, config);
  const client = (key = server.key()) => {
    const headers = { authorization: `Bearer ${key}` };
    const call = async (method, path, body) => {
      const reply = await fetch(server.url + path, { method, headers, body: body && JSON.stringify(body) });
      const text = await reply.text();
      return { status: reply.status, headers: reply.headers, body: text && JSON.parse(text) };
    };
    return {
      headers,
      get: (path) => call("GET", path),
      remove: (path) => call("DELETE", path),
      create: (body) => call("POST", PATH, body),
      say: (text, conversation_id, more = {}) => server.ask(text, { conversation_id, ...more }, headers),
    };
  };
  return { provider, server, client };
}

const recorded = (server, count) =>
  until(() => server.sql("select count(*) as n from messages")[0].n >= count, `${count} messages in the log`);
const counts = (server) =>
  server.sql(`select (select count(*) from conversations) as conversations, (select count(*) from messages) as messages,
    (select count(*) from calls where state = 'settled') as settled, (select count(*) from calls where state = 'open') as open`)[0];

test("created, gone on with, read and deleted", async (t) => {
  const { provider, server, client } = await start(t);
  const anna = client();
  const made = await anna.create();
  assert.equal(made.status, 201);
  assert.match(made.body.id, /^[0-9A-Z]{26}$/);
  assert.match(made.headers.get("x-request-id"), /^[0-9A-Z]{26}$/);
  assert.equal(made.headers.get("cache-control"), "no-store");
  assert.equal(made.headers.get("set-cookie"), null);
  const { id, created_at, ...rest } = made.body;
  assert.deepEqual(rest, { object: "conversation", bot: "support", updated_at: created_at, message_count: 0 });
  assert.ok(Math.abs(created_at - Date.now() / 1000) < 60);
  assert.deepEqual((await anna.get(`${PATH}/${id}`)).body, { ...made.body, messages: [], has_more: false });

  for (const [i, text] of ["say one", "say two"].entries()) {
    assert.equal((await readStream(await anna.say(text, id))).text, text.slice(4));
    await recorded(server, 2 * (i + 1));
  }
  // The model was given what the server kept.
  assert.deepEqual(
    (await provider.requests()).at(-1).body.messages.slice(1).map(({ content }) => content),
    ["say one", "one", "say two"],
  );
  const { body } = await anna.get(`${PATH}/${id}`);
  assert.equal(body.message_count, 4);
  assert.equal(body.has_more, false);
  assert.deepEqual(
    body.messages.map(({ position, role, content, status }) => [position, role, content, status]),
    [
      [1, "user", "say one", "complete"],
      [2, "assistant", "one", "complete"],
      [3, "user", "say two", "complete"],
      [4, "assistant", "two", "complete"],
    ],
  );
  for (const message of body.messages) {
    assert.match(message.id, /^[0-9A-Z]{26}$/);
    assert.ok(message.created_at >= created_at);
  }
  const page = await anna.get(`${PATH}/${id}?limit=1&after=2`);
  assert.deepEqual(page.body.messages, [body.messages[2]]);
  assert.equal(page.body.has_more, true);
  assert.deepEqual((await anna.get(`${PATH}/${id}?after=4`)).body.messages, []);
  const head = await fetch(`${server.url}${PATH}/${id}`, { method: "HEAD", headers: anna.headers });
  assert.equal(head.status, 200);

  assert.deepEqual((await anna.remove(`${PATH}/${id}`)).body, { id, object: "conversation.deleted", deleted: true });
  assert.equal((await anna.get(`${PATH}/${id}`)).status, 404);
  assert.equal((await anna.remove(`${PATH}/${id}`)).status, 404);
  assert.deepEqual(counts(server), { conversations: 0, messages: 0, settled: 2, open: 0 });
});

test("listed newest first, page by page, whatever door they came by", async (t) => {
  const { server, client } = await start(t);
  const anna = client();
  const ids = [];
  for (let i = 0; i < 4; i++) ids.unshift((await anna.create()).body.id);
  const spoken = await anna.say("say hi");
  ids.unshift(spoken.headers.get("x-conversation-id"));
  await spoken.text();
  await recorded(server, 2);
  const sales = (await anna.create({ bot: "sales" })).body;
  assert.equal(sales.bot, "sales");
  ids.sort().reverse(); // ids of one millisecond do not tell which came first

  const list = (await anna.get(PATH)).body;
  assert.equal(list.object, "list");
  assert.equal(list.has_more, false);
  assert.deepEqual(list.data.map(({ id }) => id), ids);
  const own = list.data.find(({ id }) => id === spoken.headers.get("x-conversation-id"));
  assert.equal(own.message_count, 2);
  assert.deepEqual(Object.keys(own), ["id", "object", "bot", "created_at", "updated_at", "message_count"]);
  assert.deepEqual((await anna.get(`${PATH}?bot=sales`)).body.data, [sales]);

  const seen = [];
  for (let after = "", more = true; more; after = `&after=${seen.at(-1)}`) {
    const page = (await anna.get(`${PATH}?limit=2${after}`)).body;
    assert.ok(page.data.length >= 1 && page.data.length <= 2);
    seen.push(...page.data.map(({ id }) => id));
    more = page.has_more;
  }
  assert.deepEqual(seen, ids);
  assert.deepEqual((await anna.get(`${PATH}?limit=5`)).body.has_more, false);
});

test("nobody sees another's, nor one of another bot", async (t) => {
  const { server, client } = await start(t);
  const anna = client();
  const bert = client();
  const { id } = (await anna.create()).body;
  for (const [who, path] of [
    [bert, `${PATH}/${id}`],
    [anna, `${PATH}/${id}?bot=sales`],
    [anna, `${PATH}/${UNKNOWN}`],
  ])
    for (const method of ["get", "remove"]) {
      const reply = await who[method](path);
      assert.equal(reply.status, 404);
      assert.deepEqual(reply.body.error, {
        message: "There is no such conversation.",
        type: "invalid_request_error",
        param: null,
        code: "not_found",
      });
      assert.match(reply.headers.get("x-request-id"), /^[0-9A-Z]{26}$/);
    }
  assert.deepEqual((await bert.get(PATH)).body, { object: "list", data: [], has_more: false });
  assert.equal((await bert.say("say hi", id)).status, 404);
  assert.equal((await anna.get(`${PATH}/${id}?bot=support`)).status, 200);
  assert.ok((await server.metric("switchboard_refused_total")) >= 6);
});

test("with the credentials of the other doors", async (t) => {
  const secret = "a secret of the site";
  const { server, client } = await start(t, { access: { anonymous: false, user_hash_secret: secret } });
  assert.equal((await fetch(server.url + PATH)).status, 401);
  assert.equal((await client("sb-wrong").get(PATH)).status, 401);
  assert.equal((await server.post(PATH, {})).status, 401);
  assert.deepEqual(server.sql("select count(*) as n from conversations"), [{ n: 0 }]);
  const limited = client(server.key("--bots", "sales"));
  assert.equal((await limited.get(PATH)).status, 403);
  assert.equal((await limited.get(`${PATH}?bot=sales`)).status, 200);
  const headers = (user) => ({
    "x-switchboard-user": user,
    "x-switchboard-user-hash": createHmac("sha256", secret).update(user).digest("hex"),
  });
  const made = await server.post(PATH, {}, headers("user-7"));
  assert.equal(made.status, 201);
  const { id } = await made.json();
  const get = (user) => fetch(`${server.url}${PATH}/${id}`, { headers: headers(user) });
  assert.equal((await get("user-7")).status, 200);
  assert.equal((await get("user-8")).status, 404);
});

test("an anonymous visitor gets a session with the first one, and not for reading", async (t) => {
  const { server } = await start(t);
  const list = await fetch(server.url + PATH);
  assert.equal(list.headers.get("set-cookie"), null);
  assert.deepEqual((await list.json()).data, []);
  const made = await server.post(PATH, "");
  const cookie = made.headers.get("set-cookie").split(";")[0];
  assert.match(cookie, /^sb_support=/);
  const { id } = await made.json();
  const own = await fetch(server.url + PATH, { headers: { cookie } });
  assert.equal(own.headers.get("set-cookie"), null);
  assert.deepEqual((await own.json()).data.map((one) => one.id), [id]);
  assert.equal((await fetch(`${server.url}${PATH}/${id}`)).status, 404);
  assert.equal((await readStream(await server.ask("say mine", { conversation_id: id }, { cookie }))).text, "mine");
});

test("pages of other sites only where the bot allows them", async (t) => {
  const { server } = await start(t, { access: { anonymous: true, origins: ["https://shop.example.com"] } });
  const ask = (method, path, origin) => fetch(server.url + path, { method, headers: { origin } });
  for (const [method, path] of [["POST", PATH], ["GET", PATH], ["GET", `${PATH}/${UNKNOWN}`], ["DELETE", `${PATH}/${UNKNOWN}`]]) {
    const bad = await ask(method, path, "https://evil.test");
    assert.equal(bad.status, 403);
    assert.equal((await bad.json()).error.code, "origin_not_allowed");
    const good = await ask(method, path, "https://shop.example.com");
    assert.notEqual(good.status, 403);
    assert.equal(good.headers.get("access-control-allow-origin"), "https://shop.example.com");
    await good.text();
    const preflight = await fetch(server.url + path, {
      method: "OPTIONS",
      headers: { origin: "https://shop.example.com", "access-control-request-method": method },
    });
    assert.equal(preflight.status, 204);
    assert.ok(preflight.headers.get("access-control-allow-methods").split(", ").includes(method));
  }
  assert.equal(counts(server).conversations, 1);
});

test("what is wrong with a request is told", async (t) => {
  const { server, client } = await start(t);
  const anna = client();
  const { id } = (await anna.create({})).body;
  const wrong = async (path, param, code = "invalid_request") => {
    const reply = await anna.get(path);
    assert.equal(reply.status, code === "invalid_request" ? 400 : 404, path);
    assert.equal(reply.body.error.param, param, path);
    assert.equal(reply.body.error.code, code, path);
  };
  for (const limit of ["0", "-1", "101", "1.5", "x", "99999999999999999999", "1%00", "1' OR '1"])
    await wrong(`${PATH}?limit=${encodeURIComponent(limit)}`, "limit");
  assert.equal((await anna.get(`${PATH}?limit=100`)).status, 200);
  for (const after of ["x", `${UNKNOWN}0`, "01M84788KD8PJDBKDQFMNJMAPU", "'; drop table conversations; --"])
    await wrong(`${PATH}?after=${encodeURIComponent(after)}`, "after");
  for (const limit of ["0", "1001"]) await wrong(`${PATH}/${id}?limit=${limit}`, "limit");
  for (const after of ["-1", "x", "9223372036854775808"]) await wrong(`${PATH}/${id}?after=${after}`, "after");
  assert.equal((await anna.get(`${PATH}/${id}?limit=1000&after=9223372036854775807`)).status, 200);
  await wrong(`${PATH}?bot=nobody`, "bot", "model_not_found");
  await wrong(`${PATH}/${id}?bot=nobody`, "bot", "model_not_found");
  for (const bad of ["", "x", `${id}/`, `${id}/messages`, `${id}0`, "%", "' or 1=1", "x".repeat(3000)]) {
    await wrong(`${PATH}/${encodeURIComponent(bad)}`, null, "not_found");
    assert.equal((await anna.remove(`${PATH}/${encodeURIComponent(bad)}`)).status, 404);
  }
  for (const [body, status] of [["{", 400], ["[]", 400], ['{"bot":7}', 400], ['{"bot":"nobody"}', 404], ['{"bot":null}', 201], [" ", 201]]) {
    const reply = await server.post(PATH, body, anna.headers);
    assert.equal(reply.status, status, body);
    const { error } = await reply.json();
    if (status !== 201) assert.ok(error.message.length > 10);
  }
  assert.equal(counts(server).conversations, 3);
});

test("other methods are refused with those that are taken", async (t) => {
  const { client, server } = await start(t);
  const { headers } = client();
  for (const [method, path, allow] of [
    ["PUT", PATH, "POST, GET"],
    ["DELETE", PATH, "POST, GET"],
    ["POST", `${PATH}/${UNKNOWN}`, "GET, DELETE"],
    ["PATCH", `${PATH}/${UNKNOWN}`, "GET, DELETE"],
  ]) {
    const reply = await fetch(server.url + path, { method, headers });
    assert.equal(reply.status, 405);
    assert.equal(reply.headers.get("allow"), allow);
    assert.equal((await reply.json()).error.code, "method_not_allowed");
  }
});

test("reading does not count as a message; creating has the same limits, counted apart", async (t) => {
  const { client } = await start(t, { limits: { messages_per_minute: 3 } });
  const anna = client();
  for (let i = 0; i < 3; i++) assert.equal((await anna.create()).status, 201);
  const refused = await anna.create();
  assert.equal(refused.status, 429);
  assert.equal(refused.body.error.code, "conversations_per_minute");
  assert.ok(Number(refused.headers.get("retry-after")) >= 1);
  for (let i = 0; i < 10; i++) assert.equal((await anna.get(PATH)).status, 200);
  assert.equal((await readStream(await anna.say("say still free"))).text, "still free");
});

test("who makes many as a new visitor each time is one address", async (t) => {
  const provider = await startProvider(t);
  const bot = { limits: { per_address: { messages_per_minute: 2 } } };
  const server = await Server.start(t, { ...oneBot(provider, bot), http: { trusted_proxies: ["127.0.0.1"] } });
  const create = async (address) => (await server.post(PATH, {}, { "x-forwarded-for": address })).status;
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push(await create("192.0.2.1"));
  assert.deepEqual(statuses, [201, 201, 429, 429]);
  assert.equal(await create("192.0.2.2"), 201);
  assert.equal(counts(server).conversations, 3);
});

test("long messages make short pages", async (t) => {
  const { server, client } = await start(t);
  const anna = client();
  const { id } = (await anna.create()).body;
  await server.stop({ keep: true });
  server.sql(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 1200)
    insert into messages (conversation_id, position, id, turn_id, role, text, status, created_ms)
    select '${id}', i, 'x' || i, 'x', 'user', case when i <= 100 then printf('%.*c', 100000, 'x') else 'short' end, 'complete', 1 from n`);
  await server.spawn();
  const positions = [];
  for (let more = true; more; ) {
    const { body } = await anna.get(`${PATH}/${id}?limit=1000&after=${positions.at(-1) ?? 0}`);
    assert.ok(body.messages.length >= 1 && body.messages.length <= 1000);
    assert.ok(JSON.stringify(body).length < 1 << 20);
    positions.push(...body.messages.map(({ position }) => position));
    more = body.has_more;
  }
  assert.deepEqual(positions, Array.from({ length: 1200 }, (_, i) => i + 1));
});

test("deleted while an answer streams: it ends well, and nothing but its cost is kept", async (t) => {
  const { server, client } = await start(t);
  const anna = client();
  const reply = await anna.say("slow 100; count 30");
  const id = reply.headers.get("x-conversation-id"); // the head comes with the first word
  assert.equal((await anna.remove(`${PATH}/${id}`)).status, 200);
  const answer = await readStream(reply);
  assert.ok(answer.done);
  assert.ok(answer.text.endsWith(" w30"));
  await until(() => counts(server).settled === 1, "the call to be settled");
  assert.deepEqual(counts(server), { conversations: 0, messages: 0, settled: 1, open: 0 });
  await until(() => /deleted before its answer was recorded/.test(server.log), "the log to say so");
  assert.equal(await server.metric("switchboard_log_failures_total"), 0);
  await until(async () => (await server.metric("switchboard_turns_active")) === 0, "the turn to end");
  const [call] = server.sql("select input_tokens, output_tokens, finish_reason from calls");
  assert.deepEqual(call, { input_tokens: 10, output_tokens: 30, finish_reason: "stop" });
});

test("deleted while an answer hangs, and the client goes as well", async (t) => {
  const { provider, server, client } = await start(t);
  const anna = client();
  const leave = new AbortController();
  const reply = await server.ask("stall-after 2; say one two three", {}, anna.headers, { signal: leave.signal });
  const id = reply.headers.get("x-conversation-id");
  const first = reply.body.getReader();
  await first.read();
  assert.equal((await anna.remove(`${PATH}/${id}`)).status, 200);
  await first.cancel();
  leave.abort();
  await until(() => counts(server).settled === 1, "the call to be settled");
  assert.deepEqual(counts(server), { conversations: 0, messages: 0, settled: 1, open: 0 });
  await until(async () => (await provider.open()) === 0, "the upstream to be let go");
  assert.equal((await readStream(await anna.say("say still here"))).text, "still here");
});
