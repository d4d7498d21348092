// An upstream that nobody here wrote: aimock, in its OpenAI, Anthropic and Gemini dialects, behind both doors with
// their official clients. One whole answer or one typed error each, and the log says which.
import { test } from "node:test";
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { LLMock } from "@copilotkit/aimock";
import { Server, until } from "./support/server.mjs";

const LONG = "This answer goes on for a while, so that it can be cut in the middle of it.";
const cases = {
  text: { response: { content: "Grüße, 世界 🌍." }, chunkSize: 3 },
  slow: { response: { content: "One two three four five six." }, chunkSize: 6, streamingProfile: { ttft: 200, tps: 30 } },
  think: { response: { reasoning: "SECRET THOUGHT", content: "The answer is 42." } },
  tools: { response: { toolCalls: [{ id: "c1", name: "get_weather", arguments: { city: "Paris" } }, { id: "c2", name: "get_weather", arguments: { city: "Rome" } }] } },
  limited: { response: { error: { message: "Rate limit reached", type: "rate_limit_error", code: "rate_limit_exceeded" }, status: 429, retryAfter: 2 } },
  overloaded: { response: { error: { message: "Overloaded", type: "overloaded_error" }, status: 529 } },
  badkey: { response: { error: { message: "Incorrect API key provided", type: "authentication_error", code: "invalid_api_key" }, status: 401 } },
  toolong: { response: { error: { message: "This model's maximum context length is 128000 tokens.", type: "invalid_request_error", code: "context_length_exceeded" }, status: 400 } },
  cut: { response: { content: LONG }, chunkSize: 8, truncateAfterChunks: 3, latency: 20 },
  dropped: { response: { content: LONG }, chunkSize: 5, latency: 40, disconnectAfterMs: 150 },
};

// What each case comes to: a whole text, a status before the first word, or a text that breaks off with an error.
const wholes = { text: "Grüße, 世界 🌍.", slow: "One two three four five six.", think: "The answer is 42." };
const refusals = { limited: 429, overloaded: 503, badkey: 502, toolong: 400 };
const broken = ["cut", "dropped"];
const kinds = {
  limited: "provider_rate_limited",
  overloaded: "provider_overloaded",
  badkey: "provider_auth",
  toolong: "provider_context_too_long",
};

async function start(t, api) {
  const mock = new LLMock({ port: 0, host: "127.0.0.1" });
  for (const [name, { response, ...how }] of Object.entries(cases)) mock.addFixture({ match: { userMessage: `do-${name}` }, response, ...how });
  await mock.start();
  t.after(() => mock.stop());
  const url = { openai: `${mock.url}/v1`, anthropic: `${mock.url}/v1`, gemini: mock.url }[api];
  const models = { openai: "gpt-4o-mini", anthropic: "claude-3-5-haiku-20241022", gemini: "gemini-1.5-flash" };
  const server = await Server.start(t, {
    providers: { up: { api, url, key: "sk-mock", idle_timeout: "3s" } },
    bots: { support: { models: [`up/${models[api]}`], access: { anonymous: true }, retries: 0 } },
  });
  return { server, mock };
}

const doors = {
  "/v1/chat/completions": (server) => {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key(), maxRetries: 0 });
    const body = (name) => ({ model: "support", messages: [{ role: "user", content: `do-${name}` }] });
    return {
      error: OpenAI.APIError,
      whole: async (name) => (await client.chat.completions.create(body(name))).choices[0].message.content,
      stream: async (name, seen) => {
        for await (const chunk of await client.chat.completions.create({ ...body(name), stream: true })) seen(chunk.choices[0]?.delta?.content ?? "");
      },
    };
  },
  "/v1/messages": (server) => {
    const client = new Anthropic({ baseURL: server.url, apiKey: server.key(), maxRetries: 0 });
    const body = (name) => ({ model: "support", max_tokens: 100, messages: [{ role: "user", content: `do-${name}` }] });
    return {
      error: Anthropic.APIError,
      whole: async (name) => (await client.messages.create(body(name))).content.map((block) => block.text).join(""),
      stream: async (name, seen) => {
        for await (const event of await client.messages.create({ ...body(name), stream: true }))
          if (event.type === "content_block_delta") seen(event.delta.text ?? "");
      },
    };
  },
};

async function streamed(client, name) {
  let text = "";
  let error = null;
  await client.stream(name, (delta) => (text += delta)).catch((caught) => (error = caught));
  return { text, error };
}

for (const api of ["openai", "anthropic", "gemini"])
  for (const [door, open] of Object.entries(doors))
    test(`${api} behind ${door}`, async (t) => {
      const { server } = await start(t, api);
      const client = open(server);
      for (const [name, wanted] of Object.entries(wholes)) {
        assert.equal(await client.whole(name), wanted, name);
        const { text, error } = await streamed(client, name);
        assert.equal(error, null, name);
        assert.equal(text, wanted, name); // the thought is kept apart
      }
      // No tools are configured: calls of some do no harm, and no text comes of them.
      assert.equal((await streamed(client, "tools")).text, "");
      for (const name of broken) {
        const { text, error } = await streamed(client, name);
        assert.ok(error instanceof client.error, `${name}: ${error}`);
        assert.ok(LONG.startsWith(text) && text.length < LONG.length, name);
      }
      // The refused key last: it is taken out then.
      for (const name of ["limited", "overloaded", "toolong", "badkey"]) {
        const { text, error } = await streamed(client, name);
        assert.ok(error instanceof client.error, `${name}: ${error}`);
        // Anthropic's clients know an overload by its own status.
        const anthropic = door === "/v1/messages";
        assert.equal(error.status, name === "overloaded" && anthropic ? 529 : refusals[name], name);
        assert.equal(text, "");
        if (name === "limited") assert.equal(error.headers.get("retry-after"), "2");
        await until(() => server.sql(`select 1 from calls where error_kind='${kinds[name]}'`).length === 1, `${name} in the log`);
      }
      // Broken off: what came is kept and marked, and the call says why.
      const marked = "select q.text from messages a join messages q on q.turn_id = a.turn_id and q.role='user' join calls c on c.turn_id = a.turn_id";
      const kept = server.sql(`${marked} where a.role='assistant' and a.status in ('partial', 'failed') and c.error_kind like 'provider_%' and q.text in ('do-cut', 'do-dropped')`);
      assert.deepEqual(kept.map((row) => row.text).sort(), ["do-cut", "do-dropped"]);
      assert.equal(server.sql("select 1 from messages where text like '%SECRET THOUGHT%'").length, 0);
      assert.doesNotMatch(server.log, /SECRET THOUGHT|sk-mock/);
    });
