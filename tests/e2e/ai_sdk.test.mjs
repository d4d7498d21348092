// The AI SDK's own client drives /api/chat: useChat in React, over its DefaultChatTransport.
import { test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { Server, folder, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";

const page = new JSDOM("<!doctype html><div id=root></div>", { url: "http://localhost/" });
Object.assign(globalThis, { window: page.window, document: page.window.document, IS_REACT_ACT_ENVIRONMENT: false });
if (!globalThis.navigator) globalThis.navigator = page.window.navigator; // newer versions of Node have one
const { createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const { useChat } = await import("@ai-sdk/react");
const { DefaultChatTransport } = await import("ai");

async function start(t, bot = {}, { id } = {}) {
  const provider = await startProvider(t);
  const path = folder();
  const seed = "create table orders (number integer, status text); insert into orders values (1042, 'shipped');";
  assert.equal(spawnSync("sqlite3", [join(path, "shop.db")], { input: seed }).status, 0);
  const server = await Server.start(
    t,
    {
      databases: { shop: { url: "sqlite:shop.db" } },
      tools: {
        order_status: {
          description: "Looks up an order.",
          parameters: { order: "integer" },
          sql: { database: "shop", query: "select number, status from orders where number = :order" },
          visible_text: { en: "Looking up your order …" },
        },
      },
      ...oneBot(provider, { tools: ["order_status"], ...bot }),
    },
    { path },
  );
  // A page with nothing but the hook.
  const chat = {};
  // A browser would keep the visitor's cookie; here a key says who it is.
  const headers = id ? { authorization: `Bearer ${server.key()}` } : {};
  const transport = new DefaultChatTransport({ api: `${server.url}/api/chat?dialect=ai-sdk`, body: { bot: "support" }, headers });
  function Page() {
    Object.assign(chat, useChat({ ...(id && { id }), transport, onError: (error) => (chat.told = error) }));
    return null;
  }
  const root = createRoot(document.getElementById("root"));
  root.render(createElement(Page));
  t.after(() => root.unmount());
  await until(() => chat.sendMessage, "the hook");
  const send = async (text) => {
    const count = chat.messages.length;
    await chat.sendMessage({ text });
    await until(() => chat.messages.length >= count + 2 && chat.status !== "streaming" && chat.status !== "submitted", "the answer");
    return chat.messages.at(-1);
  };
  return { provider, server, chat, send };
}

const texts = (message) => message.parts.filter((part) => part.type === "text").map((part) => part.text);

test("useChat reads an answer, and the next message goes with the conversation", async (t) => {
  const { provider, chat, send } = await start(t);
  const message = await send("say We ship to Germany.");
  assert.equal(message.role, "assistant");
  assert.deepEqual(texts(message), ["We ship to Germany."]);
  assert.match(message.metadata.conversation_id, /^[0-9A-Z]{26}$/);
  assert.deepEqual(texts(await send("say And to France.")), ["And to France."]);
  assert.equal(chat.messages.length, 4);
  const { body } = (await provider.requests()).at(-1);
  assert.deepEqual(body.messages.slice(1).map(({ role, content }) => [role, content]), [
    ["user", "say We ship to Germany."],
    ["assistant", "We ship to Germany."],
    ["user", "say And to France."],
  ]);
});

test("useChat shows the server's tools, and none of their results", async (t) => {
  const { chat, send } = await start(t);
  const message = await send('text-first; say One moment.; call order_status {"order":1042}');
  const tool = message.parts.find((part) => part.type === "dynamic-tool");
  assert.equal(tool.toolName, "order_status");
  assert.equal(tool.state, "output-available");
  assert.equal(tool.title, "Looking up your order …");
  assert.deepEqual(tool.input, { order: 1042 });
  assert.deepEqual(tool.output, { status: "done" });
  // Text before and behind the tool are parts of their own, in order.
  assert.deepEqual(message.parts.map((part) => part.type), ["step-start", "text", "dynamic-tool", "text"]);
  assert.deepEqual(texts(message), ["One moment.", "One moment."]);
  assert.equal(chat.error, undefined);
  // The page sends its parts back; the server takes the text of them.
  assert.deepEqual(texts(await send("say Fine.")), ["Fine."]);
});

test("a chat whose id is one of the server's is kept there", async (t) => {
  const id = "01M84DMG1PAXDTPN7628BMAZ8V";
  const { provider, server, chat, send } = await start(t, {}, { id });
  const message = await send("say One.");
  assert.equal(message.metadata.conversation_id, id);
  await until(() => server.sql(`select 1 from messages where conversation_id = '${id}'`).length === 2, "the record");
  chat.setMessages([]); // a reload, without what was said
  await until(() => chat.messages.length === 0, "the page to forget");
  await send("say Two.");
  assert.deepEqual((await provider.requests()).at(-1).body.messages.slice(1).map(({ content }) => content), ["say One.", "One.", "say Two."]);
  // Named in the body, another counts; any other id of a chat is the page's own.
  const post = async (more) => {
    const reply = await server.post("/api/chat?dialect=ai-sdk", { messages: [{ role: "user", parts: [{ type: "text", text: "say hi" }] }], ...more });
    await reply.text();
    return [reply.status, reply.headers.get("x-conversation-id")];
  };
  const other = "01M84DMG1PAXDTPN7628BMAZ8W";
  assert.deepEqual(await post({ id, conversation_id: other }), [200, other]);
  const [status, fresh] = await post({ id: "page-7" });
  assert.equal(status, 200);
  assert.notEqual(fresh, "page-7");
  assert.deepEqual((await post({ id: 7 }))[0], 200);
  assert.deepEqual((await post({ id: id }))[0], 404); // another visitor's
});

test("arguments on several lines are one event", async (t) => {
  const { chat, send } = await start(t);
  const message = await send('call order_status {\n"order":\r\n1042}');
  assert.deepEqual(message.parts.find((part) => part.type === "dynamic-tool").input, { order: 1042 });
  assert.equal(chat.error, undefined);
});

test("a tool that fails is shown as such", async (t) => {
  const { send } = await start(t);
  const message = await send('call no_such_tool {"a":1}; call order_status {"order":"x"}; say Sorry.');
  assert.deepEqual(texts(message), ["Sorry."]);
});

test("an answer that breaks off ends with an error", async (t) => {
  const { chat } = await start(t);
  await chat.sendMessage({ text: "count 10; drop-after 3" });
  await until(() => chat.status === "error", "the error");
  assert.match(chat.told.message, /model service|upstream/i);
  assert.match(texts(chat.messages.at(-1))[0], /^w1 w2 w3/);
});

test("a refusal in place of an answer is told", async (t) => {
  const { chat } = await start(t, { message_max: 10 });
  await chat.sendMessage({ text: "much longer than that" });
  await until(() => chat.status === "error", "the error");
  assert.match(chat.told.message, /too long/);
});

test("the stream says which it is, and other clients get theirs", async (t) => {
  const { server } = await start(t);
  const body = { messages: [{ role: "user", content: "say hi" }] };
  const reply = await server.post("/api/chat?dialect=ai-sdk", { ...body, stream: false });
  assert.equal(reply.headers.get("x-vercel-ai-ui-message-stream"), "v1");
  const lines = (await reply.text()).trim().split("\n\n");
  assert.equal(lines.at(-1), "data: [DONE]");
  assert.equal(JSON.parse(lines[0].slice(6)).type, "start");
  const plain = await server.post("/api/chat", body);
  assert.equal(plain.headers.get("x-vercel-ai-ui-message-stream"), null);
  assert.match(await plain.text(), /chat\.completion\.chunk/);
  const accepted = await server.post("/api/chat", body, { accept: "text/event-stream; dialect=ai-sdk" });
  assert.match(await accepted.text(), /"type":"finish"/);
});
