// Messages per minute and per day, which survive what ends the server.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

async function start(t, limits) {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, { limits }));
  const key = server.key();
  const ask = async (bearer = key) => {
    const reply = await server.ask("say hi", {}, { authorization: `Bearer ${bearer}` });
    return { status: reply.status, retry: Number(reply.headers.get("retry-after")), text: await reply.text() };
  };
  return { server, ask };
}

test("one message too many is told how long to wait", async (t) => {
  const { server, ask } = await start(t, { messages_per_minute: 3 });
  for (let i = 0; i < 3; i++) assert.equal((await ask()).status, 200);
  const refused = await ask();
  assert.equal(refused.status, 429);
  assert.ok(refused.retry >= 1 && refused.retry <= 120, `${refused.retry} s`);
  assert.equal(JSON.parse(refused.text).error.code, "messages_per_minute");
  assert.equal((await ask(server.key())).status, 200); // another user
});

test("at once means no more than the limit", async (t) => {
  const { ask } = await start(t, { messages_per_minute: 5 });
  const results = await Promise.all(Array.from({ length: 40 }, () => ask()));
  assert.equal(results.filter((result) => result.status === 200).length, 5);
  assert.equal(results.filter((result) => result.status === 429).length, 35);
});

for (const [name, end] of [
  ["a restart", (server) => server.stop({ keep: true })],
  [
    "kill -9",
    async (server) => {
      server.child.kill("SIGKILL");
      await server.exited;
    },
  ],
])
  test(`the day's count survives ${name}`, async (t) => {
    const { server, ask } = await start(t, { messages_per_day: 3 });
    for (let i = 0; i < 2; i++) assert.equal((await ask()).status, 200);
    await end(server);
    await server.spawn();
    assert.equal((await ask()).status, 200);
    const refused = await ask();
    assert.equal(refused.status, 429);
    assert.match(refused.text, /day/);
    assert.ok(refused.retry >= 1 && refused.retry <= 86400);
  });

test("one address, many visitors", async (t) => {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, { limits: { per_address: { messages_per_minute: 2 } } }));
  const statuses = [];
  for (let i = 0; i < 3; i++) {
    const reply = await server.ask("say hi");
    statuses.push(reply.status);
    await reply.text();
  }
  assert.deepEqual(statuses, [200, 200, 429]);
});

test("behind a trusted proxy the client's own address counts, and cannot be chosen", async (t) => {
  const provider = await startProvider(t);
  const bot = { limits: { per_address: { messages_per_minute: 1 } } };
  const server = await Server.start(t, { ...oneBot(provider, bot), http: { trusted_proxies: ["127.0.0.1", "10.0.0.1"] } });
  const ask = async (forwarded) => {
    const reply = await server.ask("say hi", {}, { "x-forwarded-for": forwarded });
    await reply.text();
    return reply.status;
  };
  assert.equal(await ask("192.0.2.1"), 200);
  assert.equal(await ask("192.0.2.1"), 429);
  assert.equal(await ask("192.0.2.2"), 200);
  assert.equal(await ask("192.0.2.99, 192.0.2.2"), 429); // what the client wrote itself does not count
  assert.equal(await ask("192.0.2.3, 10.0.0.1"), 200);
  assert.equal(await ask("192.0.2.3"), 429);
  const other = await Server.start(t, oneBot(provider, bot));
  const direct = async (forwarded) => (await other.ask("say hi", {}, { "x-forwarded-for": forwarded })).status;
  assert.equal(await direct("192.0.2.1"), 200);
  assert.equal(await direct("192.0.2.2"), 429); // nobody is trusted: the connection's address counts
});
