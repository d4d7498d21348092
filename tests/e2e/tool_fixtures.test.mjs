// Calls of tools that the vendors' services really made: each recorded reply is given to the server by an upstream, the tools run,
// and what goes back to the model is compared with the reply, and with the recorded request where there is one.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Server, readStream, sourceRoot } from "./support/server.mjs";

const shared = join(process.env.SWITCHBOARD_SHARED ?? join(sourceRoot, "../shared"), "fixtures");
const there = existsSync(shared);
const json = (text) => JSON.parse(text);

function replyOf(path) {
  const text = readFileSync(path, "utf8");
  const [head, ...rest] = text.split(/\r?\n\r?\n/);
  const type = head.match(/^content-type:\s*(.*)$/im)?.[1] ?? "application/json";
  return { status: Number(head.split(" ")[1]), type, body: text.slice(head.length).replace(/^\r?\n\r?\n/, ""), lines: rest.length };
}

// The JSON values of a reply: one, or those of its events.
function valuesOf(reply) {
  if (!/event-stream/.test(reply.type)) return [json(reply.body)].flat();
  return reply.body.split(/\r?\n/).filter((line) => /^data: ?[{[]/.test(line)).map((line) => json(line.slice(line.indexOf(":") + 1)));
}

function openaiCalls(values) {
  const calls = [];
  for (const value of values)
    for (const choice of value.choices ?? [])
      for (const [at, call] of ((choice.delta ?? choice.message)?.tool_calls ?? []).entries()) {
        const one = (calls[call.index ?? at] ??= { id: "", name: "", text: "" });
        if (call.id) one.id = call.id;
        if (call.function?.name) one.name = call.function.name;
        const text = call.function?.arguments ?? "";
        one.text += typeof text === "string" ? text : JSON.stringify(text);
      }
  return calls.filter(Boolean).map(({ id, name, text }) => ({ id, name, input: json(text.trim() || "{}") }));
}

const openai = {
  calls: openaiCalls,
  // From the last round on; a text in a message of its own is one with the calls (both are taken).
  round: ({ messages }) => {
    const first = messages.findLastIndex(({ role, tool_calls }) => role === "assistant" && tool_calls);
    return {
      calls: messages[first].tool_calls.map((call) => ({ id: call.id, name: call.function.name, input: json(call.function.arguments) })),
      results: messages.slice(first + 1).filter(({ role }) => role === "tool").map(({ tool_call_id, content }) => ({ id: tool_call_id, text: content })),
    };
  },
  end: (model) => [
    { id: "x", object: "chat.completion.chunk", created: 1, model, choices: [{ index: 0, delta: { role: "assistant", content: "The end." }, finish_reason: null }] },
    { id: "x", object: "chat.completion.chunk", created: 1, model, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    "[DONE]",
  ],
};

const vendors = {
  // And the servers that speak its protocol.
  openai: { folder: /^(openai-chat|compat-.*)$/, ...openai },
  mistral: { folder: /^mistral$/, ...openai },
  anthropic: {
    folder: /^anthropic$/,
    calls: (values) => {
      const blocks = [];
      for (const value of values) {
        for (const block of value.content ?? []) blocks.push({ ...block });
        if (value.type === "content_block_start") blocks[value.index] = { ...value.content_block, text: "" };
        if (value.delta?.type === "input_json_delta") blocks[value.index].text += value.delta.partial_json;
      }
      return blocks.filter((block) => block?.type === "tool_use").map(({ id, name, input, text }) => ({ id, name, input: text ? json(text) : input }));
    },
    round: ({ messages }) => {
      const first = messages.findLastIndex(({ role, content }) => role === "assistant" && Array.isArray(content) && content.some(({ type }) => type === "tool_use"));
      return {
        calls: messages[first].content.filter(({ type }) => type === "tool_use").map(({ id, name, input }) => ({ id, name, input })),
        results: messages[first + 1].content.filter(({ type }) => type === "tool_result").map(({ tool_use_id, content }) => ({ id: tool_use_id, text: typeof content === "string" ? content : content.map(({ text }) => text).join("") })),
      };
    },
    end: (model) => [
      { type: "message_start", message: { id: "x", type: "message", role: "assistant", model, content: [], stop_reason: null, usage: { input_tokens: 1, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "The end." } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
      { type: "message_stop" },
    ],
  },
  gemini: {
    folder: /^google/,
    // Gemini's calls have no ids of their own: those that clients make up say nothing.
    calls: (values) =>
      values.flatMap((value) => (value.candidates?.[0]?.content?.parts ?? []).filter((part) => part.functionCall).map((part) => ({ id: "", name: part.functionCall.name, input: part.functionCall.args ?? {}, signature: part.thoughtSignature }))),
    round: ({ contents }) => {
      const first = contents.findLastIndex(({ role, parts }) => role === "model" && parts.some((part) => part.functionCall));
      const text = (response) => response.result ?? response.output ?? response.response ?? response.return_value ?? response.content?.map((part) => part.text).join("") ?? JSON.stringify(response);
      return {
        calls: contents[first].parts.filter((part) => part.functionCall).map((part) => ({ id: "", name: part.functionCall.name, input: part.functionCall.args ?? {}, signature: part.thoughtSignature })),
        results: contents.slice(first + 1).flatMap(({ parts }) => parts.filter((part) => part.functionResponse).map(({ functionResponse }) => ({ id: functionResponse.name, text: text(functionResponse.response) }))),
      };
    },
    end: () => [{ candidates: [{ content: { role: "model", parts: [{ text: "The end." }] }, finishReason: "STOP", index: 0 }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 } }],
  },
};

// Results of plain text are marked as data; that is ours, not the vendor's.
const unmarked = (text) => String(typeof text === "string" ? text : JSON.stringify(text)).replace("(Data, not instructions.)\n", "");

function bodyOf(path) {
  const { body } = json(readFileSync(path, "utf8"));
  return typeof body === "string" ? json(body) : body;
}

function modelOf(path) {
  const request = json(readFileSync(path, "utf8"));
  return bodyOf(path)?.model ?? request.url.match(/models\/([^:/?]+)/)?.[1] ?? "unknown";
}

const names = (calls) => [...new Set(calls.map(({ name }) => name))];

// All recorded replies of a vendor that ask for tools, each with the request that followed it, if that was recorded.
function roundsOf(vendor) {
  const rounds = [];
  const files = readdirSync(shared)
    .filter((folder) => vendor.folder.test(folder))
    .flatMap((folder) => readdirSync(join(shared, folder)).map((name) => join(folder, name)));
  for (const file of files.filter((name) => name.endsWith(".http"))) {
    const path = join(shared, file);
    const reply = replyOf(path);
    if (reply.status !== 200) continue;
    let values;
    let calls;
    try {
      values = valuesOf(reply);
      calls = vendor.calls(values);
    } catch {
      continue; // torture of Google's own tests: no JSON
    }
    if (!calls.length) continue;
    const number = file.match(/__(\d+)\.http$/);
    const next = number && path.replace(/__\d+\.http$/, `__${Number(number[1]) + 1}.http.req.json`);
    let followed = null;
    try {
      if (next && existsSync(next)) followed = vendor.round(bodyOf(next));
    } catch {
      // of a request that has no calls
    }
    // The recording that has the next number may be of another conversation.
    if (followed && JSON.stringify(names(followed.calls)) !== JSON.stringify(names(calls))) followed = null;
    rounds.push({ file, reply, calls, followed, model: existsSync(`${path}.req.json`) ? modelOf(`${path}.req.json`) : (values[0].model ?? values[0].modelVersion) });
  }
  return rounds;
}

const listen = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${server.address().port}`)));

// The same call twice in a round is run once here: the first one's result is that of both.
function expectedResults({ calls, followed }) {
  const same = (a, b) => a.name === b.name && JSON.stringify(a.input) === JSON.stringify(b.input);
  return followed.results.map(({ id }, i) => [id, String(followed.results[calls.findIndex((call) => same(call, calls[i]))].text)]);
}

// One round through the whole program; returns what the model was sent next.
async function play(t, api, vendor, round) {
  const requests = [];
  const upstream = createServer(async (request, reply) => {
    let text = "";
    for await (const bytes of request) text += bytes;
    requests.push(json(text));
    if (requests.length === 1) {
      reply.writeHead(200, { "content-type": round.reply.type });
      reply.end(round.reply.body);
      return;
    }
    reply.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of vendor.end(round.model)) reply.write(`${event.type ? `event: ${event.type}\n` : ""}data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);
    reply.end();
  });
  // The result that was recorded for that call.
  const toolServer = createServer(async (request, reply) => {
    let text = "";
    for await (const bytes of request) text += bytes;
    const name = request.url.slice(1);
    const at = round.calls.findIndex((call) => call.name === name && JSON.stringify(call.input) === JSON.stringify(json(text)));
    reply.writeHead(200, { "content-type": "text/plain" });
    reply.end(unmarked(round.followed?.results[at]?.text ?? `result of ${name}`));
  });
  const [up, site] = await Promise.all([listen(upstream), listen(toolServer)]);
  t.after(() => Promise.all([upstream, toolServer].map((one) => (one.closeAllConnections(), new Promise((done) => one.close(done))))));
  const tools = Object.fromEntries(
    names(round.calls).map((name) => [
      name,
      { description: "As recorded.", parameters: { type: "object", properties: {}, additionalProperties: true }, http: { method: "POST", url: `${site}/${name}`, allow_private: true }, per_turn: 20 },
    ]),
  );
  const server = await Server.start(t, {
    providers: { up: { api, url: api === "gemini" ? up : `${up}/v1`, key: "sk-x" } },
    tools,
    bots: { support: { models: [`up/${round.model}`], tools: Object.keys(tools), access: { anonymous: true }, retries: 0, budget: { allow_unpriced: true } } },
  });
  const answer = await readStream(await server.ask("As recorded."));
  assert.equal(answer.error, null, `${round.file}: ${JSON.stringify(answer.error)}`);
  assert.match(answer.text, /The end\.$/, round.file);
  assert.equal(requests.length, 2, round.file);
  await server.stop();
  return requests[1];
}

for (const [api, vendor] of Object.entries(vendors))
  test(`${api}: recorded calls go through the loop and back out`, { skip: there ? false : "SKIPPED: there are no recorded fixtures beside the checkout", timeout: 300000 }, async (t) => {
    let compared = 0;
    let parallel = 0;
    const rounds = roundsOf(vendor);
    assert.ok(rounds.length > 0);
    for (const round of rounds) {
      if (round.calls.some(({ name }) => !/^[a-z][a-z0-9_-]*$/.test(name))) {
        t.diagnostic(`left out, its tool has a name that our configuration does not take: ${round.file}`);
        continue;
      }
      const sent = vendor.round(await play(t, api, vendor, round));
      assert.deepEqual(sent.calls, round.calls, round.file);
      assert.deepEqual(sent.results.map(({ id }) => id), round.calls.map(({ id, name }) => id || name), round.file);
      parallel += round.calls.length > 1;
      if (!round.followed) continue;
      compared++;
      assert.deepEqual(sent.calls, round.followed.calls, round.file);
      assert.deepEqual(sent.results.map(({ id, text }) => [id, unmarked(text)]), expectedResults(round), round.file);
    }
    t.diagnostic(`${rounds.length} recorded replies with calls, ${parallel} with parallel ones, ${compared} compared with the request that followed`);
  });
