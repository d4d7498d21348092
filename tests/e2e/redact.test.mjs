// What a bot's rules find is taken out: of what a provider is sent, of what is kept, of what the client sees.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { Server, folder, readStream, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const card = "4111 1111 1111 1111";
const everywhere = ["log", "model", "answer"];
const rules = { card: {}, email: { keep: ["*@shop.example"] }, phone: {}, customer_number: { pattern: "K-\\d{6}" } };

async function start(t, redact, { bot = {}, more = {}, path = folder() } = {}) {
  const provider = await startProvider(t);
  const base = oneBot(provider, { redact, ...bot });
  const server = await Server.start(t, { log: { level: "debug" }, ...base, ...more }, { path });
  const kept = (count) => until(() => server.sql("select id from messages where role = 'assistant'").length === count, `${count} answers in the log`);
  const texts = () => server.sql("select text from messages order by position").map(({ text }) => text);
  const last = async () => (await provider.requests()).at(-1).body;
  return { provider, server, kept, texts, last };
}

// All bytes of the database: what was written and what lies about in it.
const database = (server) => readdirSync(server.path).filter((name) => name.startsWith("test.db")).map((name) => readFileSync(join(server.path, name), "latin1")).join("");

const everything = `say ${card} and eve@mail.example, help@shop.example, +49 151 23456789, K-123456, order 123456789012.`;
const rid = "[card] and [email], help@shop.example, [phone], [customer_number], order 123456789012.";

test("by default out of the log and of what the model gets; the client sees what the model says", async (t) => {
  const { server, kept, texts, last } = await start(t, rules);
  // The fake model says what it was told to say: it was told without the numbers.
  assert.equal((await readStream(await server.ask(everything))).text, rid);
  await kept(1);
  assert.equal((await last()).messages.at(-1).content, `say ${rid}`);
  assert.deepEqual(texts(), [`say ${rid}`, rid]);
  await server.stop({ keep: true });
  for (const secret of [card, "eve@mail.example", "23456789,", "K-123456"]) {
    assert.ok(!database(server).includes(secret), secret);
    assert.ok(!server.log.includes(secret), secret);
  }
  assert.ok(database(server).includes("help@shop.example"));
});

test("an answer's number that comes in many deltas, at every door", async (t) => {
  const { server, kept, texts } = await start(t, { card: { from: ["answer"] }, email: { from: ["answer"] } });
  const ask = `say It is ${card} or a@b.example, yes.; slow 5`;
  const shown = "It is [card] or [email], yes.";
  const key = server.key();
  const auth = { authorization: `Bearer ${key}` };
  const chat = await readStream(await server.ask(ask));
  assert.equal(chat.text, shown);
  assert.ok(chat.chunks.length > 5); // it still streams
  assert.equal((await readStream(await server.post("/v1/chat/completions", { model: "support", stream: true, messages: [{ role: "user", content: ask }] }, auth))).text, shown);
  const whole = await (await server.post("/v1/chat/completions", { model: "support", messages: [{ role: "user", content: ask }] }, auth)).json();
  assert.equal(whole.choices[0].message.content, shown);
  const message = await (await server.post("/v1/messages", { model: "support", max_tokens: 100, messages: [{ role: "user", content: ask }] }, auth)).json();
  assert.equal(message.content[0].text, shown);
  const sdk = await (await server.post("/api/chat?dialect=ai-sdk", { id: "x", trigger: "submit-message", messages: [{ id: "1", role: "user", parts: [{ type: "text", text: ask }] }] })).text();
  const deltas = [...sdk.matchAll(/"type":"text-delta".*?"delta":"(.*?)"/g)].map(([, delta]) => delta).join("");
  assert.equal(deltas, shown);
  await kept(5);
  assert.ok(texts().includes(`It is ${card} or a@b.example, yes.`)); // of the log nobody spoke
});

test("an answer that breaks off in the middle of a number is continued, and the number found", async (t) => {
  const { server, kept, texts } = await start(
    t,
    { card: { from: ["answer", "log"] } },
    { bot: { models: ["up/do:drop-after=6", "up/m"] } },
  );
  const answer = await readStream(await server.ask(`say The number of it is ${card} indeed.`));
  assert.equal(answer.error, null);
  assert.equal(answer.text, "The number of it is [card] indeed.");
  await kept(1);
  assert.equal(texts()[1], "The number of it is [card] indeed.");
});

test("what is held back is given out when the answer fails", async (t) => {
  const { server, kept, texts } = await start(t, { card: { from: ["answer"] } });
  const answer = await readStream(await server.ask(`say The first of it is ${card} now; drop-after 9`));
  assert.ok(answer.error);
  assert.equal(answer.text, "The first of it is [card]");
  const broken = await readStream(await server.ask("say It is 4111 and 4111; drop-after 3"));
  assert.ok(broken.error);
  assert.equal(broken.text, "It is 4111");
  await kept(2);
  assert.ok(texts().includes(`The first of it is ${card}`)); // of the log nobody spoke
});

test("history that was kept before the rules, and the client's own", async (t) => {
  const { server, kept, last } = await start(t, undefined);
  const key = server.key();
  const auth = { authorization: `Bearer ${key}` };
  const first = await server.ask(`say ${card} of a@b.example`);
  const id = first.headers.get("x-conversation-id");
  const cookie = first.headers.get("set-cookie").split(";")[0];
  await first.text();
  await kept(1);
  assert.ok(JSON.stringify(await last()).includes(card));
  server.write({ ...server.config, bots: { support: { ...server.config.bots.support, redact: rules } } });
  assert.equal(run(["reload", "-c", server.file]).status, 0);
  await until(() => server.log.includes("configuration reloaded"), "the reload");
  await (await server.ask("say Good", { conversation_id: id }, { cookie })).text();
  assert.deepEqual((await last()).messages.slice(1).map(({ content }) => content), ["say [card] of [email]", "[card] of [email]", "say Good"]);
  const call = { id: "c1", type: "function", function: { name: "find", arguments: JSON.stringify({ mail: "a@b.example", number: 4111111111111111 }) } };
  await server.post("/v1/chat/completions", {
    model: "support",
    tools: [{ type: "function", function: { name: "find", parameters: { type: "object" } } }],
    messages: [
      { role: "user", content: `I am a@b.example` },
      { role: "assistant", content: "K-123456?", tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: '{"phone":"+49 151 23456789"}' },
      { role: "user", content: [{ type: "text", text: `say ${card}` }] },
    ],
  }, auth).then((reply) => reply.text());
  const sent = JSON.stringify(await last());
  for (const secret of ["a@b.example", "4111111111111111", card, "K-123456", "23456789"]) assert.ok(!sent.includes(secret), `${secret} in ${sent}`);
  const asked = (await last()).messages.find((message) => message.tool_calls);
  assert.deepEqual(JSON.parse(asked.tool_calls[0].function.arguments), { mail: "[email]", number: "[card]" });
  // A conversation that was logged before the rules goes to other models without the numbers, too.
  const replayed = run(["replay", "-c", server.file, "--model", "up/m", "--last", "5"]);
  assert.equal(replayed.status, 0, replayed.err);
  assert.ok(!JSON.stringify(await last()).includes(card));
});

test("tools are called with what the model said; log and results are rid of it", async (t) => {
  const path = folder();
  const shop = join(path, "shop.db");
  assert.equal(spawnSync("sqlite3", [shop], { input: "create table people (mail text, phone text); insert into people values ('a@b.example', '0151 23456789');" }).status, 0);
  const tools = { find: { description: "Finds.", parameters: { mail: "string" }, sql: { database: "shop", query: "select mail, phone from people where mail = :mail" } } };
  const { provider, server, kept } = await start(
    t,
    { email: { from: ["log", "answer"] }, phone: {} },
    { bot: { tools: ["find"] }, more: { databases: { shop: { url: "sqlite:shop.db" } }, tools }, path },
  );
  const answer = await readStream(await server.ask('call find {"mail":"a@b.example"}'));
  await kept(1);
  const [row] = server.sql("select arguments, outcome from tool_calls");
  assert.deepEqual([JSON.parse(row.arguments), row.outcome], [{ mail: "[email]" }, "done"]);
  const result = (await provider.requests()).at(-1).body.messages.at(-1);
  assert.equal(result.role, "tool");
  assert.match(result.content, /a@b\.example/); // found by what the model said, and e-mail stays for the model
  assert.match(result.content, /\[phone\]/);
  assert.doesNotMatch(result.content, /23456789/);
  assert.match(answer.text, /\[email\].*\[phone\]/);
  assert.ok(!answer.chunks.some((chunk) => JSON.stringify(chunk).includes("a@b.example")));
});

test("an answer to something personal is not given to others", async (t) => {
  const { provider, server, kept } = await start(t, { card: { from: ["log"] } }, { bot: { answer_cache: "1h" } });
  const other = "5555 5555 5555 4444";
  assert.equal((await readStream(await server.ask(`say ${card}`))).text, card);
  await kept(1);
  assert.equal((await readStream(await server.ask(`say ${other}`))).text, other);
  await readStream(await server.ask("say hello"));
  await kept(3);
  assert.equal(server.sql("select text from answers").map(({ text }) => text).join(), "hello");
  const again = await server.ask("say hello");
  assert.equal(again.headers.get("x-switchboard-cache"), "hit");
  await again.text();
  assert.equal((await provider.requests()).length, 3);
});

test("a pattern that takes forever does not", async (t) => {
  const { server, kept } = await start(t, { evil: { pattern: "(a+)+b" }, card: { from: everywhere } });
  const began = Date.now();
  const answer = await readStream(await server.ask(`say ${"a".repeat(8000)} ${card}`));
  assert.match(answer.text, /aaa \[card\]$/);
  assert.ok(Date.now() - began < 5000);
  await kept(1);
  await until(() => /rule of redact takes too many steps/.test(server.log), "a word in the log");
});

test("mistakes are shown where they stand", () => {
  const path = folder({
    "switchboard.yaml": "listen: 127.0.0.1:0\nbots:\n  support:\n    models: [offline]\n    redact:\n      card:\n      number:\n        pattern: 'K-(\\d'\n      other: {}\n",
  });
  const done = run(["check", "-c", join(path, "switchboard.yaml")]);
  assert.equal(done.status, 1);
  assert.match(done.out + done.err, /switchboard\.yaml:8:18.*does not compile: missing closing parenthesis/s);
  assert.match(done.out + done.err, /switchboard\.yaml:9:7.*pattern is missing/s);
});
