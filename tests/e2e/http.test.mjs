// HTTP as it comes in: connections, framing, hostile requests. The whole set of hostile heads and bodies is in
// tests/unit/http.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { Raw, responses } from "./support/raw.mjs";

async function start(t, config = {}) {
  const provider = await startProvider(t);
  return Server.start(t, { ...oneBot(provider), ...config });
}
const post = (body, headers = "") =>
  `POST /api/chat HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const question = (text) => JSON.stringify({ stream: false, messages: [{ role: "user", content: text }] });

test("pipelined requests are answered in order on one connection", async (t) => {
  const server = await start(t);
  const raw = await Raw.open(server);
  raw.send(post(question("slow 50; say first")) + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + post(question("say third"), "Connection: close\r\n"));
  const all = responses(await raw.rest());
  assert.deepEqual(all.map((one) => one.status), [200, 200, 200]);
  assert.match(all[0].body, /first/);
  assert.match(all[1].body, /"ok"/);
  assert.match(all[2].body, /third/);
});

test("a chunked body, byte by byte, and Expect: 100-continue", async (t) => {
  const server = await start(t);
  const body = question("say chunked");
  const raw = await Raw.open(server);
  raw.send("POST /api/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  await until(() => raw.text.startsWith("HTTP/1.1 100 Continue\r\n\r\n"), "100 Continue");
  for (const char of body) raw.send(`1\r\n${char}\r\n`);
  raw.send("0\r\n\r\n");
  const text = await raw.rest();
  const [answer] = responses(text.slice(text.indexOf("\r\n\r\n") + 4));
  assert.equal(answer.status, 200);
  assert.match(answer.body, /chunked/);
});

const hostile = [
  ["two lengths", "POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
  ["length and encoding", "POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["another encoding", "POST /api/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
  ["a folded line", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"],
  ["a bare LF", "GET / HTTP/1.1\nHost: x\n\n"],
  ["NUL", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"],
  ["space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"],
  ["no host", "GET / HTTP/1.1\r\n\r\n"],
  ["two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"],
  ["an odd version", "GET / HTTP/1.9\r\nHost: x\r\n\r\n"],
  ["bad chunk size", "POST /api/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"],
  ["no line end after a chunk", "POST /api/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"],
  ["a trailer that smuggles", "POST /api/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n"],
];
test("what RFC 9112 lets a server refuse is refused, in JSON, and the connection closed", async (t) => {
  const server = await start(t);
  for (const [name, bytes] of hostile) {
    const raw = await Raw.open(server);
    raw.send(bytes + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    const all = responses(await raw.rest());
    assert.equal(all.length, 1, `${name}: one answer`);
    assert.equal(all[0].status, 400, name);
    assert.equal(all[0].headers.connection, "close", name);
    assert.ok(JSON.parse(all[0].body).error.message.length > 5, name);
  }
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test("a slow head and an idle connection are ended", async (t) => {
  const server = await start(t, { http: { header_timeout: "300ms", idle_timeout: "300ms", body_timeout: "300ms" } });
  const slow = await Raw.open(server);
  slow.send("GET / HTTP/1.1\r\nHost:");
  assert.equal(responses(await slow.rest())[0].status, 408);
  const body = await Raw.open(server);
  body.send("POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{");
  assert.equal(responses(await body.rest())[0].status, 408);
  const idle = await Raw.open(server);
  idle.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.deepEqual(responses(await idle.rest()).map((one) => one.status), [200]);
});

test("one connection too many gets a clean 503", async (t) => {
  const server = await start(t, { http: { connections_max: 4 } });
  const open = [];
  let refused;
  for (let i = 0; i < 8 && !refused; i++) {
    const raw = await Raw.open(server);
    open.push(raw);
    raw.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => raw.text.includes("\r\n\r\n"), "an answer");
    refused = raw.text.startsWith("HTTP/1.1 503") && raw;
  }
  assert.ok(refused, "the limit holds");
  const [answer] = responses(await refused.rest());
  assert.ok(JSON.parse(answer.body).error.message);
  assert.ok(answer.headers["retry-after"]);
  for (const raw of open) raw.end();
  await until(async () => (await fetch(`${server.url}/healthz`).catch(() => ({}))).status === 200, "room again");
});

test("unknown paths and methods", async (t) => {
  const server = await start(t);
  assert.equal((await fetch(`${server.url}/api/nothing`)).status, 404);
  const wrong = await fetch(`${server.url}/api/chat`, { method: "PUT", body: "{}" });
  assert.equal(wrong.status, 405);
  assert.match(wrong.headers.get("allow"), /POST/);
  assert.ok((await wrong.json()).error.message);
});

test("the site's folder is served, and nothing outside of it", async (t) => {
  const provider = await startProvider(t);
  const server = await Server.start(t, { ...oneBot(provider), site: "." }, { files: { "index.html": "<p>shop</p>", ".secret": "x" } });
  const page = await fetch(server.url);
  assert.equal(await page.text(), "<p>shop</p>");
  assert.match(page.headers.get("content-type"), /text\/html/);
  for (const path of ["/.secret", "/../switchboard.yaml", "/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/nothing"]) {
    const raw = await Raw.open(server);
    raw.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.ok([400, 404].includes(responses(await raw.rest())[0].status), path);
  }
});

test("metrics are for this machine, or for who has the token", async (t) => {
  const server = await start(t, { admin_token: "0123456789abcdef" });
  assert.equal((await fetch(`${server.url}/metrics`)).status, 403);
  const reply = await fetch(`${server.url}/metrics`, { headers: { authorization: "Bearer 0123456789abcdef" } });
  assert.match(await reply.text(), /# TYPE switchboard_turns_total counter/);
});
