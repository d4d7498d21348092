// What keeps a configuration from working, told with what to do.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { binary, folder, Server } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { keyPair } from "./support/token.mjs";

// Not synchronous: some upstreams live in this process.
async function run(...args) {
  const child = spawn(binary, args);
  let out = "";
  child.stdout.on("data", (bytes) => (out += bytes));
  child.stderr.on("data", (bytes) => (out += bytes));
  const [status] = await once(child, "exit");
  return { status, out };
}

function doctor(config, ...args) {
  const path = folder({ "c.yaml": typeof config === "string" ? config : JSON.stringify(config) });
  return run("doctor", "-c", join(path, "c.yaml"), ...args);
}

test("a database that is not there yet is not created", async (t) => {
  const provider = await startProvider(t);
  const path = folder({ "c.yaml": JSON.stringify({ listen: "127.0.0.1:0", database: "sqlite:a.db", ...oneBot(provider) }) });
  const look = () => run("doctor", "-c", join(path, "c.yaml"));
  const before = await look();
  assert.equal(before.status, 0, before.out);
  assert.match(before.out, /^ok +database: .*a\.db can be written: there is none yet/m);
  assert.match(before.out, /^ok +up\/m: streams/m, "the providers are looked at all the same");
  assert.deepEqual(readdirSync(path), ["c.yaml"]);

  assert.equal((await run("key", "create", "-c", join(path, "c.yaml"), "--name", "k")).status, 0);
  assert.match((await look()).out, /^ok +database: .*a\.db can be written$/m);
});

async function examine(t, does, more = {}) {
  const provider = await startProvider(t);
  const config = { listen: "127.0.0.1:0", database: "sqlite:a.db", ...oneBot(provider, { models: [`up/${does}`] }), ...more };
  return doctor(config);
}

test("all is well", async (t) => {
  const { status, out } = await examine(t, "m");
  assert.equal(status, 0, out);
  for (const line of [/^ok +configuration/m, /^ok +address: .* is free/m, /^ok +database: .* can be written/m, /^ok +up: can be reached/m, /^ok +up\/m: takes the key and answers/m, /^ok +up\/m: streams \(3 pieces\)/m, / 0 failed$/m])
    assert.match(out, line);
  assert.doesNotMatch(out, /upstream-secret/);
});

for (const [name, does, wanted] of [
  ["a wrong key", "do:status=401", /FAILED +up\/do:status=401: .*\n +→ Check the key/],
  ["no such model", "do:status=404", /FAILED .*\n +→ Check the model's name/],
  ["limited", "do:status=429", /FAILED .*\n +→ Wait/],
  ["another language", "do:garbage", /FAILED .*\n +→ Check `api` and `url`/],
  ["cut", "do:end-after=1", /FAILED .*\n +→ Check `api` and `url`/],
])
  test(`${name} is told with what to do`, async (t) => {
    const { status, out } = await examine(t, does);
    assert.equal(status, 1);
    assert.match(out, wanted);
    assert.match(out, / 1 failed$/m);
    assert.doesNotMatch(out, /upstream-secret/);
  });

test("nobody listens, no such host", async () => {
  const config = (url) => ({ database: "sqlite:a.db", listen: "127.0.0.1:0", ...oneBot({ url }) });
  const gone = await doctor(config("http://127.0.0.1:9"));
  assert.equal(gone.status, 1);
  assert.match(gone.out, /FAILED +up: cannot be reached: .*\n +→ Check that the server runs/);
  const nameless = await doctor(config("http://no-such-host.invalid"));
  assert.match(nameless.out, /FAILED +up: cannot be reached: .*\n +→ Check the host name/);
});

test("a proxy that holds replies back, and a clock that is off", async (t) => {
  const deltas = Array.from({ length: 8 }, (_, i) => `data: {"id":"x","choices":[{"index":0,"delta":{"content":"${i} "},"finish_reason":null}]}\n\n`).join("");
  const body = `${deltas}data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      const date = new Date(Date.now() - 400000).toUTCString();
      if (bytes.toString().startsWith("GET")) return socket.end(`HTTP/1.1 404 Not Found\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      const held = setTimeout(() => socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`), 900);
      socket.on("close", () => clearTimeout(held));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { status, out } = await doctor({ database: "sqlite:a.db", listen: "127.0.0.1:0", ...oneBot({ url: `http://127.0.0.1:${server.address().port}` }) });
  assert.equal(status, 1);
  assert.match(out, /FAILED +clock: it is (399|400|401) s ahead of the clock of up\n +→ Set this machine's clock/);
  assert.match(out, /warning +up\/m: does not stream: all 8 pieces came at once\n +→ Look for a proxy/);
});

test("a port that is taken, a running server, a database that cannot be made, an empty key", async (t) => {
  const taken = createServer();
  taken.listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const first = await examine(t, "m", { listen: `127.0.0.1:${taken.address().port}` });
  assert.equal(first.status, 1);
  assert.match(first.out, /FAILED +address: .*\n +→ Stop the other program/);

  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider));
  const running = spawn(binary, ["doctor", "-c", server.file]);
  let out = "";
  running.stdout.on("data", (bytes) => (out += bytes));
  assert.deepEqual((await once(running, "exit"))[0], 0);
  assert.match(out, /^ok +address: .* is held by the running server/m);

  const nowhere = await doctor({ ...oneBot(provider), listen: "127.0.0.1:0", database: "sqlite:/proc/a.db" });
  assert.equal(nowhere.status, 1);
  assert.match(nowhere.out, /FAILED +database/);

  const off = await doctor({ database: "sqlite:a.db", listen: "127.0.0.1:0", providers: { openai: { key: "" } }, bots: { b: { models: ["openai/gpt-4o", "offline"] } } });
  assert.equal(off.status, 0, off.out);
  assert.match(off.out, /warning +openai: is off: its key is empty/);
});

test("a model that never answers does not hold it up", async (t) => {
  const { status, out } = await examine(t, "do:stall-head");
  assert.equal(status, 1);
  assert.match(out, /FAILED +up\/do:stall-head: .*\n +→ Check the firewall/);
  assert.match(out, / 1 failed$/m);
});

test("a clock that is a little off is a warning", async (t) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const date = new Date(Date.now() + 120000).toUTCString();
    socket.once("data", () => socket.end(`HTTP/1.1 404 Not Found\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { out } = await doctor({ database: "sqlite:a.db", listen: "127.0.0.1:0", ...oneBot({ url: `http://127.0.0.1:${server.address().port}` }) });
  assert.match(out, /warning +clock: it is (1[12]\d) s behind the clock of up\n +→ Set this machine's clock/);
});

test("key sets: good, none in it, of another kind, not there", async (t) => {
  const provider = await startProvider(t);
  const look = (jwks_url) => doctor({ database: "sqlite:a.db", listen: "127.0.0.1:0", ...oneBot(provider, { access: { jwt: { algorithm: "ES256", jwks_url } } }) });
  const url = `${provider.url}/jwks`;
  const none = await look(url);
  assert.equal(none.status, 1);
  assert.match(none.out, /FAILED +support: its jwks_url gives no usable key: .*\n +→ Check `access.jwt.jwks_url` and `algorithm`/);
  await provider.setKeys({ keys: [keyPair("rsa", "one").jwk] });
  assert.match((await look(url)).out, /FAILED +support: its jwks_url gives no usable key/);
  await provider.setKeys({ keys: [keyPair("ec", "one").jwk] });
  const good = await look(url);
  assert.equal(good.status, 0, good.out);
  assert.match(good.out, /^ok +support: its jwks_url gives usable keys/m);
  const gone = await look("http://127.0.0.1:9/jwks");
  assert.equal(gone.status, 1);
  assert.match(gone.out, /FAILED +support: its jwks_url cannot be read: .*\n +→ Check that the server runs/);
  assert.match(gone.out, /^ok +up\/m: streams/m, "the rest is looked at all the same");
});

test("of several keys it tells which one it tried", async (t) => {
  const provider = await startProvider(t);
  const config = { database: "sqlite:a.db", listen: "127.0.0.1:0", ...oneBot(provider) };
  config.providers.up = { api: "openai", url: config.providers.up.url, keys: { blue: { key: "first-secret" }, red: { key: "second-secret" } } };
  const { status, out } = await doctor(config);
  assert.equal(status, 0, out);
  assert.match(out, /takes the key blue \(the first of 2; the others were not tried\)/);
  assert.doesNotMatch(out, /first-secret|second-secret/);
  assert.equal((await provider.requests()).length, 1);
});

test("a bad file, and JSON lines", async (t) => {
  const bad = await doctor("bots: { b: { modles: [offline] } }\n");
  assert.equal(bad.status, 1);
  assert.match(bad.out, /did you mean models/);
  const provider = await startProvider(t);
  const { out } = await doctor({ database: "sqlite:a.db", listen: "127.0.0.1:0", ...oneBot(provider, { models: ["up/do:status=401"] }) }, "--json");
  const lines = out.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.every((line) => line.level && line.subject && line.found));
  assert.equal(lines.filter((line) => line.level === "failed").length, 1);
});
