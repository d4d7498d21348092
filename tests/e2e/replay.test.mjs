// What if: logged turns on other models, without touching anything of the visitors'.
import { test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Server, binary, run, until } from "./support/server.mjs";
import { startProvider } from "./support/provider.mjs";

const price = (input, output) => ({ input_price: input, output_price: output });

async function start(t) {
  const provider = await startProvider(t);
  const server = await Server.start(
    t,
    {
      providers: {
        up: { api: "openai", url: `${provider.url}/v1`, models: { m: price(1, 10), cheap: price(0.1, 1), dear: price(10, 100), "do:status=500": price(1, 1) } },
      },
      bots: { support: { models: ["up/m"], system: "OLD PROMPT", knowledge: ["faq.md"], access: { anonymous: true }, history_max: 4 } },
    },
    { files: { "faq.md": "# Shipping\n\nWe ship to Germany and France.\n" } },
  );
  const headers = { authorization: `Bearer ${server.key()}` };
  let conversation_id;
  for (let i = 1; i <= 3; i++) {
    const reply = await server.ask(`ship; say answer ${i}; usage ${100 * i} ${i}`, conversation_id ? { conversation_id } : {}, headers);
    conversation_id = reply.headers.get("x-conversation-id");
    await reply.text();
    await until(() => server.sql("select count(*) as n from messages where role='assistant'")[0].n === i, "the record");
  }
  const dump = () => JSON.stringify(["conversations", "messages", "calls", "counters", "api_keys"].map((table) => server.sql(`select * from ${table}`)));
  return { provider, server, dump };
}

async function replay(server, ...args) {
  const child = spawn(binary, ["replay", "-c", server.file, ...args]);
  let out = "";
  let err = "";
  child.stdout.on("data", (bytes) => (out += bytes));
  child.stderr.on("data", (bytes) => (err += bytes));
  const [status] = await once(child, "exit");
  return { status, out, err };
}

test("prices what was logged on other models, and calls none", async (t) => {
  const { provider, server, dump } = await start(t);
  const before = dump();
  const calls = (await provider.requests()).length;
  const done = await replay(server, "--model", "up/cheap,up/dear", "--price-only", "--format", "json");
  assert.equal(done.status, 0, done.err);
  const { turns, models } = JSON.parse(done.out);
  assert.equal(turns, 3);
  assert.deepEqual(
    models.map((model) => [model.model, model.tokens_in, model.tokens_out, model.cost_microdollars]),
    [["as logged", 600, 6, 660], ["up/cheap", 600, 6, 66], ["up/dear", 600, 6, 6600]],
  );
  assert.equal((await provider.requests()).length, calls);
  assert.equal(dump(), before);
});

test("runs them again with another prompt: same context, answers side by side, nothing written", async (t) => {
  const { provider, server, dump } = await start(t);
  const before = dump();
  const calls = (await provider.requests()).length;
  const prompt = join(server.path, "prompt.txt");
  writeFileSync(prompt, "NEW PROMPT");
  const done = await replay(server, "--model", "up/cheap", "--system", prompt, "--last", "2", "--format", "json");
  assert.equal(done.status, 0, done.err);
  const { turns, models, answers } = JSON.parse(done.out);
  assert.equal(turns, 2);
  assert.equal(models[1].cost_microdollars, 50 + 5);
  assert.equal(answers[0]["as logged"].length > 0, true);
  assert.equal(answers[1]["up/cheap"], answers[1]["as logged"]);
  const requests = (await provider.requests()).slice(calls);
  assert.equal(requests.length, 2);
  const { messages } = requests[1].body;
  assert.equal(messages[0].content, "NEW PROMPT");
  assert.equal(messages.length, 6); // the window of the bot: four messages before the question
  const content = messages.at(-1).content;
  assert.match(JSON.stringify(content), /We ship to Germany/);
  assert.equal(dump(), before);
  const table = await replay(server, "--model", "up/do:status=500", "--last", "1");
  assert.match(table.out, /1 failed/);
  assert.equal(dump(), before);
});

test("a month of conversations on three models in one table", async (t) => {
  const { server } = await start(t);
  await server.stop({ keep: true });
  const turns = 6000;
  server.sql(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${turns})
    insert into conversations (id, bot, user_id, door, created_ms, updated_ms)
    select printf('01A%023d', i), 'support', 'anon:x', 'chat', i, i from n`);
  for (const [role, position, text] of [["user", 1, "Do you ship?"], ["assistant", 2, "Yes, we do."]])
    server.sql(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${turns})
      insert into messages (conversation_id, position, id, turn_id, role, text, status, created_ms)
      select printf('01A%023d', i), ${position}, 'm' || i, 't' || i, '${role}', '${text}', 'complete', i from n`);
  server.sql(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${turns})
    insert into calls (id, turn_id, conversation_id, bot, user_id, provider, model, started_ms, duration_ms, first_token_ms,
      input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_microdollars,
      finish_reason, error_kind, error_detail, upstream_status, upstream_request_id)
    select printf('01A%023d', i), 't' || i, printf('01A%023d', i), 'support', 'anon:x', 'up', 'm', i * 432000, 900, 300,
      800, 200, 0, 100, -1, 2000, 'stop', '', '', 200, '' from n`);
  const done = run(["replay", "-c", server.file, "--model", "up/m,up/cheap,up/dear", "--price-only", "--last", "6000"]);
  assert.equal(done.status, 0, done.err);
  assert.match(done.out, /^6000 turns of support/m);
  assert.match(done.out, /^as logged +\d+ +\d+ +1\d\.\d{6} /m);
  for (const model of ["up/m", "up/cheap", "up/dear"]) assert.match(done.out, new RegExp(`^${model} +\\d+ +\\d+ +\\d+\\.\\d{6} `, "m"));
  await server.spawn();
});

test("bad questions are told", async (t) => {
  const { server } = await start(t);
  for (const [args, what] of [
    [[], /which --model/],
    [["--model", "nobody/x"], /names no model/],
    [["--model", "up"], /names no model/],
    [["--model", "up/m", "--bot", "nobody"], /no bot of the name/],
    [["--model", "up/m", "--last", "0"], /--last must be/],
    [["--model", "up/m", "--system", "/nowhere"], /cannot read/],
    [["--model", "up/m", "--format", "xml"], /table or json/],
  ]) {
    const done = run(["replay", "-c", server.file, ...args]);
    assert.equal(done.status, 2, args.join(" "));
    assert.match(done.err, what);
  }
});
