// A server of the Model Context Protocol in its current revision, without sessions, made with the official package.
// It serves what speaks that revision and nothing older.
import { createServer } from "node:http";
import { once } from "node:events";
import { McpServer, createMcpHandler } from "@modelcontextprotocol/server";
import { toNodeHandler } from "@modelcontextprotocol/node";
import * as z from "zod";

function makeServer() {
  const server = new McpServer({ name: "current", version: "1.0.0" });
  server.registerTool(
    "add",
    { description: "Adds two numbers", inputSchema: z.object({ a: z.number(), b: z.number() }) },
    async ({ a, b }) => ({ content: [{ type: "text", text: `The sum is ${a + b}.` }] }),
  );
  // What stands between may route by this argument: the server refuses the call where the header is not the same.
  server.registerTool(
    "stock",
    { description: "Stock in a region", inputSchema: z.object({ region: z.string().meta({ "x-mcp-header": "Region" }) }) },
    async ({ region }) => ({ content: [{ type: "text", text: `12 in ${region}` }] }),
  );
  return server;
}

export async function startMcpServer(t) {
  const requests = [];
  const handle = toNodeHandler(createMcpHandler(makeServer, { legacy: "reject" }));
  const server = createServer((request, response) => {
    requests.push({ method: request.method, headers: request.headers });
    handle(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, requests };
}
