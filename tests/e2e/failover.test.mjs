// The first provider is broken in every way there is: the visitor gets one whole answer or one clear error, no text
// twice, and the log tells what happened and what each call cost.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, readStream, until } from "./support/server.mjs";
import { startProvider } from "./support/provider.mjs";

const COUNT = 120;
const whole = Array.from({ length: COUNT }, (_, i) => `w${i + 1}`).join(" ");

// The second model costs what the first does not, so that the sums tell them apart.
async function start(t, firstDoes, { second = "m", bot = {}, more = {} } = {}) {
  const [one, two] = [await startProvider(t), await startProvider(t)];
  const times = { first_byte_timeout: "400ms", idle_timeout: "400ms" };
  const models = [`one/${firstDoes}`];
  if (second) models.push(`two/${second}`);
  const server = await Server.start(t, {
    providers: {
      one: { api: "openai", url: `${one.url}/v1`, key: "k1", ...times },
      two: { api: "openai", url: `${two.url}/v1`, key: "k2", ...times },
    },
    bots: { support: { models, access: { anonymous: true }, retries: 0, ...bot } },
    ...more,
  });
  return { one, two, server };
}

async function calls(server, count) {
  const rows = await until(() => {
    const rows = server.sql("select * from calls order by id");
    return rows.length >= count && rows.every(({ state }) => state !== "open") && rows;
  }, `${count} calls in the log`);
  assert.equal(rows.length, count);
  return rows;
}

const broken = [
  ["is gone before the head", "do:drop-before", "provider_network"],
  ["stalls before the head", "do:stall-head", "provider_stalled"],
  ["stalls before the first token", "do:stall-first", "provider_stalled"],
  ["sends garbage", "do:garbage", "provider_malformed"],
  ["is overloaded", "do:status=503", "provider_overloaded"],
  ["refuses the key", "do:status=401", "provider_auth"],
  ["knows no such model", "do:status=404", "provider_model_not_found"],
  ["limits us", "do:status=429", "provider_rate_limited"],
  ["ends without a word", "do:end-after=0", "provider_truncated"],
];
for (const [name, does, kind] of broken)
  test(`the first ${name}: the second answers`, async (t) => {
    const { server } = await start(t, does);
    const answer = await readStream(await server.ask(`count ${COUNT}`));
    assert.equal(answer.text, whole);
    assert.equal(answer.finish, "stop");
    assert.ok(answer.done);
    assert.equal(answer.error, null);
    const [failed, good] = await calls(server, 2);
    assert.equal(failed.provider, "one");
    assert.equal(failed.error_kind, kind);
    assert.equal(good.provider, "two");
    assert.equal(good.error_kind, "");
    assert.equal(good.output_tokens, COUNT);
    assert.equal(await server.metric("switchboard_model_fallbacks_total"), 1);
  });

for (const how of ["drop-after", "stall-after", "end-after", "error-after"])
  for (const tokens of [1, 10, 100])
    for (const repeat of [0, 3])
      test(`the first breaks by ${how} ${tokens}, the second repeats ${repeat} words: one whole answer`, async (t) => {
        const { server, two } = await start(t, `do:${how}=${tokens}`, { second: `do:repeat=${repeat}` });
        const answer = await readStream(await server.ask(`count ${COUNT}`));
        assert.equal(answer.text, whole);
        assert.equal(answer.error, null);
        assert.ok(answer.done);
        assert.equal(answer.chunks.filter((chunk) => chunk.choices?.[0]?.finish_reason).length, 1);
        assert.equal(new Set(answer.chunks.map((chunk) => chunk.id)).size, 1);
        const rows = await calls(server, 2);
        assert.notEqual(rows[0].error_kind, "");
        assert.equal(rows[1].error_kind, "");
        const [message] = server.sql("select text, status from messages where role='assistant'");
        assert.deepEqual(message, { text: whole, status: "complete" });
        const { body } = (await two.requests())[0];
        assert.equal(body.messages.at(-2).role, "assistant");
        assert.equal(await server.metric("switchboard_model_continuations_total"), 1);
      });

test("both break in mid answer: one error, the part is kept", async (t) => {
  const { server } = await start(t, "do:drop-after=5", { second: "do:drop-after=5" });
  const answer = await readStream(await server.ask(`count ${COUNT}`));
  assert.equal(answer.text, "w1 w2 w3 w4 w5 w6 w7 w8 w9 w10");
  assert.equal(answer.chunks.filter((chunk) => chunk.error).length, 1);
  assert.equal(answer.done, false);
  await calls(server, 2);
  assert.deepEqual(server.sql("select text, status from messages where role='assistant'"), [{ text: answer.text, status: "partial" }]);
});

test("a continuation that begins anew is not shown", async (t) => {
  const { server } = await start(t, "do:drop-after=50", { second: "do:repeat=1000" });
  const answer = await readStream(await server.ask(`count ${COUNT}`));
  // Either it was joined, or the visitor is told: never the beginning twice.
  assert.equal(answer.text.split("w1 ").length - 1, 1);
  if (answer.done) assert.equal(answer.text, whole);
  else assert.ok(answer.error.message);
});

test("no second model: the answer that broke off ends with an error", async (t) => {
  const { server } = await start(t, "do:drop-after=10", { second: null });
  const answer = await readStream(await server.ask(`count ${COUNT}`));
  assert.equal(answer.text.split(" ").length, 10);
  assert.ok(answer.error);
  assert.equal(answer.done, false);
});

test("a failure that may pass is tried again, by the provider's own wait", async (t) => {
  const { server, one } = await start(t, "m", { second: null, bot: { retries: 2, retry_deadline: "10s" } });
  const reply = await server.ask("status 429; header retry-after-ms 50");
  assert.equal(reply.status, 429);
  await reply.text();
  assert.equal((await one.requests()).length, 3);
  await calls(server, 3);
  assert.equal(await server.metric("switchboard_model_retries_total"), 2);
});

test("what may not be tried again is not", async (t) => {
  const { server, one } = await start(t, "m", { second: null, bot: { retries: 2 } });
  for (const status of [400, 404, 401]) await (await server.ask(`status ${status}`)).text();
  assert.equal((await one.requests()).length, 3);
});

test("a breaker spares a dead model, and lets it back", async (t) => {
  const { server, one } = await start(t, "m");
  for (let i = 0; i < 10; i++) await (await server.ask("status 500; say x")).text();
  const asked = (await one.requests()).length;
  assert.ok(asked < 10, `${asked} calls of a dead model`);
  assert.ok((await server.metric("switchboard_breaker_state")) > 0);
  await until(
    async () => {
      await (await server.ask("say fine")).text();
      return (await one.requests()).length > asked;
    },
    "a probe",
    60000,
  );
});

test("several keys: one that is refused is taken out", async (t) => {
  const provider = await startProvider(t);
  const server = await Server.start(t, {
    providers: { one: { api: "openai", url: `${provider.url}/v1`, keys: { bad: { key: "sk-bad", weight: 1000 }, good: { key: "sk-good" } } } },
    bots: { support: { models: ["one/m"], access: { anonymous: true }, retries: 0 } },
  });
  for (let i = 0; i < 5; i++)
    assert.equal((await readStream(await server.ask("refuse sk-bad; say fine"))).text, "fine");
  const used = (await provider.requests()).map((request) => request.headers.authorization);
  assert.equal(used.filter((key) => key === "Bearer sk-bad").length, 1);
  assert.match(server.log, /refused a key.*key=bad/);
  assert.doesNotMatch(server.log, /sk-bad|sk-good/);
});
