// Tools that ask a PostgreSQL server: a real one, in a folder of the test's own.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { Server, folder, readStream, run, until } from "./support/server.mjs";
import { startProvider, oneBot } from "./support/provider.mjs";
import { needsPostgres, startPostgres } from "./support/postgres.mjs";

const password = "ge:h@e/im?";
const seed = `
create role shop login password '${password}';
create table orders (number integer primary key, status text, customer text, total numeric(10,2), paid boolean, extra jsonb);
insert into orders values (1042, 'shipped', 'anna', 19.99, true, '{"parcels": [1, 2]}'), (1043, 'packed', 'bert', 5, false, null),
  (1044, 'late''; drop table orders; --', 'anna', null, null, null);
create table notes (id integer generated always as identity primary key, text text);
create view big as select repeat('x', 10 * 1024 * 1024) as text, 42 as after;
grant select on orders, big to shop;
grant select, insert on notes to shop;
`;

const secret = "a-secret-of-the-site";
const as = (user) => ({ "x-switchboard-user": user, "x-switchboard-user-hash": createHmac("sha256", secret).update(user).digest("hex") });
// A semicolon would end the fake provider's command.
const json = (value) => JSON.stringify(value).replaceAll(";", String.raw`\u003b`);
const sql = (query, more = {}) => ({ database: "shop", query, ...more });
const tools = {
  my_order: {
    description: "One of the visitor's own orders.",
    parameters: { order: "integer" },
    sql: sql("select number, status, total, paid, extra from orders where number = :order::integer and customer = :user.id"),
  },
  cheaper: {
    description: "Orders up to a price.",
    parameters: { price: "number", word: { type: "string", optional: true } },
    sql: sql("select number from orders where total <= :price and (:word::text is null or status = :word) /* :no */ and status <> E'it\\':no' and status <> $$$$:no$$$$"),
  },
  take_note: { description: "Keeps a note.", parameters: { text: "string" }, sql: sql("insert into notes (text) values (:text)", { write: true }), redact: ["text"] },
  // By a function, which the text does not show.
  sneaky: { description: "Changes something.", sql: sql("select nextval('notes_id_seq')") },
  as_number: { description: "Reads a number.", parameters: { text: "string" }, sql: sql("select :text::integer as n"), redact: ["text"] },
  endless: { description: "Never comes to an end.", sql: sql("select pg_sleep(1000)"), timeout: "300ms" },
  patient: { description: "Takes long.", sql: sql("select pg_sleep(1000)"), timeout: "60s" },
  big: { description: "A row of 10 MB.", sql: sql("select text, after from big", { bytes: "1KiB" }) },
};

async function start(t) {
  const provider = await startProvider(t);
  const postgres = await startPostgres(t, seed);
  const path = folder();
  const bot = { tools: Object.keys(tools), access: { anonymous: true, user_hash_secret: secret } };
  const config = { databases: { shop: { url: "${SHOP_DATABASE}" } }, tools, ...oneBot(provider, bot) };
  const env = { SHOP_DATABASE: postgres.url("shop", password) };
  const server = await Server.start(t, config, { path, env });
  const result = async (call, headers) => {
    await readStream(await server.ask(`call ${call}`, {}, headers));
    const { body } = (await provider.requests()).at(-1);
    return body.messages.findLast((message) => message.role === "tool").content;
  };
  const command = (...args) => run([...args, "-c", server.file], { env: server.env });
  return { postgres, server, result, command };
}

test("PostgreSQL: rows, bindings and limits", needsPostgres, async (t) => {
  const { postgres, server, result } = await start(t);
  const none = '{"rows":[],"row_count":0}';
  assert.equal(await result('my_order {"order":1042}', as("anna")), '{"rows":[{"number":1042,"status":"shipped","total":19.99,"paid":true,"extra":{"parcels": [1, 2]}}],"row_count":1}');
  assert.match(await result('my_order {"order":1044}', as("anna")), /"status":"late'; drop table orders; --","total":null,"paid":null/);
  // Another's order is as one that does not exist.
  assert.equal(await result('my_order {"order":1042}', as("bert")), none);
  assert.equal(await result('my_order {"order":9999}', as("bert")), none);
  assert.equal(await result('my_order {"order":1042}'), none);
  assert.equal(await result('cheaper {"price":19.99}'), '{"rows":[{"number":1042},{"number":1043}],"row_count":2}');
  assert.equal(await result('cheaper {"price":19.99,"word":"packed"}'), '{"rows":[{"number":1043}],"row_count":1}');
  for (const word of ["' or 1=1 --", "$1", "\\'; drop table orders; --", "packed' /*", ":price", "\u{1F600}\u202E"])
    assert.equal(await result(`cheaper ${json({ price: 19.99, word })}`), none, word);
  assert.match(await result(String.raw`cheaper {"price":1,"word":"a\u0000b"}`), /^Error: A value has a NUL character/);
  const cut = await result("big {}");
  assert.ok(cut.length < 1300, `${cut.length} bytes`);
  assert.match(cut, /^\{"rows":\[\{"text":"x+…","after":42\}\],"row_count":1,"truncated":true\}$/);
  assert.equal(postgres.sql("select count(*) as n from orders")[0].n, 3);
  assert.doesNotMatch(server.log, /ge:h@e|ge%3Ah/);
});

test("PostgreSQL: what only reads changes nothing, what writes is done once", needsPostgres, async (t) => {
  const { postgres, server, result, command } = await start(t);
  postgres.sql("grant usage on sequence notes_id_seq to shop");
  assert.equal(await result("sneaky {}"), "Error: The database refused: this may only read.");
  const headers = { authorization: `Bearer ${command("key", "create", "--name", "site").out.trim()}` };
  const text = json({ text: "x') ; drop table notes; --" });
  assert.equal(await result(`take_note ${text}`, headers), '{"rows":[],"row_count":0,"changed":1}');
  assert.equal(await result(`take_note ${text}`, headers), '{"rows":[],"row_count":0,"changed":1}');
  assert.deepEqual(postgres.sql("select id, text from notes"), [{ id: 1, text: "x') ; drop table notes; --" }]);
  // What the server complains of has the value; neither model nor log gets it.
  assert.equal(await result('as_number {"text":"4111 1111"}'), "Error: A value is not of the kind that the database takes.");
  const rows = await until(() => {
    const found = server.sql("select * from tool_calls order by id");
    return found.length >= 4 && found;
  }, "the calls in the log");
  assert.match(rows[0].detail, /read-only transaction/);
  assert.doesNotMatch(JSON.stringify(rows) + server.log, /4111|drop table|ge:h@e|ge%3Ah/);
});

test("PostgreSQL: slow queries end by their time or with their visitor", needsPostgres, async (t) => {
  const { postgres, server, result } = await start(t);
  const sleeping = () => postgres.sql("select pid from pg_stat_activity where wait_event = 'PgSleep'").length;
  assert.equal(await result("endless {}"), "Error: The query took too long.");
  const leaving = new AbortController();
  const gone = server.post("/api/chat", { messages: [{ role: "user", content: "call patient {}" }] }, {}, { signal: leaving.signal }).then((reply) => reply.text());
  await until(() => sleeping() === 1, "the query to run");
  leaving.abort();
  await assert.rejects(gone);
  await until(() => sleeping() === 0, "the query to be cancelled");
  assert.match(await result('my_order {"order":1043}', as("bert")), /"row_count":1/);
});

test("PostgreSQL: a server that goes away, and comes back", needsPostgres, async (t) => {
  const { postgres, server, result } = await start(t);
  const order = () => result('my_order {"order":1043}', as("bert"));
  const found = '{"rows":[{"number":1043,"status":"packed","total":5.00,"paid":false,"extra":null}],"row_count":1}';
  assert.equal(await order(), found);
  await postgres.stop();
  assert.equal(await order(), "Error: The database cannot be reached.");
  await postgres.start();
  assert.equal(await order(), found);
  // While nobody looks: the old connection is of no use, and nobody notices.
  await postgres.stop();
  await postgres.start();
  assert.equal(await order(), found);
  assert.doesNotMatch(server.log, /ge:h@e|ge%3Ah/);
});

test("PostgreSQL: check looks at the address only, doctor and tool run ask the server", needsPostgres, async (t) => {
  const { postgres, server, command } = await start(t);
  const told = [];
  const look = (...args) => {
    const done = command(...args);
    told.push(done.out, done.err);
    return done;
  };
  assert.equal(look("check").status, 0);
  assert.match(look("doctor").out, /^ok +tool my_order: its query fits its database$/m);
  const tried = look("tool", "run", "--as", "anna", "my_order", '{"order":1042}');
  assert.match(tried.out, /"status":"shipped"/, tried.err);

  const asked = (query, write) => server.write({ ...server.config, tools: { ...tools, sneaky: { description: "d", sql: sql(query, { write }) } } });
  for (const [query, write, complaint] of [
    ["select statsu from orders", false, /FAILED +tool sneaky: its query cannot be run: column "statsu" does not exist/],
    ["delete from orders", false, /FAILED +tool sneaky: .*the query changes something; say `write: true`/],
    ["drop table orders", true, /FAILED +tool sneaky: .*syntax error/],
  ]) {
    asked(query, write);
    assert.equal(look("check").status, 0, query);
    assert.match(look("doctor").out, complaint);
  }
  asked("select 1; select 2", false);
  assert.match(look("check").err, /there must be one statement, and this has more/);
  asked("select 1", false);
  await postgres.stop();
  assert.equal(look("check").status, 0);
  assert.match(look("doctor").out, /FAILED +tool my_order: its database cannot be reached: .*\n +→ Check its address/);
  assert.match(look("tool", "run", "--as", "anna", "my_order", '{"order":1042}').err, /The database cannot be reached/);

  // A password that is not encoded would be told as a host, in pieces.
  for (const url of [`postgres://shop:${password}@127.0.0.1/postgres`, "postgres://shop:ge:h@e/im@127.0.0.1:x/postgres", "mysql://shop:geheim@127.0.0.1/postgres"]) {
    server.write({ ...server.config, databases: { shop: { url } } });
    const { status, err } = look("check");
    assert.equal(status, 1);
    assert.match(err, /databases\.shop\.url/);
  }
  assert.doesNotMatch(told.join(), /ge:h|ge%3Ah|e\/im|geheim/);
});
