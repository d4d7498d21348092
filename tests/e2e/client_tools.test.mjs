// A trusted client brings tools of its own to /v1/chat/completions: the official `openai` package runs its tool loop.
import { test } from "node:test";
import assert from "node:assert/strict";
import OpenAI from "openai";
import { Server } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const weather = {
  type: "function",
  function: { name: "weather", description: "The weather.", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
};

async function start(t, bot = {}, config = {}) {
  const provider = await startProvider(t);
  const server = await Server.start(t, { tools: { clock: { builtin: "now" } }, ...oneBot(provider, { tools: ["clock"], ...bot }), ...config });
  const apiKey = server.key("--name", "site");
  return { provider, server, apiKey, client: new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 }) };
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
  assert.equal(server.sql("select tool from tool_calls").length, 1);
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
    [{ messages: [user("x"), { role: "assistant", tool_calls: [call] }] }, "messages"],
  ]) {
    const error = await client.chat.completions.create({ model: "support", messages: [user("say hi")], tools: [weather], ...body }).then(() => null, (error) => error);
    assert.equal(error?.status, 400, JSON.stringify(body).slice(0, 100));
    assert.equal(error.param, param, error.message);
  }
});
