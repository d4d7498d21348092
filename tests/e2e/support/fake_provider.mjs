// A scripted upstream that speaks Chat Completions, at /messages Anthropic's API (fake_anthropic.mjs), and at
// /models/MODEL:streamGenerateContent Gemini's (fake_gemini.mjs): a program of its own, so that nothing of the product
// knows it.
// The last user message says what to do, and so does the model's name when it is of the form "do:drop-after=3":
//
//   say TEXT             answer with the text, a word per chunk          status N JSON   reply with that status
//   slow MS              wait so long between chunks                     header K V      add a header to the reply
//   stall-head           never reply                                     stall-first     head, then nothing
//   stall-after N        nothing after N chunks                          drop-before     close before the head
//   drop-after N         close the socket after N chunks                 end-after N     end orderly without a finish
//   garbage              bytes that are not the protocol                 error-after N   error payload after N chunks
//   big N                N chunks of 1,000 bytes                         whole           answer as plain JSON
//   usage IN OUT         report so many tokens                           no-usage        report none
//   refuse KEY           401 to that key
//   count N              the words w1 to wN                              repeat N        begin N words too early
//   call NAME JSON       call that tool (several: in parallel); given the results, answer with them
//   rounds N             call so often in a row before answering         text-first      say the text before calling
//   stubborn             call even where no tool may be called
//   once                 an Anthropic that calls, and fails when it is given the results
//
// Asked to continue an answer that broke off, it goes on behind the part that it is shown.
//
// GET /requests lists what was received; GET /open counts replies under way; PUT /keys sets the JWKS of GET /jwks.
import { createServer } from "node:http";
import { answerMessages, asOpenai } from "./fake_anthropic.mjs";
import { answerGemini, asMessages, isGemini } from "./fake_gemini.mjs";

const requests = [];
let open = 0;
let keys = { keys: [] };
let keyFetches = 0;

const chunk = (model, delta, finish = null) =>
  `data: ${JSON.stringify({
    id: "chatcmpl-fake",
    object: "chat.completion.chunk",
    created: 1700000000,
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const textOf = ({ content }) => (typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("\n"));

// What stands in the message that asks to continue, and in no script.
const isContinuation = (message) => /cut off .* Continue it exactly/.test(textOf(message));

function goOn(plan, said) {
  const all = plan.words.join("");
  if (!all.startsWith(said)) return;
  let from = 0;
  for (let size = 0; size + plan.words[from]?.length <= said.length; from++) size += plan.words[from].length;
  plan.words = plan.words.slice(Math.max(0, from - (plan.repeat ?? 0)));
}

// What a model is asked by an operator: an answer that shows what of it came, and in which language it is to be.
function helped(body) {
  const [system] = body.messages.filter(({ role }) => role === "system").map(textOf);
  const language = system?.match(/operator of a customer service|You translate/) && system.match(/language with the tag ([\w-]+)/)?.[1];
  if (!language) return null;
  const asked = textOf(body.messages.at(-1));
  const given = asked.match(/<text>\n(.*)\n<\/text>/s)?.[1];
  if (system.startsWith("You translate")) return `${language}: ${given}`;
  const said = asked.match(/<conversation>\n(.*?)<\/conversation>/s)[1].trim().split("\n");
  return system.includes("Sum up") ? `${language}: ${said.length} lines, the last: ${said.at(-1)}` : `${language}: ${given ? `${given} and a reply` : "A reply"} to: ${said.at(-1)}`;
}

function script(body) {
  const help = helped(body);
  if (help) return { words: help.match(/\s*\S+/g), headers: {}, slow: 0 };
  const users = body.messages.filter((message) => message.role === "user");
  const continues = users.length > 1 && isContinuation(users.at(-1));
  const text = users.length ? textOf(users.at(continues ? -2 : -1)) : "";
  const source = body.model.startsWith("do:") ? `${text};${body.model.slice(3).replaceAll("=", " ")}` : text;
  const plan = { words: ["Hello", " there,", " visitor."], headers: {}, slow: 0 };
  for (const step of source.split(";").map((part) => part.trim())) {
    const [word, ...rest] = step.split(" ");
    if (word === "say") plan.words = rest.join(" ").match(/\s*\S+/g) ?? [];
    else if (word === "header") plan.headers[rest[0]] = rest.slice(1).join(" ");
    else if (word === "status") [plan.status, plan.body] = [Number(rest[0]), rest.slice(1).join(" ")];
    else if (word === "big") plan.words = Array(Number(rest[0])).fill("x".repeat(1000));
    else if (word === "usage") plan.usage = rest.map(Number);
    else if (word === "call") (plan.calls ??= []).push({ name: rest[0], text: rest.slice(1).join(" ") || "{}" });
    else if (word === "refuse") plan.refuse = `Bearer ${rest[0]}`;
    else if (word === "count") plan.words = Array.from({ length: Number(rest[0]) }, (_, i) => `${i ? " " : ""}w${i + 1}`);
    else if (word) plan[word] = rest.length ? Number(rest[0]) : true;
  }
  // Results behind the visitor's message: how many rounds there were, and what came back.
  const results = body.messages.slice(body.messages.lastIndexOf(users.at(continues ? -2 : -1)) + 1).filter((message) => message.role === "tool");
  const done = plan.calls ? results.length / plan.calls.length : 0;
  plan.round = done;
  if (plan.calls && (done >= (plan.rounds ?? 1) || (body.tool_choice === "none" && !plan.stubborn))) {
    delete plan.calls;
    if (!/(^|;)\s*say /.test(source)) plan.words = ["Results:", ...results.map((message) => ` ${textOf(message)}`)];
  } else if (plan.calls && !plan["text-first"]) plan.words = [];
  else if (results.length && !source.includes("say ")) plan.words = ["Results:", ...results.map((message) => ` ${textOf(message)}`)];
  if (continues) goOn(plan, textOf(body.messages.at(-2)));
  return plan;
}

async function write(reply, text) {
  if (reply.destroyed) return;
  if (!reply.write(text)) await new Promise((done) => reply.once("drain", done).once("close", done));
}

async function answer(request, reply, body) {
  if (isGemini(request.url)) {
    const asked = asMessages(request.url, body);
    return answerGemini(request, reply, asked.model, script(asked), write);
  }
  const plan = script(request.url.endsWith("/messages") ? asOpenai(body) : body);
  if (plan.refuse && plan.refuse === request.headers.authorization) plan.status = 401;
  if (plan.once && plan.round && request.url.endsWith("/messages")) plan.status = 500;
  if (request.url.endsWith("/messages")) return answerMessages(request, reply, body, plan, write);
  if (plan["drop-before"]) return request.socket.destroy();
  if (plan["stall-head"]) return;
  if (plan.status) {
    reply.writeHead(plan.status, { "content-type": "application/json", ...plan.headers });
    return reply.end(plan.body || JSON.stringify({ error: { message: "as asked", type: "test", code: null } }));
  }
  const [tokensIn, tokensOut] = plan.usage ?? [10, plan.words.length];
  const usage = { prompt_tokens: tokensIn, completion_tokens: tokensOut, total_tokens: tokensIn + tokensOut };
  if (plan.whole) {
    reply.writeHead(200, { "content-type": "application/json" });
    const message = { role: "assistant", content: plan.words.join("") };
    return reply.end(
      JSON.stringify({ id: "x", object: "chat.completion", model: body.model, choices: [{ index: 0, message, finish_reason: "stop" }], usage }),
    );
  }
  reply.writeHead(200, { "content-type": "text/event-stream", "x-request-id": "req_fake", ...plan.headers });
  reply.flushHeaders();
  if (plan["stall-first"]) return;
  if (plan.garbage) return reply.end("data: <html>\x01 no JSON here\n\n");
  await write(reply, chunk(body.model, { role: "assistant", content: "" }));
  for (const [i, word] of plan.words.entries()) {
    if (plan["stall-after"] === i) return;
    if (plan["drop-after"] === i) {
      // What was written must have left before the connection goes.
      await new Promise((done) => reply.write(": going\n\n", done));
      return request.socket.destroy();
    }
    if (plan["end-after"] === i) return reply.end();
    if (plan["error-after"] === i)
      return reply.end(`data: ${JSON.stringify({ error: { message: "overloaded now", type: "server_error" } })}\n\n`);
    if (plan.slow) await pause(plan.slow);
    if (reply.destroyed) return;
    await write(reply, chunk(body.model, { content: word }));
  }
  for (const [index, call] of (plan.calls ?? []).entries()) {
    const id = `call_${plan.round}_${index}`;
    const half = Math.ceil(call.text.length / 2);
    await write(reply, chunk(body.model, { tool_calls: [{ index, id, type: "function", function: { name: call.name, arguments: "" } }] }));
    for (const text of [call.text.slice(0, half), call.text.slice(half)])
      await write(reply, chunk(body.model, { tool_calls: [{ index, function: { arguments: text } }] }));
  }
  await write(reply, chunk(body.model, {}, plan.calls ? "tool_calls" : "stop"));
  if (body.stream_options?.include_usage && !plan["no-usage"])
    await write(reply, `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", choices: [], usage })}\n\n`);
  reply.end("data: [DONE]\n\n");
}

function serve(request, reply) {
  if (request.method === "GET") {
    if (request.url === "/jwks") keyFetches++;
    const pages = { "/requests": () => requests, "/open": () => open, "/jwks": () => keys, "/fetches": () => keyFetches };
    return reply.end(JSON.stringify(pages[request.url]?.() ?? null));
  }
  let text = "";
  request.on("data", (bytes) => (text += bytes));
  request.on("end", () => {
    if (request.method === "PUT") {
      keys = JSON.parse(text);
      return reply.end();
    }
    const body = JSON.parse(text);
    requests.push({ url: request.url, headers: request.headers, body, text });
    if (request.url === "/hook") return reply.end();
    open++;
    reply.on("close", () => open--);
    answer(request, reply, body).catch(() => reply.destroy());
  });
}

const server = createServer(serve);
server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.on("SIGTERM", () => process.exit(0));
