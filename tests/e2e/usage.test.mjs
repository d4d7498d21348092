// What was used and what it cost, by day, user, bot, model, key and conversation.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, run, until } from "./support/server.mjs";
import { startProvider } from "./support/provider.mjs";

const TOKEN = "an admin token of 24 char";

async function start(t) {
  const provider = await startProvider(t);
  const bot = { models: ["up/m", "up/other"], access: { anonymous: true }, retries: 0, max_tokens: 20 };
  const server = await Server.start(t, {
    admin_token: TOKEN,
    providers: { up: { api: "openai", url: `${provider.url}/v1`, models: { m: { input_price: 1, output_price: 10 } } } },
    bots: { support: bot, sales: { ...bot, models: ["up/other"] } },
  });
  const keys = { one: server.key("--name", '=cmd("x"), one'), two: server.key("--name", "two") };
  const ask = async (text, key, bot = "support") => {
    const reply = await server.ask(text, { bot }, { authorization: `Bearer ${key}` });
    await reply.text();
    return reply.headers.get("x-conversation-id");
  };
  return { server, keys, ask };
}

const usage = (server, ...args) => run(["usage", "-c", server.file, ...args]);
const json = (server, ...args) => {
  const done = usage(server, "--format", "json", ...args);
  assert.equal(done.status, 0, done.err);
  return JSON.parse(done.out);
};

test("sums by every group, the same on the command line and over HTTP", async (t) => {
  const { server, keys, ask } = await start(t);
  const conversation = await ask("usage 1000 10; say hi", keys.one);
  await ask("usage 500 5; say hi", keys.one);
  await ask("usage 300 2; say hi", keys.two);
  await ask("status 500; say hi", keys.two);
  await ask("usage 70 1; say hi", keys.two, "sales");
  await until(() => server.sql("select count(*) as n from calls where state='settled'")[0].n === 6, "six calls");

  const day = json(server);
  assert.equal(day.rows.length, 1);
  assert.match(day.rows[0].day, /^20\d\d-\d\d-\d\d$/);
  assert.equal(day.total.calls, 6);
  assert.equal(day.total.turns, 5);
  assert.equal(day.total.errors, 2);
  // 1 and 10 microdollars a token; what has no price is told
  assert.equal(day.total.cost_microdollars, 1800 + 170);
  assert.equal(day.total.unpriced_calls, 1);
  assert.equal(day.total.input_tokens, 1870);
  assert.deepEqual(day.rows[0].output_tokens, 18);

  const byBot = json(server, "--by", "bot").rows.map((row) => [row.bot, row.calls, row.cost_microdollars]);
  assert.deepEqual(byBot, [["support", 5, 1970], ["sales", 1, 0]]);
  const byModel = json(server, "--by", "model").rows.map((row) => [row.model, row.calls, row.errors]);
  assert.deepEqual(byModel, [["up/m", 4, 1], ["up/other", 2, 1]]);
  const byKey = json(server, "--by", "key").rows;
  assert.deepEqual(byKey.map((row) => [row.name, row.calls]), [['=cmd("x"), one', 2], ["two", 4]]);
  assert.equal(byKey[0].key, keys.one.split("-")[1]);
  assert.equal(json(server, "--by", "conversation").rows[0].conversation, conversation);
  assert.equal(json(server, "--by", "user").rows.length, 2);
  assert.equal(json(server, "--bot", "sales").total.calls, 1);

  const yesterday = new Date(Date.now() - 86400000 * 2).toISOString().slice(0, 10);
  assert.equal(json(server, "--to", yesterday).total.calls, 0);
  const today = day.rows[0].day;
  assert.equal(json(server, "--from", today, "--to", today).total.calls, 6);

  const csv = usage(server, "--by", "key", "--format", "csv").out.split("\r\n");
  assert.match(csv[0], /^key,name,calls,turns,/);
  assert.match(csv[1], /^[0-9A-Z]{26},"'=cmd\(""x""\), one",2,2,0,1500,0,0,15,0,0\.001650,0\.000000,0$/);
  const table = usage(server, "--by", "model").out;
  assert.match(table, /up\/m +4 +4 +1 +1800 +0 +17 +0\.001970/);
  assert.match(table, /total +6 /);

  const get = (query, token = TOKEN) => fetch(`${server.url}/admin/usage${query}`, { headers: { authorization: `Bearer ${token}` } });
  const http = await (await get("?by=model")).json();
  assert.deepEqual(http, json(server, "--by", "model"));
  assert.equal((await get("", "wrong")).status, 401);
  assert.equal((await fetch(`${server.url}/admin/usage`)).status, 401);
  const bad = await get("?by=colour");
  assert.equal(bad.status, 400);
  assert.equal((await bad.json()).error.param, "by");
});

test("a crashed call stands with what was reserved, as estimated", async (t) => {
  const { server, keys } = await start(t);
  server.write({ ...server.config, bots: { support: { ...server.config.bots.support, models: ["up/m"], limits: { cost_per_day: 5 } } } });
  await server.stop({ keep: true });
  await server.spawn();
  const cut = server.ask("say one two; stall-after 1", {}, { authorization: `Bearer ${keys.one}` });
  const reply = await cut;
  const text = assert.rejects(reply.text());
  server.child.kill("SIGKILL");
  await server.exited;
  await text;
  await server.spawn();
  const { total } = json(server);
  assert.equal(total.calls, 1);
  assert.ok(total.cost_microdollars > 0);
  assert.equal(total.estimated_microdollars, total.cost_microdollars);
  assert.match(usage(server).out, /estimated because no provider reported it/);
});

test("bad questions are told", async (t) => {
  const { server } = await start(t);
  for (const [args, what] of [
    [["--by", "colour"], /by must be day, user/],
    [["--from", "yesterday"], /from must be a day such as/],
    [["--from", "2026-02-30"], /from must be a day/],
    [["--from", "2026-11-20", "--to", "2026-11-01"], /must not be after/],
    [["--bot", "nobody"], /no bot of the name/],
    [["--format", "xml"], /no format xml/],
  ]) {
    const done = usage(server, ...args);
    assert.equal(done.status, 2, args.join(" "));
    assert.match(done.err, what);
  }
});

test("without an admin token nobody gets in, not even from here", async (t) => {
  const provider = await startProvider(t);
  const server = await Server.start(t, { providers: { up: { api: "openai", url: `${provider.url}/v1` } }, bots: { b: { models: ["up/m"] } } });
  assert.equal((await fetch(`${server.url}/admin/usage`)).status, 403);
});
