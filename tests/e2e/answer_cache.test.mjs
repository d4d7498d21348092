// The same question, the same answer, for free: only where the bot wants it, and only while nothing has changed.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, readStream, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

async function start(t, bot = {}, more = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, { answer_cache: "1h", ...bot }), more);
  const ask = async (text, body = {}, headers = {}) => {
    const reply = await server.ask(text, body, headers);
    const answer = reply.status === 200 ? await readStream(reply) : {};
    return { hit: reply.headers.get("x-switchboard-cache") === "hit", id: reply.headers.get("x-conversation-id"), ...answer };
  };
  const kept = (count) => until(() => server.sql("select count(*) as n from answers")[0].n === count, `${count} answers kept`);
  return { provider, server, ask, kept };
}

test("the second time it is free, marked and logged", async (t) => {
  const { provider, server, ask, kept } = await start(t);
  assert.deepEqual([(await ask("say Yes we do")).text, (await ask("other; say no")).hit], ["Yes we do", false]);
  await kept(2);
  const again = await ask("  SAY  yes we do?! ");
  assert.equal(again.hit, true);
  assert.equal(again.text, "Yes we do");
  assert.ok(again.done);
  assert.equal((await provider.requests()).length, 2);
  const row = await until(() => server.sql("select * from calls where provider='cache'")[0], "the record");
  assert.equal(row.purpose, "cache");
  assert.equal(row.model, "m");
  assert.equal(row.cost_microdollars, 0);
  assert.equal(row.state, "settled");
  assert.equal(server.sql("select count(*) as n from messages where text='Yes we do'")[0].n, 2);
});

test("not in the middle of a conversation, not for another question", async (t) => {
  const { provider, ask, kept } = await start(t);
  const headers = {};
  const first = await ask("say one");
  await kept(1);
  assert.equal((await ask("say ones", {}, headers)).hit, false);
  const both = [{ role: "user", content: "hi" }, { role: "assistant", content: "hello" }, { role: "user", content: "say one" }];
  assert.equal((await ask("", { messages: both })).hit, false);
  assert.equal((await provider.requests()).length, 3);
  assert.equal(first.hit, false);
});

test("a change of the bot or its documents asks again", async (t) => {
  const { provider, server, ask, kept } = await start(t, { knowledge: ["faq.md"] }, { files: { "faq.md": "# Say\n\nSay one or two, say three.\n" } });
  await ask("say one");
  await kept(1);
  assert.equal((await ask("say one")).hit, true);
  server.write({ ...server.config, bots: { support: { ...server.config.bots.support, system: "Another." } } });
  assert.equal(run(["reload", "-c", server.file]).status, 0);
  await until(() => server.log.includes("configuration reloaded"), "the reload");
  assert.equal((await ask("say one")).hit, false);
  await kept(2);
  assert.equal((await ask("say one")).hit, true);
  assert.equal((await provider.requests()).length, 2);
});

test("failed and broken answers are not kept, nor what the documents say", async (t) => {
  const { server, ask } = await start(t, { models: ["up/m", "offline"], knowledge: ["faq.md"] }, { files: { "faq.md": "# A\n\nOne two three.\n" } });
  await ask("say one two three; drop-after 2");
  await ask("one two three; status 500");
  await until(() => server.sql("select count(*) as n from messages where role='assistant'")[0].n === 2, "the record");
  assert.equal(server.sql("select count(*) as n from answers")[0].n, 0);
});

test("off unless asked for", async (t) => {
  const { provider, server, ask } = await start(t, { answer_cache: "0s" });
  await ask("say one");
  await until(() => server.sql("select count(*) as n from messages where role='assistant'")[0].n === 1, "the record");
  assert.equal((await ask("say one")).hit, false);
  assert.equal((await provider.requests()).length, 2);
});
