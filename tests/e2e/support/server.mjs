// Starts the real binary with a configuration of the test's own, in a folder of its own, on a free port.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const root = resolve(fileURLToPath(import.meta.url), "../../../..");
export const sourceRoot = root;
export const binary = process.env.SWITCHBOARD_BINARY ?? join(root, "build/switchboard");
assert.ok(existsSync(binary), `${binary} is not there: build it first`);

// Waits until `check` gives something true; never longer than `ms`.
export async function until(check, what, ms = 15000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export function folder(files = {}) {
  const path = mkdtempSync(join(tmpdir(), "switchboard-e2e-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

// Runs a command of the binary to its end.
export function run(args, options = {}) {
  const done = spawnSync(binary, args, { encoding: "utf8", timeout: 30000, ...options });
  return { status: done.status, out: done.stdout, err: done.stderr };
}

export class Server {
  // config: an object (JSON is YAML); listen and database are filled in.
  static async start(t, config, { files = {}, env = {}, path, prefix = [] } = {}) {
    const server = new Server();
    server.path = path ?? folder(files);
    server.file = join(server.path, "switchboard.yaml");
    server.env = { ...process.env, ...env };
    server.prefix = prefix;
    server.write(config);
    await server.spawn();
    t?.after(() => server.stop());
    return server;
  }

  write(config) {
    this.config = { listen: "127.0.0.1:0", database: "sqlite:test.db", threads: 1, ...config };
    writeFileSync(this.file, JSON.stringify(this.config, null, 2));
  }

  async spawn() {
    const [command, ...args] = [...this.prefix, binary, "serve", "-c", this.file];
    this.log = "";
    this.child = spawn(command, args, { env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    this.exited = new Promise((done) => this.child.on("exit", (code, signal) => done({ code, signal })));
    let out = "";
    this.child.stdout.on("data", (bytes) => (out += bytes));
    this.child.stderr.on("data", (bytes) => (this.log += bytes));
    const ended = this.exited.then((how) => ({ how }));
    const found = await until(
      async () => {
        const match = out.match(/listens on (http:\/\/[^/\s]+)/);
        if (match) return { url: match[1] };
        return Promise.race([ended, undefined]);
      },
      "the server to listen",
      30000,
    );
    if (found.how) throw new Error(`the server ended: ${JSON.stringify(found.how)}\n${this.log}`);
    this.url = found.url;
    this.port = Number(new URL(found.url).port);
  }

  key(...args) {
    const done = run(["key", "create", "-c", this.file, ...args]);
    assert.equal(done.status, 0, done.err);
    return done.out.trim();
  }

  // Ends it in order and looks at what it leaves.
  async stop({ keep = false } = {}) {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill("SIGTERM");
      const how = await Promise.race([
        this.exited,
        new Promise((done) => setTimeout(() => done(null), 15000).unref()),
      ]);
      if (!how) {
        this.child.kill("SIGKILL");
        throw new Error(`the server did not stop\n${this.log}`);
      }
      assert.deepEqual(how, { code: 0, signal: null }, this.log);
    }
    assert.doesNotMatch(this.log, /AddressSanitizer|runtime error|LeakSanitizer/);
    if (!keep) rmSync(this.path, { recursive: true, force: true });
  }

  sql(query) {
    const done = spawnSync("sqlite3", ["-json", join(this.path, "test.db"), query], { encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    return done.stdout ? JSON.parse(done.stdout) : [];
  }

  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    let sum = 0;
    for (const line of text.split("\n"))
      if (line.startsWith(name) && /[ {]/.test(line[name.length])) sum += Number(line.split(" ").pop());
    return sum;
  }

  post(path, body, headers = {}, more = {}) {
    return fetch(this.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...more,
    });
  }

  ask(text, more = {}, headers = {}) {
    return this.post("/api/chat", { messages: [{ role: "user", content: text }], ...more }, headers);
  }
}

// What a naive page makes of a streamed reply: the text, and what went wrong.
export async function readStream(reply) {
  const result = { text: "", chunks: [], done: false, error: null, finish: null };
  for (const line of (await reply.text()).split("\n")) {
    if (!line.startsWith("data: ")) continue;
    if (line === "data: [DONE]") {
      result.done = true;
      continue;
    }
    const chunk = JSON.parse(line.slice(6));
    result.chunks.push(chunk);
    if (chunk.error) result.error = chunk.error;
    result.text += chunk.choices?.[0]?.delta?.content ?? "";
    result.finish ??= chunk.choices?.[0]?.finish_reason ?? null;
  }
  return result;
}

export const readFile = (path) => readFileSync(path, "utf8");
