// Tools of a server of the Model Context Protocol: the reference server that shows every feature, from npm.
import { test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { Server, readStream, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { startMcpServer } from "./support/mcp_server.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

// The server as a process of its own; `again` starts it anew on the same port: its sessions are gone then.
async function startEverything(t) {
  const port = await freePort();
  const log = { told: "" };
  let child;
  const end = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const again = async () => {
    await end();
    const program = here("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    child = spawn(process.execPath, ["--import", here("support/loopback.mjs"), program, "streamableHttp"], {
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    log.told = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (log.told += bytes));
    await until(() => /listening on port/.test(log.told) || child.exitCode !== null, "the MCP server");
    assert.equal(child.exitCode, null, log.told);
  };
  t.after(end);
  await again();
  return { url: `http://127.0.0.1:${port}/mcp`, end, again, log };
}

async function start(t, mcp = {}) {
  const everything = await startEverything(t);
  const provider = await startProvider(t);
  const tools = { all: { mcp: { url: everything.url, allow_private: true, ...mcp }, timeout: "5s" } };
  const server = await Server.start(t, { tools, ...oneBot(provider, { tools: ["all"] }) });
  const ask = async (text) => readStream(await server.ask(text));
  return { everything, provider, server, ask };
}

test("its tools are listed, offered and called", async (t) => {
  const { provider, server, ask } = await start(t);
  const echo = await ask('call all_echo {"message":"hello there"}');
  assert.match(echo.text, /hello there/);
  const [{ body }] = await provider.requests();
  const names = body.tools.map((tool) => tool.function.name);
  assert.ok(names.includes("all_echo") && names.length > 5, names.join(" "));
  const tool = body.tools.find((one) => one.function.name === "all_echo").function;
  assert.ok(tool.description);
  assert.equal(tool.parameters.properties.message.type, "string");
  const [row] = await until(() => {
    const rows = server.sql("select * from tool_calls");
    return rows.length && rows;
  }, "the log");
  assert.equal(row.tool, "all_echo");
  assert.equal(row.outcome, "done");
  // What does not fit its schema goes back to the model; nothing is sent.
  assert.match((await ask('call all_echo {"message":5}')).text, /Error: the arguments do not fit:\s+message: must be a string/);
});

test("only the tools that are named", async (t) => {
  const { provider, ask } = await start(t, { tools: ["echo"] });
  await ask("say hi");
  assert.deepEqual((await provider.requests())[0].body.tools.map((tool) => tool.function.name), ["all_echo"]);
});

test("a server that was started anew is called with a new session", async (t) => {
  const { everything, ask } = await start(t);
  assert.match((await ask('call all_echo {"message":"one"}')).text, /one/);
  await everything.again();
  assert.match((await ask('call all_echo {"message":"two"}')).text, /two/);
});

test("the session is ended when the server stops", async (t) => {
  const { everything, server, ask } = await start(t);
  assert.match((await ask('call all_echo {"message":"one"}')).text, /one/);
  await server.stop();
  await until(() => /session termination request/.test(everything.log.told), "the end of the session");
});

test("a server of the current revision is asked without a session", async (t) => {
  const current = await startMcpServer(t);
  const provider = await startProvider(t);
  const tools = { shop: { mcp: { url: current.url, allow_private: true } } };
  const server = await Server.start(t, { tools, ...oneBot(provider, { tools: ["shop"] }) });
  const ask = async (text) => readStream(await server.ask(text));
  assert.match((await ask('call shop_add {"a":2,"b":3.5}')).text, /The sum is 5.5\./);
  assert.match((await ask('call shop_stock {"region":"Zürich"}')).text, /12 in Zürich/);
  assert.deepEqual(
    [...new Set(current.requests.map(({ headers }) => headers["mcp-method"]))],
    ["server/discover", "tools/list", "tools/call"],
  );
  for (const { method, headers } of current.requests) {
    assert.equal(method, "POST");
    assert.equal(headers["mcp-protocol-version"], "2026-07-28");
    assert.equal(headers["mcp-session-id"], undefined);
  }
  const last = current.requests.at(-1).headers;
  assert.equal(last["mcp-name"], "stock");
  assert.equal(last["mcp-param-region"], "=?base64?WsO8cmljaA==?=");
});

test("a server that is gone fails its calls and nothing else", async (t) => {
  const { everything, ask } = await start(t);
  assert.match((await ask('call all_echo {"message":"one"}')).text, /one/);
  await everything.end();
  const answer = await ask('call all_echo {"message":"two"}');
  assert.match(answer.text, /Results: Error:/);
  assert.ok(answer.done);
  assert.equal((await ask("say still here")).text, "still here");
});

test("an address of the inner network must be allowed", async (t) => {
  const { provider, server, ask } = await start(t, { allow_private: false });
  assert.equal((await ask("say hi")).text, "hi");
  assert.equal((await provider.requests())[0].body.tools, undefined);
  assert.match(server.log, /an MCP server cannot be asked for its tools/);
});

test("one is tried on the command line", async (t) => {
  const { server } = await start(t);
  const tried = run(["tool", "run", "-c", server.file, "all_echo", '{"message":"by hand"}']);
  assert.match(tried.out, /by hand/, tried.err);
});
