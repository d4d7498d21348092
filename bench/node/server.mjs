// What most sites run today: a plain Node handler on the official openai package that streams each chunk on to
// the visitor as it comes. No checks, no limits, no log: the cheapest form of it.
//
//   node server.mjs PORT UPSTREAM_URL
import { createServer } from "node:http";
import OpenAI from "openai";

const [port, baseURL] = process.argv.slice(2);
const openai = new OpenAI({ apiKey: "x", baseURL, maxRetries: 0 });

async function body(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return JSON.parse(text);
}

async function answer(request, response) {
  const call = await body(request);
  const abort = new AbortController();
  response.on("close", () => response.writableFinished || abort.abort());
  if (!call.stream) {
    const completion = await openai.chat.completions.create(call, { signal: abort.signal });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(completion));
    return;
  }
  const stream = await openai.chat.completions.create(call, { signal: abort.signal });
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for await (const chunk of stream) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  response.end("data: [DONE]\n\n");
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    if (response.headersSent) return response.destroy(error);
    response.writeHead(502, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: String(error?.message ?? error) } }));
  });
});
// Idle connections are kept as long as the bench may leave them idle.
server.keepAliveTimeout = 120_000;
server.listen(Number(port), "127.0.0.1", 4096);
process.on("SIGTERM", () => process.exit(0)); // so that --cpu-prof writes its file
