// What of a long conversation is sent upstream, strategy by strategy: exactly.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, readStream, until } from "./support/server.mjs";
import { startProvider } from "./support/provider.mjs";

const TURNS = 100; // 200 messages

async function start(t, bot, model = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, {
    providers: { up: { api: "openai", url: `${provider.url}/v1`, models: { m: { context_window: 100000, ...model } } } },
    bots: { support: { models: ["up/m"], system: "SYSTEM", access: { anonymous: true }, retries: 0, max_tokens: 50, ...bot } },
  });
  const headers = { authorization: `Bearer ${server.key()}` };
  let conversation_id;
  // Only the new message is sent: the server keeps what was said.
  const say = async (text) => {
    const reply = await server.ask(text, conversation_id ? { conversation_id } : {}, headers);
    conversation_id = reply.headers.get("x-conversation-id");
    return { status: reply.status, ...(reply.status === 200 ? await readStream(reply) : await reply.json()) };
  };
  const sent = async () => (await provider.requests()).map(({ body }) => body.messages.map(({ role, content }) => [role, content]));
  // The answer is in the log before the next question is asked.
  const settle = (count) =>
    until(() => server.sql("select count(*) as n from messages where role='assistant'")[0].n >= count, `${count} answers in the log`);
  return { provider, server, say, sent, settle, headers };
}

async function talk(say, settle, turns, from = 1) {
  for (let i = from; i < from + turns; i++) {
    const answer = await say(`say answer ${i}`);
    assert.equal(answer.text, `answer ${i}`);
    await settle(i);
  }
}

const dialogue = (first, last) =>
  Array.from({ length: last - first + 1 }, (_, i) => [
    ["user", `say answer ${first + i}`],
    ["assistant", `answer ${first + i}`],
  ]).flat();

test("window: the last N messages, and nothing of before", async (t) => {
  const { server, say, sent, settle } = await start(t, { history_max: 6 });
  await talk(say, settle, TURNS);
  const requests = await sent();
  assert.equal(requests.length, TURNS);
  for (const [i, messages] of requests.entries()) {
    const turn = i + 1;
    const expected = [["system", "SYSTEM"], ...dialogue(Math.max(1, turn - 3), turn - 1), ["user", `say answer ${turn}`]];
    assert.deepEqual(messages, expected, `turn ${turn}`);
  }
  const [last] = server.sql("select left_out from calls order by id desc limit 1");
  assert.equal(last.left_out, 2 * (TURNS - 1) - 6);
});

test("an odd window begins with the visitor all the same", async (t) => {
  const { say, sent, settle } = await start(t, { history_max: 3 });
  await talk(say, settle, 5);
  assert.deepEqual((await sent())[4], [["system", "SYSTEM"], ...dialogue(4, 4), ["user", "say answer 5"]]);
});

test("tokens: what fits is sent, the prefix stays, and no more is sent than fits", async (t) => {
  const { server, say, sent, settle } = await start(t, { context: { strategy: "tokens", tokens_max: 500 } });
  await talk(say, settle, TURNS);
  const requests = await sent();
  let kept = 0;
  for (const [i, messages] of requests.entries()) {
    assert.deepEqual(messages[0], ["system", "SYSTEM"]);
    assert.deepEqual(messages.at(-1), ["user", `say answer ${i + 1}`]);
    const history = messages.slice(1, -1);
    assert.equal(history[0]?.[0] ?? "user", "user");
    // An unbroken end of the conversation.
    assert.deepEqual(history, dialogue(i + 1 - history.length / 2, i));
    kept = history.length;
    const bytes = messages.reduce((sum, [, text]) => sum + text.length, 0);
    assert.ok(bytes < 4 * 500, `${bytes} bytes`);
  }
  assert.ok(kept > 20 && kept < 100, `${kept} messages`);
  const [last] = server.sql("select left_out from calls order by id desc limit 1");
  assert.equal(last.left_out, 2 * (TURNS - 1) - kept);
});

test("summary: extended, never written anew, and the last messages stay as they are", async (t) => {
  const after = 20;
  const keep = 6;
  const { provider, server, say, settle } = await start(t, {
    models: ["up/m"],
    context: { strategy: "summary", summary_after: after, summary_keep: keep, summary_model: "up/sum" },
  });
  const isSummary = (request) => request.body.model === "sum";
  for (let i = 1; i <= TURNS; i++) {
    assert.equal((await say(`say answer ${i}`)).text, `answer ${i}`);
    await settle(i);
    // No summary under way when the next question comes, so that what is sent can be told exactly.
    await until(async () => (await server.metric("switchboard_turns_active")) === 0, "quiet");
  }
  const requests = await provider.requests();
  const summaries = requests.filter(isSummary);
  const answers = requests.filter((request) => !isSummary(request));
  assert.equal(answers.length, TURNS);
  assert.ok(summaries.length >= 10 && summaries.length <= 15, `${summaries.length} summaries`);
  // Each takes what is behind the last one, once: every message is summarised exactly once.
  const seen = new Set();
  for (const [i, { body }] of summaries.entries()) {
    const text = body.messages.at(-1).content;
    assert.equal(text.includes("Summary so far:"), i > 0);
    if (i > 0) assert.ok(text.includes(`Summary so far:\nHello there, visitor.`));
    const said = [...text.matchAll(/^Visitor: (say answer \d+)$/gm)].map((match) => match[1]);
    assert.ok(said.length > 0);
    for (const one of said) {
      assert.ok(!seen.has(one), `${one} was summarised twice`);
      seen.add(one);
    }
  }
  // The prompt: instructions, the summary, then the unbroken end.
  for (const [i, { body }] of answers.entries()) {
    const messages = body.messages.map(({ role, content }) => [role, content]);
    assert.deepEqual(messages[0], ["system", "SYSTEM"]);
    const summary = messages[1][1].startsWith("What was said before");
    const history = messages.slice(summary ? 2 : 1, -1);
    assert.deepEqual(history, dialogue(i + 1 - history.length / 2, i));
    assert.ok(history.length <= after, `${history.length} messages`);
    if (i * 2 > after) assert.ok(summary && history.length >= keep - 2, `turn ${i + 1}: ${history.length}`);
    // The prefix is the one of the turn before, unless a summary came between.
    const before = i > 0 && answers[i - 1].body.messages;
    if (before && before.length < body.messages.length)
      assert.deepEqual(body.messages.slice(0, before.length - 1), before.slice(0, -1));
  }
  const [row] = server.sql("select summary, summary_position from conversations");
  assert.equal(row.summary, "Hello there, visitor.");
  assert.ok(row.summary_position >= 2 * TURNS - after - 2);
  const costs = server.sql("select purpose, count(*) as n from calls group by purpose order by purpose");
  assert.deepEqual(costs, [{ purpose: "answer", n: TURNS }, { purpose: "summary", n: summaries.length }]);
});

test("while the summariser fails the window holds, and then it catches up", async (t) => {
  const { server, say, sent, settle } = await start(t, {
    history_max: 4,
    context: { strategy: "summary", summary_after: 6, summary_keep: 2, summary_model: "up/do:status=500" },
  });
  await talk(say, settle, 20);
  const requests = (await sent()).filter((messages) => messages.at(-1)[1].startsWith("say"));
  assert.ok(requests.at(-1).length <= 6, `${requests.at(-1).length} messages`);
  assert.match(server.log, /could not be summarised/);
  assert.equal(server.sql("select summary from conversations")[0].summary, "");
});

test("one message longer than the window: a clear error before any call", async (t) => {
  const { provider, say } = await start(t, {}, { context_window: 300 });
  const answer = await say(`say hi ${"word ".repeat(400)}`);
  assert.equal(answer.status, 400);
  assert.equal(answer.error.code, "context_length_exceeded");
  assert.match(answer.error.message, /about \d+ tokens .* and \d+ fit/);
  assert.equal((await provider.requests()).length, 0);
});

test("the vendor says too long: once more with half of it", async (t) => {
  const { provider, server, say, settle } = await start(t, { history_max: 100 });
  await talk(say, settle, 20);
  const before = (await provider.requests()).at(-1).body.messages.length;
  await say('status 400 {"error":{"message":"too long","code":"context_length_exceeded"}}');
  const [first, second] = (await provider.requests()).slice(-2).map((request) => request.body.messages.length);
  assert.ok(first > before);
  assert.ok(second < first * 0.7, `${first}, then ${second} messages`);
  assert.equal((await provider.requests()).length, 22);
  assert.match(server.log, /trying with half of it/);
});

test("a conversation of 10,000 messages", async (t) => {
  const { provider, server, say, settle } = await start(t, { context: { strategy: "tokens", tokens_max: 2000 } });
  await talk(say, settle, 1);
  const [{ id }] = server.sql("select id from conversations");
  await server.stop({ keep: true });
  server.sql(`with recursive n(i) as (select 3 union all select i + 1 from n where i < 10000)
    insert into messages (conversation_id, position, id, turn_id, role, text, status, created_ms)
    select '${id}', i, 'x' || i, 'x', case when i % 2 then 'user' else 'assistant' end, 'message ' || i, 'complete', 1 from n`);
  await server.spawn();
  assert.equal((await say("say still here")).text, "still here");
  const { body } = (await provider.requests()).at(-1);
  assert.equal(body.messages.at(-2).content, "message 10000");
  assert.ok(body.messages.length > 50 && body.messages.length < 600);
});
