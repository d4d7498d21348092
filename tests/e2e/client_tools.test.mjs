// A trusted client brings tools of its own to /v1/chat/completions and /v1/messages: the official packages `openai` and
// `@anthropic-ai/sdk` run their tool loops.
import { test } from "node:test";
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import OpenAI from "openai";
import { Server, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const weather = {
  type: "function",
  function: { name: "weather", description: "The weather.", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
};

async function start(t, bot = {}, config = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, { tools: { clock: { builtin: "now" } }, ...oneBot(provider, { tools: ["clock"], ...bot }), ...config });
  const apiKey = server.key("--name", "site");
  const client = new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 });
  const claude = new Anthropic({ apiKey, authToken: null, baseURL: server.url, maxRetries: 0 });
  return { provider, server, apiKey, client, claude };
}

const user = (content) => ({ role: "user", content });

test("a call goes to the client, its result back to the model", async (t) => {
  const { provider, client } = await start(t);
  const messages = [user('call weather {"city":"Berlin"}')];
  const first = await client.chat.completions.create({ model: "support", messages, tools: [weather] });
  const { message, finish_reason } = first.choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.equal(message.content, null);
  assert.deepEqual(message.tool_calls, [{ id: "call_0_0", type: "function", function: { name: "weather", arguments: '{"city":"Berlin"}' } }]);
  messages.push(message, { role: "tool", tool_call_id: "call_0_0", content: "It rains." });
  const second = await client.chat.completions.create({ model: "support", messages, tools: [weather] });
  assert.equal(second.choices[0].message.content, "Results: It rains.");
  const bodies = (await provider.requests()).map(({ body }) => body);
  assert.deepEqual(bodies[0].tools.map((tool) => tool.function.name), ["clock", "weather"]);
  assert.deepEqual(bodies[1].messages.slice(2).map(({ role, tool_calls, tool_call_id, content }) => [role, tool_calls?.[0].id ?? tool_call_id, content]), [
    ["assistant", "call_0_0", bodies[1].messages[2].content],
    ["tool", "call_0_0", "It rains."],
  ]);
});

test("streamed, with parallel calls and the text before them", async (t) => {
  const { client } = await start(t);
  const stream = client.chat.completions.stream({
    model: "support",
    messages: [user('text-first; say One moment.; call weather {"city":"Berlin"}; call weather {"city":"Kyiv"}')],
    tools: [weather],
  });
  const final = await stream.finalChatCompletion();
  const { message, finish_reason } = final.choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.equal(message.content, "One moment.");
  assert.deepEqual(message.tool_calls.map((call) => JSON.parse(call.function.arguments).city), ["Berlin", "Kyiv"]);
});

test("the package's own loop runs the client's tool, the server runs its own", async (t) => {
  const { client, server } = await start(t);
  const runner = client.chat.completions.runTools({
    model: "support",
    messages: [user('call weather {"city":"Berlin"}')],
    tools: [{ type: "function", function: { ...weather.function, parse: JSON.parse, function: ({ city }) => `Sun in ${city}.` } }],
  });
  assert.equal(await runner.finalContent(), "Results: Sun in Berlin.");
  const own = await client.chat.completions.create({ model: "support", messages: [user("call clock {}")], tools: [weather] });
  assert.match(own.choices[0].message.content, /"time_zone":"UTC"/);
  // The log is written behind the answer.
  await until(() => server.sql("select tool from tool_calls").length === 1, "the server's own call in the log");
});

test("who has no API key brings no tools", async (t) => {
  const { provider, server } = await start(t);
  const reply = await server.post("/v1/chat/completions", { model: "support", messages: [user("say hi")], tools: [weather] });
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get("x-switchboard-ignored"), /tools/);
  await reply.text();
  assert.deepEqual((await provider.requests())[0].body.tools.map((tool) => tool.function.name), ["clock"]);
});

test("what is wrong is told with its place", async (t) => {
  const { client } = await start(t);
  const call = { id: "a", type: "function", function: { name: "weather", arguments: "{}" } };
  for (const [body, param] of [
    [{ tools: {} }, "tools"],
    [{ tools: [{ type: "retrieval" }] }, "tools[0]"],
    [{ tools: [{ type: "function", function: { name: "a b" } }] }, "tools[0]"],
    [{ tools: [weather, weather] }, "tools[1]"],
    [{ tools: [{ type: "function", function: { name: "clock" } }] }, "tools[0]"],
    [{ tools: [{ type: "function", function: { name: "x", parameters: [] } }] }, "tools[0]"],
    [{ tools: Array.from({ length: 129 }, (_, i) => ({ type: "function", function: { name: `t${i}` } })) }, "tools"],
    [{ messages: [user("x"), { role: "tool", tool_call_id: "b", content: "y" }] }, "messages[1]"],
    [{ messages: [user("x"), { role: "assistant", tool_calls: [{ ...call, id: "" }] }] }, "messages[1].tool_calls[0]"],
    [{ messages: [user("x"), { role: "assistant", tool_calls: [call] }, { role: "tool", tool_call_id: "a", content: 5 }] }, "messages[2]"],
    [{ messages: [user("x"), { role: "assistant", tool_calls: [call] }] }, "messages[1]"],
    [{ messages: [user("x"), { role: "assistant", tool_calls: [call] }, user("y")] }, "messages[1]"],
    [
      {
        conversation_id: "01M84DMG1PAXDTPN7628BMAZ8V",
        messages: [user("x"), { role: "assistant", tool_calls: [call] }, { role: "tool", tool_call_id: "a", content: "y" }],
      },
      "conversation_id",
    ],
  ]) {
    const error = await client.chat.completions.create({ model: "support", messages: [user("say hi")], tools: [weather], ...body }).then(() => null, (error) => error);
    assert.equal(error?.status, 400, JSON.stringify(body).slice(0, 100));
    assert.equal(error.param, param, error.message);
  }
});

test("names of an MCP server's tools are taken, whether it is reached or not", async (t) => {
  const docs = { mcp: { url: "http://127.0.0.1:1/mcp", allow_private: true } };
  const { client } = await start(t, { tools: ["docs"] }, { tools: { docs } });
  const say = (name) => client.chat.completions.create({ model: "support", messages: [user("say hi")], tools: [{ type: "function", function: { name } }] });
  await assert.rejects(say("docs_add"), (error) => error.status === 400 && error.param === "tools[0]");
  assert.equal((await say("docsadd")).choices[0].message.content, "hi");
});

// --- Anthropic's clients ---

const forecast = { name: "weather", description: "The weather.", input_schema: weather.function.parameters };
const ask = (messages, more = {}) => ({ model: "support", max_tokens: 100, messages, tools: [forecast], ...more });

test("Anthropic's client gets a call as tool_use, and gives its result", async (t) => {
  const { provider, claude } = await start(t);
  const messages = [user('call weather {"city":"Berlin"}; call weather {"city":"Kyiv"}')];
  const { data: first, response } = await claude.messages.create(ask(messages)).withResponse();
  assert.equal(first.stop_reason, "tool_use");
  assert.deepEqual(first.content, [
    { type: "tool_use", id: "call_0_0", name: "weather", input: { city: "Berlin" } },
    { type: "tool_use", id: "call_0_1", name: "weather", input: { city: "Kyiv" } },
  ]);
  assert.equal(response.headers.get("x-switchboard-ignored"), "max_tokens");
  messages.push({ role: "assistant", content: first.content }, {
    role: "user",
    content: [
      { type: "tool_result", tool_use_id: "call_0_0", content: "It rains." },
      { type: "tool_result", tool_use_id: "call_0_1", content: [{ type: "text", text: "No such city." }], is_error: true },
    ],
  });
  const second = await claude.messages.create(ask(messages));
  assert.deepEqual(second.content, [{ type: "text", text: "Results: It rains. No such city." }]);
  assert.equal(second.stop_reason, "end_turn");
  const { body } = (await provider.requests()).at(-1);
  assert.deepEqual(body.messages.slice(1).map(({ role }) => role), ["user", "assistant", "tool", "tool"]);
  assert.deepEqual(body.messages[2].tool_calls.map((call) => [call.id, JSON.parse(call.function.arguments).city]), [
    ["call_0_0", "Berlin"],
    ["call_0_1", "Kyiv"],
  ]);
});

test("streamed to Anthropic's client: a block for the text, one for each call", async (t) => {
  const { claude } = await start(t);
  for (const [text, expected] of [
    ["text-first; say One moment.; ", ["text", "tool_use", "tool_use"]],
    ["", ["tool_use", "tool_use"]],
  ]) {
    const events = [];
    const stream = claude.messages.stream(ask([user(`${text}call weather {"city":"Berlin"}; call weather {\n"city":\n"Kyiv"}`)]));
    stream.on("streamEvent", (event) => events.push(event));
    const message = await stream.finalMessage();
    assert.deepEqual(message.content.map(({ type }) => type), expected);
    assert.deepEqual(message.content.slice(-2).map(({ input }) => input.city), ["Berlin", "Kyiv"]);
    assert.equal(message.stop_reason, "tool_use");
    const blocks = events.filter(({ type }) => /^content_block_st/.test(type)).map(({ type, index }) => [type, index]);
    assert.deepEqual(blocks, expected.flatMap((_, i) => [["content_block_start", i], ["content_block_stop", i]]));
  }
});

test("the loop of Anthropic's package runs the client's tool, the server runs its own", async (t) => {
  const { claude, server } = await start(t);
  const run = ({ city }) => `Sun in ${city}.`;
  const tool = betaTool({ name: "weather", description: "The weather.", inputSchema: forecast.input_schema, run });
  for (const stream of [false, true]) {
    const runner = claude.beta.messages.toolRunner({ ...ask([user('call weather {"city":"Berlin"}')]), tools: [tool], stream });
    const last = await runner.runUntilDone();
    assert.deepEqual(last.content.map(({ text }) => text), ["Results: Sun in Berlin."]);
  }
  const own = await claude.messages.create(ask([user("call clock {}")]));
  assert.match(own.content[0].text, /"time_zone":"UTC"/);
  // The log is written behind the answer.
  await until(() => server.sql("select tool from tool_calls").length === 1, "the server's own call in the log");
});

// As each client has it and each vendor wants it.
for (const api of ["anthropic", "gemini", "mistral"])
  test(`a client's tools go to a model of ${api}, and the results`, async (t) => {
    const provider = await startProvider(t);
    const url = api === "gemini" ? provider.url : `${provider.url}/v1`;
    const server = await Server.start(t, oneBot(provider, {}, { api, url }));
    const apiKey = server.key();
    const claude = new Anthropic({ apiKey, authToken: null, baseURL: server.url, maxRetries: 0 });
    const client = new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 });
    const asked = user('call weather {"city":"Berlin"}; call weather {"city":"Kyiv"}');
    const first = await claude.messages.create(ask([asked]));
    const results = first.content.map(({ id, input }) => ({ type: "tool_result", tool_use_id: id, content: `Sun in ${input.city}.` }));
    const second = await claude.messages.create(ask([asked, { role: "assistant", content: first.content }, { role: "user", content: results }]));
    assert.match(second.content[0].text, /^Results:.*Sun in Berlin.*Sun in Kyiv/s);
    const runner = client.chat.completions.runTools({
      model: "support",
      messages: [asked],
      tools: [{ type: "function", function: { ...weather.function, parse: JSON.parse, function: ({ city }) => `Rain in ${city}.` } }],
    });
    assert.match(await runner.finalContent(), /^Results:.*Rain in Berlin.*Rain in Kyiv/s);
  });

test("what is wrong with Anthropic's blocks is told with its place", async (t) => {
  const { claude } = await start(t);
  const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "b", content: "y" }] };
  const call = { role: "assistant", content: [{ type: "tool_use", id: "a", name: "weather", input: {} }] };
  for (const [body, place] of [
    [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, "tools[0]"],
    [{ tools: [{ ...forecast, name: "clock" }] }, "tools[0]"],
    [{ messages: [user("x"), result] }, "messages[1]"],
    [{ messages: [user("x"), call, result] }, "messages[2]"],
    [{ messages: [user("x"), call, user("y")] }, "messages[1]"],
  ])
    await assert.rejects(claude.messages.create(ask([user("say hi")], body)), (error) => {
      assert.ok(error instanceof Anthropic.BadRequestError);
      assert.ok(error.error.error.message.startsWith(place), error.error.error.message);
      return true;
    });
});
