// The command line as its users meet it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { binary, folder, readFile, run, sourceRoot } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const shop = join(sourceRoot, "examples/shop/switchboard.yaml");

test("help is everywhere and names every command", () => {
  const help = run(["--help"]);
  assert.equal(help.status, 0);
  const commands = [...help.out.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1]);
  for (const name of ["serve", "check", "reload", "ask", "key", "version"]) assert.ok(commands.includes(name), name);
  for (const name of commands) {
    const one = run([name, "--help"]);
    assert.equal(one.status, 0, name);
    assert.ok(one.out.length > 10, name);
    assert.equal(one.err, "", name);
  }
});

test("wrong commands and options are told", () => {
  for (const [args, what] of [
    [["srve"], /serve/],
    [[], /Usage/],
    [["serve", "--confg", "x"], /--confg/],
    [["serve", "-c"], /-c|--config/],
    [["key", "frobnicate"], /create/],
  ]) {
    const done = run(args);
    assert.equal(done.status, 2, args.join(" "));
    assert.match(done.err + done.out, what, args.join(" "));
  }
});

test("version", () => assert.match(run(["version"]).out, /^switchboard \d+\.\d+\.\d+\n$/));

test("check finds the ten planted mistakes, each with its line", () => {
  const file = join(sourceRoot, "tests/fixtures/ten-mistakes.yaml");
  const done = run(["check", "-c", file]);
  assert.equal(done.status, 1);
  const found = [...done.err.matchAll(/ten-mistakes\.yaml:(\d+):\d+: /g)].map((match) => Number(match[1]));
  assert.deepEqual(found, [3, 4, 6, 8, 11, 13, 14, 15, 16, 18]);
  assert.equal(done.err.match(/^ +\^$/gm).length, 10, "a caret each");
  assert.match(done.err, /10 mistakes/);
});

test("check of a good file, of none and of a folder", () => {
  const good = run(["check", "-c", shop], { env: { ...process.env, OPENAI_API_KEY: "" } });
  assert.equal(good.status, 0, good.err);
  assert.match(good.out + good.err, /openai/); // its key is empty: it is off
  for (const path of ["/nowhere/x.yaml", "/"]) {
    const bad = run(["check", "-c", path]);
    assert.equal(bad.status, 1);
    assert.ok(bad.err.includes(path));
  }
});

test("an unset variable is named", () => {
  const path = join(folder({ "c.yaml": "providers:\n  openai: { key: $NO_SUCH_VARIABLE_1 }\nbots: { b: { models: [openai/gpt-4o] } }\n" }), "c.yaml");
  const done = run(["check", "-c", path]);
  assert.equal(done.status, 1);
  assert.match(done.err, /c\.yaml:2:\d+: .*NO_SUCH_VARIABLE_1/s);
});

test("ask answers from the shop's knowledge", () => {
  const text = "database: sqlite:a.db\nbots: { support: { models: [offline], knowledge: [faq.md] } }\n";
  const faq = readFile(join(sourceRoot, "examples/shop/faq.md"));
  const config = join(folder({ "c.yaml": text, "faq.md": faq }), "c.yaml");
  const done = run(["ask", "-c", config, "Do you ship to Germany?"]);
  assert.equal(done.status, 0, done.err);
  assert.match(done.out, /Germany/);
  const none = run(["ask", "-c", config, "What is the airspeed velocity of an unladen swallow?"]);
  assert.equal(none.status, 0);
  assert.doesNotMatch(none.out, /Germany/);
});

test("ask -i remembers the dialogue", async (t) => {
  const provider = await startProvider(t);
  const path = folder({ "c.yaml": JSON.stringify({ database: "sqlite:a.db", ...oneBot(provider) }) });
  const child = spawn(binary, ["ask", "-c", join(path, "c.yaml"), "-i"]);
  let out = "";
  child.stdout.on("data", (bytes) => (out += bytes));
  child.stdin.end("say One\nsay Two\n");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.match(out, /One[^]*Two/);
  const { body } = (await provider.requests()).at(-1);
  assert.deepEqual(
    body.messages.map((message) => message.content),
    ["Be brief. SECRET-PROMPT", "say One", "One", "say Two"],
  );
});

test("ask tells why there is no answer", async (t) => {
  const provider = await startProvider(t);
  const path = folder({ "c.yaml": JSON.stringify({ database: "sqlite:a.db", ...oneBot(provider) }) });
  const ask = (text) =>
    new Promise((done) => {
      const child = spawn(binary, ["ask", "-c", join(path, "c.yaml"), text]);
      let err = "";
      child.stderr.on("data", (bytes) => (err += bytes));
      child.on("exit", (status) => done({ status, err }));
    });
  const done = await ask("status 500");
  assert.equal(done.status, 1);
  assert.ok(done.err.length > 10);
  assert.doesNotMatch(done.err, /upstream-secret/);
});

test("models prints the catalogue, a part of it, and the configured ones", () => {
  const all = run(["models"]);
  assert.equal(all.status, 0);
  assert.match(all.out, /\d{3} models; the catalogue is of 20\d\d-\d\d-\d\d\n$/);
  const mini = run(["models", "openai/gpt-4o-mini"]);
  assert.match(mini.out, /openai\/gpt-4o-mini +128k +16k +0\.15 +0\.075 +0\.60 +images tools temperature stop\n/);
  assert.match(run(["models", "gpt-4o-mini-2024-07-18"]).out, /openai\/gpt-4o-mini .*\n1 model;/);
  const [o3] = JSON.parse(run(["models", "--json", "openai/o3-mini"]).out);
  assert.deepEqual([o3.efforts, o3.temperature, o3.stop], [["low", "medium", "high"], false, true]);
  assert.match(run(["models", "GEMINI-1.5-pro"]).out, /above 128k: 2\.50\/10\.00/);
  const [haiku] = JSON.parse(run(["models", "--json", "anthropic", "claude-3-5-haiku"]).out);
  assert.deepEqual(haiku.price, { input: 800000, cache_read: 80000, cache_write: 1000000, cache_write_1h: haiku.price.cache_write_1h, output: 4000000 });
  const none = run(["models", "no-such-model"]);
  assert.equal(none.status, 1);
  assert.match(none.err, /no model of that name/);
  const config = {
    providers: { own: { api: "openai", url: "http://127.0.0.1:9/v1", models: { "llama3.2:3b": { context_window: 8192, input_price: 0.05 }, "gpt-4o": { input_price: 1.000001 } } } },
    bots: { b: { models: ["own/llama3.2:3b", "own/unknown"] }, c: { models: ["own/unknown", "own/gpt-4o-mini"] } },
  };
  const configured = run(["models", "-c", join(folder({ "c.yaml": JSON.stringify(config) }), "c.yaml")]);
  assert.match(configured.out, /own\/llama3\.2:3b +8192 +- +0\.05/);
  assert.match(configured.out, /own\/gpt-4o +128k +16k +1\.000001 +1\.25 +10\.00/, "that no bot uses");
  assert.equal(configured.out.match(/own\/unknown .* nothing is known of it/g).length, 1);
  assert.match(configured.out, /own\/gpt-4o-mini +128k[^]*\n4 models;/);
  const wrong = run(["models", "-c", join(folder({ "c.yaml": "bots: {}" }), "c.yaml")]);
  assert.deepEqual([wrong.status, wrong.out], [1, ""]);
});
