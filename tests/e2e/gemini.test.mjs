// Gemini as a provider: what it is asked, what comes of its answers, errors and broken streams, and what the log says.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, until, readStream } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

async function start(t, bot, settings) {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, bot, { api: "gemini", url: provider.url, ...settings }));
  return { provider, server };
}

const loggedCall = (server) =>
  until(() => server.sql("select * from calls where finish_reason <> '' or error_kind <> ''")[0], "the call in the log");

test("asks Gemini as its API wants it", async (t) => {
  const { provider, server } = await start(t, { temperature: 0.5, max_tokens: 300 });
  const messages = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello." },
    { role: "user", content: "say Über 𝄞 gern." },
  ];
  const answer = await readStream(await server.post("/api/chat", { messages, stream_options: { include_usage: true } }));
  assert.equal(answer.text, "Über 𝄞 gern.");
  assert.equal(answer.finish, "stop");
  assert.equal(answer.chunks.at(-1).usage.prompt_tokens, 16);
  assert.equal(answer.chunks.at(-1).usage.prompt_tokens_details.cached_tokens, 4);
  const [{ url, headers, body }] = await provider.requests();
  assert.equal(url, "/v1beta/models/m:streamGenerateContent?alt=sse");
  assert.equal(headers["x-goog-api-key"], "sk-upstream-secret");
  assert.equal(headers.authorization, undefined);
  assert.deepEqual(body.systemInstruction, { parts: [{ text: "Be brief. SECRET-PROMPT" }] });
  assert.deepEqual(body.generationConfig, { maxOutputTokens: 300, temperature: 0.5 });
  assert.deepEqual(body.contents.map((content) => content.role), ["user", "model", "user"]);
});

test("the log tells what a call used", async (t) => {
  const { server } = await start(t);
  await readStream(await server.ask("say one two three"));
  const call = await loggedCall(server);
  assert.equal(call.input_tokens, 12);
  assert.equal(call.cache_read_tokens, 4);
  assert.equal(call.output_tokens, 3);
  assert.equal(call.reasoning_tokens, 5);
  assert.equal(call.finish_reason, "stop");
  assert.equal(call.upstream_status, 200);
});

for (const how of ["garbage", "stall-after 1", "drop-after 1", "end-after 1", "error-after 1"])
  test(`an answer of Gemini that breaks by ${how} ends with an error`, async (t) => {
    const { server } = await start(t, {}, { idle_timeout: "1s" });
    const reply = await server.ask(`${how}; say a b c`);
    if (how === "garbage") return assert.equal(reply.status, 502);
    const answer = await readStream(reply);
    assert.equal(answer.text, "a");
    assert.ok(answer.error.message);
    assert.equal(answer.done, false);
    assert.notEqual((await loggedCall(server)).error_kind, "");
  });

test("Gemini's refusals are told apart", async (t) => {
  const { server } = await start(t);
  const error = (code, status, message, details = []) => JSON.stringify({ error: { code, message, status, details } });
  const cases = [
    [503, error(503, "UNAVAILABLE", "The model is overloaded."), 503, "provider_overloaded"],
    [400, error(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8)."), 400, "context_length_exceeded"],
    [400, error(400, "INVALID_ARGUMENT", "API key not valid.", [{ reason: "API_KEY_INVALID" }]), 502, "provider_auth"],
  ];
  for (const [status, body, expected, code] of cases) {
    const reply = await server.ask(`status ${status} ${body}`);
    assert.equal(reply.status, expected);
    assert.equal((await reply.json()).error.code, code);
  }
});

test("an answer of Gemini that came at once", async (t) => {
  const { server } = await start(t);
  assert.equal((await readStream(await server.ask("whole; say at once"))).text, "at once");
});

for (const [first, second] of [["google", "gpt"], ["gpt", "google"]])
  test(`a broken answer of ${first} goes on with ${second}`, async (t) => {
    const provider = await startProvider(t);
    const server = await Server.start(t, {
      providers: {
        google: { url: provider.url, key: "k", api: "gemini" },
        gpt: { url: `${provider.url}/v1`, key: "k", api: "openai" },
      },
      bots: { support: { models: [`${first}/do:drop-after=5`, `${second}/m`], access: { anonymous: true }, retries: 0 } },
    });
    const answer = await readStream(await server.ask("count 20"));
    assert.equal(answer.error, null);
    assert.equal(answer.text, Array.from({ length: 20 }, (_, i) => `w${i + 1}`).join(" "));
  });
