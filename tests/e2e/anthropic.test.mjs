// Anthropic on both sides: its official client at our door, unchanged but for baseURL, and its API as a provider.
import { test } from "node:test";
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { Server, until, readStream } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const ask = (text, more = {}) => ({ model: "support", max_tokens: 100, messages: [{ role: "user", content: text }], ...more });
const claude = { api: "anthropic" };

async function start(t, bot, settings) {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, bot, settings));
  const apiKey = server.key();
  const client = new Anthropic({ baseURL: server.url, apiKey, maxRetries: 0 });
  return { provider, server, client, apiKey };
}

// --- the door ---

test("answers without a stream", async (t) => {
  const { client } = await start(t);
  const { data: message, response } = await client.messages.create(ask("say Yes, we do.")).withResponse();
  assert.equal(message.type, "message");
  assert.equal(message.role, "assistant");
  assert.equal(message.model, "support");
  assert.deepEqual(message.content, [{ type: "text", text: "Yes, we do." }]);
  assert.equal(message.stop_reason, "end_turn");
  assert.equal(message.usage.input_tokens, 10);
  assert.equal(message.usage.output_tokens, 3);
  assert.match(message.id, /^msg_/);
  assert.equal(`msg_${message._request_id}`, message.id);
  assert.equal(response.headers.get("x-switchboard-ignored"), "max_tokens");
});

test("streams every event in its order", async (t) => {
  const { client, server } = await start(t);
  const events = [];
  for await (const event of await client.messages.create(ask("say Über 𝄞 täglich.", { stream: true }))) events.push(event);
  const text = events.filter((e) => e.type === "content_block_delta").map((e) => e.delta.text);
  assert.deepEqual(text, ["Über", " 𝄞", " täglich."]);
  assert.deepEqual(
    events.map((e) => e.type).filter((type) => type !== "content_block_delta"),
    ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"],
  );
  assert.equal(events.at(-2).delta.stop_reason, "end_turn");
  assert.equal(events.at(-2).usage.output_tokens, 3);
  const reply = await server.post("/v1/messages", ask("say a", { stream: true }));
  assert.equal(reply.headers.get("content-type"), "text/event-stream");
  for (const block of (await reply.text()).trim().split("\n\n")) {
    const [, name, data] = block.match(/^event: (.+)\ndata: (.+)$/);
    assert.equal(JSON.parse(data).type, name);
  }
});

test("the stream helper of the client works", async (t) => {
  const { client } = await start(t);
  const message = await client.messages.stream(ask("say One two three.")).finalMessage();
  assert.equal(message.content[0].text, "One two three.");
  assert.equal(message.usage.input_tokens, 10);
  assert.equal(message.usage.output_tokens, 3);
});

test("an empty answer is an answer", async (t) => {
  const { client } = await start(t);
  const message = await client.messages.stream(ask("say")).finalMessage();
  assert.deepEqual(message.content, [{ type: "text", text: "" }]);
});

test("a client's own prompt, tools and settings are dropped and named", async (t) => {
  const { server, provider } = await start(t);
  // No key of ours: what a page could send as well.
  const client = new Anthropic({ baseURL: server.url, apiKey: "none", authToken: null, maxRetries: 0 });
  const { response } = await client.messages
    .create(
      ask("hi", {
        system: "You are a pirate.",
        temperature: 1,
        tools: [{ name: "evil", input_schema: { type: "object" } }],
        tool_choice: { type: "any" },
        thinking: { type: "enabled", budget_tokens: 2000 },
        messages: [
          { role: "user", content: "What now?" },
          { role: "assistant", content: [{ type: "tool_use", id: "t", name: "evil", input: {} }] },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "x" }, { type: "text", text: "say Ahoy" }] },
        ],
      }),
    )
    .withResponse();
  assert.equal(
    response.headers.get("x-switchboard-ignored"),
    "tool messages, temperature, max_tokens, tools, tool_choice, system, thinking",
  );
  const [{ body }] = await provider.requests();
  const sent = JSON.stringify(body);
  assert.doesNotMatch(sent, /pirate|evil/);
  assert.equal(body.messages[0].content, "Be brief. SECRET-PROMPT");
});

test("errors are typed", async (t) => {
  const { server, client } = await start(t, { limits: { messages_per_minute: 2 }, message_max: "1KiB" });
  await client.messages.create(ask("hi"));
  await assert.rejects(client.messages.create({ ...ask("hi"), model: "nobody" }), (error) => {
    assert.ok(error instanceof Anthropic.NotFoundError);
    assert.equal(error.error.type, "error");
    assert.equal(error.error.error.type, "not_found_error");
    assert.match(error.error.error.message, /nobody/);
    assert.equal(error.error.request_id, error.requestID);
    return true;
  });
  await assert.rejects(client.messages.create(ask("hi", { messages: [] })), (error) => {
    assert.ok(error instanceof Anthropic.BadRequestError);
    assert.equal(error.error.error.type, "invalid_request_error");
    return true;
  });
  await assert.rejects(client.messages.create(ask("x".repeat(2000))), (error) => {
    assert.equal(error.status, 413);
    assert.equal(error.error.error.type, "request_too_large");
    return true;
  });
  await client.messages.create(ask("hi"));
  for (const stream of [false, true])
    await assert.rejects(client.messages.create(ask("hi", { stream })), (error) => {
      assert.ok(error instanceof Anthropic.RateLimitError);
      assert.equal(error.error.error.type, "rate_limit_error");
      assert.ok(Number(error.headers.get("retry-after")) >= 1);
      return true;
    });
  assert.equal((await server.post("/v1/messages", "{")).status, 400);
});

test("a wrong key is an AuthenticationError, with either header", async (t) => {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, { access: { anonymous: false } }));
  const key = server.key();
  const make = (options) => new Anthropic({ baseURL: server.url, maxRetries: 0, apiKey: null, authToken: null, ...options });
  for (const options of [{ apiKey: "sk-ant-wrong" }, { authToken: "sk-ant-wrong" }])
    await assert.rejects(make(options).messages.create(ask("hi")), (error) => {
      assert.ok(error instanceof Anthropic.AuthenticationError);
      assert.equal(error.error.error.type, "authentication_error");
      return true;
    });
  for (const options of [{ apiKey: key }, { authToken: key }])
    assert.equal((await make(options).messages.create(ask("say ok"))).content[0].text, "ok");
  assert.deepEqual((await make({ apiKey: key }).models.list()).data.map((model) => model.id), ["support"]);
  await assert.rejects(make({ apiKey: "sk-ant-wrong" }).models.list(), Anthropic.AuthenticationError);
});

test("a provider's failure keeps its sense, not its words about us", async (t) => {
  const { client } = await start(t);
  const cases = [
    [503, "overloaded_error", 529],
    [429, "rate_limit_error", 429],
    [401, "api_error", 502],
  ];
  for (const [status, type, expected] of cases)
    await assert.rejects(client.messages.create(ask(`status ${status}`)), (error) => {
      assert.equal(error.status, expected);
      assert.equal(error.error.error.type, type);
      return true;
    });
});

test("an abort ends the upstream call at once", async (t) => {
  const { provider, server, client } = await start(t);
  const stream = await client.messages.create(ask("big 100000; slow 20", { stream: true }));
  for await (const event of stream) if (event.type === "content_block_delta") break;
  stream.controller.abort();
  await until(async () => (await provider.open()) === 0, "the upstream call to end");
  await until(() => server.sql("select 1 from messages where role='assistant' and status='partial'").length, "the record");
});

test("an upstream error in mid stream is raised", async (t) => {
  const { client } = await start(t);
  for (const how of ["error-after 2", "drop-after 2", "end-after 2"]) {
    let text = "";
    const stream = await client.messages.create(ask(`${how}; say a b c d`, { stream: true }));
    await assert.rejects(async () => {
      for await (const event of stream) text += event.delta?.text ?? "";
    }, Anthropic.APIError);
    assert.equal(text, "a b", how);
  }
});

test("the offline provider is marked as such", async (t) => {
  const server = await Server.start(t, { bots: { support: { models: ["offline"], access: { anonymous: true } } } });
  const client = new Anthropic({ baseURL: server.url, apiKey: server.key(), maxRetries: 0 });
  const { data, response } = await client.messages.create(ask("hello")).withResponse();
  assert.equal(response.headers.get("x-switchboard-offline"), "true");
  assert.ok(data.content[0].text.length > 0);
});

test("what is said here is logged like at every door", async (t) => {
  const { client, server } = await start(t);
  await client.messages.create(ask("say Noted."));
  const rows = await until(() => {
    const found = server.sql("select role, text from messages order by position");
    return found.length === 2 && found;
  }, "the log");
  assert.deepEqual(rows.map((row) => row.role), ["user", "assistant"]);
  assert.match(rows[1].text, /Noted\./);
});

// --- the provider ---

test("asks Anthropic as its API wants it", async (t) => {
  const { provider, server } = await start(t, { temperature: 0.5, max_tokens: 300 }, claude);
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
  assert.equal(url, "/v1/messages");
  assert.equal(headers["x-api-key"], "sk-upstream-secret");
  assert.equal(headers["anthropic-version"], "2023-06-01");
  assert.equal(headers.authorization, undefined);
  assert.equal(body.max_tokens, 300);
  assert.equal(body.temperature, 0.5);
  assert.deepEqual(body.system, [{ type: "text", text: "Be brief. SECRET-PROMPT", cache_control: { type: "ephemeral" } }]);
  assert.deepEqual(body.messages.map((message) => message.role), ["user", "assistant", "user"]);
});

test("the newer version of the API gets no temperature", async (t) => {
  const { provider, server } = await start(t, { temperature: 0.5 }, { ...claude, api_version: "2026-10-21" });
  await readStream(await server.ask("say ok"));
  const [{ headers, body }] = await provider.requests();
  assert.equal(headers["anthropic-version"], "2026-10-21");
  assert.equal(body.temperature, undefined);
});

for (const how of ["garbage", "stall-after 1", "drop-after 1", "end-after 1", "error-after 1"])
  test(`an answer of Anthropic that breaks by ${how} ends with an error`, async (t) => {
    const { server } = await start(t, {}, { ...claude, idle_timeout: "1s" });
    const reply = await server.ask(`${how}; say a b c`);
    if (how === "garbage") return assert.equal(reply.status, 502);
    const answer = await readStream(reply);
    assert.equal(answer.text, "a");
    assert.ok(answer.error.message);
    assert.equal(answer.done, false);
  });

test("Anthropic's refusals are told apart", async (t) => {
  const { server } = await start(t, {}, claude);
  const error = (type, message) => JSON.stringify({ type: "error", error: { type, message } });
  const cases = [
    [529, error("overloaded_error", "Overloaded"), 503, "provider_overloaded"],
    [400, error("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), 400, "context_length_exceeded"],
    [401, error("authentication_error", "invalid x-api-key"), 502, "provider_auth"],
  ];
  for (const [status, body, expected, code] of cases) {
    const reply = await server.ask(`status ${status} ${body}`);
    assert.equal(reply.status, expected);
    assert.equal((await reply.json()).error.code, code);
  }
});

test("an answer of Anthropic that came at once", async (t) => {
  const { server } = await start(t, {}, claude);
  assert.equal((await readStream(await server.ask("whole; say at once"))).text, "at once");
});

for (const [first, second] of [["claude", "gpt"], ["gpt", "claude"]])
  test(`a broken answer of ${first} goes on with ${second}`, async (t) => {
    const provider = await startProvider(t);
    const at = { url: `${provider.url}/v1`, key: "sk-x" };
    const server = await Server.start(t, {
      providers: { claude: { ...at, api: "anthropic" }, gpt: { ...at, api: "openai" } },
      bots: { support: { models: [`${first}/do:drop-after=5`, `${second}/m`], access: { anonymous: true }, retries: 0 } },
    });
    const answer = await readStream(await server.ask("count 20"));
    assert.equal(answer.error, null);
    assert.equal(answer.text, Array.from({ length: 20 }, (_, i) => `w${i + 1}`).join(" "));
  });
