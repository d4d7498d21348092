// The official client, unchanged but for baseURL.
import { test } from "node:test";
import assert from "node:assert/strict";
import OpenAI from "openai";
import { Server, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const ask = (text) => ({ model: "support", messages: [{ role: "user", content: text }] });

async function start(t, bot) {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, bot));
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key(), maxRetries: 0 });
  return { provider, server, client };
}

test("answers without a stream", async (t) => {
  const { client } = await start(t);
  const answer = await client.chat.completions.create(ask("say Yes, we do."));
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.choices[0].message.content, "Yes, we do.");
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.usage.prompt_tokens, 10);
  assert.equal(answer.usage.total_tokens, 13);
  assert.equal(answer.model, "support");
});

test("streams, with usage when asked", async (t) => {
  const { client } = await start(t);
  const chunks = [];
  const stream = await client.chat.completions.create({
    ...ask("say Über 𝄞 täglich."),
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) chunks.push(chunk);
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? "").join(""), "Über 𝄞 täglich.");
  assert.equal(new Set(chunks.map((c) => c.id + c.created + c.model)).size, 1);
  assert.equal(chunks.filter((c) => c.choices[0]?.finish_reason).length, 1);
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.equal(chunks.at(-1).usage.completion_tokens, 3);
});

test("the stream helper of the client works", async (t) => {
  const { client } = await start(t);
  const runner = client.chat.completions.stream(ask("say One two three."));
  assert.equal(await runner.finalContent(), "One two three.");
});

test("errors are typed", async (t) => {
  const { server, client } = await start(t, { limits: { messages_per_minute: 2 } });
  const bad = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "sk-wrong", maxRetries: 0 });
  await client.chat.completions.create(ask("hi"));
  await assert.rejects(client.chat.completions.create({ ...ask("hi"), model: "nobody" }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    assert.equal(error.param, "model");
    return true;
  });
  await assert.rejects(client.chat.completions.create({ model: "support", messages: [] }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, "messages");
    return true;
  });
  await client.chat.completions.create(ask("hi"));
  await assert.rejects(client.chat.completions.create(ask("hi")), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.match(error.message, /messages per minute/);
    assert.ok(Number(error.headers.get("retry-after")) >= 1);
    return true;
  });
  void bad;
});

test("a wrong key is an AuthenticationError", async (t) => {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, { access: { anonymous: false } }));
  for (const apiKey of ["sk-wrong", "sb-01M84788KD8PJDBKDQFMNJMAP5-5Wq0zq4JGVAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]) {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });
    await assert.rejects(client.chat.completions.create(ask("hi")), OpenAI.AuthenticationError);
    await assert.rejects(client.models.list(), OpenAI.AuthenticationError);
  }
});

test("an abort ends the upstream call at once", async (t) => {
  const { provider, server, client } = await start(t);
  const stream = await client.chat.completions.create({ ...ask("big 100000; slow 20"), stream: true });
  for await (const chunk of stream) if (chunk.choices[0].delta.content) break;
  stream.controller.abort();
  await until(async () => (await provider.open()) === 0, "the upstream call to end");
  await until(() => server.sql("select 1 from messages where role='assistant' and status='partial'").length, "the record");
  assert.equal(await server.metric("switchboard_turns_cancelled_total"), 1);
});

test("lists the bots as models", async (t) => {
  const { client } = await start(t);
  const list = await client.models.list();
  assert.deepEqual(list.data.map((model) => model.id), ["support"]);
});

test("an upstream error in mid stream is raised", async (t) => {
  const { client } = await start(t);
  for (const how of ["error-after 2", "drop-after 2", "end-after 2"]) {
    const stream = await client.chat.completions.create({ ...ask(`${how}; say a b c d`), stream: true });
    let text = "";
    await assert.rejects(async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
    }, OpenAI.APIError);
    assert.equal(text, "a b", how);
  }
});
