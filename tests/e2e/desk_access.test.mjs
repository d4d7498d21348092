// Who may do what at the desk: signing in, roles, other sites' pages, other bots.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Server, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { Visitor, origin } from "./support/widget_client.mjs";
import { Operator, addOperator, newKey, password } from "./support/desk_client.mjs";

async function start(t) {
  const provider = await startProvider(t);
  const config = oneBot(provider, { access: { anonymous: true, origins: [origin] }, handoff: { enabled: true, nobody: "wait" } });
  config.bots.sales = { ...config.bots.support };
  return Server.start(t, { threads: 2, ...config });
}

async function waiting(server, bot = "support") {
  const visitor = new Visitor(server, bot);
  await visitor.boot();
  const reply = await visitor.post("/handoff", { key: newKey() });
  assert.equal(reply.status, 202);
  return { visitor, id: (await reply.json()).conversation };
}

const code = async (reply) => [reply.status, (await reply.json()).error.code];
const paths = (id) => [
  ["GET", "/me"], ["POST", "/presence", { away: false }], ["GET", "/operators"], ["GET", "/conversations?box=all"], ["GET", "/events"],
  ["GET", `/conversations/${id}`], ["GET", `/conversations/${id}/events`], ["POST", `/conversations/${id}/take`], ["POST", `/conversations/${id}/typing`],
  ["POST", `/conversations/${id}/messages`, { text: "hi", key: newKey() }], ["POST", `/conversations/${id}/give`, { to: "waiting" }], ["POST", `/conversations/${id}/close`],
];
// The status, and the code where it is refused; a stream is let go of.
async function outcome(operator, [method, path, body]) {
  if (method === "POST") {
    const reply = await operator.post(path, body);
    const text = await reply.text();
    return reply.status < 300 ? reply.status : `${reply.status} ${JSON.parse(text).error.code}`;
  }
  const controller = new AbortController();
  const reply = await operator.get(path, {}, { signal: controller.signal });
  const result = reply.status === 200 ? 200 : `${reply.status} ${(await reply.json()).error.code}`;
  controller.abort();
  return result;
}

test("each door, for each role", async (t) => {
  const server = await start(t);
  const stranger = new Operator(server);
  const people = {};
  for (const role of ["operator", "lead", "admin"]) people[role] = await Operator.come(server, role, "--role", role);
  const owner = await Operator.come(server, "owner");
  const all = async (operator, id) => {
    const results = [];
    for (const path of paths(id)) results.push(await outcome(operator, path));
    return results;
  };
  const { id } = await waiting(server);
  assert.deepEqual(await all(stranger, id), paths(id).map(() => "401 signed_out"));
  // What another operator has.
  await owner.act(id, "take");
  const reads = [200, 204, 200, 200, 200, 200, 200];
  assert.deepEqual(await all(people.operator, id), [...reads, "409 taken", "409 not_yours", "409 not_yours", "409 not_yours", "409 not_yours"]);
  assert.equal((await owner.one(id)).operator.display, "owner");
  for (const role of ["lead", "admin"]) {
    const { id } = await waiting(server);
    await owner.act(id, "take");
    assert.deepEqual(await all(people[role], id), [...reads, "409 taken", "409 not_yours", "409 not_yours", 200, 200], role);
    const other = await waiting(server);
    await owner.act(other.id, "take");
    const taken = await people[role].act(other.id, "take", { force: true });
    assert.equal(taken.operator.display, role);
    assert.deepEqual(await owner.refused(`/conversations/${other.id}/messages`, { text: "hi", key: newKey() }), [409, "not_yours"]);
  }
  // `force` is for those who lead.
  assert.deepEqual(await people.operator.refused(`/conversations/${id}/take`, { force: true }), [409, "taken"]);
});

test("other bots' conversations are not there, whatever is asked of them", async (t) => {
  const server = await start(t);
  const sales = await Operator.come(server, "sam", "--bots", "sales", "--role", "admin");
  const support = await Operator.come(server, "sue", "--bots", "support");
  const here = await waiting(server), there = await waiting(server, "sales");
  const desk = await sales.watch();
  assert.deepEqual((await sales.json("/me")).bots.map(({ name }) => name), ["sales"]);
  assert.deepEqual((await sales.list()).map(({ id }) => id), [there.id]);
  assert.deepEqual((await sales.list("all", "&bot=support")).map(({ id }) => id), []);
  const refused = [];
  for (const path of paths(here.id).slice(5)) refused.push(await outcome(sales, path));
  assert.deepEqual(refused, refused.map(() => "404 not_found"));
  // Nor can it be given to who may not see it.
  await support.act(here.id, "take");
  assert.deepEqual(await support.refused(`/conversations/${here.id}/give`, { to: sales.me.id }), [400, "invalid_request"]);
  await support.write(here.id, "Only for support");
  await sales.act(there.id, "take");
  await desk.wait("conversation", ({ id, mode }) => id === there.id && mode === "operator");
  assert.ok(!JSON.stringify(desk.events).includes(here.id));
  await desk.close();
});

test("passwords: right, wrong, unknown, too often", async (t) => {
  const server = await start(t);
  addOperator(server, "Anna@Example.com");
  const operator = new Operator(server);
  const wrong = [401, "wrong_password"];
  const good = await operator.signIn(" ANNA@example.com ");
  assert.equal(good.status, 200);
  assert.match(operator.cookie, /^switchboard_desk=[0-9a-f]{64}; Path=\/api\/desk; Max-Age=604800; HttpOnly; SameSite=Strict$/);
  const secure = await new Operator(server).post("/login", { name: "anna@example.com", password }, { origin: server.url.replace("http:", "https:") });
  assert.match(secure.headers.get("set-cookie"), /; Secure$/);
  for (const [name, secret] of [["anna@example.com", "not that one"], ["nobody", password], ["", ""], ["anna@example.com", "x".repeat(5000)]])
    assert.deepEqual(await code(await new Operator(server).signIn(name, secret)), wrong);
  for (const body of ["[]", '{"name":1,"password":"x"}', "{"]) assert.equal((await operator.post("/login", body)).status, 400);
  // One wrong above, four more here; then not even the right one helps.
  for (let i = 0; i < 4; i++) assert.deepEqual(await code(await new Operator(server).signIn("anna@example.com", "guess number " + i)), wrong);
  const locked = await new Operator(server).signIn("anna@example.com");
  assert.equal(locked.status, 429);
  assert.ok(Number(locked.headers.get("retry-after")) > 0);
  // Who is signed in stays so.
  assert.equal((await operator.get("/me")).status, 200);
  assert.ok(!server.log.includes(password) && !server.log.includes(operator.headers.cookie.split("=")[1]));
});

test("a sign-in ends: by signing out, by a new password, by signing in anew", async (t) => {
  const server = await start(t);
  const operator = await Operator.come(server, "anna");
  const first = operator.headers.cookie;
  assert.equal((await operator.signIn("anna")).status, 200);
  assert.notEqual(operator.headers.cookie, first);
  const old = new Operator(server);
  old.headers.cookie = first;
  assert.deepEqual(await code(await old.get("/me")), [401, "signed_out"]);
  // A cookie that somebody made up is nobody's, before and after.
  old.headers.cookie = `switchboard_desk=${"a".repeat(64)}`;
  await old.post("/login", { name: "anna", password });
  assert.deepEqual(await code(await old.get("/me")), [401, "signed_out"]);
  assert.equal(run(["operator", "reset", "-c", server.file, "anna"], { input: "another password\n" }).status, 0);
  assert.deepEqual(await code(await operator.get("/me")), [401, "signed_out"]);
  assert.equal((await operator.signIn("anna", "another password")).status, 200);
  assert.equal((await operator.post("/logout")).status, 204);
  assert.deepEqual(await code(await operator.get("/me")), [401, "signed_out"]);
  const audit = server.sql("SELECT action FROM audit ORDER BY id").map(({ action }) => action);
  assert.deepEqual(audit, ["operator.add", "sign_in", "sign_in", "sign_in", "operator.reset", "sign_in"]);
  assert.ok(server.sql("SELECT password FROM operators")[0].password.startsWith("$argon2id$"));
});

test("pages of other sites can do nothing here", async (t) => {
  const server = await start(t);
  const operator = await Operator.come(server, "anna");
  const { id } = await waiting(server);
  const csrf = [403, "csrf"];
  const take = `/conversations/${id}/take`;
  assert.deepEqual(await code(await operator.post(take, {}, { "x-switchboard-desk": "" })), csrf);
  assert.deepEqual(await code(await operator.post(take, {}, { origin })), csrf);
  assert.deepEqual(await code(await operator.post(take, {}, { "sec-fetch-site": "same-site" })), csrf);
  assert.deepEqual(await code(await operator.post("/login", { name: "anna", password }, { "sec-fetch-site": "cross-site" })), csrf);
  assert.deepEqual(await code(await operator.get(`/conversations/${id}`, { "sec-fetch-site": "cross-site" })), csrf);
  // The bot's own site is another site, too: no preflight lets it in.
  const preflight = await fetch(`${server.url}/api/desk${take}`, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-switchboard-desk" } });
  assert.equal(preflight.headers.get("access-control-allow-origin"), null);
  assert.equal((await operator.one(id)).mode, "waiting");
  const own = await operator.post(take, {}, { origin: server.url, "sec-fetch-site": "same-origin" });
  assert.equal(own.status, 200);
});

test("what is wrong is told, and changes nothing", async (t) => {
  const server = await start(t);
  const operator = await Operator.come(server, "anna");
  const { id } = await waiting(server);
  const one = `/conversations/${id}`;
  const nothing = "/conversations/01ARZ3NDEKTSV4RRFFQ69G5FAV";
  assert.deepEqual(await operator.refused(`${nothing}/take`), [404, "not_found"]);
  assert.deepEqual(await operator.refused(`${one}/nonsense`), [404, "not_found"]);
  assert.deepEqual(await operator.refused(`/conversations/short/take`), [404, "not_found"]);
  assert.deepEqual(await code(await operator.get("/conversations?box=none")), [400, "invalid_request"]);
  assert.deepEqual(await code(await operator.get("/conversations?box=all&after=1-x")), [400, "invalid_request"]);
  assert.deepEqual(await code(await operator.get("/conversations?box=all&limit=1000")), [400, "invalid_request"]);
  assert.deepEqual(await code(await operator.get(`${one}?after=-1`)), [400, "invalid_request"]);
  assert.deepEqual(await operator.refused(`${one}/give`, { to: "nobody" }), [400, "invalid_request"]);
  await operator.act(id, "take");
  assert.deepEqual(await operator.refused(`${one}/messages`, { text: " ", key: newKey() }), [400, "invalid_request"]);
  assert.deepEqual(await operator.refused(`${one}/messages`, { text: "hi", key: "short" }), [400, "invalid_request"]);
  assert.deepEqual(await operator.refused(`${one}/messages`, { text: "x".repeat(17000), key: newKey() }), [413, "too_large"]);
  assert.deepEqual(await operator.refused(`${one}/close`, { reason: "x".repeat(300) }), [400, "invalid_request"]);
  assert.deepEqual((await operator.one(id)).messages, []);
  // What a program talks about nobody can answer in person.
  const reply = await server.ask("say Hello", {}, { origin });
  const conversation = reply.headers.get("x-conversation-id");
  await reply.text();
  await until(async () => (await operator.list("all")).some((entry) => entry.id === conversation), "the program's conversation");
  assert.deepEqual(await operator.refused(`/conversations/${conversation}/take`), [409, "unreachable"]);
});
