// What an open widget costs: memory of the server for each one that is idle, and for each that streams; and what it costs the page.
//
//   script/bench widget [--idle N] [--streaming N] [--messages N] [--build DIRECTORY]
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { randomBytes } from "node:crypto";
import { measurePage } from "./widget_page.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const option = (name, usual) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? usual : process.argv[at + 1];
};
const idle = Number(option("idle", 10000));
const streaming = Number(option("streaming", 1000));
const messages = Number(option("messages", 500));
const binary = join(root, option("build", "build"), "switchboard");
const origin = "https://shop.example.com";
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(check, what) {
  for (const end = Date.now() + 120000; Date.now() < end; await pause(50)) if (await check()) return;
  throw new Error(`waited in vain for ${what}`);
}

// An answer as models write them.
const paragraph = "You can send everything back within **30 days**:\n\n- print the [label](https://shop.example.com/label)\n- bring it to `the post`\n\nThe money is back after *three* days. ";

// A model that says a word every half second, for ever; or all at once where it is asked a question.
const provider = createServer(async (incoming, reply) => {
  let asked = "";
  for await (const part of incoming) asked += part;
  reply.writeHead(200, { "content-type": "text/event-stream" });
  const write = (content, finish_reason = null) => reply.write(`data: ${JSON.stringify({ id: "x", choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`);
  if (asked.includes("a question")) {
    write(paragraph + paragraph);
    write("", "stop");
    return reply.end("data: [DONE]\n\n");
  }
  const say = () => write("word ");
  say();
  const timer = setInterval(say, 500);
  reply.on("close", () => clearInterval(timer));
});
await new Promise((done) => provider.listen(0, "127.0.0.1", done));
// A shop's page, for the browser.
const page = createServer((incoming, reply) => reply.writeHead(200, { "content-type": "text/html" }).end(page.text));
await new Promise((done) => page.listen(0, "127.0.0.1", done));
const shop = `http://127.0.0.1:${page.address().port}`;

const folder = mkdtempSync(join(tmpdir(), "switchboard-bench-"));
writeFileSync(
  join(folder, "c.yaml"),
  JSON.stringify({
    listen: "127.0.0.1:0",
    database: `sqlite:${join(folder, "b.db")}`,
    threads: 2,
    http: { connections_max: 30000 },
    log: { level: "error" },
    providers: { up: { api: "openai", url: `http://127.0.0.1:${provider.address().port}/v1`, key: "x" } },
    bots: { b: { models: ["up/m"], access: { anonymous: true, origins: [origin, shop] }, budget: { allow_unpriced: true } } },
  }),
);
let server, host, port;
async function serve() {
  server = spawn(binary, ["serve", "-c", join(folder, "c.yaml")], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  server.stdout.on("data", (bytes) => (out += bytes));
  await until(() => /listens on http:\/\/[^/]+/.test(out), "the server");
  [, host, port] = out.match(/listens on http:\/\/([^:]+):(\d+)/);
}
await serve();

// KiB of the process that are its own.
const memory = () => Number(readFileSync(`/proc/${server.pid}/smaps_rollup`, "utf8").match(/^Pss:\s+(\d+)/m)[1]);
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
let greeted = 0;
let words = 0;

function call(method, path, headers = {}, body) {
  return new Promise((done, fail) => {
    const sent = request({ host, port, method, path: `/api/widget${path}`, agent, headers: { origin, ...headers } }, (reply) => {
      let text = "";
      reply.on("data", (bytes) => (text += bytes));
      reply.on("end", () => done({ status: reply.statusCode, body: text ? JSON.parse(text) : null }));
    });
    sent.on("error", fail);
    sent.end(body && JSON.stringify(body));
  });
}

const open = [];
function watch(session) {
  const sent = request({ host, port, path: "/api/widget/events?bot=b", agent, headers: { origin, ...(session && { "x-switchboard-session": session }) } }, (reply) => {
    reply.on("data", (bytes) => {
      const text = String(bytes);
      if (text.includes("event: hello")) greeted++;
      words += text.split("event: delta").length - 1;
    });
  });
  sent.on("error", (error) => {
    if (server.exitCode === null && !server.killed) throw error;
  });
  sent.end();
  open.push(sent);
}

async function inLots(count, each) {
  for (let done = 0; done < count; done += 200) await Promise.all(Array.from({ length: Math.min(200, count - done) }, each));
}

// A conversation of so many messages; its visitor's session.
async function converse() {
  const { body } = await call("GET", "/boot?bot=b");
  const headers = { "content-type": "application/json", "x-switchboard-session": body.session };
  let conversation;
  for (let said = 0; said < messages; said += 2) {
    const key = randomBytes(12).toString("hex");
    await until(async () => {
      const { status, body: reply } = await call("POST", "/messages", headers, { bot: "b", conversation, text: `a question, number ${said / 2 + 1}`, key });
      if (status !== 202 && status !== 409) throw new Error(`a message got ${status}`);
      conversation = reply.conversation ?? conversation;
      return status === 202;
    }, "the answer before");
  }
  return { session: body.session, conversation };
}

const conversation = await converse();
// A server that begins anew has no log of the channel: who comes back after days has the conversation from the store.
const over = new Promise((done) => server.once("exit", done));
server.kill("SIGTERM");
await over;
await serve();
await measurePage({ page, shop, server: `http://${host}:${port}`, messages, ...conversation });

await call("GET", "/boot?bot=b");
const before = memory();
await inLots(idle, async () => watch());
await until(() => greeted === idle, `${idle} streams; there are ${greeted}`);
const idleAt = memory();
console.log(`${idle} idle widgets: ${((idleAt - before) / idle).toFixed(2)} KiB each (${((idleAt - before) / 1024).toFixed(1)} MiB)`);

await inLots(streaming, async () => {
  const { body } = await call("GET", "/boot?bot=b");
  watch(body.session);
  const { status } = await call("POST", "/messages", { "content-type": "application/json", "x-switchboard-session": body.session }, { bot: "b", text: "Tell me a long story.", key: randomBytes(12).toString("hex") });
  if (status !== 202) throw new Error(`a message got ${status}`);
});
await until(() => words > streaming * 20, "twenty words each");
const all = memory();
console.log(`${streaming} of them and their answers under way: ${((all - idleAt) / streaming).toFixed(2)} KiB each (${((all - idleAt) / 1024).toFixed(1)} MiB), their own turns, upstream connections and logs included`);

server.kill("SIGKILL");
provider.closeAllConnections();
provider.close();
page.closeAllConnections();
page.close();
for (const one of open) one.destroy();
rmSync(folder, { recursive: true });
process.exit(0);
