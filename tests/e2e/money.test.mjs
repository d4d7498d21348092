// What a call costs, what may be spent, and what happens when it is.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { Server, readStream, run, until } from "./support/server.mjs";
import { startProvider } from "./support/provider.mjs";

// A dollar for 10,000 tokens: 100 microdollars each.
const PRICE = 100;
const prices = { input_price: PRICE, output_price: PRICE };

async function start(t, bot = {}, more = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, {
    providers: {
      up: { api: "openai", url: `${provider.url}/v1`, key: "k", models: { m: prices, cheap: { input_price: 1, output_price: 1 } } },
    },
    bots: {
      support: { models: ["up/m"], access: { anonymous: true }, retries: 0, max_tokens: 20, ...bot },
    },
    ...more,
  });
  return { provider, server };
}

const settled = async (server, count) =>
  until(() => {
    const rows = server.sql("select * from calls order by id");
    return rows.length >= count && rows.every((row) => row.state === "settled") && rows;
  }, `${count} settled calls`);

async function ask(server, text, headers) {
  const reply = await server.ask(text, {}, headers);
  const body = await reply.text();
  return { status: reply.status, body, headers: reply.headers };
}

test("each class of tokens at its price", async (t) => {
  const { server } = await start(t);
  await ask(server, "usage 1000 7; say hi");
  const [call] = await settled(server, 1);
  assert.equal(call.cost_microdollars, 1007 * PRICE);
  assert.equal(call.estimated, 0);
  await until(() => server.log.includes("cost_microdollars=100700"), "the log");
  assert.equal(await server.metric("switchboard_model_cost_microdollars_total"), 1007 * PRICE);
});

test("a budget of 0: refused before any call, or answered from the documents", async (t) => {
  const { provider, server } = await start(t, { limits: { cost_per_day: 0 } });
  const refused = await ask(server, "say hi");
  assert.equal(refused.status, 429);
  const { error } = JSON.parse(refused.body);
  assert.equal(error.code, "user_day_budget");
  assert.equal(error.type, "insufficient_quota");
  assert.match(error.message, /try again later/);
  const german = await ask(server, "say hi", { "accept-language": "de-DE,de;q=0.9,en;q=0.8" });
  assert.match(JSON.parse(german.body).error.message, /versuchen Sie es später/);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal((await provider.requests()).length, 0);
  assert.equal(server.sql("select text from messages where role='user'")[0].text, "say hi"); // not lost
});

test("when the money is spent the documents answer", async (t) => {
  const provider = await startProvider(t);
  const server = await Server.start(
    t,
    {
      providers: { up: { api: "openai", url: `${provider.url}/v1`, models: { m: prices } } },
      bots: { support: { models: ["up/m"], knowledge: ["faq.md"], access: { anonymous: true }, limits: { cost_per_day: 0 } } },
    },
    { files: { "faq.md": "# Shipping\n\nWe ship to Germany and France.\n" } },
  );
  const reply = await server.ask("Do you ship to Germany?");
  assert.equal(reply.headers.get("x-switchboard-offline"), "true");
  assert.equal((await readStream(reply)).text, "We ship to Germany and France.");
  server.write({ ...server.config, bots: { support: { ...server.config.bots.support, budget: { when_spent: "refuse" } } } });
  assert.equal(run(["reload", "-c", server.file]).status, 0);
  await until(() => server.log.includes("configuration reloaded"), "the reload");
  assert.equal((await ask(server, "Do you ship to Germany?")).status, 429);
});

test("a model whose price nobody knows is refused at the start", async (t) => {
  const { server } = await start(t);
  server.write({ ...server.config, bots: { support: { models: ["up/other"], limits: { cost_per_day: 1 } } } });
  const done = run(["check", "-c", server.file]);
  assert.equal(done.status, 1);
  assert.match(done.err, /no price is known of up\/other/);
});

test("1,000 calls at once never overspend", async (t) => {
  const { server } = await start(t, { limits: { per_bot: { cost_per_month: 1 } } }, { http: { connections_max: 2000 } });
  let seed = 1;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  const results = await Promise.all(
    Array.from({ length: 1000 }, () => ask(server, `usage ${8 + random(5)} ${random(20)}; say hello to you`)),
  );
  const statuses = new Set(results.map((result) => result.status));
  assert.deepEqual([...statuses].sort(), [200, 429]);
  const rows = (await settled(server, 100)).filter((row) => row.provider === "up");
  const sum = rows.reduce((total, row) => total + row.cost_microdollars, 0);
  assert.ok(sum <= 1000000, `${sum} microdollars`);
  // How many were refused depends on how soon the first ones are settled, but some were let through.
  assert.ok(sum > 100000, `${sum} microdollars`);
  assert.equal(rows.length, results.filter((result) => result.status === 200).length);
  // What is left is less than one call may cost.
  let last;
  for (let i = 0; i < 200; i++) {
    last = await ask(server, "usage 10 20; say more");
    if (last.status === 429) break;
  }
  assert.equal(last.status, 429);
  const [{ total }] = server.sql("select sum(cost_microdollars) as total from calls");
  assert.ok(total <= 1000000 && total > 990000, `${total} microdollars`);
});

test("after kill -9 in the middle the ledger equals the sum of the calls", async (t) => {
  const { provider, server } = await start(t, { limits: { per_bot: { cost_per_month: 1 } } });
  for (let i = 0; i < 10; i++) await ask(server, "usage 12 8; say paid");
  const cut = Array.from({ length: 20 }, () => ask(server, "say one two; stall-after 1").catch(() => null));
  await until(async () => (await provider.open()) === 20, "the calls");
  server.child.kill("SIGKILL");
  await server.exited;
  await Promise.all(cut);
  await server.spawn();
  const rows = server.sql("select state, error_kind, estimated, cost_microdollars, reserved_microdollars from calls");
  assert.equal(rows.length, 30);
  const crashed = rows.filter((row) => row.error_kind === "crashed");
  assert.equal(crashed.length, 20);
  for (const row of crashed) {
    assert.equal(row.state, "settled");
    assert.equal(row.estimated, 1);
    assert.ok(row.cost_microdollars > 0 && row.cost_microdollars === row.reserved_microdollars);
  }
  assert.match(server.log, /calls=20/);
  const before = rows.reduce((total, row) => total + row.cost_microdollars, 0);
  let paid = 0;
  while ((await ask(server, "usage 12 8; say on")).status === 200) paid++;
  const [{ total }] = server.sql("select sum(cost_microdollars) as total from calls");
  assert.equal(total, before + paid * 20 * PRICE);
  assert.ok(total <= 1000000 && total > 990000, `${total} microdollars`);
});

test("a conversation, a key and tokens have budgets of their own", async (t) => {
  const { server } = await start(t, {
    limits: { per_conversation: { tokens: 100 }, per_key: { tokens_per_day: 150 } },
  });
  const authorization = `Bearer ${server.key()}`;
  const first = await server.ask("usage 60 10; say hi", {}, { authorization });
  const conversation_id = first.headers.get("x-conversation-id");
  await first.text();
  await settled(server, 1);
  const second = await server.ask("say hi", { conversation_id }, { authorization });
  assert.equal((await second.json()).error.code, "conversation_budget");
  assert.equal(second.headers.get("retry-after"), null);
  assert.equal((await ask(server, "usage 60 10; say hi", { authorization })).status, 200);
  const third = await ask(server, "usage 60 10; say hi", { authorization });
  assert.equal(JSON.parse(third.body).error.code, "key_day_budget");
  assert.equal((await ask(server, "usage 1 1; say hi", { authorization: `Bearer ${server.key()}` })).status, 200);
});

test("the conversation's budget outlives a restart", async (t) => {
  const { server } = await start(t, { limits: { per_conversation: { cost: 0.01 } } });
  const authorization = `Bearer ${server.key()}`;
  const first = await server.ask("usage 70 5; say hi", {}, { authorization });
  const conversation_id = first.headers.get("x-conversation-id");
  await first.text();
  await settled(server, 1);
  await server.stop({ keep: true });
  await server.spawn();
  assert.equal((await server.ask("say hi", { conversation_id }, { authorization })).status, 429);
});

test("a warning at 80 %, once, to the log, the metrics and the webhook", async (t) => {
  const provider = await startProvider(t);
  const secret = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
  const server = await Server.start(t, {
    providers: { up: { api: "openai", url: `${provider.url}/v1`, models: { m: prices } } },
    bots: {
      support: {
        models: ["up/m"],
        access: { anonymous: true },
        max_tokens: 10,
        limits: { per_bot: { cost_per_day: 0.1 } },
        budget: { webhook: `${provider.url}/hook`, webhook_secret: secret },
      },
    },
  });
  await ask(server, "usage 700 0; say hi");
  await ask(server, "usage 150 0; say hi");
  await ask(server, "usage 10 0; say hi");
  const hooks = await until(async () => {
    const found = (await provider.requests()).filter((request) => request.url === "/hook");
    return found.length > 0 && found;
  }, "the webhook");
  assert.equal(hooks.length, 1);
  const [{ headers, text }] = hooks;
  const { type, data } = new Webhook(secret).verify(text, headers);
  assert.equal(type, "budget.warning");
  assert.deepEqual([data.bot, data.limit, data.account], ["support", "bot_day_budget", "bot/support/day"]);
  assert.deepEqual(data.most, { microdollars: 100000, tokens: -1 });
  assert.equal(data.spent.microdollars, 85000);
  assert.match(server.log, /a budget is nearly spent/);
  assert.equal(await server.metric("switchboard_budget_warnings_total"), 1);
});

test("the cheaper model answers when money is short", async (t) => {
  const { provider, server } = await start(t, {
    limits: { per_bot: { cost_per_day: 0.1 } },
    budget: { cheaper_model: "up/cheap", cheaper_at: 50 },
  });
  for (let i = 0; i < 3; i++) await ask(server, "usage 300 0; say hi");
  assert.deepEqual((await provider.requests()).map((request) => request.body.model), ["m", "m", "cheap"]);
});

test("what was not reported is estimated, and marked", async (t) => {
  const { server } = await start(t, { limits: { cost_per_day: 10 } }, {});
  await ask(server, "no-usage; say one two three");
  await ask(server, "usage -5 -7; say one two three");
  await ask(server, "usage 5000000000 3; say one two three");
  await ask(server, "say one two three; drop-after 2");
  const rows = await settled(server, 4);
  for (const row of rows) {
    assert.equal(row.estimated, 1);
    assert.ok(row.input_tokens >= 10 && row.input_tokens < 60, `${row.input_tokens} in`);
    assert.ok(row.output_tokens >= 2 && row.output_tokens <= 6, `${row.output_tokens} out`);
    assert.equal(row.cost_microdollars, (row.input_tokens + row.output_tokens) * PRICE);
  }
});

test("a call that failed before its reply costs nothing", async (t) => {
  const { server } = await start(t, { limits: { cost_per_day: 10 } });
  await ask(server, "status 500");
  await ask(server, "drop-before");
  for (const row of await settled(server, 2)) {
    assert.equal(row.cost_microdollars, 0);
    assert.ok(row.reserved_microdollars > 0);
  }
});

test("a visitor who leaves pays for what came", async (t) => {
  const { server } = await start(t, { limits: { cost_per_day: 10 }, max_tokens: 2000 });
  const authorization = `Bearer ${server.key()}`;
  const control = new AbortController();
  const reply = await server.post(
    "/api/chat",
    { messages: [{ role: "user", content: "slow 20; count 1000" }] },
    { authorization },
    { signal: control.signal },
  );
  await reply.body.getReader().read();
  control.abort();
  const [row] = await settled(server, 1);
  assert.equal(row.error_kind, "cancelled");
  assert.equal(row.estimated, 1);
  assert.ok(row.cost_microdollars > 0 && row.cost_microdollars < row.reserved_microdollars);
});

test("so many answers at once, and no more", async (t) => {
  const { provider, server } = await start(t, { limits: { streams: 2 } });
  const authorization = `Bearer ${server.key()}`;
  const held = await Promise.all([1, 2].map(() => server.ask("say one two; stall-after 1", {}, { authorization })));
  const third = await ask(server, "say hi", { authorization });
  assert.equal(third.status, 429);
  assert.equal(JSON.parse(third.body).error.code, "streams");
  await held[0].body.cancel();
  await until(async () => (await ask(server, "say hi", { authorization })).status === 200, "room again");
  await held[1].body.cancel();
  await until(async () => (await provider.open()) === 0, "the calls to end");
});

test("a key whose budget is spent rests, and the others go on", async (t) => {
  const provider = await startProvider(t);
  const keys = { first: { key: "sk-first", weight: 1000, cost_per_day: 0.02 }, second: { key: "sk-second" } };
  const server = await Server.start(t, {
    providers: { up: { api: "openai", url: `${provider.url}/v1`, keys, models: { m: prices } } },
    bots: { support: { models: ["up/m"], access: { anonymous: true }, max_tokens: 20 } },
  });
  for (let i = 0; i < 12; i++) assert.equal((await ask(server, "usage 30 10; say hi")).status, 200);
  const rows = await settled(server, 12);
  const spent = rows.filter((row) => row.provider_key === "first").reduce((sum, row) => sum + row.cost_microdollars, 0);
  assert.ok(spent > 10000 && spent <= 20000, `${spent} microdollars`);
  assert.ok(rows.some((row) => row.provider_key === "second"));
});
