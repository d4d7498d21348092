// What a busy desk costs: 5,000 conversations that wait, 200 in which people write; how long a list, the page and an update take.
//
//   script/bench desk [--conversations N] [--live N] [--seconds N] [--build DIRECTORY]
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { randomBytes } from "node:crypto";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const { chromium } = createRequire(join(root, "tests/e2e/package.json"))("playwright-core");
const option = (name, usual) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? usual : process.argv[at + 1];
};
const conversations = Number(option("conversations", 5000));
const live = Number(option("live", 200));
const seconds = Number(option("seconds", 15));
const binary = join(root, option("build", "build"), "switchboard");
const origin = "https://shop.example.com";
const password = "correct horse battery";
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const key = () => randomBytes(12).toString("hex");

async function until(check, what) {
  for (const end = Date.now() + 120000; Date.now() < end; await pause(20)) {
    const value = await check();
    if (value) return value;
  }
  throw new Error(`waited in vain for ${what}`);
}

const folder = mkdtempSync(join(tmpdir(), "switchboard-bench-"));
const file = join(folder, "c.yaml");
writeFileSync(
  file,
  JSON.stringify({
    listen: "127.0.0.1:0",
    database: `sqlite:${join(folder, "b.db")}`,
    threads: 2,
    log: { level: "error" },
    bots: { b: { models: ["offline"], access: { anonymous: true, origins: [origin] }, limits: { messages_per_minute: 1000, messages_per_day: 100000, per_address: { messages_per_minute: 100000, messages_per_day: 1000000 } }, handoff: { enabled: true, nobody: "wait", wait_max: "0s" } } },
  }),
);
let server, url;
async function serve() {
  server = spawn(binary, ["serve", "-c", file], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  server.stdout.on("data", (bytes) => (out += bytes));
  url = await until(() => out.match(/listens on (http:\/\/[^/\s]+)/)?.[1], "the server");
}
async function stop() {
  server.kill("SIGTERM");
  await new Promise((done) => server.on("exit", done));
}
const memory = () => Number(readFileSync(`/proc/${server.pid}/smaps_rollup`, "utf8").match(/^Pss:\s+(\d+)/m)[1]);

// --- the conversations: as the server would have written them ---

function fill() {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const id = (kind, n) => {
    let tail = "";
    for (let rest = n, i = 0; i < 12; i++, rest = Math.floor(rest / 32)) tail = digits[rest % 32] + tail;
    return `01M8000000${kind}000${tail}`.slice(0, 26);
  };
  const now = Date.now();
  const lines = ["BEGIN;"];
  for (let n = 0; n < conversations; n++) {
    const at = now - (conversations - n) * 1000;
    lines.push(`INSERT INTO conversations (id, bot, user_id, door, created_ms, updated_ms, mode, epoch, waiting_ms, language) VALUES ('${id("C", n)}', 'b', 'anon:${n}', 'widget', ${at}, ${at}, 'waiting', 1, ${at}, 'en');`);
    for (let m = 1; m <= 10; m++)
      lines.push(`INSERT INTO messages (conversation_id, position, id, turn_id, role, text, status, created_ms) VALUES ('${id("C", n)}', ${m}, '${id("M", n * 10 + m)}', '', '${m % 2 ? "user" : "assistant"}', 'Message ${m} of the conversation ${n}, as long as such messages are: where is my parcel, and when will it come?', 'complete', ${at});`);
  }
  lines.push("COMMIT;");
  const done = spawnSync("sqlite3", [join(folder, "b.db")], { input: lines.join("\n"), encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
}

// --- the operator ---

const headers = { "x-switchboard-desk": "1", "content-type": "application/json" };
async function desk(path, body) {
  const reply = await fetch(`${url}/api/desk${path}`, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  const cookie = reply.headers.get("set-cookie");
  if (cookie) headers.cookie = cookie.split(";")[0];
  return reply.status === 204 ? null : reply.json();
}

async function watch(path, more, event) {
  const reply = await fetch(`${url}${path}`, { headers: more });
  let text = "";
  const read = async () => {
    for await (const bytes of reply.body.pipeThrough(new TextDecoderStream())) {
      text += bytes;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        const [, data] = text.slice(0, end).split("\ndata: ");
        if (data) event(data);
      }
    }
  };
  read().catch(() => {}); // the server stops in the end
}

const middle = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const high = (values) => values.sort((a, b) => a - b)[Math.floor(values.length * 0.95)];

async function measureLists() {
  for (const box of ["waiting", "mine", "all", "closed"]) {
    const took = [];
    let bytes = 0;
    for (let i = 0; i < 100; i++) {
      const from = performance.now();
      bytes = JSON.stringify(await desk(`/conversations?box=${box}`)).length;
      took.push(performance.now() - from);
    }
    console.log(`list ${box}: ${middle(took).toFixed(1)} ms (95 %: ${high(took).toFixed(1)} ms), ${(bytes / 1024).toFixed(1)} KiB`);
  }
}

async function measurePage() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const [name, value] = headers.cookie.split("=");
  await context.addCookies([{ name, value, url, path: undefined }].map(({ path: _, ...cookie }) => ({ ...cookie, url: `${url}/api/desk/me` })));
  const took = [];
  let page;
  for (let i = 0; i < 5; i++) {
    await page?.close();
    page = await context.newPage();
    const from = performance.now();
    await page.goto(`${url}/desk`);
    await page.locator(".entries .entry").nth(49).waitFor();
    took.push(performance.now() - from);
  }
  const heap = await page.evaluate(() => performance.memory.usedJSHeapSize);
  console.log(`page with ${conversations} that wait: ${middle(took).toFixed(0)} ms until the list is there, ${(heap / 1024 / 1024).toFixed(1)} MiB of heap`);
  await browser.close();
}

// Visitors who write, each about every two seconds, to an operator who has them all.
async function measureLive() {
  const sentAt = new Map(), toDesk = [], toVisitor = [];
  await watch("/api/desk/events", headers, (data) => {
    const at = performance.now();
    const word = data.match(/"text":"(v-[0-9a-f]+)"/)?.[1];
    if (word && sentAt.has(word)) toDesk.push(at - sentAt.get(word)), sentAt.delete(word);
  });
  const visitors = [];
  for (let n = 0; n < live; n++) {
    const boot = await (await fetch(`${url}/api/widget/boot?bot=b`, { headers: { origin } })).json();
    const own = { origin, "x-switchboard-session": boot.session, "content-type": "application/json" };
    const post = async (path, body) => (await fetch(`${url}/api/widget${path}`, { method: "POST", headers: own, body: JSON.stringify({ bot: "b", key: key(), ...body }) })).json();
    const { conversation } = await post("/handoff", {});
    await watch("/api/widget/events?bot=b", own, (data) => {
      const word = data.match(/"content":"(o-[0-9a-f]+)"/)?.[1];
      if (word && sentAt.has(word)) toVisitor.push(performance.now() - sentAt.get(word)), sentAt.delete(word);
    });
    await desk(`/conversations/${conversation}/take`, {});
    visitors.push({ conversation, post });
  }
  const before = memory();
  const end = Date.now() + seconds * 1000;
  await Promise.all(
    visitors.map(async ({ conversation, post }) => {
      while (Date.now() < end) {
        await pause(1000 + Math.random() * 2000);
        const word = `v-${key()}`, answer = `o-${key()}`;
        sentAt.set(word, performance.now());
        await post("/messages", { conversation, text: word });
        sentAt.set(answer, performance.now());
        await desk(`/conversations/${conversation}/messages`, { text: answer, key: key() });
      }
    }),
  );
  await pause(1000);
  console.log(`${live} live: ${toDesk.length} messages reached the desk after ${middle(toDesk).toFixed(1)} ms (95 %: ${high(toDesk).toFixed(1)} ms), ` + `${toVisitor.length} replies the visitors after ${middle(toVisitor).toFixed(1)} ms (95 %: ${high(toVisitor).toFixed(1)} ms); ${(before / 1024).toFixed(1)} MiB of memory, ${(memory() / 1024).toFixed(1)} MiB at the end`);
}

try {
  await serve();
  await stop(); // the tables are there
  fill();
  spawnSync(binary, ["operator", "add", "-c", file, "anna"], { input: `${password}\n` });
  await serve();
  console.log(`${conversations} conversations of 10 messages; the server has ${(memory() / 1024).toFixed(1)} MiB`);
  await desk("/login", { name: "anna", password });
  await measureLists();
  await measurePage();
  await measureLive();
  await stop();
} finally {
  server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
