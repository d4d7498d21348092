// What is kept of a person, and for how long.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

async function start(t, bot = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, bot));
  const ask = async (text) => {
    const reply = await server.ask(text);
    await reply.text();
    return reply.headers.get("set-cookie").match(/=v1\.([0-9A-Z]{26})/)[1];
  };
  const kept = (count) => until(() => server.sql("select id from messages where role = 'assistant'").length === count, "the answers in the log");
  return { server, ask, kept };
}

test("export and erase on the command line, beside a running server", async (t) => {
  const { server, ask, kept } = await start(t);
  const [anna, bert] = [await ask("say for Anna"), await ask("say for Bert")];
  await kept(2);
  const user = ["-c", server.file, "--user", `anon:${anna}`];
  const exported = JSON.parse(run(["export", ...user]).out);
  assert.equal(exported.user, `anon:${anna}`);
  assert.deepEqual(exported.messages.map(({ text }) => text), ["say for Anna", "for Anna"]);
  const sure = run(["erase", ...user]);
  assert.deepEqual([sure.status, server.sql("select id from messages").length], [2, 4]);
  assert.match(sure.err, /add --yes/);
  const erased = JSON.parse(run(["erase", ...user, "--yes"]).out);
  assert.deepEqual([erased.deleted.conversations, erased.deleted.messages], [1, 2]);
  assert.deepEqual(JSON.parse(run(["export", ...user]).out).messages, []);
  assert.equal(JSON.parse(run(["export", "-c", server.file, "--user", `anon:${bert}`]).out).messages.length, 2);
  assert.equal(server.sql("select count(*) as n from calls")[0].n, 2); // what they cost
  assert.equal(server.sql(`select count(*) as n from calls where user_id like '%${anna}%'`)[0].n, 0);
  for (const [args, status, text] of [
    [["export", "-c", server.file], 2, /say whose/],
    [["export", "-c", server.file, "--user", "anna"], 2, /say whose/],
    [["erase", ...user, "--bot", "nobody", "--yes"], 1, /no bot of the name "nobody"/],
  ]) {
    const done = run(args);
    assert.equal(done.status, status);
    assert.match(done.err, text);
  }
});

test("conversations are erased once their time is over, and only then", async (t) => {
  const { server, ask, kept } = await start(t, { retention: "30d" });
  await ask("say young");
  await kept(1);
  const old = Date.now() - 31 * 86400000;
  for (const [id, updated] of [["01AAAAAAAAAAAAAAAAAAAAAAAA", old], ["01AAAAAAAAAAAAAAAAAAAAAAAB", Date.now()]]) {
    server.sql(`insert into conversations (id, bot, user_id, door, created_ms, updated_ms) values ('${id}', 'support', 'user:x', 'chat', ${old}, ${updated})`);
    server.sql(`insert into messages (conversation_id, position, id, turn_id, role, text, status, created_ms) values ('${id}', 1, '${id}', 't', 'user', 'old words', 'complete', ${old})`);
  }
  await server.stop({ keep: true });
  await server.spawn();
  await until(() => server.sql("select id from conversations").length === 2, "the old one to go");
  assert.deepEqual(server.sql("select id from messages where text = 'old words'").map(({ id }) => id), ["01AAAAAAAAAAAAAAAAAAAAAAAB"]);
  await until(() => /conversations were erased/.test(server.log), "a word in the log");
});
