// Who may talk: API keys, tokens of the site, user hashes, anonymous visitors, origins.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Server, readStream, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { keyPair, now, token } from "./support/token.mjs";

async function start(t, access, more) {
  const provider = await startProvider(t);
  const server = await Server.start(t, oneBot(provider, { access }), more);
  const status = async (bearer, headers = {}) => {
    const reply = await server.ask("hi", {}, bearer ? { authorization: `Bearer ${bearer}`, ...headers } : headers);
    const text = await reply.text();
    if (reply.status === 401) assert.ok(JSON.parse(text).error.message.length > 10);
    return reply.status;
  };
  return { provider, server, status };
}
const users = (server, count) =>
  until(() => {
    const rows = server.sql("select user_id from conversations order by created_ms, id").map((row) => row.user_id);
    return rows.length >= count && rows;
  }, `${count} conversations`);

test("API keys: create, list, revoke", async (t) => {
  const { server, status } = await start(t, { anonymous: false });
  assert.equal(await status(), 401);
  const key = server.key("--name", "my shop");
  assert.match(key, /^sb-[0-9A-Z]{26}-/);
  assert.equal(await status(key), 200);
  const list = run(["key", "list", "-c", server.file]);
  assert.match(list.out, /my shop/);
  const [, id] = key.split("-");
  assert.ok(list.out.includes(id));
  assert.ok(!list.out.includes(key) && !list.out.includes(key.slice(30)));
  assert.ok(!JSON.stringify(server.sql("select * from api_keys")).includes(key.slice(30)));
  assert.equal(run(["key", "revoke", "-c", server.file, id]).status, 0);
  await until(async () => (await status(key)) === 401, "the key to be refused");
  assert.equal(run(["key", "revoke", "-c", server.file, "01M84788KD8PJDBKDQFMNJMAP5"]).status, 1);
  assert.equal(await status(key.slice(0, -1)), 401);
  assert.equal(await status(`${key}x`), 401);
  assert.ok(!server.log.includes(key.slice(30)));
});

test("a key for one bot opens no other", async (t) => {
  const { server } = await start(t, { anonymous: false });
  server.write({ ...server.config, bots: { ...server.config.bots, sales: server.config.bots.support } });
  const key = server.key("--bots", "sales");
  assert.equal((await server.ask("hi", {}, { authorization: `Bearer ${key}` })).status, 403);
});

test("tokens by a shared secret", async (t) => {
  const secret = "0123456789abcdef0123456789abcdef";
  const { server, status } = await start(t, { jwt: { algorithm: "HS256", secret, issuer: "shop", audience: "chat" } });
  const good = { sub: "anna", iss: "shop", aud: ["web", "chat"] };
  assert.equal(await status(token("HS256", secret, good)), 200);
  assert.equal(await status(), 401);
  assert.equal(await status(token("HS256", "another secret of 32 bytes ------", good)), 401);
  assert.equal(await status(token("none", "", good)), 401);
  assert.equal(await status(token("HS256", secret, { ...good, exp: now() - 120 })), 401);
  assert.equal(await status(token("HS256", secret, { ...good, nbf: now() + 120 })), 401);
  assert.equal(await status(token("HS256", secret, { ...good, iss: "other" })), 401);
  assert.equal(await status(token("HS256", secret, { ...good, aud: "web" })), 401);
  assert.equal(await status(token("HS256", secret, { iss: "shop", aud: "chat" })), 401);
  const [head, , signature] = token("HS256", secret, good).split(".");
  const forged = Buffer.from(JSON.stringify({ ...good, sub: "admin", exp: now() + 300 })).toString("base64url");
  assert.equal(await status(`${head}.${forged}.${signature}`), 401);
  assert.equal(await status("a.b.c"), 401);
  assert.equal(await status("x".repeat(9000)), 401);
  const [user] = await users(server, 1);
  assert.match(user, /anna/);
});

test("tokens by a public key, and no confusion of algorithms", async (t) => {
  const { privateKey, pem } = keyPair("rsa", "1");
  const { status } = await start(
    t,
    { jwt: { algorithm: "RS256", public_key: "site.pem" } },
    { files: { "site.pem": pem } },
  );
  assert.equal(await status(token("RS256", privateKey, { sub: "anna" })), 200);
  assert.equal(await status(token("HS256", pem, { sub: "anna" })), 401);
  assert.equal(await status(token("RS256", keyPair("rsa", "1").privateKey, { sub: "anna" })), 401);
});

test("key sets are fetched once, and again when they rotate", async (t) => {
  const provider = await startProvider(t);
  const one = keyPair("ec", "one");
  const two = keyPair("ec", "two");
  const config = oneBot(provider, { access: { jwt: { algorithm: "ES256", jwks_url: `${provider.url}/jwks` } } });
  await provider.setKeys({ keys: [one.jwk] });
  const server = await Server.start(t, config);
  const status = async (pair, kid) => {
    const bearer = token("ES256", pair.privateKey, { sub: "anna" }, { kid });
    const reply = await server.ask("hi", {}, { authorization: `Bearer ${bearer}` });
    await reply.text();
    return reply.status;
  };
  assert.deepEqual(await Promise.all(Array.from({ length: 10 }, () => status(one, "one"))), Array(10).fill(200));
  assert.equal(await provider.keyFetches(), 1);
  assert.equal(await status(two, "one"), 401); // another's signature under a known name
  await provider.setKeys({ keys: [one.jwk, two.jwk] });
  await until(async () => (await status(two, "two")) === 200, "the new key to be known", 45000);
  assert.equal(await status(one, "one"), 200);
  const before = await provider.keyFetches();
  for (let i = 0; i < 20; i++) assert.equal(await status(two, `unknown-${i}`), 401);
  assert.ok((await provider.keyFetches()) - before <= 1, "a flood of unknown keys is not passed on");
});

test("users by a hash of their id", async (t) => {
  const secret = "a secret of the site";
  const { server, status } = await start(t, { user_hash_secret: secret });
  const hash = createHmac("sha256", secret).update("user-7").digest("hex");
  const headers = (user, hash) => ({ "x-switchboard-user": user, "x-switchboard-user-hash": hash });
  assert.equal(await status("", headers("user-7", hash)), 200);
  assert.equal(await status("", headers("user-8", hash)), 401);
  assert.equal(await status("", headers("user-7", "")), 401);
  assert.equal(await status("", headers("user-7", hash.slice(2))), 401);
  assert.match((await users(server, 1))[0], /user-7/);
});

test("an anonymous visitor is known again by a signed cookie", async (t) => {
  const { server } = await start(t, { anonymous: true });
  const first = await server.ask("say A");
  const cookie = first.headers.get("set-cookie");
  assert.match(cookie, /^sb_support=[^;]+;.*HttpOnly/i);
  assert.match(cookie, /SameSite=Lax/i);
  await first.text();
  const value = cookie.split(";")[0];
  const second = await server.ask("say B", {}, { cookie: value });
  assert.equal(second.headers.get("set-cookie"), null);
  await second.text();
  const forged = value.slice(0, -2) + (value.endsWith("AA") ? "BB" : "AA");
  const third = await server.ask("say C", {}, { cookie: forged });
  assert.ok(third.headers.get("set-cookie"));
  await third.text();
  const [a, b, c] = await users(server, 3);
  assert.equal(a, b);
  assert.notEqual(a, c);
});

test("a conversation is its user's alone", async (t) => {
  const { server } = await start(t, { anonymous: true });
  const first = await server.ask("say my secret");
  const id = first.headers.get("x-conversation-id");
  await first.text();
  const other = await server.ask("say more", { conversation_id: id });
  assert.equal(other.status, 404);
  assert.equal((await other.json()).error.param, "conversation_id");
  const own = await server.ask("say more", { conversation_id: id }, { cookie: first.headers.get("set-cookie").split(";")[0] });
  assert.equal((await readStream(own)).text, "more");
});

test("pages of other sites only where the bot allows them", async (t) => {
  const { server } = await start(t, { anonymous: true, origins: ["https://shop.example.com"] });
  const ask = (origin) => server.ask("say hi", {}, { origin });
  const good = await ask("https://shop.example.com");
  assert.equal(good.status, 200);
  assert.equal(good.headers.get("access-control-allow-origin"), "https://shop.example.com");
  assert.equal(good.headers.get("access-control-allow-credentials"), "true");
  assert.match(good.headers.get("vary"), /Origin/);
  await good.text();
  for (const origin of ["https://shop.example.com.evil.test", "http://shop.example.com", "https://evil.test", "null", "https://shop.example.com:444"]) {
    const bad = await ask(origin);
    assert.equal(bad.status, 403, origin);
    assert.equal(bad.headers.get("access-control-allow-origin"), null);
    assert.match((await bad.json()).error.message, /origins/);
  }
  const same = await ask(server.url);
  assert.equal(same.status, 200);
  await same.text();
  const preflight = (origin) =>
    fetch(`${server.url}/api/chat`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });
  const allowed = await preflight("https://shop.example.com");
  assert.equal(allowed.status, 204);
  assert.match(allowed.headers.get("access-control-allow-headers"), /content-type/i);
  assert.match(allowed.headers.get("access-control-allow-methods"), /POST/);
  assert.equal((await preflight("https://evil.test")).headers.get("access-control-allow-origin"), null);
});

test("a stream is read under its allowed origin", async (t) => {
  const { server } = await start(t, { anonymous: true, origins: ["*"] });
  const reply = await server.ask("say all may", {}, { origin: "https://any.example" });
  assert.equal((await readStream(reply)).text, "all may");
});
