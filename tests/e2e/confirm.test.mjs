// A tool that asks the visitor first: a card, yes or no, across reloads and restarts, until it expires.
import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { Server, folder, readStream, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const tools = {
  take_note: {
    description: "Keeps a note for the team.",
    parameters: { text: "string", phone: { type: "string", optional: true } },
    sql: { database: "shop", query: "insert into notes (text) values (:text || coalesce(:phone, ''))", write: true },
    confirm: true,
    confirm_text: { en: "Keep the note \"{text}\"?", de: "Die Notiz \"{text}\" aufheben?" },
    redact: ["phone"],
  },
};

async function start(t, { dialect = "openai", bot = {}, more = {}, offline = false } = {}) {
  const provider = await startProvider(t);
  const path = folder();
  const database = join(path, "shop.db");
  assert.equal(spawnSync("sqlite3", [database], { input: "create table notes (id integer primary key, text text);" }).status, 0);
  const base = offline
    ? { providers: { offline: { api: "offline" } }, bots: { support: { models: ["offline"], access: { anonymous: true }, tools: Object.keys(tools), ...bot } } }
    : oneBot(provider, { tools: [...Object.keys(tools), ...Object.keys(more)], ...bot });
  if (dialect !== "openai") base.providers.up = { api: dialect, url: provider.url + (dialect === "gemini" ? "" : "/v1"), key: "sk-upstream-secret" };
  const server = await Server.start(t, { databases: { shop: { url: "sqlite:shop.db" } }, tools: { ...tools, ...more }, ...base }, { path });
  const notes = () => JSON.parse(spawnSync("sqlite3", ["-json", database, "select text from notes"], { encoding: "utf8" }).stdout || "[]").map(({ text }) => text);
  const visitor = { cookie: "" };
  const send = async (body, headers = {}) => {
    const reply = await server.post("/api/chat", body, { ...(visitor.cookie && { cookie: visitor.cookie }), ...headers });
    visitor.cookie = reply.headers.get("set-cookie")?.split(";")[0] ?? visitor.cookie;
    if (reply.status !== 200) return { status: reply.status, error: (await reply.json()).error };
    const answer = await readStream(reply);
    const cards = answer.chunks.filter((chunk) => chunk.confirmation).map((chunk) => chunk.confirmation);
    return { ...answer, status: 200, cards, conversation: reply.headers.get("x-conversation-id") };
  };
  const ask = (text, headers) => send({ messages: [{ role: "user", content: text }] }, headers);
  const confirm = (conversation, id, answer, more = {}) => send({ conversation_id: conversation, confirm: { id, answer } }, more);
  const read = async (id) => (await fetch(`${server.url}/v1/conversations/${id}`, { headers: { cookie: visitor.cookie } })).json();
  return { provider, server, notes, send, ask, confirm, read, visitor };
}

const call = 'call take_note {"text":"call me","phone":"0151 234"}';

test("a card is shown, nothing is done; yes does it once, and the model tells", async (t) => {
  const { provider, server, notes, ask, confirm, read } = await start(t);
  const asked = await ask(call);
  assert.equal(asked.finish, "stop");
  assert.match(asked.text, /"confirmation":"waiting"/); // the fake model repeats what it was given
  const [card] = asked.cards;
  assert.deepEqual(card, {
    id: card.id,
    state: "waiting",
    expires_at: card.expires_at,
    tool: "take_note",
    title: 'Keep the note "call me"?',
    fields: [{ name: "Text", value: "call me" }, { name: "Phone", value: "•••" }],
  });
  assert.ok(card.expires_at > Date.now() / 1000 + 600 && card.expires_at < Date.now() / 1000 + 1000);
  assert.deepEqual(notes(), []);
  // A page that is loaded anew finds it with the conversation, after a restart, too.
  const page = await until(async () => {
    const now = await read(asked.conversation);
    return now.message_count === 2 && now;
  }, "the answer in the log");
  assert.deepEqual(page.confirmations, [card]);
  await server.stop({ keep: true });
  await server.spawn();
  assert.deepEqual((await read(asked.conversation)).confirmations, [card]);

  const done = await confirm(asked.conversation, card.id, "yes");
  assert.equal(done.status, 200);
  assert.deepEqual(done.cards, [{ ...card, state: "yes" }]);
  assert.match(done.text, /^Results: \{.*1.*\}$/);
  assert.deepEqual(notes(), ["call me0151 234"]);
  const { body } = (await provider.requests()).at(-1);
  const [yes, said, result] = body.messages.slice(-3);
  assert.deepEqual([yes.role, yes.content], ["user", "yes"]);
  assert.deepEqual(said.tool_calls.map(({ function: { name, arguments: text } }) => [name, JSON.parse(text).text]), [["take_note", "call me"]]);
  assert.equal(result.role, "tool");
  assert.equal(result.tool_call_id, said.tool_calls[0].id);

  const again = await confirm(asked.conversation, card.id, "yes");
  assert.deepEqual([again.status, again.error.code], [409, "confirmation_answered"]);
  assert.deepEqual(notes(), ["call me0151 234"]);
  assert.equal((await read(asked.conversation)).confirmations, undefined);
  await until(() => server.sql("select count(*) as n from tool_calls")[0].n === 2, "both calls in the log");
  assert.deepEqual(server.sql("select outcome from tool_calls order by id").map(({ outcome }) => outcome), ["asked", "done"]);
  assert.deepEqual(server.sql("select state, arguments from confirmations"), [{ state: "done", arguments: "" }]);
  assert.deepEqual(server.sql("select role, text from messages order by position").map(({ role }) => role), ["user", "assistant", "user", "assistant"]);
  assert.doesNotMatch(server.log + JSON.stringify(server.sql("select * from tool_calls")), /0151/);
});

test("no does nothing, and the model tells", async (t) => {
  const { notes, ask, confirm, server } = await start(t);
  const asked = await ask(call);
  const done = await confirm(asked.conversation, asked.cards[0].id, "no");
  assert.match(done.text, /"confirmation":"declined"/);
  assert.equal(done.cards[0].state, "no");
  const again = await confirm(asked.conversation, asked.cards[0].id, "yes");
  assert.deepEqual([again.status, again.error.code], [409, "confirmation_answered"]);
  assert.deepEqual(notes(), []);
  await until(() => server.sql("select state from confirmations")[0].state === "no", "the answer in the log");
});

test("two calls make two cards, the same call one; each is answered by itself", async (t) => {
  const { notes, ask, confirm } = await start(t);
  const asked = await ask('call take_note {"text":"a"}; call take_note {"text":"b"}; call take_note {"text":"a"}');
  assert.deepEqual(asked.cards.map(({ title }) => title), ['Keep the note "a"?', 'Keep the note "b"?']);
  await confirm(asked.conversation, asked.cards[1].id, "yes");
  assert.deepEqual(notes(), ["b"]);
  await confirm(asked.conversation, asked.cards[0].id, "yes");
  assert.deepEqual(notes(), ["b", "a"]);
});

test("asked for again, the new card stands in place of the old one", async (t) => {
  const { notes, ask, send, confirm, read } = await start(t);
  const first = await ask(call);
  const second = await send({ conversation_id: first.conversation, messages: [{ role: "user", content: call }] });
  assert.notEqual(second.cards[0].id, first.cards[0].id);
  assert.deepEqual((await read(first.conversation)).confirmations, second.cards);
  assert.equal((await confirm(first.conversation, first.cards[0].id, "yes")).status, 409);
  assert.equal((await confirm(first.conversation, second.cards[0].id, "yes")).status, 200);
  assert.equal(notes().length, 1);
});

test("both buttons in two tabs at once: one counts", async (t) => {
  const { notes, ask, confirm, server } = await start(t);
  const asked = await ask(call);
  const id = asked.cards[0].id;
  const all = await Promise.all(["yes", "no", "yes", "yes", "no"].map((answer) => confirm(asked.conversation, id, answer)));
  assert.deepEqual(all.map(({ status }) => status).sort(), [200, 409, 409, 409, 409]);
  const yes = all.find(({ status }) => status === 200).cards[0].state === "yes";
  assert.equal(notes().length, yes ? 1 : 0);
  assert.equal(server.sql("select count(*) as n from messages where text in ('yes', 'no')")[0].n, 1);
});

test("a card that is too old, another's, or of no conversation", async (t) => {
  const { notes, ask, confirm, send, server, visitor } = await start(t);
  const asked = await ask(call);
  const id = asked.cards[0].id;
  const own = visitor.cookie;
  visitor.cookie = "";
  assert.equal((await confirm(asked.conversation, id, "yes")).status, 404);
  visitor.cookie = own;
  const other = await ask("say hi");
  assert.equal((await confirm(other.conversation, id, "yes")).status, 404);
  assert.equal((await confirm(asked.conversation, "01M84DMG1PAXDTPN7628BMAZ8V", "yes")).status, 404);
  for (const [body, param] of [
    [{ confirm: { id, answer: "yes" } }, "conversation_id"],
    [{ conversation_id: asked.conversation, confirm: "yes" }, "confirm"],
    [{ conversation_id: asked.conversation, confirm: { id: 5, answer: "yes" } }, "confirm.id"],
    [{ conversation_id: asked.conversation, confirm: { id: "x", answer: "yes" } }, "confirm.id"],
    [{ conversation_id: asked.conversation, confirm: { id, answer: true } }, "confirm.answer"],
    [{ conversation_id: "x", confirm: { id, answer: "yes" } }, "conversation_id"],
  ]) {
    const refused = await send(body);
    assert.deepEqual([refused.status, refused.error.param], [400, param]);
  }
  server.sql("update confirmations set expires_ms = 1000");
  const late = await confirm(asked.conversation, id, "yes");
  assert.deepEqual([late.status, late.error.code], [409, "confirmation_expired"]);
  assert.deepEqual(notes(), []);
});

test("a crash between yes and the tool: yes counts again, later", async (t) => {
  const { notes, ask, confirm, server } = await start(t);
  const asked = await ask(call);
  const id = asked.cards[0].id;
  server.sql(`update confirmations set state = 'yes', answered_ms = ${Date.now()}`);
  assert.equal((await confirm(asked.conversation, id, "yes")).status, 409); // it may be under way
  server.sql("update confirmations set answered_ms = 1000");
  assert.equal((await confirm(asked.conversation, id, "no")).status, 409);
  assert.equal((await confirm(asked.conversation, id, "yes")).status, 200);
  assert.equal(notes().length, 1);
});

test("a deleted conversation takes its cards with it", async (t) => {
  const { ask, confirm, server, visitor } = await start(t);
  const asked = await ask(call);
  const gone = await fetch(`${server.url}/v1/conversations/${asked.conversation}`, { method: "DELETE", headers: { cookie: visitor.cookie } });
  assert.equal(gone.status, 200);
  assert.deepEqual(server.sql("select id from confirmations"), []);
  assert.equal((await confirm(asked.conversation, asked.cards[0].id, "yes")).status, 404);
});

for (const dialect of ["anthropic", "gemini", "mistral"])
  test(`by a model's dialect: ${dialect}`, async (t) => {
    const { notes, ask, confirm } = await start(t, { dialect });
    const asked = await ask(call);
    const done = await confirm(asked.conversation, asked.cards[0].id, "yes");
    assert.equal(done.error, null);
    assert.match(done.text, /^Results:/);
    assert.deepEqual(notes(), ["call me0151 234"]);
  });

test("without a model, in the visitor's language", async (t) => {
  const { notes, ask, confirm } = await start(t, { offline: true });
  const german = { "accept-language": "de" };
  const asked = await ask('Keep a note for the team: "call me"', german);
  assert.match(asked.cards[0].title, /^Die Notiz ".*" aufheben\?$/);
  assert.equal(asked.text, "Bitte bestätigen Sie das mit den Knöpfen.");
  const no = await confirm(asked.conversation, asked.cards[0].id, "no", german);
  assert.equal(no.text, "In Ordnung, ich habe es nicht getan.");
  assert.deepEqual(notes(), []);
});

test("where nothing is streamed, and for the AI SDK", async (t) => {
  const { server, visitor, send } = await start(t);
  const reply = await server.post("/api/chat", { messages: [{ role: "user", content: call }], stream: false });
  visitor.cookie = reply.headers.get("set-cookie").split(";")[0];
  const whole = await reply.json();
  assert.equal(whole.confirmations[0].title, 'Keep the note "call me"?');
  const stream = await server.post("/api/chat?dialect=ai-sdk", { messages: [{ role: "user", content: call }] });
  const parts = (await stream.text()).split("\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
  const part = parts.find(({ type }) => type === "data-confirmation");
  assert.deepEqual([part.id, part.data.state], [part.data.id, "waiting"]);
  const done = await send({ conversation_id: reply.headers.get("x-conversation-id"), confirm: { id: whole.confirmations[0].id, answer: "yes" } });
  assert.equal(done.cards[0].state, "yes");
});

test("what is wrong in the configuration is told", async (t) => {
  const { server } = await start(t);
  const { config } = server;
  for (const [change, expected] of [
    [{ confirm_text: "Really {nobody}?" }, /confirm_text: "nobody" stands for nothing/],
    [{ confirm: false }, /confirm_text.*has no use without confirm: true/],
    [{ confirm_within: "1s" }, /confirm_within/],
    [{ confirm_text: ["a"] }, /confirm_text.*expected a text/],
  ]) {
    server.write({ ...config, tools: { take_note: { ...tools.take_note, ...change } } });
    const checked = run(["check", "-c", server.file]);
    assert.equal(checked.status, 1, JSON.stringify(change));
    assert.match(checked.err + checked.out, expected);
  }
});

test("in the terminal", async (t) => {
  const { server, notes } = await start(t);
  await server.stop({ keep: true });
  const asked = run(["ask", "-c", server.file, call]);
  assert.match(asked.err, /this waits for a yes or no/);
  const done = run(["ask", "-c", server.file, "-i"], { input: `${call}\nno\n${call}\nyes\nsay bye\n` });
  assert.match(done.out, /Keep the note "call me"\?\n {2}Text: call me\n {2}Phone: •••\nyes or no\? Results: .*declined.*\n.*\n?Keep the note[^]*yes or no\? Results: [^]*bye\n$/, done.out + done.err);
  assert.deepEqual(notes(), ["call me0151 234"]);
  await server.spawn();
});
