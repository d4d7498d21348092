// The life of a server: stop, drain, reload, a full disk.
import { test } from "node:test";
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Server, readStream, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

async function start(t, config = {}, more = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, { ...oneBot(provider), ...config }, more);
  return { provider, server };
}

// A stream that has begun, and the promise of its end.
async function streaming(server, script) {
  const reply = await server.ask(script);
  assert.equal(reply.status, 200);
  return readStream(reply);
}

test("SIGTERM lets streams finish and takes nothing new", async (t) => {
  const { provider, server } = await start(t);
  const first = server.ask("slow 100; say one two three four five six seven eight");
  const reply = await first;
  const end = readStream(reply);
  await until(async () => (await provider.open()) === 1, "the call");
  server.child.kill("SIGTERM");
  await until(async () => {
    try {
      const late = await fetch(`${server.url}/readyz`);
      await late.text();
      return late.status === 503;
    } catch {
      return true; // the door is closed
    }
  }, "the server to refuse");
  const answer = await end;
  assert.equal(answer.text, "one two three four five six seven eight");
  assert.ok(answer.done);
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  const rows = server.sql("select text from messages where role='assistant' and status='complete'");
  assert.equal(rows.length, 1);
});

test("a second SIGTERM ends streams with an error event, and their part is kept", async (t) => {
  const { provider, server } = await start(t);
  const end = streaming(server, "say one two three; stall-after 2");
  await until(async () => (await provider.open()) === 1, "the call");
  await until(async () => (await server.metric("switchboard_turns_active")) === 1, "the turn");
  server.child.kill("SIGTERM");
  await until(() => server.log.includes("stopping"), "the drain");
  server.child.kill("SIGTERM");
  const answer = await end;
  assert.equal(answer.done, false);
  assert.match(answer.error.message, /shutting down/);
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  assert.equal(server.sql("select status from messages where role='assistant'")[0].status, "partial");
});

test("the drain has a bound", async (t) => {
  const { server } = await start(t, { drain: "300ms" });
  const end = streaming(server, "say one two three; stall-after 2");
  await until(async () => (await server.metric("switchboard_turns_active")) === 1, "the turn");
  server.child.kill("SIGTERM");
  assert.match((await end).error.message, /shutting down/);
  assert.deepEqual(await server.exited, { code: 0, signal: null });
});

test("reload takes the new file without dropping a stream", async (t) => {
  const { provider, server } = await start(t);
  const end = streaming(server, "slow 100; say one two three four five six seven eight");
  await until(async () => (await provider.open()) === 1, "the call");
  server.write({ ...server.config, bots: { support: { ...server.config.bots.support, system: "NEW PROMPT" } } });
  const done = run(["reload", "-c", server.file]);
  assert.equal(done.status, 0, done.err);
  await until(() => server.log.includes("configuration reloaded"), "the reload");
  await (await server.ask("say hi")).text();
  const requests = await provider.requests();
  assert.equal(requests.at(-1).body.messages[0].content, "NEW PROMPT");
  assert.equal((await end).text, "one two three four five six seven eight");
});

test("a bad file is refused by reload, and by SIGHUP with the old one kept", async (t) => {
  const { server } = await start(t);
  writeFileSync(server.file, "bots: { support: { modles: [offline] } }\n");
  const done = run(["reload", "-c", server.file]);
  assert.equal(done.status, 1);
  assert.match(done.err, /did you mean models/);
  server.child.kill("SIGHUP");
  await until(() => server.log.includes("was not reloaded"), "the refusal");
  assert.match(server.log, /did you mean models/);
  assert.equal((await readStream(await server.ask("say still here"))).text, "still here");
});

test("reload says so where nothing runs", async (t) => {
  const { server } = await start(t);
  await server.stop({ keep: true });
  const done = run(["reload", "-c", server.file]);
  assert.equal(done.status, 1);
  assert.match(done.err, /no server/i);
});

test("one database, one server", async (t) => {
  const { server } = await start(t);
  const second = run(["serve", "-c", server.file]);
  assert.equal(second.status, 1);
  assert.match(second.err, /already|running/);
});

test("a port that is taken is told", async (t) => {
  const { server } = await start(t);
  const other = server.file.replace("switchboard.yaml", "other.yaml");
  writeFileSync(other, JSON.stringify({ ...server.config, database: "sqlite:other.db" }));
  const second = run(["serve", "-c", other, "--listen", `127.0.0.1:${server.port}`]);
  assert.equal(second.status, 1);
  assert.match(second.err, new RegExp(String(server.port)));
});

test("a full disk: the answer still streams, the failure is counted and logged", async (t) => {
  // The size of the log is limited for the process: writes beyond it fail as on a full disk.
  const { server } = await start(t, {}, { prefix: ["bash", "-c", 'trap "" XFSZ; ulimit -f 400; exec "$@"', "-"] });
  const fill = () => server.ask("say " + "word ".repeat(800)).then((reply) => reply.text());
  await until(async () => {
    await fill();
    return (await server.metric("switchboard_log_failures_total")) > 0;
  }, "the disk to be full");
  const answer = await readStream(await server.ask("say still here"));
  assert.equal(answer.text, "still here");
  assert.ok(answer.done);
  assert.match(server.log, /the log did not take a turn/);
});

test("kill -9 in mid stream loses no committed message", async (t) => {
  const { provider, server } = await start(t);
  const reply = await server.ask("say one two three; stall-after 2");
  const cut = assert.rejects(reply.text());
  await until(async () => (await provider.open()) === 1, "the call");
  server.child.kill("SIGKILL");
  await server.exited;
  await cut;
  await server.spawn();
  assert.deepEqual(server.sql("select role, text from messages"), [
    { role: "user", text: "say one two three; stall-after 2" },
  ]);
  assert.equal((await readStream(await server.ask("say back again"))).text, "back again");
});

test("JSON lines, one object each", async (t) => {
  const { server } = await start(t, { log: { format: "json", level: "debug" } });
  await (await server.ask("say hi")).text();
  await until(() => server.log.includes('"turn"'), "the turn");
  for (const line of server.log.trim().split("\n")) {
    const record = JSON.parse(line);
    assert.ok(record.time && record.level && record.message, line);
  }
  assert.doesNotMatch(server.log, /say hi|upstream-secret|SECRET-PROMPT/);
});

test("no file is left behind but the database", async (t) => {
  const { server } = await start(t);
  assert.ok(existsSync(join(server.path, "test.db.pid")) || existsSync(join(server.path, "test.pid")));
  await server.stop({ keep: true });
  assert.ok(!existsSync(join(server.path, "test.db.pid")) && !existsSync(join(server.path, "test.pid")));
});

